// ToolPayload: what went into a tool and came out of it, as attributes that
// other tools know.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PIPELINE_TOOL_PAYLOAD_H_
#define SPANLINK_PIPELINE_TOOL_PAYLOAD_H_

#include <vector>

#include "spanlink/dialects/dialect.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/otlp/otlp_link.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

// Returns the attributes that `profile` asks for and a tool's or handoff's span
// does not have. The result of a handoff is the agent that took over. The two
// of a pair are equal: where the span has the one, the other is it.
std::vector<OtlpLinkAttribute> PayloadAttributes(const FinishedSpan& span,
                                                 const SpanFacts& facts,
                                                 const PayloadProfile& profile);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TOOL_PAYLOAD_H_
