#include "spanlink/dialects/adot.h"

#include <string>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

std::string TextOf(std::string_view json) {
  return json == "null" ? "" : JsonString(json).value_or(std::string(json));
}

bool IsStructure(std::string_view text) {
  return !text.empty() && (text.front() == '[' || text.front() == '{');
}

// Returns `side.messages` of a body, "" if it has none.
std::string_view Messages(std::string_view body, std::string_view side) {
  const auto found = JsonMember(body, side);
  return JsonMember(found.value_or(""), "messages").value_or("");
}

// Returns the body of an event, "" if it is none of these.
std::string_view BodyOf(const SpanEvent& event) {
  const std::string_view body = event.attributes.Text("body");
  if (!body.starts_with('{')) return {};
  const bool has_messages =
      !Messages(body, "input").empty() || !Messages(body, "output").empty();
  return has_messages ? body : std::string_view();
}

// Calls `read` with the content of each message.
template <typename Read>
void ForEachContent(std::string_view messages, Read read) {
  JsonCursor cursor(messages);
  if (!cursor.EnterArray()) return;
  while (cursor.NextElement()) {
    const auto message = cursor.ReadRaw();
    read(JsonMember(message.value_or(""), "content").value_or(""));
  }
}

// What a message holds, where it is one of the conversation.
std::string Said(std::string_view content) {
  return TextOf(JsonMember(content, "content").value_or(content));
}

void ReadLlm(std::string_view body, SpanFacts* facts) {
  ForEachContent(Messages(body, "input"), [facts](std::string_view content) {
    facts->has_input = true;
    const std::string text = Said(content);
    if (IsStructure(text)) ReadInputMessages(text, facts);
  });
  ForEachContent(Messages(body, "output"), [facts](std::string_view content) {
    facts->has_output = true;
    const std::string text =
        TextOf(JsonMember(content, "message").value_or(""));
    if (IsStructure(text)) ReadOutputMessages(text, facts);
  });
}

void ReadTool(std::string_view body, SpanFacts* facts) {
  ForEachContent(Messages(body, "input"), [facts](std::string_view content) {
    const std::string text = Said(content);
    if (!facts->arguments && !text.empty()) SetToolArguments(text, facts);
    if (!facts->tool_call_id.empty()) return;
    facts->tool_call_id = IdFromJson(JsonMember(content, "id").value_or(""));
  });
  ForEachContent(Messages(body, "output"), [facts](std::string_view content) {
    const std::string text =
        TextOf(JsonMember(content, "message").value_or(Said(content)));
    KeepToolResult(text, facts);
    if (!facts->tool_call_id.empty()) return;
    facts->tool_call_id = ToolMessageCallId(Said(content));
  });
}

SpanKind KindOf(const AttributeList& attributes) {
  const std::string_view kind = attributes.Text("aws.genai.span_kind");
  if (kind == "LLM") return SpanKind::kLlm;
  if (kind == "TOOL") return SpanKind::kTool;
  if (kind == "AGENT") return SpanKind::kAgent;
  return GenAiOperationKind(attributes.Text("gen_ai.operation.name"));
}

}  // namespace

bool AdotDialect::Recognizes(const FinishedSpan& span) const {
  for (const SpanEvent& event : span.events) {
    if (!BodyOf(event).empty()) return true;
  }
  return false;
}

void AdotDialect::Decode(const FinishedSpan& span, SpanFacts* facts) const {
  if (facts->kind == SpanKind::kOther) facts->kind = KindOf(*span.attributes);
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  if (facts->kind == SpanKind::kTool) ReadGenAiTool(span, facts);
  if (facts->kind == SpanKind::kAgent) facts->name = facts->agent;
  for (const SpanEvent& event : span.events) {
    const std::string_view body = BodyOf(event);
    if (facts->kind == SpanKind::kLlm) ReadLlm(body, facts);
    if (facts->kind == SpanKind::kTool) ReadTool(body, facts);
  }
}

ContentKeys AdotDialect::content_keys() const {
  static constexpr std::string_view kKept[] = {
      "aws.genai.span_kind",  "aws.span.kind",         "aws.local.service",
      "aws.local.operation",  "aws.local.environment", "aws.remote.service",
      "aws.remote.operation", "PlatformType"};
  return {{}, kKept};
}

}  // namespace spanlink
