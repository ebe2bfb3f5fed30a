#include "spanlink/dialects/google_adk.h"

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/messages.h"

namespace spanlink {
namespace {

// Returns the JSON of a request or a response, "" where content capture is off
// and nothing but braces is left.
std::string_view Content(const AttributeList& attributes,
                         std::string_view key) {
  const std::string_view text = attributes.Text(key);
  const bool empty =
      text.find_first_not_of("{} \t\r\n") == std::string_view::npos;
  return empty || text.front() != '{' ? std::string_view() : text;
}

SpanKind KindOf(const FinishedSpan& span) {
  const AttributeList& attributes = *span.attributes;
  const std::string_view operation = attributes.Text("gen_ai.operation.name");
  if (operation == "execute_tool" ||
      attributes.Has("gcp.vertex.agent.tool_call_args")) {
    // One span more stands for all calls of an answer together.
    const bool merged = attributes.Text("gen_ai.tool.name") == "(merged tools)";
    return merged ? SpanKind::kOther : SpanKind::kTool;
  }
  if (!operation.empty()) return GenAiOperationKind(operation);
  const bool llm = attributes.Has("gcp.vertex.agent.llm_request") ||
                   attributes.Has("gcp.vertex.agent.llm_response");
  return llm ? SpanKind::kLlm : SpanKind::kOther;
}

void ReadTool(const FinishedSpan& span, SpanFacts* facts) {
  ReadGenAiTool(span, facts);
  const Attribute* arguments =
      span.attributes->Find("gcp.vertex.agent.tool_call_args");
  const bool captured = arguments != nullptr && arguments->text != "N/A" &&
                        !IsPlaceholder(arguments->text);
  if (captured && !facts->arguments) SetToolArguments(arguments->text, facts);
  const Attribute* result =
      span.attributes->Find("gcp.vertex.agent.tool_response");
  if (result != nullptr) KeepToolResult(result->text, facts);
}

}  // namespace

bool GoogleAdkDialect::Recognizes(const FinishedSpan& span) const {
  return !span.attributes->WithPrefix("gcp.vertex.agent.").empty();
}

void GoogleAdkDialect::Decode(const FinishedSpan& span,
                              SpanFacts* facts) const {
  facts->kind = KindOf(span);
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  if (facts->conversation_id.empty()) {
    facts->conversation_id =
        CleanId(span.attributes->Text("gcp.vertex.agent.session_id"));
  }
  if (facts->kind == SpanKind::kTool) {
    ReadTool(span, facts);
    return;
  }
  if (facts->kind == SpanKind::kAgent) facts->name = facts->agent;
  if (facts->kind != SpanKind::kLlm) return;
  const auto request =
      Content(*span.attributes, "gcp.vertex.agent.llm_request");
  const auto response =
      Content(*span.attributes, "gcp.vertex.agent.llm_response");
  if (!request.empty()) ReadInputMessages(request, facts);
  if (!response.empty()) ReadOutputMessages(response, facts);
}

ContentKeys GoogleAdkDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response",
      "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response",
      "gcp.vertex.agent.data"};
  return {kContent, {}};
}

}  // namespace spanlink
