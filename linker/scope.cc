#include "spanlink/linker/scope.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <tuple>
#include <variant>

#include "absl/container/inlined_vector.h"

namespace spanlink {

Scope::Scope(TraceId trace, const CallBook::Context& context, Spare* spare,
             Batch& batch)
    : trace_(trace),
      context_(context),
      tree_(context.options->limits.spans_per_scope, &spare->tree),
      calls_(trace, context, &tree_, &spare->calls),
      guardrails_(trace, context.options, &tree_),
      annotations_(trace, context.options, context.diagnostics),
      start_ns_(std::numeric_limits<int64_t>::max()) {
  calls_.TakeBack(context.parking->TakeResuming(trace), batch);
}

void Scope::OnSignal(const Signal& signal, Batch& batch) {
  ++arrivals_;
  std::visit([&](const auto& typed) { On(typed, batch); }, signal);
}

size_t Scope::size() const {
  return tree_.size() + calls_.calls() + calls_.executions() + calls_.uses();
}

SpanTree::Span& Scope::Touch(const SpanRef& ref, SpanKind kind) {
  if (ref.start) {
    start_ns_ = std::min(start_ns_, ref.start->time_since_epoch().count());
  }
  SpanTree::Span& span = tree_.Touch(ref, arrivals_, *context_.diagnostics);
  tree_.SetKind(span, kind);
  return span;
}

void Scope::On(const SpanStart& start, Batch& batch) {
  SpanTree::Span& span = Touch(start.span, SpanKind::kOther);
  const Fingerprinter& fingerprinter = *context_.fingerprinter;
  if (!start.name.empty() && !span.name) {
    span.name = fingerprinter.OfText(start.name);
  }
  if (!start.conversation_id.empty() && span.conversation == Fingerprint{}) {
    span.conversation = fingerprinter.OfText(start.conversation_id);
  }
  const bool is_new = tree_.SetKind(span, start.kind);
  annotations_.OnSpanStart(start, batch);
  switch (start.kind) {
    case SpanKind::kTool:
    case SpanKind::kHandoff:
      calls_.OnToolStart(span, start, batch);
      break;
    case SpanKind::kGuardrail:
      if (is_new && context_.options->mode == Mode::kLive) {
        guardrails_.OnStart(span.node, batch);
      }
      break;
    default:
      break;
  }
}

void Scope::On(const SpanFinish& finish, Batch& batch) {
  SpanTree::Span& span = Touch(finish.span, finish.kind);
  annotations_.OnSpanFinish(finish, batch);
  calls_.OnFinish(finish, batch);
  if (context_.options->mode == Mode::kLive) {
    guardrails_.OnFinish(span.node, finish, batch);
  }
  tree_.Finish(span, finish.outcome == Outcome::kFailed, arrivals_);
}

void Scope::On(const LlmToolChoice& choice, Batch& batch) {
  calls_.OnChoice(Touch(choice.llm, SpanKind::kOther), choice, arrivals_,
                  batch);
}

void Scope::On(const ToolCall& tool, Batch& batch) {
  calls_.OnToolCall(Touch(tool.tool, tool.kind), tool, batch);
}

void Scope::On(const ToolCallOutputUsed& use, Batch& batch) {
  calls_.OnUse(Touch(use.llm, SpanKind::kOther), use, batch);
}

void Scope::On(const Handoff& handoff, Batch& batch) {
  calls_.OnHandoff(Touch(handoff.span, SpanKind::kHandoff), handoff, batch);
}

void Scope::On(const LlmHook& hook, Batch& batch) {
  annotations_.OnLlmHook(hook, batch);
}

void Scope::On(const Annotate& annotate, Batch& batch) {
  annotations_.OnAnnotate(annotate, batch);
}

void Scope::Settle(Batch& batch) {
  const size_t first = batch.links.size();
  annotations_.OnScopeFinish(batch);
  calls_.Settle(batch);
  if (context_.options->mode != Mode::kSettled) return;
  guardrails_.Settle(batch);
  SortByConsumer(batch.links.data() + first,
                 batch.links.data() + batch.links.size());
}

// In the order in which the consumers started. Links are large: their places
// are sorted, and each is moved once.
void Scope::SortByConsumer(SpanLink* begin, SpanLink* end) const {
  struct Entry {
    SortKey start;
    SpanLink* link;
  };
  absl::InlinedVector<Entry, 32> order;
  for (SpanLink* link = begin; link != end; ++link) {
    const SpanTree::Span* span = tree_.Get(tree_.Find(link->consumer.span_id));
    const Moment start = span == nullptr ? Moment{} : span->start;
    order.push_back({SortKey(start, link->consumer.span_id), link});
  }
  std::sort(order.begin(), order.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.start, a.link->kind, a.link->producer, a.link) <
           std::tie(b.start, b.link->kind, b.link->producer, b.link);
  });
  absl::InlinedVector<SpanLink, 2> sorted;
  sorted.reserve(order.size());
  for (const Entry& entry : order) sorted.push_back(std::move(*entry.link));
  std::move(sorted.begin(), sorted.end(), begin);
}

}  // namespace spanlink
