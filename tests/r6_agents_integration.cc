#include "spanlink/tests/r6_agents_integration.h"

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/model/signals.h"

namespace agents_sdk {

FunctionSpan::FunctionSpan(spanlink::SpanContext span, spanlink::SpanId parent,
                           std::string_view name)
    : span_(span), parent_(parent), name_(name) {
  spanlink::SpanStart start;
  start.span.context = span_;
  start.span.parent = parent_;
  start.kind = spanlink::SpanKind::kTool;
  start.name = name_;
  spanlink::DefaultDispatcher().Dispatch(start);
}

void FunctionSpan::End(std::string_view input) const {
  spanlink::ToolCall call;
  call.tool.context = span_;
  call.tool.parent = parent_;
  call.tool_name = name_;
  call.arguments = input;
  spanlink::DefaultDispatcher().Dispatch(call);
  spanlink::SpanFinish finish;
  finish.span = call.tool;
  finish.kind = spanlink::SpanKind::kTool;
  spanlink::DefaultDispatcher().Dispatch(finish);
}

}  // namespace agents_sdk
