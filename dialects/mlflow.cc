#include "spanlink/dialects/mlflow.h"

#include <optional>
#include <string>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/payload.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

// Returns what an attribute says, without the quotes around a string.
std::string Unquoted(const AttributeList& attributes, std::string_view key) {
  const std::string_view text = attributes.Text(key);
  return JsonString(text).value_or(std::string(text));
}

SpanKind KindOf(std::string_view type) {
  if (type == "LLM" || type == "CHAT_MODEL") return SpanKind::kLlm;
  if (type == "TOOL") return SpanKind::kTool;
  if (type == "AGENT") return SpanKind::kAgent;
  if (type == "GUARDRAIL") return SpanKind::kGuardrail;
  return SpanKind::kOther;
}

}  // namespace

bool MlflowDialect::Recognizes(const FinishedSpan& span) const {
  return span.attributes->Has("mlflow.spanType");
}

void MlflowDialect::Decode(const FinishedSpan& span, SpanFacts* facts) const {
  const AttributeList& attributes = *span.attributes;
  facts->kind = KindOf(Unquoted(attributes, "mlflow.spanType"));
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  if (facts->conversation_id.empty()) {
    facts->conversation_id =
        CleanId(Unquoted(attributes, "mlflow.trace.session"));
  }
  ReadPayload(span,
              {attributes.Find("mlflow.spanInputs"),
               attributes.Find("mlflow.spanOutputs")},
              facts);
}

ContentKeys MlflowDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.chat.messages",
      "mlflow.chat.tools", "mlflow.traceInputs", "mlflow.traceOutputs"};
  static constexpr std::string_view kKept[] = {
      "mlflow.spanType",        "mlflow.spanFunctionName",
      "mlflow.trace.session",   "mlflow.message.format",
      "mlflow.chat.tokenUsage", "mlflow.llm.model",
      "mlflow.llm.provider"};
  return {kContent, kKept};
}

}  // namespace spanlink
