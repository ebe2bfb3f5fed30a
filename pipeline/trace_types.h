// The small values that go in and out of a `TraceFile`.
//
// Lifetime: values.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_PIPELINE_TRACE_TYPES_H_
#define SPANLINK_PIPELINE_TRACE_TYPES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "spanlink/model/signals.h"
#include "spanlink/model/span_context.h"
#include "spanlink/pipeline/trace_format.h"

namespace spanlink {

// What a person wants to know of a span besides its links. Its texts belong to
// the `TraceFile` that it is of.
struct SpanSummary {
  SpanContext context;
  std::optional<SpanId> parent;
  uint32_t file = 0;  // of those that were read together, from 0
  // Ids as the file has them, in lower-case hex for OTLP.
  std::string_view trace_id_text;
  std::string_view span_id_text;
  std::string_view name;       // the span's own name
  std::string_view agent;      // name of the nearest agent, where known
  std::string_view tool_name;  // of a tool or handoff span
  std::string_view dialect;    // "" where no dialect knows the span
  std::string_view scope;      // instrumentation scope name, where there is one
  SpanKind kind = SpanKind::kOther;
  Outcome outcome = Outcome::kOk;
  std::optional<Time> start;
  std::optional<Time> end;
  uint32_t choices = 0;           // calls in the answer (LLM spans)
  uint32_t uses = 0;              // results in the input (LLM spans)
  bool has_arguments = false;     // of a tool span
  bool has_tool_call_id = false;  // of a tool span
  // An LLM span with neither input nor output messages.
  bool content_missing = false;
};

// What went into a span and came out of it; nullopt: not known. Of an LLM span
// the messages but for the system's, one behind another, and the calls of its
// answer; of a tool its arguments and result.
struct SpanContent {
  std::optional<std::string> input;
  std::optional<std::string> output;
};

// How a file is read.
struct ReadOptions {
  // Takes text of the form `Action: …`, `Action Input: …` for calls. Guesswork,
  // and whoever writes into a prompt can make it up.
  bool react = false;
  // What the file holds, inside of gzip if it is that; nullopt: see for
  // yourself.
  std::optional<TraceFormat> format;
};

// Attributes on the links that are written. Several may be chosen.
struct LinkProfile {
  bool datadog = true;  // `from`, `to`
  bool semconv = true;  // `gen_ai.attribution.link_type`
};

// Attributes for what went into a tool and came out of it.
struct PayloadProfile {
  bool semconv = false;    // `gen_ai.tool.call.arguments`, `.result`
  bool traceloop = false;  // `traceloop.entity.input`, `.output`

  bool any() const { return semconv || traceloop; }
};

// How a file is written.
struct WriteOptions {
  LinkProfile links;
  // Written on the spans of tools and handoffs that have the payload under
  // other names; nothing that a span has is changed.
  PayloadProfile tool_payload;
  // Takes prompts, answers, arguments and results out of the spans and log
  // records, after they served for linking. Then no payload is written either.
  bool strip_content = false;
};

// Reports progress: bytes done and bytes in all.
using Progress = std::function<void(uint64_t, uint64_t)>;

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_TYPES_H_
