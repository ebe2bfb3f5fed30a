// LangfuseDialect: the Langfuse SDK, `langfuse.observation.*`.
//
// Input and output are one attribute each and hold whatever the framework had:
// messages, a LangChain dump, `str` of a dictionary. Which spans are tools is
// often said only by the message that they return.
#ifndef SPANLINK_DIALECTS_LANGFUSE_H_
#define SPANLINK_DIALECTS_LANGFUSE_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class LangfuseDialect final : public Dialect {
 public:
  std::string_view name() const override { return "langfuse"; }
  DialectNotes notes() const override {
    return {"langfuse.observation.*",
            "langfuse.observation.output of a generation",
            "the span's name, langfuse.observation.input; the id in a returned "
            "ToolMessage"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_LANGFUSE_H_
