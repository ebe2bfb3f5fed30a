// LangSmithDialect: LangSmith's OpenTelemetry export, `langsmith.span.kind`.
//
// `gen_ai.prompt` and `gen_ai.completion` hold the whole inputs and outputs of
// a run, of tools as well. Its operation names are not OpenTelemetry's.
#ifndef SPANLINK_DIALECTS_LANGSMITH_H_
#define SPANLINK_DIALECTS_LANGSMITH_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class LangSmithDialect final : public Dialect {
 public:
  std::string_view name() const override { return "langsmith"; }
  DialectNotes notes() const override {
    return {"langsmith.span.kind", "gen_ai.completion as a whole",
            "the span's name, gen_ai.prompt; the id in a returned ToolMessage"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_LANGSMITH_H_
