// SpanContent: what went into a span and came out of it, for a person to read.
//
// Lifetime: a value.
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PIPELINE_SPAN_CONTENT_H_
#define SPANLINK_PIPELINE_SPAN_CONTENT_H_

#include "spanlink/dialects/span_facts.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

// Returns what `facts`, decoded with `wants_text` and `wants_result`, hold:
// arguments and result of a tool, messages and calls of an LLM span.
// `with_calls`: the calls of an answer are among its messages, not found in
// their text.
SpanContent ContentOf(const SpanFacts& facts, bool with_calls);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_SPAN_CONTENT_H_
