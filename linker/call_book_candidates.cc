// The candidates: which open calls an execution may have run, and the best.
//
// The rank is: near in the tree, answered before the tool started, the latest
// answer first, in one answer the unexecuted before the failed, and then the
// order of the answer. `ScanOpen` visits them in this order but for the first.
//
// Equal calls of one answer are told apart by the order in which their tools
// start: SDKs start the calls of an answer in its order. A start knows only the
// tool's name, so it *reserves* the next call of that name; the end brings the
// arguments and keeps the reservation if they fit.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/functional/function_ref.h"
#include "spanlink/linker/call_book.h"

namespace spanlink {
namespace {

// Answers with more calls than this are not put in order call by call.
constexpr size_t kMaxOrderedAnswer = 4096;

}  // namespace

bool CallBook::MayRun(const Call& call, const Execution& execution,
                      By by) const {
  if (by == By::kValue && IsBarred(call, execution)) return false;
  if (execution.enclosure != SpanTree::kNone &&
      !tree_->Encloses(execution.enclosure, call.node)) {
    return false;
  }
  const Moment& start = execution.start;
  if (!call.start.IsAfter(start)) return true;
  const bool timed = call.start.timed && start.timed;
  const Duration skew = context_.options->clock_skew;
  return timed ? !call.start.IsAfterDespite(skew, start) : by == By::kId;
}

// REQUIRES: the execution may run the call.
CallBook::Rank CallBook::RankOf(const Call& call, const Execution& execution,
                                By by) const {
  Rank rank;
  rank.started_later = call.start.IsAfter(execution.start);
  rank.answered_later = call.end.IsAfter(execution.start);
  rank.distance = tree_->Distance(execution.node, call.node);
  rank.other_agent =
      by == By::kId && AreOfOtherAgents(call.node, execution.node);
  const bool presumed_untraced =
      call.executions.empty() && WasReadBefore(call, execution);
  rank.done = presumed_untraced || call.state == State::kExecuted;
  rank.progress = static_cast<uint8_t>(call.state);
  return rank;
}

// What only an id can overcome.
bool CallBook::IsBarred(const Call& call, const Execution& execution) const {
  if (call.parked_before || call.is_over()) return true;
  if (call.has_id() && execution.has_id && call.id != execution.id) return true;
  if (WasReadBefore(call, execution)) return true;
  // A run that goes on after an approval does so under a new span of its agent.
  return call.state != State::kPending &&
         AreOfOtherAgents(call.node, execution.node);
}

// Whether the result had been read before the tool started: then the call ran
// somewhere else. That says nothing if who read it is further away from the
// call than the tool: ids repeat.
bool CallBook::WasReadBefore(const Call& call,
                             const Execution& execution) const {
  return call.first_use && execution.start.IsAfter(call.first_use->start) &&
         tree_->Distance(call.node, execution.node) >= call.first_use->distance;
}

// A barrier: both agents are known and they differ. Mostly a model and its tool
// stand side by side.
bool CallBook::AreOfOtherAgents(Node a, Node b) const {
  if (tree_->AreSiblings(a, b)) return false;
  const Node agent_of_a = tree_->NearestAgent(a);
  const Node agent_of_b = tree_->NearestAgent(b);
  return agent_of_a != SpanTree::kNone && agent_of_b != SpanTree::kNone &&
         agent_of_a != agent_of_b;
}

// The calls of an id to look at from a moment on: the latest ones that had been
// asked for by then. In settled mode the book knows what came after, too.
std::span<const CallNumber> CallBook::LatestWithId(const Fingerprint& id,
                                                   const Moment& until) const {
  const std::span<const CallNumber> calls = by_id_.Find(id);
  auto end = calls.end();
  if (!is_live()) {
    const Duration skew = context_.options->clock_skew;
    end = std::partition_point(calls.begin(), end, [&](CallNumber number) {
      return !calls_.Get(number)->start.IsAfterDespite(skew, until);
    });
  }
  const auto count = std::min<ptrdiff_t>(end - calls.begin(), kMaxCandidates);
  return {end - count, end};
}

// Visits the open calls of a key that an execution may have run, latest answer
// first. `visit` returns whether the call counts against `kMaxCandidates`.
void CallBook::ScanOpen(const OpenCalls& calls, Fingerprint key,
                        const Execution& execution,
                        absl::FunctionRef<bool(Call&)> visit) {
  int64_t last_ns = std::numeric_limits<int64_t>::max();
  if (execution.start.timed) {
    const int64_t skew = context_.options->clock_skew.count();
    if (execution.start.ns <= last_ns - skew) {
      last_ns = execution.start.ns + skew;
    }
  }
  int counted = 0;
  int visited = 0;
  calls.VisitBackwards(key, SortKey::Last(last_ns), [&](CallNumber number) {
    if (visit(*calls_.Get(number))) ++counted;
    return counted < kMaxCandidates && ++visited < 16 * kMaxCandidates;
  });
}

CallBook::Choice CallBook::Best(const OpenCalls& calls, Fingerprint key,
                                const Execution& execution,
                                absl::FunctionRef<bool(const Call&)> accept) {
  Choice choice;
  std::optional<Rank> best;
  SpanId answer;
  int answers = 0;
  ScanOpen(calls, key, execution, [&](Call& call) {
    if (!accept(call)) return false;
    if (!MayRun(call, execution, By::kValue)) return true;
    if (std::exchange(answer, call.llm) != call.llm) ++answers;
    if (choice.call == nullptr) {
      choice = {&call, 1};  // mostly the only one: then its rank is no matter
      return true;
    }
    if (!best) {
      best = RankOf(*choice.call, execution, By::kValue);
      best->later_answers = 1;
    }
    Rank rank = RankOf(call, execution, By::kValue);
    rank.later_answers = answers;
    if (rank.nearness() < best->nearness()) choice.candidates = 0;
    if (rank.nearness() <= best->nearness()) ++choice.candidates;
    if (rank < *best) {
      best = rank;
      choice.call = &call;
    }
    return true;
  });
  return choice;
}

// The best call that no other execution has reserved.
CallBook::Choice CallBook::BestFree(const OpenCalls& calls, Fingerprint key,
                                    const Execution& execution) {
  return Best(calls, key, execution, [&](const Call& call) {
    return call.reserved_by == kNobody || call.reserved_by == execution.number;
  });
}

// Marks the nearest candidates: none of them is certain any more.
void CallBook::Contest(const OpenCalls& calls, Fingerprint key,
                       const Execution& execution) {
  std::vector<Call*> nearest;
  std::pair<bool, int> nearness;
  ScanOpen(calls, key, execution, [&](Call& call) {
    if (!MayRun(call, execution, By::kValue)) return true;
    const Rank rank = RankOf(call, execution, By::kValue);
    if (nearest.empty() || rank.nearness() < nearness) {
      nearest.clear();
      nearness = rank.nearness();
    }
    if (rank.nearness() == nearness) nearest.push_back(&call);
    return true;
  });
  for (Call* call : nearest) call->contested = true;
}

// Among equal calls of one answer, prefers one that keeps the calls of this
// tool in the order in which they started.
BookedCall& CallBook::KeepOrder(Call& best, const Execution& execution,
                                Fingerprint reading) {
  if (best.answer == kNobody) return best;
  const CallNumbers& answer = answers_[best.answer].calls;
  if (answer.size() > kMaxOrderedAnswer) return best;
  const auto [above, below] = RoomFor(execution, answer);
  Call* first = nullptr;
  for (const CallNumber number : answer) {
    Call& call = *calls_.Get(number);
    if (call.arguments != reading || call.index <= above ||
        call.index >= below || call.state != State::kOpen ||
        call.reserved_by != kNobody || !MayRun(call, execution, By::kValue)) {
      continue;
    }
    if (first == nullptr || call.index < first->index) first = &call;
  }
  return first == nullptr ? best : *first;
}

// The places in an answer between which an execution keeps the order: behind
// the calls of its tool that started earlier, before those that started later.
std::pair<int64_t, int64_t> CallBook::RoomFor(
    const Execution& execution, std::span<const CallNumber> answer) const {
  int64_t above = -1;
  int64_t below = std::numeric_limits<int64_t>::max();
  const SortKey start(execution.start, execution.span);
  const auto take = [&](const Call& call, const Execution& other) {
    if (SortKey(other.start, other.span) < start) {
      above = std::max<int64_t>(above, call.index);
    } else {
      below = std::min<int64_t>(below, call.index);
    }
  };
  for (const CallNumber number : answer) {
    const Call& call = *calls_.Get(number);
    if (call.name != execution.name) continue;
    for (const ExecutionNumber other : call.executions) {
      if (executions_.Get(other) != nullptr)
        take(call, *executions_.Get(other));
    }
  }
  return {above, below};
}

bool CallBook::Fits(const Call& call, const Execution& execution) const {
  return call.arguments &&
         std::ranges::find(execution.readings, *call.arguments) !=
             execution.readings.end();
}

// An MCP client's span inside the SDK's span of the same tool: only a call that
// was chosen inside the outer one can be its own.
void CallBook::FindEnclosure(Execution& execution) const {
  execution.enclosure = SpanTree::kNone;
  const Span* span = tree_->Get(tree_->Parent(execution.node));
  for (int steps = 0; span != nullptr && steps < SpanTree::kMaxClimb;
       span = tree_->Get(tree_->Parent(*span)), ++steps) {
    const ExecutionNumber found = span->execution;
    if (found == kNobody || found == execution.number) continue;
    const Execution& outer = *executions_.Get(found);
    const bool same_id =
        outer.has_id && execution.has_id && outer.id == execution.id;
    const bool same_tool =
        !execution.name_text.empty() && outer.name == execution.name;
    if (same_id || same_tool) {
      execution.enclosure = span->node;
      return;
    }
  }
}

// A start takes the next call of its tool in the last answer. A reserved call
// is not open by name any more.
void CallBook::Reserve(Execution& execution) {
  RefreshTimes(execution);
  if (!execution.start_known) return;
  if (execution.reserved != kNobody) {
    if (!execution.has_id) return;  // a start that was told twice
    Release(execution);
  }
  FindEnclosure(execution);
  const Answer* last = LastAnswer(execution);
  if (last == nullptr) return;
  Call* next = FindById(execution);
  if (next == nullptr) next = NextOf(*last, execution);
  if (next == nullptr || next->reserved_by != kNobody ||
      next->node != calls_.Get(last->calls.front())->node) {
    return;
  }
  UnindexOpen(*next);
  execution.reserved = next->number;
  next->reserved_by = execution.number;
  IndexOpen(*next);
}

// The first call of its tool in an answer that an execution may take.
BookedCall* CallBook::NextOf(const Answer& answer, const Execution& execution) {
  Call* next = nullptr;
  std::pair<Rank, uint32_t> next_rank;
  if (answer.calls.size() > kMaxOrderedAnswer) return nullptr;
  for (const CallNumber number : answer.calls) {
    Call& call = *calls_.Get(number);
    if (call.name != execution.name || call.reserved_by != kNobody) continue;
    if (!MayRun(call, execution, By::kValue)) continue;
    const std::pair one(RankOf(call, execution, By::kValue), call.index);
    if (next == nullptr || one < next_rank) {
      next = &call;
      next_rank = one;
    }
  }
  return next;
}

// The last answer before an execution started: of the LLM span that is its
// parent, or of the last one that has the same parent.
const CallBook::Answer* CallBook::LastAnswer(const Execution& execution) const {
  const Span* const above = tree_->Get(tree_->Parent(execution.node));
  if (above != nullptr && above->answer != kNobody) {
    return &answers_[above->answer];
  }
  const auto under = answers_under_.find(execution.parent.value_or(SpanId{}));
  if (under == answers_under_.end()) return nullptr;
  const std::vector<AnswerNumber>& numbers = under->second;
  auto end = numbers.end();
  if (!is_live() && execution.start.timed) {
    end = std::partition_point(numbers.begin(), end, [&](AnswerNumber number) {
      const Call& call = *calls_.Get(answers_[number].calls.front());
      return !call.start.IsAfter(execution.start);
    });
  }
  const Answer* last = nullptr;
  SortKey last_start;
  const auto count = std::min<ptrdiff_t>(end - numbers.begin(), kMaxCandidates);
  for (auto it = end - count; it != end; ++it) {
    const Answer& answer = answers_[*it];
    const Call& call = *calls_.Get(answer.calls.front());
    const SortKey start(call.start, call.llm);
    if (call.start.IsAfter(execution.start)) continue;
    if (last == nullptr || last_start < start) {
      last = &answer;
      last_start = start;
    }
  }
  return last;
}

void CallBook::Release(Execution& execution) {
  Call* call = calls_.Get(execution.reserved);
  if (call != nullptr && call->reserved_by == execution.number) {
    call->reserved_by = kNobody;
    if (!call->is_over()) IndexOpen(*call);
  }
  execution.reserved = kNobody;
}

// Live mode: after a reserved call went to another execution or a new answer
// came, all that are undecided reserve anew, in the order of start.
void CallBook::ReserveAgain(Fingerprint name) {
  std::vector<Execution*> latest = LatestUndecided(name);
  std::erase_if(latest, [](const Execution* execution) {
    return execution->kind != SpanKind::kTool;
  });
  const auto key = [](const Execution* execution) {
    return SortKey(execution->start, execution->span);
  };
  std::sort(latest.begin(), latest.end(),
            [&](auto* a, auto* b) { return key(a) < key(b); });
  for (Execution* execution : latest) Release(*execution);
  for (Execution* execution : latest) Reserve(*execution);
}

}  // namespace spanlink
