// GoogleAdkDialect: Google's Agent Development Kit, `gcp.vertex.agent.*`.
//
// The request and the response of the model are JSON of the Gemini API on the
// span `call_llm`. The kit makes up ids (`adk-…`) for calls of models that give
// none; they stand on the tool's span only. Tools run inside the LLM's span.
#ifndef SPANLINK_DIALECTS_GOOGLE_ADK_H_
#define SPANLINK_DIALECTS_GOOGLE_ADK_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class GoogleAdkDialect final : public Dialect {
 public:
  std::string_view name() const override { return "google_adk"; }
  DialectNotes notes() const override {
    return {"gcp.vertex.agent.*", "gcp.vertex.agent.llm_response",
            "gen_ai.tool.name, gen_ai.tool.call.id, "
            "gcp.vertex.agent.tool_call_args"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_GOOGLE_ADK_H_
