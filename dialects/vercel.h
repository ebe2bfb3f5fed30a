// VercelDialect: the AI SDK for TypeScript, versions 4 to 6, `ai.*`. Version 7
// writes OpenTelemetry's GenAI conventions.
//
// `ai.generateText` runs the whole loop and repeats its last step; the calls of
// the model are `ai.generateText.doGenerate` and `ai.streamText.doStream`.
#ifndef SPANLINK_DIALECTS_VERCEL_H_
#define SPANLINK_DIALECTS_VERCEL_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class VercelDialect final : public Dialect {
 public:
  std::string_view name() const override { return "vercel_ai"; }
  DialectNotes notes() const override {
    return {"ai.operationId, ai.toolCall.name",
            "ai.response.toolCalls of doGenerate and doStream",
            "ai.toolCall.name, .id, .args"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_VERCEL_H_
