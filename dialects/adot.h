// AdotDialect: what AWS's distribution of OpenTelemetry (Bedrock AgentCore)
// makes of spans of other conventions. It takes messages off the span and puts
// them into one log record a span, whose body is
//
//   {"input": {"messages": [{"role", "content"}]}, "output": {"messages": […]}}
//
// A content is text, or {"content"} for what was in the conversation and
// {"message"} for what was produced: history stands among the outputs, too.
#ifndef SPANLINK_DIALECTS_ADOT_H_
#define SPANLINK_DIALECTS_ADOT_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class AdotDialect final : public Dialect {
 public:
  std::string_view name() const override { return "aws_adot"; }
  DialectNotes notes() const override {
    return {"an event whose body has input.messages or output.messages",
            "`message` among the outputs",
            "gen_ai.tool.*, the input's content"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_ADOT_H_
