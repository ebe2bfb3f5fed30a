// The uses: whose result an LLM span read.
//
// A use belongs to the nearest call of its id whose answer had ended, traced or
// not: histories repeat old results in every later prompt, and providers repeat
// ids, so neither "some execution with this id" nor "the latest execution"
// would do. The k-th result of one id in one prompt belongs to the k-th such
// call.
#include <algorithm>
#include <tuple>

#include "spanlink/linker/call_book.h"

namespace spanlink {
namespace {

// A first use may turn out to have started before the tool did; a few more are
// kept for that case.
constexpr size_t kMaxWaitingUsesOfCall = 4;

}  // namespace

// A result that an inner LLM span holds is not used by the LLM spans around it.
void CallBook::MarkSuperseded(const Use& use) {
  if (use.failed) return;
  const SpanTree::Span* self = tree_->Get(use.node);
  if (self == nullptr || self->kind != SpanKind::kLlm) return;
  if (superseded_.size() > context_.options->limits.uses_per_scope) {
    superseded_.clear();
  }
  Node node = tree_->Parent(use.node);
  for (int steps = 0; node != SpanTree::kNone && steps < SpanTree::kMaxClimb;
       node = tree_->Parent(node), ++steps) {
    if (tree_->Get(node)->kind == SpanKind::kLlm) {
      superseded_.insert({node, use.has_id ? use.id : use.name});
    }
  }
}

void CallBook::ResolveUse(const Use& use, Batch& batch) {
  if (IsWrapper(use.node)) return;
  if (superseded_.contains({use.node, use.has_id ? use.id : use.name})) return;
  CallNumber number =
      use.has_id ? FindUsedCall(use) : FindUsedCallWithoutId(use);
  if (number == kNobody && use.has_id && !by_id_.contains(use.id)) {
    const SpanTree::Span* llm = tree_->Get(use.node);
    if (llm != nullptr && !executions_by_id_.contains(use.id)) {
      number = Unpark(llm->conversation, use.id, false, batch);
    }
  }
  if (number != kNobody) {
    UseCall(number, use, batch);
    return;
  }
  if (use.has_id && UseOrphan(use, batch)) return;
  const size_t limit = context_.options->limits.uses_per_scope;
  if (waiting_uses_ >= limit) {
    Report(DiagnosticId::kEvictedUse, use.llm, batch);
    return;
  }
  uses_of_unknown_[use.has_id ? use.id : use.name].push_back(use);
  ++waiting_uses_;
}

// Returns nullopt if the answer had not ended when the LLM span started, else
// whether only the clock skew makes it so.
std::optional<bool> CallBook::EndedBefore(const Call& call,
                                          const Use& use) const {
  if (call.node == use.node) return std::nullopt;
  if (!call.end.IsAfter(use.start)) return false;
  const int64_t skew = context_.options->clock_skew.count();
  if (call.end.timed && use.start.timed && call.end.ns - skew > use.start.ns) {
    return std::nullopt;
  }
  if (call.start.timed && use.start.timed && call.start.ns > use.start.ns) {
    return std::nullopt;
  }
  return true;
}

CallNumber CallBook::FindUsedCall(const Use& use) const {
  const auto found = by_id_.find(use.id);
  if (found == by_id_.end()) return kNobody;
  const std::vector<CallNumber>& calls = found->second;
  const size_t count = std::min<size_t>(calls.size(), kMaxCandidates);
  struct Candidate {
    bool in_skew;
    int distance;
    bool other_agent;
    SortKey start;
    uint32_t index;
    CallNumber number;
  };
  std::vector<Candidate> candidates;
  for (size_t i = calls.size() - count; i < calls.size(); ++i) {
    const Call& call = *calls_.Get(calls[i]);
    const std::optional<bool> in_skew = EndedBefore(call, use);
    if (!in_skew) continue;
    candidates.push_back({*in_skew, tree_->Distance(use.node, call.node),
                          AreOfOtherAgents(use.node, call.node),
                          SortKey(call.start, call.llm.span_id), call.index,
                          calls[i]});
  }
  if (use.ordinal >= candidates.size()) return kNobody;
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) {
              return std::tie(a.in_skew, a.distance, a.other_agent, b.start,
                              a.index) < std::tie(b.in_skew, b.distance,
                                                  b.other_agent, a.start,
                                                  b.index);
            });
  return candidates[use.ordinal].number;
}

// Without an id: the ordinal-th call of the tool by this agent; by anyone if
// this agent made none (it was handed the conversation).
CallNumber CallBook::FindUsedCallWithoutId(const Use& use) const {
  const Node agent = tree_->NearestAgent(use.node);
  auto found = idless_calls_.find({use.name, agent});
  if (found == idless_calls_.end())
    found = idless_calls_.find({use.name, kAny});
  if (found == idless_calls_.end()) return kNobody;
  const std::vector<CallNumber>& calls = found->second;
  if (use.ordinal >= calls.size()) return kNobody;
  const CallNumber number = calls[use.ordinal];
  const Call* call = calls_.Get(number);
  return call != nullptr && EndedBefore(*call, use) ? number : kNobody;
}

void CallBook::UseCall(CallNumber number, const Use& use, Batch& batch) {
  Call& call = *calls_.Get(number);
  if (!call.first_use || call.first_use->IsAfter(use.start)) {
    call.first_use = use.start;
  }
  if (use.failed) {
    Report(DiagnosticId::kUseByFailedLlm, use.llm, batch);
    return;
  }
  if (Consume(number, use, batch)) return;
  const Options& options = *context_.options;
  if (options.use_policy == UsePolicy::kFirst &&
      call.waiting_uses.size() >= kMaxWaitingUsesOfCall) {
    return;
  }
  if (waiting_uses_ >= options.limits.uses_per_scope) {
    Report(DiagnosticId::kEvictedUse, use.llm, batch);
    return;
  }
  call.waiting_uses.push_back(use);
  ++waiting_uses_;
}

// Returns false if the use waits for an execution.
bool CallBook::Consume(CallNumber number, const Use& use, Batch& batch) {
  Call& call = *calls_.Get(number);
  const Options& options = *context_.options;
  const Execution* producer = PickProducer(call, use);
  const bool is_handoff = producer != nullptr
                              ? producer->kind == SpanKind::kHandoff
                              : call.earlier_handoff;
  const bool once = options.use_policy == UsePolicy::kFirst || is_handoff;
  if (call.used && once) return true;
  if (producer == nullptr && !call.earlier_execution) {
    return call.state == State::kClosed;
  }
  call.used = true;
  UnindexOpen(number);
  if (!once && IsLinked(number, use.node)) return true;
  if (producer != nullptr && is_handoff) {
    Execution& handoff = *executions_.Get(execution_at_.at(producer->node));
    if (handoff.result_linked) return true;
    handoff.result_linked = true;
  }
  SpanLink link;
  link.consumer = {trace_, use.llm};
  link.producer =
      producer != nullptr ? producer->span : *call.earlier_execution;
  link.kind = is_handoff ? LinkKind::kHandoffResult : LinkKind::kToolResult;
  link.evidence =
      Weaker(producer != nullptr ? producer->evidence : call.earlier_evidence,
             use.has_id ? Evidence::kToolCallId : Evidence::kArguments);
  link.attempt = producer != nullptr ? producer->attempt : 1;
  link.tool_name = call.name_text;
  link.tool_call_id = call.id_text;
  link.tool_version = call.version;
  Emit(std::move(link), use.node, batch);
  return true;
}

// A use that is reported twice is one use.
bool CallBook::IsLinked(CallNumber number, Node llm) {
  if (linked_.size() > 4 * context_.options->limits.uses_per_scope) {
    linked_.clear();
  }
  return !linked_.insert({number, llm}).second;
}

// The last attempt that had ended when the LLM span started; failing that the
// last that had started.
const BookedExecution* CallBook::PickProducer(const Call& call,
                                              const Use& use) const {
  const int64_t skew = context_.options->clock_skew.count();
  const Execution* best = nullptr;
  bool best_ended = false;
  for (const ExecutionNumber number : call.executions) {
    const Execution* execution = executions_.Get(number);
    if (execution == nullptr || execution->outcome == Outcome::kNotExecuted) {
      continue;
    }
    const Moment& start = execution->start;
    if (start.timed && use.start.timed && start.ns - skew > use.start.ns) {
      continue;
    }
    const bool ended = !execution->end || !execution->end->IsAfter(use.start);
    const auto key = [](const Execution& e) {
      return SortKey(e.start, e.span.span_id);
    };
    if (best == nullptr ||
        std::pair(best_ended, key(*best)) < std::pair(ended, key(*execution))) {
      best = execution;
      best_ended = ended;
    }
  }
  return best;
}

// No call of this id is known: the nearest execution that carries it serves.
bool CallBook::UseOrphan(const Use& use, Batch& batch) {
  const auto found = executions_by_id_.find(use.id);
  if (found == executions_by_id_.end()) return false;
  const int64_t skew = context_.options->clock_skew.count();
  Execution* best = nullptr;
  int best_distance = 0;
  const std::vector<ExecutionNumber>& all = found->second;
  const size_t count = std::min<size_t>(all.size(), kMaxCandidates);
  for (size_t i = all.size() - count; i < all.size(); ++i) {
    Execution& execution = *executions_.Get(all[i]);
    const bool started_later = execution.start.timed && use.start.timed &&
                               execution.start.ns - skew > use.start.ns;
    if (started_later || !execution.is_undecided() ||
        execution.enclosure != SpanTree::kNone ||
        execution.outcome == Outcome::kNotExecuted) {
      continue;
    }
    const int distance = tree_->Distance(use.node, execution.node);
    const auto is_later = [](const Execution& a, const Execution& b) {
      return SortKey(a.start, a.span.span_id) >
             SortKey(b.start, b.span.span_id);
    };
    if (best == nullptr || distance < best_distance ||
        (distance == best_distance && is_later(execution, *best))) {
      best = &execution;
      best_distance = distance;
    }
  }
  if (best == nullptr) return false;
  if (use.failed) {
    Report(DiagnosticId::kUseByFailedLlm, use.llm, batch);
    return true;
  }
  const bool first = !best->result_linked;
  best->result_linked = true;
  if (!first && context_.options->use_policy == UsePolicy::kFirst) return true;
  if (first) Report(DiagnosticId::kChoiceMissing, best->span.span_id, batch);
  SpanLink link;
  link.consumer = {trace_, use.llm};
  link.producer = best->span;
  link.kind = best->kind == SpanKind::kHandoff ? LinkKind::kHandoffResult
                                               : LinkKind::kToolResult;
  link.evidence = Evidence::kToolCallId;
  link.tool_name = best->name_text;
  link.tool_call_id = best->id_text;
  Emit(std::move(link), use.node, batch);
  return true;
}

// A handoff whose result no prompt holds still leads to the first LLM span of
// the agent that it handed over to.
void CallBook::FollowHandoff(Node llm, Batch& batch) {
  const SpanTree::Span* span = tree_->Get(llm);
  if (span == nullptr || span->has_llm_below || handoffs_.empty()) return;
  const SpanTree::Span* agent = tree_->Get(tree_->NearestAgent(llm));
  if (agent == nullptr || !agent->name) return;
  std::erase_if(handoffs_, [this](ExecutionNumber number) {
    const Execution* handoff = executions_.Get(number);
    return handoff == nullptr || handoff->result_linked;
  });
  Execution* best = nullptr;
  int best_distance = 0;
  for (const ExecutionNumber number : handoffs_) {
    Execution& handoff = *executions_.Get(number);
    if (handoff.agent != *agent->name || handoff.start.IsAfter(span->start) ||
        handoff.first_target_llm != SpanTree::kNone) {
      continue;
    }
    const int distance = tree_->Distance(llm, handoff.node);
    if (best == nullptr || distance < best_distance ||
        (distance == best_distance && handoff.start.IsAfter(best->start))) {
      best = &handoff;
      best_distance = distance;
    }
  }
  if (best == nullptr) return;
  if (best->is_undecided() && is_live()) {
    best->first_target_llm = llm;  // its call may still say it by id
  } else {
    LinkFollowed(*best, llm, batch);
  }
}

void CallBook::LinkFollowed(Execution& handoff, Node llm, Batch& batch) {
  const SpanTree::Span* span = tree_->Get(llm);
  if (handoff.result_linked || span == nullptr) return;
  handoff.result_linked = true;
  SpanLink link;
  link.consumer = {trace_, span->id};
  link.producer = handoff.span;
  link.kind = LinkKind::kHandoffResult;
  link.evidence = Evidence::kHandoff;
  if (Call* call = calls_.Get(handoff.call)) {
    call->used = true;
    link.tool_name = call->name_text;
    link.tool_call_id = call->id_text;
  }
  Emit(std::move(link), llm, batch);
}

}  // namespace spanlink
