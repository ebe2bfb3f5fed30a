// A program that embeds spanlink: three signals in, two links out.
#include <cstdio>
#include <span>

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/linker/engine.h"

int main() {
  using namespace spanlink;
  Engine engine({.on_links = [](std::span<const SpanLink> links) {
    for (const SpanLink& link : links) {
      std::printf("%s -> %s\n", link.producer.span_id.ToHex().c_str(),
                  link.consumer.span_id.ToHex().c_str());
    }
  }});
  const Subscription listening = engine.ListenTo(DefaultDispatcher());

  // Each of these may come from another library, in any order.
  const Dispatcher& bus = DefaultDispatcher();
  const TraceId trace = HashTraceId("a run");
  const SpanRef first{.context = {trace, HashSpanId("first answer")}};
  const SpanRef tool{.context = {trace, HashSpanId("tool")}};
  const SpanRef second{.context = {trace, HashSpanId("second answer")}};
  bus.Dispatch(LlmToolChoice{.llm = first,
                             .tool_call_id = "call_1",
                             .tool_name = "add",
                             .arguments = "{\"a\": 1}"});
  bus.Dispatch(
      ToolCall{.tool = tool, .tool_name = "add", .arguments = "{\"a\":1}"});
  bus.Dispatch(ToolCallOutputUsed{.llm = second, .tool_call_id = "call_1"});
  return 0;
}
