// The end of a scope: everything is decided, what found no partner is reported,
// and what a later trace may need goes to the parking lot.
#include <algorithm>
#include <limits>
#include <tuple>

#include "spanlink/linker/call_book.h"

namespace spanlink {
namespace {

// What came from an earlier scope came before everything here.
constexpr Moment kEarlier{std::numeric_limits<int64_t>::min(), 0, false};

// Moves all values out, in their order.
template <typename T>
std::vector<T> TakeAll(Numbered<T>& values) {
  std::vector<T> taken;
  taken.reserve(values.size());
  for (; values.size() > 0; values.PopOldest()) {
    taken.push_back(std::move(*values.Get(values.first())));
  }
  return taken;
}

}  // namespace

void CallBook::Settle(Batch& batch) {
  if (!is_live()) SettleCalls(batch);
  const std::vector<Use> uses = TakeUses();
  std::vector<ExecutionNumber> undecided;
  for (const auto& [name, numbers] : undecided_) {
    undecided.insert(undecided.end(), numbers.begin(), numbers.end());
  }
  DecideAll(undecided, batch);
  for (const Use& use : uses) ResolveUse(use, batch);
  FollowHandoffs(batch);
  ReportLeftovers(batch);
  Park();
}

// Settled mode: what is on file enters the books in an order that the arrival
// of the signals has no part in.
void CallBook::SettleCalls(Batch& batch) {
  tree_->MarkLlmAncestors();
  std::vector<Call> calls = TakeAll(filed_calls_);
  for (Call& call : calls) {
    const Span* llm = tree_->Get(call.node);
    if (llm == nullptr) continue;
    call.start = llm->start;
    call.end = llm->end.value_or(call.end);
  }
  const auto key = [](const Call& call) {
    return std::tuple(SortKey(call.start, call.llm), call.index, call.id,
                      call.name, call.arguments);
  };
  std::sort(calls.begin(), calls.end(),
            [&](const Call& a, const Call& b) { return key(a) < key(b); });
  for (Call& filed : calls) {
    Call& call = AddCall(std::move(filed));
    InsertCall(call, tree_->Get(call.node), batch);
  }
}

std::vector<BookedUse> CallBook::TakeUses() {
  std::vector<Use> uses = TakeAll(filed_uses_);
  for (Use& use : uses) {
    if (const Span* llm = tree_->Get(use.node)) {
      use.start = llm->start;
    }
    MarkSuperseded(use);
  }
  const auto key = [](const Use& use) {
    return std::tuple(SortKey(use.start, use.llm), use.id, use.name,
                      use.ordinal, use.failed);
  };
  std::sort(uses.begin(), uses.end(),
            [&](const Use& a, const Use& b) { return key(a) < key(b); });
  // What an untraced execution left behind must be known before any claim.
  for (const Use& use : uses) {
    if (IsWrapper(tree_->Get(use.node))) continue;
    Call* call = FindUsedCall(use);
    if (call != nullptr) NoteUse(*call, use);
  }
  return uses;
}

void CallBook::ReportLeftovers(Batch& batch) {
  for (ExecutionNumber i = executions_.first(); i < executions_.last(); ++i) {
    const Execution& execution = *executions_.Get(i);
    if (!execution.finished || !execution.is_undecided()) continue;
    Report(execution.enclosure == SpanTree::kNone
               ? DiagnosticId::kUnmatchedExecution
               : DiagnosticId::kExecutionNested,
           execution.span, batch);
  }
  for (CallNumber i = calls_.first(); i < calls_.last(); ++i) {
    ReportCall(*calls_.Get(i), batch);
  }
  for (const auto& [key, uses] : uses_of_unknown_) {
    for (const Use& use : uses) {
      Report(DiagnosticId::kUnmatchedUse, use.llm, batch);
    }
  }
}

void CallBook::ReportCall(const Call& call, Batch& batch) {
  const std::vector<Use>& waiting = call.rare().waiting_uses;
  if (!waiting.empty()) {
    Report(DiagnosticId::kUseWithoutExecution, waiting.front().llm, batch);
  } else if (call.executions.empty() && call.state != State::kClosed &&
             !call.parked_before) {
    Report(DiagnosticId::kCallNeverExecuted, call.llm, batch);
  }
}

// Keeps what a later trace may execute or use: calls that wait for approval,
// and with a conversation and an id everything else. Where one call waits, the
// run will go on, and needs the results of the others, too.
void CallBook::Park() {
  const Options& options = *context_.options;
  const Time now = options.clock();
  const bool waits = HasPendingCall();
  for (CallNumber i = calls_.first(); i < calls_.last(); ++i) {
    Call& call = *calls_.Get(i);
    const bool pending = call.state == State::kPending;
    const Fingerprint conversation = ConversationOf(call);
    const bool in_conversation =
        options.cross_trace == CrossTrace::kConversation && call.has_id() &&
        conversation != Fingerprint{} && call.state != State::kClosed;
    const bool resumes =
        pending ||
        (waits && call.has_id() &&
         (LastThatRan(call) != nullptr || call.rare().earlier_execution));
    if (!resumes && !in_conversation) continue;
    ParkedCall parked;
    parked.llm = LlmOf(call);
    parked.index = call.index;
    parked.id = call.id;
    parked.name = call.name;
    if (in_conversation) parked.conversation = conversation;
    parked.arguments = call.arguments;
    parked.handoff = call.rare().handoff;
    parked.pending = pending;
    parked.resumes = resumes;
    parked.contested = call.contested;
    parked.used = call.used;
    parked.attempts = call.attempts;
    parked.execution = call.rare().earlier_execution;
    parked.evidence = call.rare().earlier_evidence;
    parked.is_handoff = call.rare().earlier_handoff;
    if (const Execution* execution = LastThatRan(call)) {
      parked.execution = SpanContext{trace_, execution->span};
      parked.evidence = execution->evidence;
      parked.is_handoff = execution->kind == SpanKind::kHandoff;
    }
    parked.id_text = std::move(call.id_text);
    parked.name_text = std::move(call.name_text);
    parked.version = call.rare().version;
    const size_t lost = context_.parking->Park(std::move(parked), now);
    context_.diagnostics->Count(DiagnosticId::kEvictedChoice, lost);
  }
}

// Zero: not known, or no longer, as the span is gone.
Fingerprint CallBook::ConversationOf(const Call& call) const {
  const Span* const llm = tree_->Get(call.node);
  return llm == nullptr ? call.rare().earlier_conversation : llm->conversation;
}

bool CallBook::HasPendingCall() const {
  for (CallNumber i = calls_.first(); i < calls_.last(); ++i) {
    if (calls_.Get(i)->state == State::kPending) return true;
  }
  return false;
}

const BookedExecution* CallBook::LastThatRan(const Call& call) const {
  const Execution* last = nullptr;
  for (const ExecutionNumber number : call.executions) {
    const Execution* execution = executions_.Get(number);
    if (execution == nullptr) continue;
    if (execution->outcome != Outcome::kNotExecuted) last = execution;
  }
  return last;
}

void CallBook::TakeBack(std::vector<ParkedCall> calls, Batch& batch) {
  for (ParkedCall& parked : calls) {
    const bool pending = parked.pending;
    const Call* call = Readmit(std::move(parked), batch);
    if (call != nullptr && pending) IndexOpen(*call);
  }
}

// Only what the same conversation left behind, and only by id.
BookedCall* CallBook::Unpark(const Fingerprint& conversation,
                             const Fingerprint& id, bool for_execution,
                             Batch& batch) {
  if (conversation == Fingerprint{} ||
      context_.options->cross_trace != CrossTrace::kConversation) {
    return nullptr;
  }
  std::optional<ParkedCall> parked =
      context_.parking->Take(conversation, id, for_execution);
  if (!parked) return nullptr;
  Call* const call = Readmit(std::move(*parked), batch);
  if (call != nullptr) call->parked_before = true;
  return call;
}

BookedCall* CallBook::Readmit(ParkedCall parked, Batch& batch) {
  if (context_.options->limits.calls_per_scope == 0) return nullptr;
  while (calls_.size() >= context_.options->limits.calls_per_scope) {
    EvictOldestCall(batch);
  }
  Call& call = AddCall();
  call.llm = parked.llm.span_id;
  call.index = parked.index;
  call.start = kEarlier;
  call.end = kEarlier;
  call.id_text = std::move(parked.id_text);
  call.name_text = std::move(parked.name_text);
  call.id = parked.id;
  call.name = parked.name;
  call.identity_filed = true;  // it has none
  call.arguments = parked.arguments;
  call.state = parked.pending     ? State::kPending
               : parked.execution ? State::kExecuted
                                  : State::kOpen;
  call.used = parked.used;
  call.contested = parked.contested;
  call.attempts = parked.attempts;
  call.rare_facts = std::make_unique<RareFacts>(
      RareFacts{.version = std::move(parked.version),
                .handoff = std::move(parked.handoff),
                .earlier_trace = parked.llm.trace_id,
                .earlier_conversation = parked.conversation,
                .earlier_execution = parked.execution,
                .earlier_evidence = parked.evidence,
                .earlier_handoff = parked.is_handoff});
  if (call.has_id()) by_id_.Add(call);
  used_calls_of_ = SpanTree::kNone;
  return &call;
}

}  // namespace spanlink
