// The duplicates: reports of a call that is in the books already.
//
// One call may be reported by several LLM spans: a client library inside a
// framework inside an agent, each with its own span and the same answer.
// `MergeDuplicate` keeps the innermost. Two calls are compared by an identity:
// the provider's id and the tool, or without an id the tool and the arguments,
// and in both cases the how-many-eth equal call of its answer it is, so that an
// answer that asks twice for the same counts as two calls.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/hash/hash.h"
#include "spanlink/linker/call_book.h"

namespace spanlink {
namespace {

// How many earlier calls of the same identity are compared with a new one.
constexpr size_t kMaxTwins = 64;
// The calls of an answer up to here are noted in the tree once they were seen.
constexpr uint32_t kNotedChoices = 64;

}  // namespace

// (LLM span, index) says which call it is: the second report changes nothing.
bool CallBook::IsRepeated(const Call& call, Span* llm) {
  if (llm != nullptr && call.index < kNotedChoices) {
    const uint64_t bit = uint64_t{1} << call.index;
    return (std::exchange(llm->choices_seen, llm->choices_seen | bit) & bit) !=
           0;
  }
  if (seen_choices_.size() > 4 * context_.options->limits.calls_per_scope) {
    seen_choices_.clear();  // no more than a repeat taken for a duplicate
  }
  return !seen_choices_.insert({call.node, call.index}).second;
}

uint64_t CallBook::IdentityOf(const Call& call, Span* llm) {
  const auto content =
      call.has_id()
          ? std::pair(call.id, call.name)
          : std::pair(call.name, call.arguments.value_or(Fingerprint{}));
  const uint32_t occurrence =
      CountOccurrence(call, absl::HashOf(content, call.has_id()), llm);
  return absl::HashOf(content, call.has_id(), occurrence);
}

// Returns how many earlier calls of this answer have the same content. Most
// answers have one call: its content is noted in the tree.
uint32_t CallBook::CountOccurrence(const Call& call, uint64_t content,
                                   Span* llm) {
  if (llm != nullptr && llm->first_content == 0) {
    llm->first_content = content;
    return 0;
  }
  if (occurrences_.size() > 4 * context_.options->limits.calls_per_scope) {
    occurrences_.clear();
  }
  const bool is_first = llm != nullptr && llm->first_content == content;
  return occurrences_[absl::HashOf(call.node, content)]++ + (is_first ? 1 : 0);
}

// Before a second call of an id: what the first one left out. Returns whether
// there is one.
bool CallBook::FileFirstIdentity(const Fingerprint& id) {
  const std::span<const CallNumber> calls = by_id_.Find(id);
  if (calls.empty()) return false;
  FileIdentity(*calls_.Get(calls.front()));
  return true;
}

void CallBook::FileIdentity(Call& call) {
  if (std::exchange(call.identity_filed, true)) return;
  by_identity_[call.identity].push_back(call.number);
}

bool CallBook::MergeDuplicate(const Call& call, Batch& batch) {
  const auto found = by_identity_.find(call.identity);
  if (found == by_identity_.end()) return false;
  const CallNumbers& twins = found->second;
  const size_t count = std::min(twins.size(), kMaxTwins);
  for (size_t i = twins.size(); i-- > twins.size() - count;) {
    Call* const twin = calls_.Get(twins[i]);
    if (twin == nullptr || twin->parked_before) continue;
    if (twin->arguments && call.arguments &&
        *twin->arguments != *call.arguments) {
      continue;
    }
    bool call_is_inner = tree_->Encloses(twin->node, call.node);
    const bool twin_is_inner = tree_->Encloses(call.node, twin->node);
    const bool unseen = call.has_id() && !twin->used &&
                        !twin->first_use.has_value() &&
                        MayEncloseUnseen(*twin, call);
    if (!call_is_inner && !twin_is_inner && !unseen) continue;
    if (unseen && !twin_is_inner && IsDuring(call, *twin)) call_is_inner = true;
    Report(DiagnosticId::kChoiceDuplicate, call.llm, batch);
    const bool linked = !twin->executions.empty() || twin->used;
    if (call_is_inner && !linked) MoveToInner(*twin, call);
    if (!twin->arguments && call.arguments) {
      UnindexOpen(*twin);
      twin->arguments = call.arguments;
      IndexOpen(*twin);
    }
    return true;
  }
  return false;
}

// Where the ancestry of a span is not known, another one may enclose it unless
// their times speak against it.
bool CallBook::MayEncloseUnseen(const Call& a, const Call& b) const {
  if (tree_->IsAncestryKnown(a.node) && tree_->IsAncestryKnown(b.node)) {
    return false;
  }
  if (a.node == b.node) return false;
  const bool timed =
      a.start.timed && a.end.timed && b.start.timed && b.end.timed;
  return !timed || IsDuring(a, b) || IsDuring(b, a);
}

// Whether the answer of `inner` was given in the time of that of `outer`.
bool CallBook::IsDuring(const Call& inner, const Call& outer) {
  return inner.start.timed && inner.end.timed && outer.start.timed &&
         outer.end.timed && outer.start.ns <= inner.start.ns &&
         inner.end.ns <= outer.end.ns;
}

void CallBook::MoveToInner(Call& outer, const Call& inner) {
  UnindexOpen(outer);
  LeaveAnswer(outer);
  outer.llm = inner.llm;
  outer.node = inner.node;
  outer.index = inner.index;
  outer.start = inner.start;
  outer.end = inner.end;
  FileAnswer(outer, tree_->Get(outer.node));
  IndexOpen(outer);
}

}  // namespace spanlink
