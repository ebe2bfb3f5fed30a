// JSON lines for programs: one link a line, one explanation a line, and at last
// what the diagnostics counted.
//
// Ids are printed as the trace has them: lower-case hex for OTLP, the SDK's own
// text for its recordings. The output is ASCII: what is not, is escaped; bytes
// that are not UTF-8 become U+FFFD.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_CLI_JSON_OUTPUT_H_
#define SPANLINK_CLI_JSON_OUTPUT_H_

#include <array>
#include <cstdint>
#include <span>

#include "spanlink/model/diagnostics.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {

// Diagnostics of several files added up, by `DiagnosticId`.
using DiagnosticCounts = std::array<uint64_t, kDiagnosticCount>;

// The consumer, which carries the link, is `span_id`; the producer, which it
// points at, is `linked_span_id`. `tool_call_id` is null where the provider
// gave none.
void WriteJsonLinks(const TraceView& view, const TextSink& write);

// One line for each span of each explanation.
void WriteJsonExplanations(std::span<const Explanation> explanations,
                           const TextSink& write);

// {"diagnostics":{NAME:COUNT,…}} of those that occurred.
void WriteJsonDiagnostics(const DiagnosticCounts& counts,
                          const TextSink& write);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_JSON_OUTPUT_H_
