// JoinedSource: files of one set of traces, read as if they were one.
//
// Spans are numbered through, file by file, and log records of one file are
// events of spans in another, where both are OTLP of one encoding.
//
// Lifetime: owns the files' bytes.
// Thread safety: Thread-compatible; `Decode` changes internal buffers.
#ifndef SPANLINK_PIPELINE_JOINED_SOURCE_H_
#define SPANLINK_PIPELINE_JOINED_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "spanlink/pipeline/otlp_source.h"
#include "spanlink/pipeline/trace_format.h"
#include "spanlink/pipeline/trace_source.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

class JoinedSource {
 public:
  // Takes a file, plain or in gzip. Errors: InvalidArgument, "NAME: OFFSET:
  // expected …"; the files before are as they were.
  absl::Status Add(const std::string& name, std::string bytes,
                   const ReadOptions& options, const Progress& progress);
  // Call it once, behind the last file. Errors: InvalidArgument if there is no
  // file with spans: of one that holds log records only, or of none.
  absl::Status Finish();

  // As of `TraceSource`.
  size_t size() const { return size_; }
  SpanRef Ref(size_t index) const;
  std::string_view TraceIdText(size_t index, std::string* scratch) const;
  std::string_view SpanIdText(size_t index, std::string* scratch) const;
  void Decode(size_t index, DecodedSpan* span);
  uint64_t unreadable() const;
  std::vector<std::string> problems() const;

  uint64_t bytes_in_all() const;
  // Which of the files a span is in, from 0.
  size_t FileOf(size_t index) const;
  TraceFormat format(size_t file) const { return files_[file].format; }
  bool compressed(size_t file) const { return !files_[file].packed.empty(); }

  // Returns the files with links, one behind another, which are again a file of
  // that format; each in gzip if it was, and as it was if nothing is added.
  // Errors: InvalidArgument if they are of different formats,
  // FailedPrecondition if a format has no place for links.
  absl::StatusOr<std::string> Write(const std::vector<ConsumerLinks>& links,
                                    const WriteOptions& options) const;

 private:
  struct File {
    std::string name;
    TraceFormat format = TraceFormat::kOtlpJson;
    std::string_view json_format;  // of JSON that is no OTLP; "" else
    std::unique_ptr<TraceSource> source;
    OtlpSource* otlp = nullptr;  // `source`, if it is that
    std::string packed;          // the file as it was, if it was in gzip
    size_t first_span = 0;
  };

  const File& At(size_t index) const { return files_[FileOf(index)]; }
  void JoinLogs();
  absl::Status CheckFormats() const;

  std::vector<File> files_;
  size_t size_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_JOINED_SOURCE_H_
