#include "spanlink/dialects/strands.h"

#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/genai_events.h"

namespace spanlink {
namespace {

constexpr std::string_view kSystem = "strands-agents";

}  // namespace

bool StrandsDialect::Recognizes(const FinishedSpan& span) const {
  const AttributeList& attributes = *span.attributes;
  return attributes.Has("event_loop.cycle_id") ||
         attributes.Text("gen_ai.system") == kSystem ||
         attributes.Text("gen_ai.provider.name") == kSystem;
}

void StrandsDialect::Decode(const FinishedSpan& span, SpanFacts* facts) const {
  facts->kind =
      GenAiOperationKind(span.attributes->Text("gen_ai.operation.name"));
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  switch (facts->kind) {
    case SpanKind::kTool:
      ReadGenAiTool(span, facts);
      ReadGenAiToolEvents(span, facts);
      if (span.attributes->Text("gen_ai.tool.status") == "error") {
        facts->outcome = Outcome::kFailed;
      }
      break;
    case SpanKind::kAgent:
      facts->name = facts->agent;
      break;
    case SpanKind::kLlm:
      ReadGenAiMessages(span, facts);
      ReadGenAiEvents(span, EventText::kBlocks, facts);
      break;
    default:
      break;
  }
}

ContentKeys StrandsDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "system_prompt", "gen_ai.system_prompt", "tool.result"};
  static constexpr std::string_view kKept[] = {"gen_ai.agent.tools",
                                               "gen_ai.tool.status"};
  static constexpr std::string_view kKeptInEvents[] = {"status"};
  return {kContent, kKept, kKeptInEvents};
}

}  // namespace spanlink
