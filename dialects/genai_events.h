// GenAiEventsDialect: OpenTelemetry's GenAI conventions up to 1.36, which put
// each message into an event of the LLM span.
//
//   gen_ai.system.message, gen_ai.user.message, gen_ai.assistant.message
//   gen_ai.tool.message   {"id", "content"}: a result in the input
//   gen_ai.choice         {"message": {"tool_calls": […]}}: the answer
//
// The body of an event stands in its attributes, as JSON in one of them
// (`gen_ai.event.content` of Semantic Kernel, `body` of a log record) or, in
// Pydantic AI's first version, in a list of events that is one attribute. Calls
// in a `gen_ai.assistant.message` are history.
#ifndef SPANLINK_DIALECTS_GENAI_EVENTS_H_
#define SPANLINK_DIALECTS_GENAI_EVENTS_H_

#include <cstdint>
#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class GenAiEventsDialect final : public Dialect {
 public:
  std::string_view name() const override { return "otel_genai_events"; }
  DialectNotes notes() const override {
    return {"events gen_ai.*.message and gen_ai.choice", "event gen_ai.choice",
            "as otel_genai, and event gen_ai.tool.message"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

// Whose words the text of a user's message is.
enum class EventText : uint8_t {
  kPlain,   // the user's: JSON in it means nothing
  kBlocks,  // the instrumentation's: always a list of content blocks
};

// Reads the messages of an LLM span.
void ReadGenAiEvents(const FinishedSpan& span, EventText text,
                     SpanFacts* facts);
// Reads the events of a tool span: the call's arguments and what it returned.
void ReadGenAiToolEvents(const FinishedSpan& span, SpanFacts* facts);
// Reads a list of events as JSON objects with `event.name`. Where the list has
// no `gen_ai.choice`, the answer is what the assistant said last.
void ReadGenAiEventList(std::string_view json, SpanFacts* facts);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_GENAI_EVENTS_H_
