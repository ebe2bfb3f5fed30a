#include "spanlink/dialects/pydantic_ai.h"

#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/genai_events.h"
#include "spanlink/dialects/messages.h"

namespace spanlink {
namespace {

bool HasAny(const FinishedSpan& span, std::string_view prefix) {
  return !span.attributes->WithPrefix(prefix).empty();
}

// Logfire names a span after the template of its message.
std::string_view Template(const FinishedSpan& span) {
  const std::string_view text = span.attributes->Text("logfire.msg_template");
  return text.empty() ? span.name : text;
}

SpanKind KindOf(const FinishedSpan& span) {
  const AttributeList& attributes = *span.attributes;
  const std::string_view operation = attributes.Text("gen_ai.operation.name");
  const SpanKind kind = GenAiOperationKind(operation);
  if (kind != SpanKind::kOther) return kind;
  if (attributes.Has("gen_ai.tool.name")) return SpanKind::kTool;
  if (attributes.Has("raw_input") || attributes.Has("request_data")) {
    return SpanKind::kLlm;
  }
  const std::string_view text = Template(span);
  if (text.starts_with("Function: ")) return SpanKind::kTool;
  if (text.starts_with("Handoff: ")) return SpanKind::kHandoff;
  if (text.starts_with("Guardrail ")) return SpanKind::kGuardrail;
  if (text.starts_with("Agent run: ") || attributes.Has("agent_name") ||
      attributes.Has("pydantic_ai.all_messages") ||
      attributes.Has("all_messages_events")) {
    // A turn names its agent, too, and is none.
    return text.starts_with("Turn ") ? SpanKind::kOther : SpanKind::kAgent;
  }
  return SpanKind::kOther;
}

void ReadTool(const FinishedSpan& span, SpanFacts* facts) {
  const AttributeList& attributes = *span.attributes;
  ReadGenAiTool(span, facts);
  if (!attributes.Has("gen_ai.tool.name"))
    facts->name = attributes.Text("name");
  for (const std::string_view key : {"tool_arguments", "input"}) {
    const Attribute* arguments = attributes.Find(key);
    if (arguments == nullptr || facts->arguments) continue;
    SetToolArguments(arguments->text, facts);
  }
  for (const std::string_view key : {"tool_response", "output"}) {
    const Attribute* result = attributes.Find(key);
    if (result != nullptr) KeepToolResult(result->text, facts);
  }
}

void ReadLlm(const FinishedSpan& span, SpanFacts* facts) {
  const AttributeList& attributes = *span.attributes;
  ReadGenAiMessages(span, facts);
  if (const Attribute* input = attributes.Find("raw_input")) {
    ReadInputMessages(input->text, facts);
  }
  if (const Attribute* events = attributes.Find("events")) {
    SpanFacts listed;
    ReadGenAiEventList(events->text, &listed);
    listed.kind = facts->kind;
    facts->Add(std::move(listed));
  }
  if (const Attribute* request = attributes.Find("request_data")) {
    ReadInputMessages(request->text, facts);
  }
  if (const Attribute* response = attributes.Find("response_data")) {
    ReadOutputMessages(response->text, facts);
  }
}

}  // namespace

bool PydanticAiDialect::Recognizes(const FinishedSpan& span) const {
  return HasAny(span, "pydantic_ai.") || HasAny(span, "logfire.") ||
         span.attributes->Has("tool_arguments") ||
         span.attributes->Has("all_messages_events");
}

// All messages of an agent are the history of its run: no answer among them is
// the agent's own.
void PydanticAiDialect::Decode(const FinishedSpan& span,
                               SpanFacts* facts) const {
  const AttributeList& attributes = *span.attributes;
  facts->kind = KindOf(span);
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  if (facts->agent.empty()) facts->agent = attributes.Text("agent_name");
  switch (facts->kind) {
    case SpanKind::kTool:
      ReadTool(span, facts);
      break;
    case SpanKind::kLlm:
      ReadLlm(span, facts);
      break;
    case SpanKind::kAgent:
      facts->name = facts->agent.empty() ? std::string(attributes.Text("name"))
                                         : facts->agent;
      break;
    case SpanKind::kHandoff:
      ReadGenAiHandoff(span, facts);
      if (facts->to_agent.empty()) {
        facts->from_agent = CleanId(attributes.Text("from_agent"));
        facts->to_agent = CleanId(attributes.Text("to_agent"));
      }
      break;
    case SpanKind::kGuardrail:
      facts->name = attributes.Text("name");
      break;
    default:
      break;
  }
}

ContentKeys PydanticAiDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {"pydantic_ai.all_messages",
                                                  "all_messages_events",
                                                  "events",
                                                  "tool_arguments",
                                                  "tool_response",
                                                  "final_result",
                                                  "raw_input",
                                                  "request_data",
                                                  "response_data",
                                                  "input",
                                                  "output",
                                                  "logfire.msg",
                                                  "model_request_parameters"};
  static constexpr std::string_view kKept[] = {
      "agent_name",       "model_name", "name",
      "from_agent",       "to_agent",   "logfire.msg_template",
      "logfire.span_type"};
  return {kContent, kKept};
}

}  // namespace spanlink
