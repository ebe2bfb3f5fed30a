// SpanTree: what is known of the spans of one trace and of their places.
//
// Signals name spans in any order and may name a parent that was never seen;
// the tree takes what it is given and answers the three questions that linking
// asks: how near two spans are, whether one lies inside the other, and which
// agent a span belongs to. Every climb ends after `kMaxClimb` levels, which
// also ends one around a cycle of parents; spans further apart than that are
// unrelated.
//
// Lifetime: a `Node` is a number, never reused; once its span is evicted, `Get`
// returns nullptr for it. Pointers are valid until the next `Touch`.
// Thread safety: not even const methods may run at once: they keep notes in the
// spans.
// Complexity: O(1) for `Touch` (plus one step an ancestor given), O(depth) for
// questions; memory is bounded by the limit, the oldest span goes first.
#ifndef SPANLINK_LINKER_SPAN_TREE_H_
#define SPANLINK_LINKER_SPAN_TREE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/hash/hash.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/moment.h"
#include "spanlink/linker/number_index.h"
#include "spanlink/linker/numbered.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class SpanTree {
 public:
  using Node = uint64_t;
  static constexpr Node kNone = NumberIndex::kNone;
  static constexpr int kMaxClimb = 256;
  static constexpr int kUnrelated = kMaxClimb + 1;

  struct Span {
    Node node = kNone;  // its number
    SpanId id;
    std::optional<SpanId> parent;  // nullopt: not known; zero: a root
    SpanKind kind = SpanKind::kOther;
    bool finished = false;
    bool failed = false;
    bool has_llm_below = false;
    Moment start;
    std::optional<Moment> end;
    std::optional<Fingerprint> name;  // of a tool or an agent
    Fingerprint conversation;         // zero: not known
    // What a `CallBook` notes of a span, so as not to look it up again.
    uint64_t execution = kNone;        // its number, of a tool
    uint64_t answer = kNone;           // its number, of an LLM span
    uint64_t choices_seen = 0;         // bits by index, of an answer
    uint64_t first_content = 0;        // of its first call; zero: none
    mutable Node parent_node = kNone;  // a hint, checked before use
    mutable uint64_t mark = 0;         // the last `Distance` from below
    mutable int position = 0;          // … and the steps it was away
  };

  // What a tree leaves behind for the next one.
  struct Spare {
    Numbered<Span>::Spare spans;
    NumberIndex::Spare by_id;
  };

  // `spare` must outlive the tree.
  SpanTree(size_t limit, Spare* spare)
      : limit_(limit), spans_(&spare->spans), by_id_(&spare->by_id) {}

  // Finds or adds the span and fills in what was not known of it. `arrival`
  // must not decrease from call to call. Evictions and cycles are reported in
  // `diagnostics`.
  Span& Touch(const SpanRef& ref, uint64_t arrival, Diagnostics& diagnostics);

  // Sets the kind unless one is known, and remembers LLM spans at their
  // ancestors. Returns whether the kind is new.
  bool SetKind(Span& span, SpanKind kind);

  // Says that the span ended; `arrival` stands in for the time of it.
  void Finish(Span& span, bool failed, uint64_t arrival);

  // Recomputes `has_llm_below` of all spans, for trees whose parents became
  // known after their children.
  void MarkLlmAncestors();

  Node Find(SpanId id) const { return Find(id, absl::HashOf(id)); }
  Span* Get(Node node) { return spans_.Get(node); }
  const Span* Get(Node node) const { return spans_.Get(node); }
  // Returns kNone if the parent is not known, not here, or there is none.
  Node Parent(Node node) const {
    const Span* span = Get(node);
    return span == nullptr ? kNone : Parent(*span);
  }
  Node Parent(const Span& span) const {
    const bool has_parent = span.parent.has_value() && !span.parent->is_zero();
    return has_parent ? FindParent(span) : kNone;
  }

  // The number of steps from `from` up to the lowest common ancestor of both
  // (either may be it): the smaller, the deeper that ancestor lies. Returns
  // `kUnrelated` if there is none in reach.
  int Distance(Node from, Node to) const;

  // Returns whether both have the same parent, or none that is known, and
  // neither is an agent: then they are of the same one, or of none.
  bool AreSiblings(Node a, Node b) const {
    const Span* const one = Get(a);
    const Span* const two = Get(b);
    return one != nullptr && two != nullptr && one->parent == two->parent &&
           one->kind != SpanKind::kAgent && two->kind != SpanKind::kAgent;
  }

  // Returns whether `inner` lies below `outer`; no span lies below itself.
  bool Encloses(Node outer, Node inner) const;

  // Returns whether the way up from `node` ends at a root: its ancestors are
  // all known.
  bool IsAncestryKnown(Node node) const;

  // The last span on the way up, the span itself included.
  Node Top(Node node) const;

  // The first agent on the way up, the span itself included, or kNone.
  Node NearestAgent(Node node) const;

  size_t size() const { return spans_.size(); }
  // Every live node is in [first, last).
  Node first() const { return spans_.first(); }
  Node last() const { return spans_.last(); }

 private:
  Node Find(SpanId id, size_t hash) const {
    return by_id_.Find(hash,
                       [&](Node node) { return spans_.Get(node)->id == id; });
  }
  size_t HashOf(Node node) const { return absl::HashOf(Get(node)->id); }
  Node FindParent(const Span& span) const;
  Span& FindOrAdd(SpanId id, uint64_t arrival, Diagnostics& diagnostics);
  void SetParent(Span& span, SpanId parent, Diagnostics& diagnostics);
  void SetTimes(Span& span, const SpanRef& ref, Diagnostics& diagnostics);
  void AddAncestors(std::span<const SpanId> ancestors, uint64_t arrival,
                    Diagnostics& diagnostics);
  void MarkAbove(const Span& below);

  size_t limit_;
  int64_t latest_ns_ = 0;
  mutable uint64_t marks_ = 0;
  // The parent that was looked for last: spans side by side share one.
  mutable SpanId last_parent_;
  mutable Node last_parent_node_ = kNone;
  Numbered<Span> spans_;
  NumberIndex by_id_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_SPAN_TREE_H_
