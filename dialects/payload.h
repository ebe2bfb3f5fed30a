// Payload: what conventions with one attribute for all of a span's input and
// one for its output have in common.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_DIALECTS_PAYLOAD_H_
#define SPANLINK_DIALECTS_PAYLOAD_H_

#include <string_view>

#include "spanlink/dialects/attributes.h"
#include "spanlink/dialects/dialect.h"
#include "spanlink/dialects/span_facts.h"

namespace spanlink {

// The attributes, nullptr where absent.
struct Payload {
  const Attribute* input = nullptr;
  const Attribute* output = nullptr;
};

// Reads the messages of an LLM span or of an agent. Text that is no JSON is
// the content of a message.
void ReadPayloadMessages(const Payload& payload, SpanFacts* facts);
// Reads arguments of a tool span, and its id from what it returned.
void ReadPayloadTool(const Payload& payload, SpanFacts* facts);
// Reads what the kind of the span asks for; a tool, an agent or a guardrail
// without a name is called as its span.
void ReadPayload(const FinishedSpan& span, const Payload& payload,
                 SpanFacts* facts);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_PAYLOAD_H_
