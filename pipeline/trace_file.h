// TraceFile: the bytes of a trace in, the same trace with links out.
//
// Reads OTLP (`ExportTraceServiceRequest` or `TracesData`) in JSON or protobuf,
// or the event recordings of the OpenAI Agents SDK, plain or in gzip, told
// apart by their content; turns spans into signals with the decoders in
// `dialects/`; links them in settled mode; and writes the same trace with the
// links on the consumer spans. Spans that cannot be read pass through
// untouched; where content is to be stripped nothing is written then.
//
// Several files may be read as one set, with `Reader`: a call, its execution
// and its use may stand in different ones.
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

class JoinedSource;

class TraceFile {
 public:
  // Reads files that are linked together.
  class Reader {
   public:
    explicit Reader(ReadOptions options = {});
    ~Reader();

    // Takes one more file. `name` is for messages. After an error the others
    // are as they were, and more may be taken.
    absl::Status Add(std::string name, std::string bytes,
                     const Progress& progress = nullptr);
    // Returns the spans of all files. The reader is not used afterwards.
    // Errors: InvalidArgument if no file holds spans: none was taken, or one of
    // log records only.
    absl::StatusOr<TraceFile> Finish() &&;

   private:
    const ReadOptions options_;
    std::unique_ptr<JoinedSource> source_;
  };

  // Reads one whole file, as a `Reader` does.
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
  // Reads prompts, answers, arguments and results: other people's secrets.
  SpanContent ContentOf(const SpanSummary& span) const;

  // Of the first file.
  TraceFormat format() const;
  bool compressed() const;  // in gzip
  // Returns the trace with the links on it, in gzip again if it was; identical
  // if nothing changes. Files stand one behind another, which is again a file
  // of that format. Errors: InvalidArgument if they are of different formats,
  // or if content is to be stripped and something could not be read: it may be
  // content; FailedPrecondition if one has no place for links, as recordings of
  // the SDK; Unimplemented if content of another format than OTLP is to change.
  absl::StatusOr<std::string> Write(const WriteOptions& options) const;

 private:
  struct State;
  explicit TraceFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_FILE_H_
