// OpenLLMetry's two conventions.
//
// Up to 0.54 ("legacy") messages are flattened into `gen_ai.prompt.N.*` and
// `gen_ai.completion.N.*`; from 0.55 on they are the GenAI conventions'
// attributes beside OpenLLMetry's own keys. Both describe workflows, agents and
// tools with `traceloop.*`.
#ifndef SPANLINK_DIALECTS_OPENLLMETRY_H_
#define SPANLINK_DIALECTS_OPENLLMETRY_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class OpenLlmetryDialect final : public Dialect {
 public:
  std::string_view name() const override { return "openllmetry"; }
  DialectNotes notes() const override {
    return {
        "traceloop.*, llm.request.type beside gen_ai.operation.name or "
        "messages",
        "gen_ai.output.messages",
        "gen_ai.tool.*, traceloop.entity.name, traceloop.entity.input"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

class OpenLlmetryLegacyDialect final : public Dialect {
 public:
  std::string_view name() const override { return "openllmetry_legacy"; }
  DialectNotes notes() const override {
    return {
        "traceloop.*, llm.request.type, gen_ai.prompt.N, "
        "gen_ai.completion.N",
        "gen_ai.completion.N.tool_calls.M",
        "traceloop.entity.name, traceloop.entity.input, gen_ai.tool.*"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_OPENLLMETRY_H_
