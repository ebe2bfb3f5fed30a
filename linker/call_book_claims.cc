// The claims: which execution ran which call.
//
// An execution looks for its call grade by grade, from the strongest evidence
// to the weakest, and takes the best candidate of the first grade that has one.
// Live mode takes what is safe at once; the rest, and all of settled mode, goes
// through `DecideAll`, a grade at a time.
#include <algorithm>
#include <tuple>

#include "spanlink/linker/call_book.h"

namespace spanlink {

// Live mode, when an execution is complete.
void CallBook::DecideNow(Execution& execution, Batch& batch) {
  FindEnclosure(execution);
  const bool decided = !AwaitsNearerAnswer(execution) &&
                       (ClaimById(execution, batch) ||
                        (execution.kind == SpanKind::kHandoff
                             ? ClaimHandoff(execution, batch)
                             : ClaimReserved(execution, batch) ||
                                   ClaimOnlyFit(execution, batch)));
  if (!decided) {
    List(execution);
    Wait(execution);
  }
  RetryTool(execution.name, batch);
  RetryUses(batch);
}

// At settle: every grade over all executions before the next one, each in the
// order of start.
void CallBook::DecideAll(const std::vector<ExecutionNumber>& numbers,
                         Batch& batch) {
  std::vector<Execution*> executions;
  for (const ExecutionNumber number : numbers) {
    Execution* const execution = executions_.Get(number);
    if (execution == nullptr || !execution->finished ||
        !execution->is_undecided()) {
      continue;
    }
    RefreshTimes(*execution);
    executions.push_back(execution);
  }
  const auto key = [](const Execution* execution) {
    return std::pair(SortKey(execution->start, execution->span),
                     execution->number);
  };
  std::sort(executions.begin(), executions.end(),
            [&](auto* a, auto* b) { return key(a) < key(b); });
  executions.erase(std::unique(executions.begin(), executions.end()),
                   executions.end());
  const auto each = [&](bool handoffs, auto step) {
    for (Execution* execution : executions) {
      const bool is_handoff = execution->kind == SpanKind::kHandoff;
      if (execution->is_undecided() && is_handoff == handoffs) step(*execution);
    }
  };
  for (Execution* execution : executions) {
    FindEnclosure(*execution);
    Release(*execution);
  }
  each(false, [&](auto& tool) { Reserve(tool); });
  for (Execution* execution : executions) ClaimById(*execution, batch);
  each(false, [&](auto& tool) { Release(tool); });
  each(false, [&](auto& tool) { Reserve(tool); });
  each(false, [&](auto& tool) { ClaimReserved(tool, batch); });
  each(false, [&](auto& tool) { Release(tool); });
  each(false, [&](auto& tool) { ClaimByArguments(tool, batch); });
  each(true, [&](auto& handoff) { ClaimHandoff(handoff, batch); });
  each(true, [&](auto& handoff) { ClaimRemaining(handoff, batch); });
  each(false, [&](auto& tool) { ClaimByName(tool, Evidence::kName, batch); });
  each(false, [&](auto& tool) { ClaimByName(tool, Evidence::kOrder, batch); });
  RetryUses(batch);
}

// Live mode, when an answer came after signals that wait for it.
void CallBook::RetryAfterChoice(const Call& call, Batch& batch) {
  const bool nobody_waits = undecided_.empty() && executions_by_id_.empty() &&
                            uses_of_unknown_.empty() && attached_.empty();
  if (nobody_waits) return;
  const Fingerprint name = call.name;
  const Fingerprint id = call.id;
  const bool has_id = call.has_id();
  const bool is_handoff = call.rare().handoff.has_value();
  ReserveAgain(name);
  if (has_id) RetryId(id, batch);
  RetryTool(name, batch);
  if (is_handoff) RetryTool(Fingerprint{}, batch);
  RetryUses(batch);
  const auto waiting = uses_of_unknown_.find(has_id ? id : name);
  if (waiting == uses_of_unknown_.end()) return;
  const std::vector<Use> uses = std::move(waiting->second);
  waiting_uses_ -= uses.size();
  uses_of_unknown_.erase(waiting);
  for (const Use& use : uses) ResolveUse(use, batch);
}

void CallBook::RetryId(const Fingerprint& id, Batch& batch) {
  const std::span<const ExecutionNumber> found = executions_by_id_.Find(id);
  const ExecutionNumbers executions(found.begin(), found.end());
  for (const ExecutionNumber number : executions) {
    Execution& execution = *executions_.Get(number);
    if (!execution.is_undecided()) continue;
    if (!AwaitsNearerAnswer(execution)) ClaimById(execution, batch);
  }
}

// A decision may leave an execution of the same tool with one candidate, or
// free the one it waits for.
void CallBook::RetryTool(Fingerprint name, Batch& batch) {
  bool progress = !undecided_.empty();
  for (size_t round = 0; progress && round < kMaxRetries; ++round) {
    progress = false;
    for (Execution* execution : LatestUndecided(name)) {
      if (!execution->finished || !execution->is_undecided()) continue;
      if (AwaitsNearerAnswer(*execution)) continue;
      const bool decided = execution->kind == SpanKind::kHandoff
                               ? ClaimHandoff(*execution, batch)
                               : ClaimReserved(*execution, batch) ||
                                     ClaimOnlyFit(*execution, batch);
      progress = progress || decided;
    }
  }
}

// Ids repeat: the same tool first, then the rank, in which a call that another
// execution has reserved is as good as executed, then equal arguments before
// the order of the answer.
BookedCall* CallBook::FindById(const Execution& execution) {
  if (!execution.has_id) return nullptr;
  const std::span<const CallNumber> calls =
      LatestWithId(execution.id, execution.start);
  if (calls.size() == 1) {  // nothing to rank
    Call& only = *calls_.Get(calls.front());
    return MayRun(only, execution, By::kId) ? &only : nullptr;
  }
  struct Candidate {
    bool other_tool;
    Rank rank;
    SortKey start;
    bool other_arguments;
    uint32_t index;
    Call* call;
  };
  absl::InlinedVector<Candidate, 4> candidates;
  for (const CallNumber number : calls) {
    Call& call = *calls_.Get(number);
    if (!MayRun(call, execution, By::kId)) continue;
    Rank rank = RankOf(call, execution, By::kId);
    if (call.reserved_by != kNobody && call.reserved_by != execution.number) {
      rank.done = true;
    }
    candidates.push_back({call.name != execution.name, rank,
                          SortKey(call.start, call.llm), !Fits(call, execution),
                          call.index, &call});
  }
  // Later answers are better: `rank` cannot say so before all are known.
  std::sort(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.start > b.start; });
  for (size_t i = 1; i < candidates.size(); ++i) {
    const bool same = candidates[i].start == candidates[i - 1].start;
    candidates[i].rank.later_answers =
        candidates[i - 1].rank.later_answers + (same ? 0 : 1);
  }
  const auto best = std::min_element(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) {
        return std::tie(a.other_tool, a.rank, a.other_arguments, a.index) <
               std::tie(b.other_tool, b.rank, b.other_arguments, b.index);
      });
  return best == candidates.end() ? nullptr : best->call;
}

// 1. `tool_call_id`.
bool CallBook::ClaimById(Execution& execution, Batch& batch) {
  if (!execution.has_id) return false;
  Call* call = FindById(execution);
  if (call == nullptr && !by_id_.contains(execution.id) &&
      execution.enclosure == SpanTree::kNone) {
    const Span* const tool = tree_->Get(execution.node);
    if (tool != nullptr) {
      call = Unpark(tool->conversation, execution.id, true, batch);
    }
  }
  if (call == nullptr) return false;
  Attach(execution, *call, Evidence::kToolCallId, batch);
  return true;
}

// Live mode: whether a nearer answer with the execution's id may still come.
// Some LLM spans end after the tools that they chose, and runs side by side
// repeat ids: with an answer from elsewhere it waits until its parent ends.
bool CallBook::AwaitsNearerAnswer(const Execution& execution) {
  if (!execution.has_id || !execution.parent) return false;
  const Span* const parent = tree_->Get(tree_->Find(*execution.parent));
  if (parent == nullptr || parent->finished) return false;
  const Call* const call = FindById(execution);
  return call != nullptr && call->node != SpanTree::kNone &&
         tree_->Distance(execution.node, call->node) > 1;
}

// 2. `arguments`, foreseen at the start.
bool CallBook::ClaimReserved(Execution& execution, Batch& batch) {
  Call* const call = calls_.Get(execution.reserved);
  if (call == nullptr || !Fits(*call, execution)) return false;
  if (!MayRun(*call, execution, By::kValue)) return false;
  Attach(execution, *call, Evidence::kArguments, batch);
  return true;
}

// 2. `arguments`, where there is no choice: safe before everything is known.
bool CallBook::ClaimOnlyFit(Execution& execution, Batch& batch) {
  for (const Fingerprint& reading : execution.readings) {
    const Choice choice = Best(open_by_arguments_, reading, execution,
                               [](const Call&) { return true; });
    if (choice.candidates == 0) continue;
    const ExecutionNumber reserved_by = choice.call->reserved_by;
    if (choice.candidates > 1 || choice.call->contested ||
        (reserved_by != kNobody && reserved_by != execution.number)) {
      return false;
    }
    Attach(execution, *choice.call, Evidence::kArguments, batch);
    return true;
  }
  return false;
}

// 2. `arguments`, at settle. Several candidates are no doubt where the order of
// start is known; else they are `order`, to the last of them. So are calls that
// wait for an approval: people approve in an order of their own.
bool CallBook::ClaimByArguments(Execution& execution, Batch& batch) {
  for (const Fingerprint& reading : execution.readings) {
    const Choice choice = BestFree(open_by_arguments_, reading, execution);
    if (choice.candidates == 0) continue;
    const bool is_unordered =
        !execution.start_known || choice.call->state == State::kPending;
    if (choice.candidates > 1 && is_unordered) {
      Contest(open_by_arguments_, reading, execution);
    }
    Call& call = choice.candidates > 1
                     ? KeepOrder(*choice.call, execution, reading)
                     : *choice.call;
    const bool in_doubt = is_unordered && call.contested;
    Attach(execution, call, in_doubt ? Evidence::kOrder : Evidence::kArguments,
           batch);
    return true;
  }
  return false;
}

// 3. `handoff`: the tool's name says the target agent. A producer that gives
// the tool's name itself needs no inference.
bool CallBook::ClaimHandoff(Execution& execution, Batch& batch) {
  Choice choice;
  if (execution.to_agent != nullptr) {
    choice = Best(open_handoffs_, kHandoffs, execution, [&](const Call& call) {
      return IsHandoffTo(call.name_text, call.rare().handoff,
                         execution.to_agent->name);
    });
  } else if (!execution.name_text.empty()) {
    choice = Best(OpenByName(), execution.name, execution,
                  [](const Call&) { return true; });
  }
  if (choice.call == nullptr) return false;
  Attach(execution, *choice.call, Evidence::kHandoff, batch);
  return true;
}

// 4. `handoff_remaining`: handoffs start after all tools of the turn, so the
// call that is left of the last answer under the same parent is the handoff.
bool CallBook::ClaimRemaining(Execution& execution, Batch& batch) {
  const Answer* last = LastAnswer(execution);
  if (last == nullptr) return false;
  const auto is_awaited = [&](const Call& call) {
    const std::vector<Execution*> tools = LatestUndecided(call.name);
    return std::any_of(tools.begin(), tools.end(), [&](const Execution* tool) {
      return tool->parent == execution.parent;
    });
  };
  Call* first = nullptr;
  for (const CallNumber candidate : last->calls) {
    Call& call = *calls_.Get(candidate);
    if (!call.executions.empty() || call.state != State::kOpen ||
        !MayRun(call, execution, By::kValue) || is_awaited(call)) {
      continue;
    }
    if (first == nullptr || call.index < first->index) first = &call;
  }
  if (first == nullptr) return false;
  Attach(execution, *first, Evidence::kHandoffRemaining, batch);
  return true;
}

// 5. `name`: one open call of this tool it can be. 6. `order`: several; a call
// that was once one of several stays in doubt.
bool CallBook::ClaimByName(Execution& execution, Evidence grade, Batch& batch) {
  if (execution.name_text.empty()) return false;
  const Choice choice = BestFree(OpenByName(), execution.name, execution);
  if (choice.call == nullptr) return false;
  if (grade == Evidence::kName) {
    if (choice.candidates > 1) {
      Contest(OpenByName(), execution.name, execution);
    }
    if (choice.call->contested) return false;
  }
  Attach(execution, *choice.call, grade, batch);
  return true;
}

void CallBook::Attach(Execution& execution, Call& call, Evidence evidence,
                      Batch& batch) {
  Execution* const displaced = executions_.Get(call.reserved_by);
  if (execution.reserved != kNobody && execution.reserved != call.number) {
    Report(DiagnosticId::kReservationMoved, execution.span, batch);
  }
  Release(execution);
  if (displaced != nullptr) Release(*displaced);
  Unlist(execution);
  execution.call = call.number;
  execution.evidence = evidence;
  execution.attempt = call.attempts + 1;
  call.executions.push_back(execution.number);
  if (execution.outcome == Outcome::kNotExecuted) {
    if (call.state != State::kExecuted) call.state = State::kPending;
    Report(DiagnosticId::kExecutionPending, execution.span, batch);
  } else {
    ++call.attempts;
    const bool failed = execution.outcome == Outcome::kFailed;
    if (!failed) UnindexOpen(call);
    if (call.state != State::kExecuted) {
      call.state = failed ? State::kFailed : State::kExecuted;
    }
  }
  if (SpanLink* link = Emit(evidence, execution.node, batch)) {
    link->consumer = {trace_, execution.span};
    link->producer = LlmOf(call);
    link->kind = execution.kind == SpanKind::kHandoff ? LinkKind::kHandoffChoice
                                                      : LinkKind::kToolChoice;
    link->attempt = execution.attempt;
    link->tool_name = call.name_text;
    link->tool_call_id = call.id_text;
    link->tool_version = call.rare().version;
  }
  if (execution.kind == SpanKind::kHandoff) CloseSiblings(call, batch);
  if (is_live() && displaced != nullptr && displaced != &execution) {
    ReserveAgain(displaced->name);
  }
  if (!call.rare().waiting_uses.empty()) attached_.push_back(call.number);
}

// The SDK carries out the first handoff of an answer and tells the model that
// it ignored the others.
void CallBook::CloseSiblings(const Call& call, Batch& batch) {
  if (call.answer == kNobody) return;
  for (const CallNumber number : answers_[call.answer].calls) {
    Call& sibling = *calls_.Get(number);
    if (!sibling.rare().handoff || sibling.state != State::kOpen ||
        !sibling.executions.empty()) {
      continue;
    }
    sibling.state = State::kClosed;
    UnindexOpen(sibling);
    Report(DiagnosticId::kHandoffIgnored, sibling.llm, batch);
  }
}

}  // namespace spanlink
