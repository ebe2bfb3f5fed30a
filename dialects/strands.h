// StrandsDialect: Strands Agents, which puts Bedrock's content blocks into
// events of GenAI spans.
//
// On a tool's span `gen_ai.tool.message` holds the arguments and
// `gen_ai.choice` the result. The cycles of the loop repeat what the spans
// inside them say.
#ifndef SPANLINK_DIALECTS_STRANDS_H_
#define SPANLINK_DIALECTS_STRANDS_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class StrandsDialect final : public Dialect {
 public:
  std::string_view name() const override { return "strands"; }
  DialectNotes notes() const override {
    return {"event_loop.cycle_id; gen_ai.system = strands-agents",
            "event gen_ai.choice, Bedrock blocks",
            "gen_ai.tool.name, gen_ai.tool.call.id, event gen_ai.tool.message"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_STRANDS_H_
