#include "spanlink/python/module/process_scope.h"

#include <string>
#include <utility>
#include <variant>

namespace spanlink::python {
namespace {

const TraceId kProcess = HashTraceId("the process");

SpanRef& RefOf(SpanStart& signal) { return signal.span; }
SpanRef& RefOf(SpanFinish& signal) { return signal.span; }
SpanRef& RefOf(LlmToolChoice& signal) { return signal.llm; }
SpanRef& RefOf(ToolCall& signal) { return signal.tool; }
SpanRef& RefOf(ToolCallOutputUsed& signal) { return signal.llm; }
SpanRef& RefOf(Handoff& signal) { return signal.span; }
SpanRef& RefOf(LlmHook& signal) { return signal.parent; }
SpanRef& RefOf(Annotate& signal) { return signal.span_or_parent; }

}  // namespace

void ProcessScope::OnSignal(const Signal& signal) {
  if (std::holds_alternative<ScopeFinish>(signal)) return;
  Signal moved = signal;
  std::visit(
      [this](auto& typed) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(typed)>,
                                      ScopeFinish>) {
          MoveRef(RefOf(typed));
        }
      },
      moved);
  next_->OnSignal(moved);
}

SpanContext ProcessScope::Original(const SpanContext& moved) const {
  const MutexLock lock(&mutex_);
  for (const auto* spans : {&young_, &old_}) {
    const auto found = spans->find(moved.span_id);
    if (found != spans->end()) return found->second;
  }
  return moved;
}

SpanId ProcessScope::MoveSpan(const TraceId& trace, const SpanId& span) {
  if (span.is_zero()) return span;
  const SpanId moved = HashSpanId(trace.ToHex() + span.ToHex());
  const MutexLock lock(&mutex_);
  if (!young_.contains(moved)) {
    if (young_.size() >= kMaxSpans) old_ = std::exchange(young_, {});
    young_.emplace(moved, SpanContext{trace, span});
  }
  return moved;
}

void ProcessScope::MoveRef(SpanRef& ref) {
  const TraceId trace = ref.context.trace_id;
  ref.context = {kProcess, MoveSpan(trace, ref.context.span_id)};
  if (ref.parent) ref.parent = MoveSpan(trace, *ref.parent);
}

}  // namespace spanlink::python
