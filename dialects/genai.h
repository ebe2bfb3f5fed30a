// GenAiDialect: OpenTelemetry's GenAI semantic conventions from 1.37 on.
//
// Messages are span attributes, as a JSON string or structured, or attributes
// of the span event `gen_ai.client.inference.operation.details`. The functions
// below it are what dialects that build on the conventions share.
#ifndef SPANLINK_DIALECTS_GENAI_H_
#define SPANLINK_DIALECTS_GENAI_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class GenAiDialect final : public Dialect {
 public:
  std::string_view name() const override { return "otel_genai"; }
  DialectNotes notes() const override {
    return {
        "gen_ai.operation.name, gen_ai.*.messages, gen_ai.tool.*",
        "gen_ai.output.messages, on the span or an event; gen_ai.completion",
        "gen_ai.tool.name, gen_ai.tool.call.id, gen_ai.tool.call.arguments"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

// Returns the kind that `gen_ai.operation.name` stands for, `kOther` if it
// stands for none.
SpanKind GenAiOperationKind(std::string_view operation);

// Reads messages, finish reasons and their lack.
void ReadGenAiMessages(const FinishedSpan& span, SpanFacts* facts);
// Reads what `gen_ai.tool.*` says of a tool span.
void ReadGenAiTool(const FinishedSpan& span, SpanFacts* facts);
// Reads `gen_ai.handoff.{from,to}_agent`.
void ReadGenAiHandoff(const FinishedSpan& span, SpanFacts* facts);
// Sets agent and conversation.
void ReadGenAiIdentity(const FinishedSpan& span, SpanFacts* facts);

// Returns how the span ended. That several handoffs were asked for is no
// failure of the one that ran.
Outcome OutcomeOf(const FinishedSpan& span, SpanKind kind);

// Returns whether a finish reason says that a tool was chosen.
bool SaysToolChosen(std::string_view finish_reason);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_GENAI_H_
