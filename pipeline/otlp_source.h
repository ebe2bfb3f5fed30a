// OtlpSource: a file of OTLP, in JSON or protobuf.
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
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {

class OtlpSource final : public TraceSource {
 public:
  static absl::StatusOr<std::unique_ptr<TraceSource>> Read(
      const std::string& name, std::string bytes, OtlpFormat format,
      const Progress& progress);

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

 private:
  OtlpSource(std::string bytes, OtlpSpans spans)
      : bytes_(std::move(bytes)),
        spans_(std::move(spans)),
        reader_(spans_.format) {
    SortLogs();
  }

  void SortLogs();

  // The log records of a span, in the order of their times.
  std::span<const OtlpLog> LogsOf(const SpanContext& context) const;
  // Makes `attributes_` and `events_` those of a span.
  void ReadAttributes(const OtlpSpan& span);

  std::string bytes_;
  OtlpSpans spans_;
  OtlpContentReader reader_;
  AttributeList attributes_;
  std::vector<SpanEvent> events_;
  MessageMemo memo_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_OTLP_SOURCE_H_
