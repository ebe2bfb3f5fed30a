// TraceFile: the bytes of a trace in, the same trace with links out.
//
// Reads OTLP (`ExportTraceServiceRequest` or `TracesData`) in JSON or protobuf,
// or the event recordings of the OpenAI Agents SDK, plain or in gzip, told
// apart by their content; turns spans into signals with the decoders in
// `dialects/`; links them in settled mode; and writes the same trace with the
// links on the consumer spans. Spans that cannot be read pass through
// untouched; where content is to be stripped nothing is written then.
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
#include "spanlink/pipeline/trace_format.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

class TraceFile {
 public:
  // Reads a whole file. `name` is for messages.
  static absl::StatusOr<TraceFile> Read(std::string name, std::string bytes,
                                        const Progress& progress = nullptr,
                                        const ReadOptions& options = {});
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

  TraceFormat format() const;
  bool compressed() const;  // in gzip
  // Returns the trace with the links on it, in gzip again if it was; identical
  // if nothing changes. FailedPrecondition for formats that have no place for
  // links, Unimplemented for those other than OTLP if content is to change.
  // InvalidArgument if content is to be stripped and something could not be
  // read: it may be content.
  absl::StatusOr<std::string> Write(const WriteOptions& options) const;

 private:
  struct State;
  explicit TraceFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_FILE_H_
