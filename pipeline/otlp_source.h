// OtlpSource: a file or record of OTLP, in JSON or protobuf.
#ifndef SPANLINK_PIPELINE_OTLP_SOURCE_H_
#define SPANLINK_PIPELINE_OTLP_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spanlink/dialects/dialect.h"
#include "spanlink/dialects/message_memo.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/pipeline/trace_format.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {

// What decoding needs besides the bytes. Sources of one encoding that are
// decoded in turns may share one.
struct OtlpDecoder {
  explicit OtlpDecoder(OtlpFormat format) : reader(format) {}

  OtlpContentReader reader;
  AttributeList attributes;
  std::vector<SpanEvent> events;
};

// Returns how OTLP is encoded in a file; JSON for what is no OTLP.
OtlpFormat ToOtlpFormat(TraceFormat format);

class OtlpSource final : public TraceSource {
 public:
  // After an error `bytes` is what it was. Without a decoder the source makes
  // its own.
  static absl::StatusOr<std::unique_ptr<OtlpSource>> Read(
      const std::string& name, std::string&& bytes, OtlpFormat format,
      const Progress& progress = nullptr,
      std::shared_ptr<OtlpDecoder> decoder = nullptr);

  size_t size() const override { return spans_.spans.size(); }
  SpanRef Ref(size_t index) const override;
  std::string_view TraceIdText(size_t index,
                               std::string* scratch) const override;
  std::string_view SpanIdText(size_t index,
                              std::string* scratch) const override;
  void Decode(size_t index, DecodedSpan* span) override;
  uint64_t unreadable() const override {
    return spans_.unreadable_spans + spans_.unreadable_lines;
  }
  const std::vector<std::string>& problems() const override {
    return spans_.problems;
  }
  std::string_view bytes() const override { return bytes_; }
  absl::StatusOr<std::string> Write(const std::vector<ConsumerLinks>& links,
                                    const WriteOptions& options) const override;

  bool is_json() const { return spans_.format == OtlpFormat::kJson; }
  // Whether the file holds log records only, as far as its encoding tells.
  bool only_logs() const { return spans_.only_logs; }

  // A log record that may be an event of a span, here or in another source.
  struct Log {
    OtlpLog record;
    std::string_view bytes;  // that the record's positions are for
  };
  // The log records in the file that have an event's name.
  std::vector<Log> Events() const;
  // Takes a log record of another source of the same encoding for an event of
  // one of the spans here. Its bytes must outlive the next `Decode` of the
  // span.
  void AddLog(const Log& log);

 private:
  OtlpSource(std::string bytes, OtlpSpans spans,
             std::shared_ptr<OtlpDecoder> decoder);

  void SortLogs();

  // The log records of a span, in the order of their times.
  std::span<const Log> LogsOf(const SpanContext& context) const;
  // Fills the decoder's attributes and events with those of a span.
  void ReadAttributes(const OtlpSpan& span);

  std::string bytes_;
  OtlpSpans spans_;
  std::shared_ptr<OtlpDecoder> decoder_;
  MessageMemo memo_;
  std::vector<Log> logs_;
  bool logs_are_sorted_ = true;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_OTLP_SOURCE_H_
