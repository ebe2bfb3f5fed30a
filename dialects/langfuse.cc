#include "spanlink/dialects/langfuse.h"

#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/payload.h"

namespace spanlink {
namespace {

// Types are written small by the SDK and large in exports.
SpanKind KindOf(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, SpanKind>, 4> kKinds = {{
      {"generation", SpanKind::kLlm},
      {"tool", SpanKind::kTool},
      {"agent", SpanKind::kAgent},
      {"guardrail", SpanKind::kGuardrail},
  }};
  std::string lower(type);
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  for (const auto& [name, kind] : kKinds) {
    if (name == lower) return kind;
  }
  return SpanKind::kOther;
}

}  // namespace

bool LangfuseDialect::Recognizes(const FinishedSpan& span) const {
  return !span.attributes->WithPrefix("langfuse.observation.").empty();
}

void LangfuseDialect::Decode(const FinishedSpan& span, SpanFacts* facts) const {
  const AttributeList& attributes = *span.attributes;
  const Payload payload{attributes.Find("langfuse.observation.input"),
                        attributes.Find("langfuse.observation.output")};
  if (facts->kind == SpanKind::kOther) {
    facts->kind = KindOf(attributes.Text("langfuse.observation.type"));
  }
  if (facts->kind == SpanKind::kOther && payload.output != nullptr &&
      !ToolMessageCallId(payload.output->text).empty()) {
    facts->kind = SpanKind::kTool;
  }
  const bool failed =
      span.failed || attributes.Text("langfuse.observation.level") == "ERROR";
  facts->outcome = failed ? Outcome::kFailed : Outcome::kOk;
  ReadGenAiIdentity(span, facts);
  for (const std::string_view key :
       {"langfuse.session.id", "langfuse.trace.metadata.thread_id",
        "langfuse.observation.metadata.thread_id"}) {
    if (!facts->conversation_id.empty()) break;
    facts->conversation_id = CleanId(attributes.Text(key));
  }
  ReadPayload(span, payload, facts);
}

ContentKeys LangfuseDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "langfuse.observation.input",
      "langfuse.observation.output",
      "langfuse.observation.metadata.*",
      "langfuse.observation.model.parameters",
      "langfuse.observation.status_message",
      "langfuse.trace.input",
      "langfuse.trace.output",
      "langfuse.trace.metadata.*"};
  static constexpr std::string_view kKept[] = {
      "langfuse.observation.type",
      "langfuse.observation.level",
      "langfuse.observation.model.name",
      "langfuse.observation.prompt.name",
      "langfuse.observation.usage_details",
      "langfuse.observation.cost_details",
      "langfuse.observation.completion_start_time",
      "langfuse.trace.name",
      "langfuse.environment",
      "langfuse.release",
      "langfuse.version"};
  return {kContent, kKept};
}

}  // namespace spanlink
