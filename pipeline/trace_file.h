// TraceFile: the bytes of a trace in, the same trace with links out.
//
// Reads OTLP/JSON (`ExportTraceServiceRequest` or `TracesData`, one object or
// one a line) or the event recordings of the OpenAI Agents SDK, told apart by
// their content; turns spans into signals with the decoders in `dialects/`;
// links them in settled mode; and writes the same trace with the links on the
// consumer spans. Spans that cannot be read pass through untouched.
//
// Thread safety: Thread-compatible.
// Errors: `Read` returns InvalidArgument with "FILE: OFFSET: what was expected"
// when the envelope cannot be read at all; everything smaller is a diagnostic.
#ifndef SPANLINK_PIPELINE_TRACE_FILE_H_
#define SPANLINK_PIPELINE_TRACE_FILE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "spanlink/linker/options.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"

namespace spanlink {

// What a person wants to know of a span besides its links.
struct SpanSummary {
  SpanContext context;
  std::optional<SpanId> parent;
  // Ids as the file has them, in lower-case hex for OTLP.
  std::string trace_id_text;
  std::string span_id_text;
  std::string name;       // the span's own name
  std::string agent;      // name of the nearest agent, where known
  std::string tool_name;  // of a tool or handoff span
  std::string dialect;    // "" where no dialect knows the span
  std::string scope;      // instrumentation scope name, where there is one
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

// Attributes on the links that are written. Several may be chosen.
struct LinkProfile {
  bool datadog = true;  // `from`, `to`
  bool semconv = true;  // `gen_ai.attribution.link_type`
};

// Reports progress: bytes done and bytes in all.
using Progress = std::function<void(uint64_t, uint64_t)>;

class TraceFile {
 public:
  // Reads a whole file. `name` is for messages.
  static absl::StatusOr<TraceFile> Read(std::string name, std::string bytes,
                                        const Progress& progress = nullptr);
  TraceFile(TraceFile&&) noexcept;
  TraceFile& operator=(TraceFile&&) noexcept;
  ~TraceFile();

  // Links the spans; may be called again with other options. `options.mode`,
  // `limits` and the sinks are set by the file itself.
  void Link(Options options, const Progress& progress = nullptr);

  // In a deterministic order: by consumer's start, then span id, then kind.
  const std::vector<SpanLink>& links() const;
  // In order of start; a trace's spans together.
  const std::vector<SpanSummary>& spans() const;
  // Reader's and engine's together.
  const Diagnostics& diagnostics() const;
  const std::vector<DiagnosticEvent>& events() const;
  // What a person should hear about lines that were skipped, a few at most:
  // "NAME: OFFSET: expected …". All of them are counted as `unreadable_span`.
  const std::vector<std::string>& warnings() const;
  // Returns nullptr if the file has no such span.
  const SpanSummary* Find(const SpanContext& context) const;

  // Returns the trace with the links on it. OTLP/JSON only: FailedPrecondition
  // for recordings of the SDK, which have no place for links.
  absl::StatusOr<std::string> Write(const LinkProfile& profile) const;

 private:
  struct State;
  explicit TraceFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_FILE_H_
