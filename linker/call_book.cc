// The intake: signals become calls and executions in the books. Whether a call
// is one that is there already is asked in call_book_duplicates.cc, what
// happens to them is in call_book_claims.cc and call_book_uses.cc.
#include "spanlink/linker/call_book.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace spanlink {
namespace {

// Takes a number out of a list.
template <typename List>
void EraseNumber(List& list, uint64_t number) {
  list.erase(std::remove(list.begin(), list.end(), number), list.end());
}

// Takes a number out of an index of lists; an empty list goes.
template <typename Index, typename Key>
void EraseFrom(Index& index, const Key& key, uint64_t number) {
  const auto found = index.find(key);
  if (found == index.end()) return;
  EraseNumber(found->second, number);
  if (found->second.empty()) index.erase(found);
}

}  // namespace

CallBook::CallBook(TraceId trace, const Context& context, SpanTree* tree,
                   Spare* spare)
    : trace_(trace),
      context_(context),
      tree_(tree),
      spare_(spare),
      keys_(context.fingerprinter),
      calls_(&spare->calls),
      executions_(&spare->executions),
      by_id_(&calls_, &spare->by_id),
      answers_(&spare->answers),
      free_answers_(&spare->free_answers),
      answers_under_(&spare->answers_under),
      open_by_arguments_(
          &calls_, [](const Call& call) { return *call.arguments; },
          &spare->open_by_arguments),
      open_by_name_(
          &calls_, [](const Call& call) { return call.name; },
          &spare->open_by_name),
      open_handoffs_(
          &calls_, [](const Call&) { return kHandoffs; },
          &spare->open_handoffs),
      executions_by_id_(&executions_, &spare->executions_by_id) {}

CallBook::~CallBook() {
  for (auto& [under, numbers] : answers_under_) {
    spare_->answer_lists.Keep(std::move(numbers));
  }
}

void CallBook::OnToolStart(Span& span, const SpanStart& start, Batch& batch) {
  if (start.name.empty() && start.tool_call_id.empty()) return;
  Execution* const execution = FindOrAddExecution(span, batch);
  if (execution == nullptr || execution->finished) return;
  execution->start_known = true;
  execution->start = span.start;
  execution->kind = start.kind;
  if (!start.name.empty()) {
    execution->name_text = start.name;
    execution->name = keys_.OfName(start.name);
  }
  if (!start.tool_call_id.empty()) {
    execution->id_text = start.tool_call_id;
    execution->id = KeyOf(start.tool_call_id);
    execution->has_id = true;
  }
  if (start.name.empty() || start.kind != SpanKind::kTool) return;
  List(*execution);
  if (is_live()) Reserve(*execution);
}

void CallBook::OnChoice(Span& span, const LlmToolChoice& choice,
                        uint64_t arrival, Batch& batch) {
  if (is_live()) {
    Call& call = AddCall();
    Fill(call, span, choice, arrival);
    InsertCall(call, &span, batch);
    return;
  }
  Fill(filed_calls_.Emplace(), span, choice, arrival);
  if (filed_calls_.size() <= context_.options->limits.calls_per_scope) return;
  const Call& oldest = *filed_calls_.Get(filed_calls_.first());
  Report(DiagnosticId::kEvictedChoice, oldest.llm, batch);
  filed_calls_.PopOldest();
}

void CallBook::OnToolCall(Span& span, const ToolCall& tool, Batch& batch) {
  Execution* const execution = FindOrAddExecution(span, batch);
  if (execution == nullptr || execution->finished) return;
  const Fingerprint name = keys_.OfName(tool.tool_name);
  if (execution->listed && execution->name != name) {
    Release(*execution);
    Unlist(*execution);
  }
  execution->kind = tool.kind;
  execution->outcome = tool.outcome;
  execution->name_text = tool.tool_name;
  execution->name = name;
  if (!tool.tool_call_id.empty()) {
    execution->id_text = tool.tool_call_id;
    execution->id = KeyOf(tool.tool_call_id);
    execution->has_id = true;
  }
  if (tool.arguments.has_value()) {
    const auto add = [&](std::string_view text) {
      execution->readings.push_back(keys_.OfCall(name, text));
    };
    add(*tool.arguments);
    for (const std::string_view text :
         tool.alternative_arguments.first(std::min(
             tool.alternative_arguments.size(), kMaxAlternativeArguments))) {
      add(text);
    }
  }
  FinishExecution(*execution, batch);
}

void CallBook::OnHandoff(Span& span, const Handoff& handoff, Batch& batch) {
  Execution* const execution = FindOrAddExecution(span, batch);
  if (execution == nullptr || execution->finished) return;
  execution->kind = SpanKind::kHandoff;
  execution->outcome = handoff.outcome;
  if (handoff.to_agent.empty()) {
    Report(DiagnosticId::kMalformedSignal, execution->span, batch);
  } else {
    execution->to_agent = std::make_unique<BookedAgent>(
        BookedAgent{handoff.to_agent, KeyOf(handoff.to_agent)});
    handoffs_.push_back(execution->number);
  }
  FinishExecution(*execution, batch);
}

void CallBook::OnUse(const Span& span, const ToolCallOutputUsed& signal,
                     Batch& batch) {
  Use use;
  use.node = span.node;
  use.llm = span.id;
  use.start = span.start;
  use.has_id = !signal.tool_call_id.empty();
  use.id = use.has_id ? KeyOf(signal.tool_call_id) : Fingerprint{};
  // With an id nobody asks for the name.
  use.name = use.has_id ? Fingerprint{} : keys_.OfName(signal.tool_name);
  use.failed = signal.llm_outcome == Outcome::kFailed;
  use.ordinal = signal.ordinal;
  if (is_live()) {
    MarkSuperseded(use);
    ResolveUse(use, batch);
    return;
  }
  filed_uses_.Emplace(use);
  if (filed_uses_.size() <= context_.options->limits.uses_per_scope) return;
  const Use& oldest = *filed_uses_.Get(filed_uses_.first());
  Report(DiagnosticId::kEvictedUse, oldest.llm, batch);
  filed_uses_.PopOldest();
}

void CallBook::OnFinish(const SpanFinish& finish, Batch& batch) {
  if (!is_live()) return;
  const auto found = waiting_under_.find(finish.span.context.span_id);
  if (found == waiting_under_.end()) return;
  const std::vector<ExecutionNumber> waiting = std::move(found->second);
  waiting_under_.erase(found);
  DecideAll(waiting, batch);
}

void CallBook::Fill(Call& call, const Span& llm, const LlmToolChoice& choice,
                    uint64_t arrival) {
  call.llm = llm.id;
  call.node = llm.node;
  call.index = choice.index;
  call.start = llm.start;
  call.end = llm.end.value_or(Moment{llm.start.ns, arrival, false});
  call.id_text = choice.tool_call_id;
  call.name_text = choice.tool_name;
  call.id = KeyOf(choice.tool_call_id);
  call.name = keys_.OfName(choice.tool_name);
  if (choice.arguments.has_value()) {
    call.arguments = keys_.OfCall(call.name, *choice.arguments);
  }
  if (!choice.tool_version.empty()) {
    call.MakeRare().version = choice.tool_version;
  }
  auto handoff = InferHandoffTarget(choice.tool_name, choice.arguments);
  if (handoff) call.MakeRare().handoff = std::move(handoff);
}

bool CallBook::IsWrapper(const Span* span) {
  return span != nullptr && span->kind != SpanKind::kLlm && span->has_llm_below;
}

// REQUIRES: `call` is the last one in the books. It goes if nothing in it is
// new.
void CallBook::InsertCall(Call& call, Span* llm, Batch& batch) {
  if (!IsNew(call, llm, batch)) {
    calls_.PopNewest();
    return;
  }
  while (calls_.size() > context_.options->limits.calls_per_scope) {
    EvictOldestCall(batch);
  }
  Index(call, llm, batch);
  if (is_live()) RetryAfterChoice(call, batch);
}

bool CallBook::IsNew(Call& call, Span* llm, Batch& batch) {
  if (IsWrapper(llm)) return false;
  if (IsRepeated(call, llm)) {
    Report(DiagnosticId::kChoiceRepeated, call.llm, batch);
    return false;
  }
  call.identity = IdentityOf(call, llm);
  const bool may_be_known = !call.has_id() || FileFirstIdentity(call.id);
  if (may_be_known && MergeDuplicate(call, batch)) return false;
  if (context_.options->limits.calls_per_scope == 0) {
    Report(DiagnosticId::kEvictedChoice, call.llm, batch);
    return false;
  }
  return true;
}

void CallBook::Index(Call& call, Span* llm, Batch& batch) {
  used_calls_of_ = SpanTree::kNone;  // the ranking has changed
  bool is_only_one = false;
  if (call.has_id()) {
    is_only_one = by_id_.Add(call);
    if (!is_only_one) {
      Report(DiagnosticId::kIdReused, call.llm, batch);
    }
  } else {
    FileIdless(call);
  }
  if (!is_only_one) FileIdentity(call);
  IndexOpen(call);
  FileAnswer(call, llm);
}

// The positions in these lists are what a use without an id counts by: numbers
// of evicted calls stay, until a list is so long that it is not worth keeping.
void CallBook::FileIdless(const Call& call) {
  const size_t limit = 4 * context_.options->limits.calls_per_scope;
  if (idless_calls_.size() > limit) idless_calls_.clear();
  for (const Node group : GroupsOf(call.node)) {
    if (group == SpanTree::kNone) continue;
    CallNumbers& calls = idless_calls_[{call.name, group}];
    if (calls.size() > limit) calls.clear();
    const bool is_filed = !calls.empty() && calls.back() == call.number;
    if (!is_filed) calls.push_back(call.number);
  }
}

// An answer is found by its span, and by the first span above it that is no LLM
// span: there a handoff looks for it.
void CallBook::FileAnswer(Call& call, Span* llm) {
  const bool is_known = llm != nullptr && llm->answer != kNobody;
  call.answer = is_known ? llm->answer : AddAnswer(llm);
  if (llm != nullptr) llm->answer = call.answer;
  answers_[call.answer].calls.push_back(call.number);
}

AnswerNumber CallBook::AddAnswer(const Span* llm) {
  AnswerNumber number = answers_.size();
  if (free_answers_.empty()) {
    answers_.emplace_back();
  } else {
    number = free_answers_.back();
    free_answers_.pop_back();
  }
  const Span* top = llm;
  for (int steps = 0; top != nullptr && steps < SpanTree::kMaxClimb; ++steps) {
    const Span* const above = tree_->Get(tree_->Parent(*top));
    if (above == nullptr || above->kind != SpanKind::kLlm) break;
    top = above;
  }
  const SpanId under =
      top == nullptr ? SpanId{} : top->parent.value_or(SpanId{});
  answers_[number].under = under;
  const auto [found, is_new] = answers_under_.try_emplace(under);
  if (is_new) found->second = spare_->answer_lists.Take();
  found->second.push_back(number);
  return number;
}

void CallBook::LeaveAnswer(const Call& call) {
  if (call.answer == kNobody) return;
  Answer& answer = answers_[call.answer];
  EraseNumber(answer.calls, call.number);
  if (!answer.calls.empty()) return;
  Span* const llm = tree_->Get(call.node);
  if (llm != nullptr) llm->answer = kNobody;
  const auto siblings = answers_under_.find(answer.under);
  std::vector<AnswerNumber>& numbers = siblings->second;
  // An answer that moves is one of the last, one that is evicted the first.
  if (numbers.front() == call.answer) {
    numbers.erase(numbers.begin());
  } else {
    const auto last = std::find(numbers.rbegin(), numbers.rend(), call.answer);
    numbers.erase(last.base() - 1);
  }
  if (numbers.empty()) {
    spare_->answer_lists.Keep(std::move(numbers));
    answers_under_.erase(siblings);
  }
  free_answers_.push_back(call.answer);
}

void CallBook::IndexOpen(const Call& call) {
  if (call.arguments) open_by_arguments_.Insert(call);
  if (names_are_indexed_ && call.reserved_by == kNobody) {
    open_by_name_.Insert(call);
  }
  if (call.rare().handoff) open_handoffs_.Insert(call);
}

void CallBook::UnindexOpen(const Call& call) {
  if (call.arguments) open_by_arguments_.Erase(call);
  if (names_are_indexed_) open_by_name_.Erase(call);
  if (call.rare().handoff) open_handoffs_.Erase(call);
}

// Where ids or arguments tell all, nobody asks for a name: this index is made
// when it is asked for, and kept from then on.
const OpenCalls& CallBook::OpenByName() {
  if (std::exchange(names_are_indexed_, true)) return open_by_name_;
  for (CallNumber number = calls_.first(); number < calls_.last(); ++number) {
    const Call& call = *calls_.Get(number);
    if (!call.is_over() && !call.parked_before) IndexOpen(call);
  }
  return open_by_name_;
}

// A used call is a tombstone that keeps the repeats of its result silent: it
// goes without a word.
void CallBook::EvictOldestCall(Batch& batch) {
  const CallNumber number = calls_.first();
  const Call& call = *calls_.Get(number);
  used_calls_of_ = SpanTree::kNone;
  if (!call.used) {
    Report(DiagnosticId::kEvictedChoice, call.llm, batch);
  }
  UnindexOpen(call);
  LeaveAnswer(call);
  by_id_.Erase(call);
  if (call.identity_filed) EraseFrom(by_identity_, call.identity, number);
  waiting_uses_ -= call.rare().waiting_uses.size();
  calls_.PopOldest();
}

BookedExecution* CallBook::FindOrAddExecution(Span& span, Batch& batch) {
  if (span.execution != kNobody) return executions_.Get(span.execution);
  const size_t limit = context_.options->limits.executions_per_scope;
  if (limit == 0) {
    Report(DiagnosticId::kEvictedExecution, span.id, batch);
    return nullptr;
  }
  while (executions_.size() >= limit) EvictOldestExecution(batch);
  span.execution = executions_.last();
  Execution& execution = executions_.Emplace();
  execution.number = span.execution;
  execution.span = span.id;
  execution.node = span.node;
  execution.start = span.start;
  return &execution;
}

void CallBook::EvictOldestExecution(Batch& batch) {
  Execution& execution = *executions_.Get(executions_.first());
  if (execution.is_undecided()) {
    Report(DiagnosticId::kEvictedExecution, execution.span, batch);
  }
  Release(execution);
  Unlist(execution);
  Span* span = tree_->Get(execution.node);
  if (span != nullptr) span->execution = kNobody;
  executions_by_id_.Erase(execution);
  executions_.PopOldest();
}

void CallBook::FinishExecution(Execution& execution, Batch& batch) {
  execution.finished = true;
  RefreshTimes(execution);
  if (execution.has_id) executions_by_id_.Add(execution);
  if (is_live()) {
    DecideNow(execution, batch);
  } else {
    List(execution);
  }
}

// Takes over what the tree has learned of the span.
void CallBook::RefreshTimes(Execution& execution) const {
  const Span* span = tree_->Get(execution.node);
  if (span == nullptr) return;
  execution.start = span->start;
  execution.end = span->end;
  execution.parent = span->parent;
  execution.start_known = execution.start_known || span->start.timed;
}

void CallBook::List(Execution& execution) {
  if (execution.listed) return;
  execution.listed = true;
  undecided_[execution.name].insert(execution.number);
}

void CallBook::Unlist(Execution& execution) {
  if (!execution.listed) return;
  execution.listed = false;
  const auto found = undecided_.find(execution.name);
  found->second.erase(execution.number);
  if (found->second.empty()) undecided_.erase(found);
}

std::vector<BookedExecution*> CallBook::LatestUndecided(Fingerprint name) {
  std::vector<Execution*> latest;
  if (undecided_.empty()) return latest;
  const auto found = undecided_.find(name);
  if (found == undecided_.end()) return latest;
  const absl::btree_set<ExecutionNumber>& all = found->second;
  const auto count = std::min(all.size(), kMaxRetries);
  latest.reserve(count);
  for (auto it = std::prev(all.end(), static_cast<ptrdiff_t>(count));
       it != all.end(); ++it) {
    latest.push_back(executions_.Get(*it));
  }
  return latest;
}

// Until the parent ends: then nothing more will tell who chose it.
void CallBook::Wait(const Execution& execution) {
  if (!execution.parent.has_value() || execution.parent->is_zero()) return;
  std::vector<ExecutionNumber>& waiting = waiting_under_[*execution.parent];
  const bool waits = !waiting.empty() && waiting.back() == execution.number;
  if (!waits) waiting.push_back(execution.number);
  if (waiting_under_.size() <=
      2 * context_.options->limits.executions_per_scope) {
    return;
  }
  absl::erase_if(waiting_under_, [this](const auto& entry) {
    return executions_.Get(entry.second.back()) == nullptr;
  });
}

void CallBook::Report(DiagnosticId id, SpanId span, Batch& batch) {
  context_.diagnostics->Count(id);
  if (context_.options->on_diagnostics) {
    batch.events.push_back({id, {trace_, span}});
  }
}

// Returns the new link for the caller to fill in; nullptr if it is too weak to
// be shown.
SpanLink* CallBook::Emit(Evidence evidence, Node consumer, Batch& batch) {
  if (evidence > context_.options->min_evidence) return nullptr;
  const Span* span = tree_->Get(consumer);
  SpanLink& link = batch.links.emplace_back();
  link.evidence = evidence;
  link.consumer_finished = is_live() && span != nullptr && span->finished;
  return &link;
}

}  // namespace spanlink
