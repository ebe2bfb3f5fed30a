#include "spanlink/dialects/langsmith.h"

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/payload.h"

namespace spanlink {
namespace {

SpanKind KindOf(std::string_view kind) {
  if (kind == "llm") return SpanKind::kLlm;
  if (kind == "tool") return SpanKind::kTool;
  return SpanKind::kOther;
}

}  // namespace

bool LangSmithDialect::Recognizes(const FinishedSpan& span) const {
  return span.attributes->Has("langsmith.span.kind");
}

// `langsmith.trace.session_id` is a project, not a conversation.
void LangSmithDialect::Decode(const FinishedSpan& span,
                              SpanFacts* facts) const {
  const AttributeList& attributes = *span.attributes;
  facts->kind = KindOf(attributes.Text("langsmith.span.kind"));
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  for (const std::string_view key :
       {"langsmith.metadata.thread_id", "langsmith.metadata.session_id",
        "langsmith.metadata.conversation_id"}) {
    if (!facts->conversation_id.empty()) break;
    facts->conversation_id = CleanId(attributes.Text(key));
  }
  ReadPayload(
      span,
      {attributes.Find("gen_ai.prompt"), attributes.Find("gen_ai.completion")},
      facts);
}

ContentKeys LangSmithDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "gen_ai.prompt", "gen_ai.completion", "langsmith.metadata.*"};
  static constexpr std::string_view kKept[] = {
      "langsmith.span.kind",
      "langsmith.trace.name",
      "langsmith.trace.session_name",
      "langsmith.metadata.ls_provider",
      "langsmith.metadata.ls_model_name",
      "langsmith.metadata.ls_model_type"};
  return {kContent, kKept};
}

}  // namespace spanlink
