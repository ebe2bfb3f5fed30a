#include "spanlink/dialects/vercel.h"

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/messages.h"

namespace spanlink {
namespace {

SpanKind KindOf(const AttributeList& attributes) {
  const std::string_view operation = attributes.Text("ai.operationId");
  if (operation == "ai.toolCall" || attributes.Has("ai.toolCall.name")) {
    return SpanKind::kTool;
  }
  for (const std::string_view loop : {"ai.generateText", "ai.streamText",
                                      "ai.generateObject", "ai.streamObject"}) {
    if (operation == loop) return SpanKind::kAgent;
    if (operation.starts_with(loop)) return SpanKind::kLlm;
  }
  return SpanKind::kOther;
}

void ReadMessages(const AttributeList& attributes, SpanFacts* facts) {
  const Attribute* prompt = attributes.Find("ai.prompt.messages");
  if (prompt == nullptr) prompt = attributes.Find("ai.prompt");
  if (prompt != nullptr && !IsPlaceholder(prompt->text)) {
    ReadInputMessages(prompt->text, facts);
  }
  if (const Attribute* calls = attributes.Find("ai.response.toolCalls")) {
    ReadOutputMessages(calls->text, facts);
  }
  if (facts->wants_text && attributes.Has("ai.response.text")) {
    facts->output_texts.emplace_back(attributes.Text("ai.response.text"));
  }
  facts->has_output |= attributes.Has("ai.response.text") ||
                       attributes.Has("ai.response.object");
  facts->says_tool_chosen |=
      SaysToolChosen(attributes.Text("ai.response.finishReason"));
}

void ReadTool(const FinishedSpan& span, SpanFacts* facts) {
  const AttributeList& attributes = *span.attributes;
  facts->name = attributes.Text("ai.toolCall.name");
  facts->tool_call_id = CleanId(attributes.Text("ai.toolCall.id"));
  const Attribute* arguments = attributes.Find("ai.toolCall.args");
  if (arguments == nullptr) arguments = attributes.Find("ai.toolCall.input");
  if (arguments != nullptr) SetToolArguments(arguments->text, facts);
  const Attribute* result = attributes.Find("ai.toolCall.result");
  if (result == nullptr) result = attributes.Find("ai.toolCall.output");
  if (result != nullptr) KeepToolResult(result->text, facts);
}

}  // namespace

bool VercelDialect::Recognizes(const FinishedSpan& span) const {
  return span.attributes->Has("ai.operationId") ||
         span.attributes->Has("ai.toolCall.name");
}

void VercelDialect::Decode(const FinishedSpan& span, SpanFacts* facts) const {
  const AttributeList& attributes = *span.attributes;
  facts->kind = KindOf(attributes);
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  for (const std::string_view key :
       {"ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.threadId"}) {
    if (!facts->conversation_id.empty()) break;
    facts->conversation_id = CleanId(attributes.Text(key));
  }
  switch (facts->kind) {
    case SpanKind::kTool:
      ReadTool(span, facts);
      break;
    case SpanKind::kAgent:
      facts->name = attributes.Text("ai.telemetry.functionId");
      ReadMessages(attributes, facts);
      break;
    case SpanKind::kLlm:
      ReadMessages(attributes, facts);
      break;
    default:
      break;
  }
}

ContentKeys VercelDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "ai.prompt",
      "ai.prompt.*",
      "ai.response.text",
      "ai.response.object",
      "ai.response.toolCalls",
      "ai.response.reasoning",
      "ai.response.files",
      "ai.response.providerMetadata",
      "ai.toolCall.args",
      "ai.toolCall.input",
      "ai.toolCall.result",
      "ai.toolCall.output",
      "ai.toolCall.error",
      "ai.schema",
      "ai.schema.*",
      "ai.value",
      "ai.values",
      "ai.embedding",
      "ai.embeddings",
      "ai.result.*"};
  static constexpr std::string_view kKept[] = {
      "ai.operationId",        "operation.name",
      "resource.name",         "ai.model.provider",
      "ai.response.model",     "ai.response.finishReason",
      "ai.response.timestamp", "ai.telemetry.functionId",
      "ai.toolCall.name"};
  return {kContent, kKept};
}

}  // namespace spanlink
