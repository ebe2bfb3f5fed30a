// The uses: whose result an LLM span read.
//
// A use belongs to the nearest call of its id whose answer had ended, traced or
// not: histories repeat old results in every later prompt, and providers repeat
// ids, so neither "some execution with this id" nor "the latest execution"
// would do. The k-th result of one id in one prompt belongs to the k-th such
// call.
#include <algorithm>
#include <tuple>
#include <utility>

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
  const Span* self = tree_->Get(use.node);
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
  const Span* const llm = tree_->Get(use.node);
  if (IsWrapper(llm)) return;
  if (!superseded_.empty() &&
      superseded_.contains({use.node, use.has_id ? use.id : use.name})) {
    return;
  }
  Call* call = FindUsedCall(use);
  if (call == nullptr && llm != nullptr && use.has_id &&
      !by_id_.contains(use.id) && !executions_by_id_.contains(use.id)) {
    call = Unpark(llm->conversation, use.id, false, batch);
  }
  if (call != nullptr) {
    UseCall(*call, use, batch);
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
  const Duration skew = context_.options->clock_skew;
  if (call.end.IsAfterDespite(skew, use.start)) return std::nullopt;
  if (call.start.timed && use.start.timed && call.start.ns > use.start.ns) {
    return std::nullopt;
  }
  return true;
}

// A prompt that holds many results of one id asks for the same ranking again.
BookedCall* CallBook::FindUsedCall(const Use& use) {
  if (!use.has_id) return FindUsedCallWithoutId(use);
  const std::span<const CallNumber> calls = LatestWithId(use.id, use.start);
  if (calls.empty()) return nullptr;
  if (calls.size() == 1) {  // nothing to rank
    Call& only = *calls_.Get(calls.front());
    const bool may_be = EndedBefore(only, use).has_value();
    return may_be && use.ordinal == 0 ? &only : nullptr;
  }
  if (used_calls_of_ != use.node) {
    used_calls_.clear();
    used_calls_of_ = use.node;
  }
  const auto [ranked, is_new] = used_calls_.try_emplace(use.id);
  if (is_new) ranked->second = RankUsedCalls(calls, use);
  const CallNumbers& order = ranked->second;
  return use.ordinal < order.size() ? calls_.Get(order[use.ordinal]) : nullptr;
}

CallBook::CallNumbers CallBook::RankUsedCalls(std::span<const CallNumber> calls,
                                              const Use& use) const {
  using Rank = std::tuple<bool, int, bool>;
  struct Candidate {
    Rank rank;
    SortKey start;
    uint32_t index;
    CallNumber number;
  };
  absl::InlinedVector<Candidate, 4> candidates;
  for (const CallNumber number : calls) {
    const Call& call = *calls_.Get(number);
    const std::optional<bool> in_skew = EndedBefore(call, use);
    if (!in_skew) continue;
    candidates.push_back({Rank(*in_skew, tree_->Distance(use.node, call.node),
                               AreOfOtherAgents(use.node, call.node)),
                          SortKey(call.start, call.llm), call.index, number});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) {
              return std::tie(a.rank, b.start, a.index) <
                     std::tie(b.rank, a.start, b.index);
            });
  CallNumbers numbers;
  for (const Candidate& candidate : candidates) {
    numbers.push_back(candidate.number);
  }
  return numbers;
}

// Without an id: the ordinal-th call of the tool by this agent; in the whole
// run if this agent had made none (it was handed the conversation).
BookedCall* CallBook::FindUsedCallWithoutId(const Use& use) {
  for (const Node group : GroupsOf(use.node)) {
    const auto found = idless_calls_.find({use.name, group});
    if (found == idless_calls_.end()) continue;
    const CallNumbers& calls = found->second;
    const auto is_answered = [&](CallNumber number) {
      const Call* call = calls_.Get(number);
      return call == nullptr || EndedBefore(*call, use).has_value();
    };
    if (!is_answered(calls.front())) continue;
    if (use.ordinal >= calls.size()) return nullptr;
    Call* const call = calls_.Get(calls[use.ordinal]);
    return is_answered(calls[use.ordinal]) ? call : nullptr;
  }
  return nullptr;
}

// Where results without an id are counted: the agent, and the run.
std::array<CallBook::Node, 2> CallBook::GroupsOf(Node node) const {
  return {tree_->NearestAgent(node), tree_->Top(node)};
}

// A reader whose place is not known may be a near one. Who read the result of a
// call that was executed speaks against nothing, wherever it stands.
void CallBook::NoteUse(Call& call, const Use& use) const {
  int distance = 0;
  if (call.state != State::kExecuted) {
    distance = tree_->Distance(call.node, use.node);
    if (distance == SpanTree::kUnrelated) distance = 0;
  }
  call.NoteUse({distance, use.start});
}

void CallBook::UseCall(Call& call, const Use& use, Batch& batch) {
  NoteUse(call, use);
  if (use.failed) {
    Report(DiagnosticId::kUseByFailedLlm, use.llm, batch);
    return;
  }
  if (Consume(call, use, batch)) return;
  const Options& options = *context_.options;
  if (options.use_policy == UsePolicy::kFirst &&
      call.rare().waiting_uses.size() >= kMaxWaitingUsesOfCall) {
    return;
  }
  if (waiting_uses_ >= options.limits.uses_per_scope) {
    Report(DiagnosticId::kEvictedUse, use.llm, batch);
    return;
  }
  call.MakeRare().waiting_uses.push_back(use);
  ++waiting_uses_;
}

// Returns false if the use waits for an execution.
bool CallBook::Consume(Call& call, const Use& use, Batch& batch) {
  const Options& options = *context_.options;
  Execution* const producer = PickProducer(call, use);
  const bool is_handoff = producer != nullptr
                              ? producer->kind == SpanKind::kHandoff
                              : call.rare().earlier_handoff;
  const bool once = options.use_policy == UsePolicy::kFirst || is_handoff;
  if (call.used && once) return true;
  if (producer == nullptr && !call.rare().earlier_execution) {
    return call.state == State::kClosed;
  }
  call.used = true;
  if (producer != nullptr) {
    if (IsLinked(*producer, use.node, once)) return true;
  } else if (!linked_.insert({~call.number, use.node}).second) {
    return true;
  }
  const Evidence evidence = Weaker(
      producer != nullptr ? producer->evidence : call.rare().earlier_evidence,
      use.has_id ? Evidence::kToolCallId : Evidence::kArguments);
  if (SpanLink* link = Emit(evidence, use.node, batch)) {
    link->consumer = {trace_, use.llm};
    link->producer = producer != nullptr ? SpanContext{trace_, producer->span}
                                         : *call.rare().earlier_execution;
    link->kind = is_handoff ? LinkKind::kHandoffResult : LinkKind::kToolResult;
    link->attempt = producer != nullptr ? producer->attempt : 1;
    link->tool_name = call.name_text;
    link->tool_call_id = call.id_text;
    link->tool_version = call.rare().version;
  }
  return true;
}

// Takes note of a result link; returns whether there was none to make.
bool CallBook::IsLinked(Execution& producer, Node llm, bool once) {
  if (linked_.size() > 4 * context_.options->limits.uses_per_scope) {
    linked_.clear();
  }
  const bool was_linked = std::exchange(producer.result_linked, true);
  if (once) return was_linked;
  return !linked_.insert({producer.number, llm}).second;
}

// After claims: what waited for an execution of these calls.
void CallBook::RetryUses(Batch& batch) {
  if (attached_.empty()) return;
  const std::vector<CallNumber> calls = std::exchange(attached_, {});
  for (const CallNumber number : calls) {
    Call* call = calls_.Get(number);
    if (call == nullptr) continue;
    const std::vector<Use> uses =
        std::exchange(call->MakeRare().waiting_uses, {});
    waiting_uses_ -= uses.size();
    for (const Use& use : uses) UseCall(*call, use, batch);
  }
}

// The last attempt that had ended when the LLM span started; failing that the
// last that had started.
BookedExecution* CallBook::PickProducer(const Call& call, const Use& use) {
  const Duration skew = context_.options->clock_skew;
  Execution* best = nullptr;
  bool best_ended = false;
  for (const ExecutionNumber number : call.executions) {
    Execution* const execution = executions_.Get(number);
    if (execution == nullptr || execution->outcome == Outcome::kNotExecuted) {
      continue;
    }
    if (execution->start.IsAfterDespite(skew, use.start)) continue;
    const bool ended = !execution->end || !execution->end->IsAfter(use.start);
    const auto key = [](const Execution& e) {
      return SortKey(e.start, e.span);
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
  const Duration skew = context_.options->clock_skew;
  Execution* best = nullptr;
  int best_distance = 0;
  const std::span<const ExecutionNumber> all = executions_by_id_.Find(use.id);
  const size_t count = std::min<size_t>(all.size(), kMaxCandidates);
  for (size_t i = all.size() - count; i < all.size(); ++i) {
    Execution& execution = *executions_.Get(all[i]);
    const bool started_later = execution.start.IsAfterDespite(skew, use.start);
    if (started_later || !execution.is_undecided() ||
        execution.enclosure != SpanTree::kNone ||
        execution.outcome == Outcome::kNotExecuted) {
      continue;
    }
    const int distance = tree_->Distance(use.node, execution.node);
    const auto is_later = [](const Execution& a, const Execution& b) {
      return SortKey(a.start, a.span) > SortKey(b.start, b.span);
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
  if (!best->result_linked) {
    Report(DiagnosticId::kChoiceMissing, best->span, batch);
  }
  const bool once = context_.options->use_policy == UsePolicy::kFirst ||
                    best->kind == SpanKind::kHandoff;
  if (IsLinked(*best, use.node, once)) return true;
  if (SpanLink* link = Emit(Evidence::kToolCallId, use.node, batch)) {
    link->consumer = {trace_, use.llm};
    link->producer = {trace_, best->span};
    link->kind = best->kind == SpanKind::kHandoff ? LinkKind::kHandoffResult
                                                  : LinkKind::kToolResult;
    link->tool_name = best->name_text;
    link->tool_call_id = best->id_text;
  }
  return true;
}

// A handoff whose result no prompt holds still leads to the first LLM span of
// the agent that it handed over to: the nearest one of that name that started
// later, and of these the first.
void CallBook::FollowHandoffs(Batch& batch) {
  std::erase_if(handoffs_, [this](ExecutionNumber number) {
    const Execution* handoff = executions_.Get(number);
    return handoff == nullptr || handoff->result_linked;
  });
  if (handoffs_.empty()) return;
  absl::flat_hash_map<Fingerprint, std::vector<std::pair<SortKey, Node>>> llms;
  for (Node node = tree_->first(); node < tree_->last(); ++node) {
    const Span& span = *tree_->Get(node);
    if (span.kind != SpanKind::kLlm || span.failed || span.has_llm_below) {
      continue;
    }
    const Span* agent = tree_->Get(tree_->NearestAgent(node));
    if (agent == nullptr || !agent->name) continue;
    llms[*agent->name].emplace_back(SortKey(span.start, span.id), node);
  }
  for (auto& [agent, spans] : llms) std::sort(spans.begin(), spans.end());
  for (const ExecutionNumber number : handoffs_) {
    Execution& handoff = *executions_.Get(number);
    const auto found = llms.find(handoff.to_agent->key);
    if (found == llms.end()) continue;
    const Node llm = FirstLlmAfter(handoff, found->second);
    if (llm != SpanTree::kNone) LinkFollowed(handoff, llm, batch);
  }
}

CallBook::Node CallBook::FirstLlmAfter(
    const Execution& handoff,
    const std::vector<std::pair<SortKey, Node>>& llms) const {
  const std::pair start(SortKey(handoff.start, handoff.span), Node{0});
  Node best = SpanTree::kNone;
  int best_distance = SpanTree::kUnrelated;
  int looked_at = 0;
  for (auto it = std::lower_bound(llms.begin(), llms.end(), start);
       it != llms.end() && looked_at < kMaxCandidates; ++it, ++looked_at) {
    const int distance = tree_->Distance(handoff.node, it->second);
    if (distance < best_distance) {
      best = it->second;
      best_distance = distance;
    }
  }
  if (best != SpanTree::kNone || llms.empty()) return best;
  // Agents may be roots, with nothing in common: then it must be the only one.
  const Node agent = tree_->NearestAgent(llms.front().second);
  const bool is_only = std::ranges::all_of(llms, [&](const auto& llm) {
    return tree_->NearestAgent(llm.second) == agent;
  });
  const auto after = std::lower_bound(llms.begin(), llms.end(), start);
  return is_only && after != llms.end() ? after->second : SpanTree::kNone;
}

void CallBook::LinkFollowed(Execution& handoff, Node llm, Batch& batch) {
  handoff.result_linked = true;
  Call* call = calls_.Get(handoff.call);
  if (call != nullptr) call->used = true;
  SpanLink* link = Emit(Evidence::kHandoff, llm, batch);
  if (link == nullptr) return;
  link->consumer = {trace_, tree_->Get(llm)->id};
  link->producer = {trace_, handoff.span};
  link->kind = LinkKind::kHandoffResult;
  if (call == nullptr) return;
  link->tool_name = call->name_text;
  link->tool_call_id = call->id_text;
}

}  // namespace spanlink
