#include "spanlink/dialects/registry.h"

#include <utility>

#include "spanlink/dialects/adot.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/genai_events.h"
#include "spanlink/dialects/google_adk.h"
#include "spanlink/dialects/langfuse.h"
#include "spanlink/dialects/langsmith.h"
#include "spanlink/dialects/mlflow.h"
#include "spanlink/dialects/openinference.h"
#include "spanlink/dialects/openllmetry.h"
#include "spanlink/dialects/pydantic_ai.h"
#include "spanlink/dialects/strands.h"
#include "spanlink/dialects/text_calls.h"
#include "spanlink/dialects/vercel.h"

namespace spanlink {

std::span<const Dialect* const> AllDialects() {
  static const OpenInferenceDialect open_inference;
  static const LangSmithDialect lang_smith;
  static const VercelDialect vercel;
  static const GoogleAdkDialect google_adk;
  static const StrandsDialect strands;
  static const PydanticAiDialect pydantic_ai;
  static const MlflowDialect mlflow;
  static const OpenLlmetryDialect open_llmetry;
  static const OpenLlmetryLegacyDialect open_llmetry_legacy;
  static const GenAiDialect gen_ai;
  static const GenAiEventsDialect gen_ai_events;
  static const AdotDialect adot;
  static const LangfuseDialect langfuse;
  static const Dialect* const dialects[] = {
      &open_inference, &lang_smith,    &vercel,
      &google_adk,     &strands,       &pydantic_ai,
      &mlflow,         &open_llmetry,  &open_llmetry_legacy,
      &gen_ai,         &gen_ai_events, &adot,
      &langfuse};
  return dialects;
}

const Dialect* DecodeSpan(const FinishedSpan& span, SpanFacts* facts) {
  const Dialect* first = nullptr;
  for (const Dialect* dialect : AllDialects()) {
    if (first != nullptr && facts->IsComplete()) break;
    if (!dialect->Recognizes(span)) continue;
    if (first == nullptr) {
      first = dialect;
      dialect->Decode(span, facts);
    } else {
      SpanFacts more;
      more.kind = facts->kind;
      more.wants_text = facts->wants_text;
      more.memo = facts->memo;
      dialect->Decode(span, &more);
      facts->Add(std::move(more));
    }
  }
  ReadTextCalls(facts);
  return first;
}

}  // namespace spanlink
