// PydanticAiDialect: Pydantic AI and Logfire, `pydantic_ai.*`, `logfire.*`.
//
// From its second version on Pydantic AI writes OpenTelemetry's GenAI messages;
// the first one has a list of events in the attribute `events`. Tools carry
// `tool_arguments` until the third version. Logfire's spans of the OpenAI
// Agents SDK and of OpenAI's client have keys of their own and are told apart
// by their message template.
#ifndef SPANLINK_DIALECTS_PYDANTIC_AI_H_
#define SPANLINK_DIALECTS_PYDANTIC_AI_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class PydanticAiDialect final : public Dialect {
 public:
  std::string_view name() const override { return "pydantic_ai"; }
  DialectNotes notes() const override {
    return {"pydantic_ai.*, logfire.*, tool_arguments, all_messages_events",
            "gen_ai.output.messages, events, response_data",
            "gen_ai.tool.name, gen_ai.tool.call.id, tool_arguments; name and "
            "input of \"Function: …\""};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_PYDANTIC_AI_H_
