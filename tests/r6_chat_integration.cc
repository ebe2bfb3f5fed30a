#include "spanlink/tests/r6_chat_integration.h"

#include <cstdint>

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/model/signals.h"

namespace chat_client {

void OnCompletion(const Completion& completion) {
  const spanlink::Dispatcher& bus = spanlink::DefaultDispatcher();
  spanlink::SpanRef llm;
  llm.context = completion.span;
  llm.parent = completion.parent;
  for (const std::string& id : completion.tool_message_ids) {
    spanlink::ToolCallOutputUsed used;
    used.llm = llm;
    used.tool_call_id = id;
    bus.Dispatch(used);
  }
  uint32_t index = 0;
  for (const Call& call : completion.calls) {
    spanlink::LlmToolChoice choice;
    choice.llm = llm;
    choice.index = index++;
    choice.tool_call_id = call.id;
    choice.tool_name = call.function;
    choice.arguments = call.arguments;
    bus.Dispatch(choice);
  }
  spanlink::SpanFinish finish;
  finish.span = llm;
  finish.kind = spanlink::SpanKind::kLlm;
  bus.Dispatch(finish);
}

}  // namespace chat_client
