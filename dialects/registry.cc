#include "spanlink/dialects/registry.h"

#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/openinference.h"
#include "spanlink/dialects/openllmetry.h"

namespace spanlink {

std::span<const Dialect* const> AllDialects() {
  static const OpenInferenceDialect open_inference;
  static const OpenLlmetryDialect open_llmetry;
  static const OpenLlmetryLegacyDialect open_llmetry_legacy;
  static const GenAiDialect gen_ai;
  static const Dialect* const dialects[] = {&open_inference, &open_llmetry,
                                            &open_llmetry_legacy, &gen_ai};
  return dialects;
}

const Dialect* FindDialect(const FinishedSpan& span) {
  for (const Dialect* dialect : AllDialects()) {
    if (dialect->Recognizes(span)) return dialect;
  }
  return nullptr;
}

}  // namespace spanlink
