#include "spanlink/dialects/payload.h"

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

bool IsStructure(std::string_view text) {
  return !text.empty() && (text.front() == '[' || text.front() == '{');
}

// Takes `{"output": …}` off, which tracers put around a return value.
std::string_view Unwrapped(std::string_view json) {
  const std::string_view inside = JsonMember(json, "output").value_or("");
  return IsStructure(inside) && !JsonMember(json, "object") ? inside : json;
}

}  // namespace

void ReadPayloadMessages(const Payload& payload, SpanFacts* facts) {
  if (payload.input != nullptr && !IsPlaceholder(payload.input->text)) {
    facts->has_input = true;
    if (IsStructure(payload.input->text)) {
      ReadInputMessages(payload.input->text, facts);
    } else if (facts->wants_text) {
      facts->input_texts.emplace_back(payload.input->text);
    }
  }
  if (payload.output != nullptr && !IsPlaceholder(payload.output->text)) {
    facts->has_output = true;
    if (IsStructure(payload.output->text)) {
      ReadOutputMessages(Unwrapped(payload.output->text), facts);
    } else if (facts->wants_text) {
      facts->output_texts.emplace_back(payload.output->text);
    }
  }
}

void ReadPayloadTool(const Payload& payload, SpanFacts* facts) {
  if (payload.input != nullptr && !facts->arguments) {
    SetToolArguments(payload.input->text, facts);
  }
  if (payload.output == nullptr) return;
  const std::string_view output = payload.output->text;
  if (facts->tool_call_id.empty()) {
    facts->tool_call_id = ToolMessageCallId(output);
  }
  KeepToolResult(output, facts);
  if (IsPendingApproval(output)) facts->outcome = Outcome::kNotExecuted;
}

void ReadPayload(const FinishedSpan& span, const Payload& payload,
                 SpanFacts* facts) {
  switch (facts->kind) {
    case SpanKind::kTool:
      ReadPayloadTool(payload, facts);
      break;
    case SpanKind::kLlm:
      ReadPayloadMessages(payload, facts);
      return;
    case SpanKind::kAgent:
      ReadPayloadMessages(payload, facts);
      break;
    case SpanKind::kGuardrail:
      break;
    default:
      return;
  }
  if (facts->name.empty()) facts->name = span.name;
}

}  // namespace spanlink
