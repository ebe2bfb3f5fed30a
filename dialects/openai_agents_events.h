// Recordings of the OpenAI Agents SDK: every event of a tracing processor, one
// JSON object a line.
//
//   {"ev": "span_start", "trace_id", "span_id", "parent_id", "type",
//    "started_at", "data": {…}}
//   {"ev": "span_end", … "ended_at", "error", "data": {…}, "output_type"}
//   {"ev": "trace_start", "id", "group_id"}
//
// `data` holds the attributes of the span's data as they were at that moment.
// All other events, among them what lifecycle hooks said (`hook_*`), are not
// part of the trace and are not read. `trace_end` does not end anything: a run
// that waited for an approval goes on after it.
//
// A tool's span without a result returned nothing, waits for an approval, or
// was cancelled; the SDK does not say. What its agent does next tells: if it
// goes on, the tool ran; if it ends, the tool waits; if it had ended, that was
// that.
//
// Ids are free text in the SDK; the records keep it beside the mapped ids.
// Spans that start in the same microsecond start in the order of arrival.
//
// Lifetime: records hold positions in the bytes; the caller keeps those.
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for n bytes.
// Errors: InvalidArgument, "NAME: OFFSET: expected …", if no line is an event.
// A line that is none is counted and told, the others are read.
#ifndef SPANLINK_DIALECTS_OPENAI_AGENTS_EVENTS_H_
#define SPANLINK_DIALECTS_OPENAI_AGENTS_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/model/span_context.h"

namespace spanlink {

struct RecordedSpan {
  SpanContext context;
  std::optional<SpanId> parent;
  std::optional<Time> start;
  std::optional<Time> end;
  std::string trace_id;
  std::string span_id;
  std::string conversation_id;
  // The last event about the span.
  size_t line_begin = 0;
  size_t line_size = 0;
  bool ended = false;
  Outcome silent_outcome = Outcome::kOk;  // of a tool without a result
};

struct AgentsRecording {
  std::vector<RecordedSpan> spans;  // in order of their first event
  uint64_t unreadable_lines = 0;
  // "NAME: OFFSET: expected …" for the first few lines that were skipped.
  std::vector<std::string> problems;
};

// Returns whether the first line that is not blank is an event.
bool IsAgentsRecording(std::string_view bytes);

absl::StatusOr<AgentsRecording> ReadAgentsRecording(std::string_view name,
                                                    std::string_view bytes);

// The parts of a span that say what it did, whatever file they came in.
struct AgentsSpan {
  std::string type;         // "response", "function" …
  std::string_view data;    // JSON: the attributes of the span's data
  std::string_view error;   // JSON; "" without one
  std::string output_type;  // the class of what a function returned, if known
};

// Fills `facts`, which are clear, and what a person would call the span.
void DecodeAgentsSpan(const AgentsSpan& span, SpanFacts* facts,
                      std::string* span_name);

// Fills `facts`, which are clear. `bytes` are those of the recording. Sets
// `span_name` to what a person would call the span.
void DecodeRecordedSpan(std::string_view bytes, const RecordedSpan& span,
                        SpanFacts* facts, std::string* span_name);

// Returns the moment that an ISO 8601 text with a time zone names; nullopt if
// it is none.
std::optional<Time> ParseIsoTime(std::string_view text);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_OPENAI_AGENTS_EVENTS_H_
