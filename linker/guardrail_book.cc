#include "spanlink/linker/guardrail_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace spanlink {

void GuardrailBook::OnStart(Node guardrail, Batch& batch) {
  const SpanTree::Span* span = tree_->Get(guardrail);
  if (span == nullptr || !span->parent || span->parent->is_zero()) return;
  Parent* parent = Open(*span->parent);
  if (parent == nullptr) return;
  if (parent->last_llm != SpanTree::kNone) {
    Emit(guardrail, parent->last_llm, LinkKind::kOutputGuardrail, batch);
    return;
  }
  parent->waiting.push_back(guardrail);
  ++waiting_;
}

void GuardrailBook::OnFinish(Node span, const SpanFinish& finish,
                             Batch& batch) {
  if (finish.kind == SpanKind::kLlm && finish.outcome != Outcome::kFailed) {
    OnLlmFinished(span, batch);
  }
  const auto closed = parents_.find(finish.span.context.span_id);
  if (closed == parents_.end()) return;
  waiting_ -= closed->second.waiting.size();
  parents_.erase(closed);
}

// Tells every span above, up to and including the agent that the LLM span
// belongs to. An LLM span around another one repeats it.
void GuardrailBook::OnLlmFinished(Node llm, Batch& batch) {
  const SpanTree::Span* span = tree_->Get(llm);
  if (span == nullptr || span->has_llm_below) return;
  for (int steps = 0; span != nullptr && span->parent &&
                      !span->parent->is_zero() && steps < SpanTree::kMaxClimb;
       ++steps) {
    Parent* parent = Open(*span->parent);
    if (parent == nullptr) return;
    for (const Node guardrail : parent->waiting) {
      Emit(llm, guardrail, LinkKind::kInputGuardrail, batch);
    }
    waiting_ -= parent->waiting.size();
    parent->waiting.clear();
    parent->last_llm = llm;
    span = tree_->Get(tree_->Find(*span->parent));
    if (span != nullptr && span->kind == SpanKind::kAgent) return;
  }
}

GuardrailBook::Parent* GuardrailBook::Open(SpanId parent) {
  const auto known = parents_.find(parent);
  if (known != parents_.end()) return &known->second;
  if (parents_.size() >= options_->limits.spans_per_scope) return nullptr;
  return &parents_[parent];
}

void GuardrailBook::Settle(Batch& batch) {
  struct Event {
    SortKey time;
    bool is_start;  // at one moment, what ended is there for what starts
    Node node;
  };
  std::vector<Event> events;
  bool any_guardrail = false;
  for (Node node = tree_->first(); node < tree_->last(); ++node) {
    const SpanTree::Span& span = *tree_->Get(node);
    if (span.kind == SpanKind::kGuardrail) {
      events.push_back({SortKey(span.start, span.id), true, node});
      any_guardrail = true;
    } else if (span.kind == SpanKind::kLlm && span.finished && !span.failed) {
      const Moment end = span.end.value_or(span.start);
      events.push_back({SortKey(end, span.id), false, node});
    }
  }
  if (!any_guardrail) return;
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.time.ns, a.time.arrival, a.is_start, a.time.id) <
           std::tie(b.time.ns, b.time.arrival, b.is_start, b.time.id);
  });
  for (const Event& event : events) {
    event.is_start ? OnStart(event.node, batch)
                   : OnLlmFinished(event.node, batch);
  }
  parents_.clear();
  waiting_ = 0;
}

void GuardrailBook::Emit(Node consumer, Node producer, LinkKind kind,
                         Batch& batch) const {
  const SpanTree::Span* to = tree_->Get(consumer);
  const SpanTree::Span* from = tree_->Get(producer);
  if (to == nullptr || from == nullptr) return;
  if (Evidence::kStructure > options_->min_evidence) return;
  SpanLink link;
  link.consumer = {trace_, to->id};
  link.producer = {trace_, from->id};
  link.kind = kind;
  link.evidence = Evidence::kStructure;
  link.consumer_finished = options_->mode == Mode::kLive && to->finished;
  batch.links.push_back(std::move(link));
}

}  // namespace spanlink
