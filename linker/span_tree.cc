#include "spanlink/linker/span_tree.h"

#include <algorithm>

namespace spanlink {

// The span itself comes last: adding its ancestors may evict the oldest.
SpanTree::Span& SpanTree::Touch(const SpanRef& ref, uint64_t arrival,
                                Diagnostics& diagnostics) {
  if (!ref.ancestors.empty()) {
    AddAncestors(ref.ancestors, arrival, diagnostics);
  }
  Span& span = FindOrAdd(ref.context.span_id, arrival, diagnostics);
  SetTimes(span, ref, diagnostics);
  if (!ref.ancestors.empty()) {
    SetParent(span, ref.ancestors.front(), diagnostics);
  } else if (ref.parent.has_value()) {
    SetParent(span, *ref.parent, diagnostics);
  }
  return span;
}

SpanTree::Span& SpanTree::FindOrAdd(SpanId id, uint64_t arrival,
                                    Diagnostics& diagnostics) {
  const size_t hash = absl::HashOf(id);
  const Node found = Find(id, hash);
  if (found != kNone) return *Get(found);
  const auto hash_of = [this](Node node) { return HashOf(node); };
  if (spans_.size() >= limit_ && spans_.size() > 0) {
    by_id_.Erase(HashOf(first()), first(), hash_of);
    if (last_parent_node_ == first()) last_parent_node_ = kNone;
    spans_.PopOldest();
    diagnostics.Count(DiagnosticId::kEvictedSpan);
  }
  const Node node = last();
  Span& span = spans_.Emplace();
  span.node = node;
  span.id = id;
  span.start = {latest_ns_, arrival, false};
  if (last_parent_ == id) last_parent_node_ = node;
  by_id_.Insert(hash, node, hash_of);
  return span;
}

void SpanTree::SetTimes(Span& span, const SpanRef& ref,
                        Diagnostics& diagnostics) {
  const auto moment = [&](Time time) {
    const int64_t ns = time.time_since_epoch().count();
    latest_ns_ = std::max(latest_ns_, ns);
    return Moment{ns, span.start.arrival, true};
  };
  if (ref.start.has_value() && !span.start.timed) {
    span.start = moment(*ref.start);
  }
  if (!ref.end.has_value() || (span.end.has_value() && span.end->timed)) return;
  span.end = moment(*ref.end);
  if (span.start.timed && span.end->ns < span.start.ns) {
    span.end->ns = span.start.ns;
    diagnostics.Count(DiagnosticId::kClockSkew);
  }
}

void SpanTree::SetParent(Span& span, SpanId parent, Diagnostics& diagnostics) {
  if (span.parent.has_value()) return;
  span.parent = parent;
  if (parent.is_zero()) return;
  for (Node above = Parent(span), steps = 0;
       above != kNone && steps < kMaxClimb; above = Parent(above), ++steps) {
    if (above != span.node) continue;
    diagnostics.Count(DiagnosticId::kParentCycle);
    break;
  }
  if (span.kind == SpanKind::kLlm || span.has_llm_below) MarkAbove(span);
}

void SpanTree::AddAncestors(std::span<const SpanId> ancestors, uint64_t arrival,
                            Diagnostics& diagnostics) {
  const size_t count = std::min<size_t>(ancestors.size(), kMaxClimb);
  for (size_t i = 0; i < count && !ancestors[i].is_zero(); ++i) {
    Span& span = FindOrAdd(ancestors[i], arrival, diagnostics);
    if (i + 1 < count) SetParent(span, ancestors[i + 1], diagnostics);
  }
}

bool SpanTree::SetKind(Span& span, SpanKind kind) {
  if (span.kind != SpanKind::kOther) return false;
  span.kind = kind;
  if (kind == SpanKind::kLlm) MarkAbove(span);
  return kind != SpanKind::kOther;
}

void SpanTree::Finish(Span& span, bool failed, uint64_t arrival) {
  span.finished = true;
  span.failed = failed;
  if (!span.end) span.end = {latest_ns_, arrival, false};
}

// Stops at a span that is marked: then all above it are, too.
void SpanTree::MarkAbove(const Span& below) {
  for (Span* span = Get(Parent(below)); span != nullptr;
       span = Get(Parent(*span))) {
    if (span->has_llm_below) return;
    span->has_llm_below = true;
  }
}

void SpanTree::MarkLlmAncestors() {
  for (Node node = first(); node != last(); ++node) {
    const Span& span = *Get(node);
    if (span.kind == SpanKind::kLlm) MarkAbove(span);
  }
}

SpanTree::Node SpanTree::FindParent(const Span& span) const {
  const Span* hinted = Get(span.parent_node);
  if (hinted != nullptr && hinted->id == *span.parent) return span.parent_node;
  if (last_parent_ != *span.parent) {
    last_parent_ = *span.parent;
    last_parent_node_ = Find(last_parent_);
  }
  return span.parent_node = last_parent_node_;
}

int SpanTree::Distance(Node from, Node to) const {
  const uint64_t mark = ++marks_;
  int position = 0;
  for (const Span* span = Get(from); span != nullptr && position < kMaxClimb;
       span = Get(Parent(*span)), ++position) {
    if (span->mark == mark) break;  // a cycle
    span->mark = mark;
    span->position = position;
  }
  int steps = 0;
  for (const Span* span = Get(to); span != nullptr && steps < kMaxClimb;
       span = Get(Parent(*span)), ++steps) {
    if (span->mark == mark) return span->position;
  }
  return kUnrelated;
}

bool SpanTree::Encloses(Node outer, Node inner) const {
  if (outer == kNone) return false;
  int steps = 0;
  for (Node node = Parent(inner); node != kNone && steps < kMaxClimb;
       node = Parent(node), ++steps) {
    if (node == outer) return true;
  }
  return false;
}

bool SpanTree::IsAncestryKnown(Node node) const {
  for (int steps = 0; steps < kMaxClimb; ++steps) {
    const Span* span = Get(node);
    if (span == nullptr || !span->parent.has_value()) return false;
    if (span->parent->is_zero()) return true;
    node = Parent(*span);
  }
  return true;
}

SpanTree::Node SpanTree::Top(Node node) const {
  for (int steps = 0; steps < kMaxClimb; ++steps) {
    const Node above = Parent(node);
    if (above == kNone) break;
    node = above;
  }
  return node;
}

SpanTree::Node SpanTree::NearestAgent(Node node) const {
  int steps = 0;
  for (const Span* span = Get(node); span != nullptr && steps < kMaxClimb;
       span = Get(Parent(*span)), ++steps) {
    if (span->kind == SpanKind::kAgent) return span->node;
  }
  return kNone;
}

}  // namespace spanlink
