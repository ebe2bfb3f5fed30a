// OtlpSource: a file of OTLP, in JSON or protobuf.
#ifndef SPANLINK_PIPELINE_OTLP_SOURCE_H_
#define SPANLINK_PIPELINE_OTLP_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/pipeline/otlp_decoder.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {

class OtlpSource final : public TraceSource {
 public:
  static absl::StatusOr<std::unique_ptr<TraceSource>> Read(
      const std::string& name, std::string bytes, OtlpFormat format,
      const Progress& progress);

  size_t size() const override { return spans_.spans.size(); }
  SpanRef Ref(size_t index) const override;
  std::string TraceIdText(size_t index) const override;
  std::string SpanIdText(size_t index) const override;
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
  OtlpSource(std::string name, std::string bytes, OtlpSpans spans)
      : name_(std::move(name)),
        bytes_(std::move(bytes)),
        spans_(std::move(spans)),
        decoder_(spans_.format) {
    SortLogs();
  }

  void SortLogs();

  // The log records of a span, in the order of their times.
  std::span<const OtlpLog> LogsOf(const SpanContext& context) const;

  // What is to be written, by the index of the span.
  struct Changes {
    std::map<size_t, OtlpSpanChange> spans;
    std::vector<OtlpLogChange> logs;
  };
  std::string WriteChanges(const Changes& changes) const;
  // Filters the spans and the log records that are of GenAI.
  absl::Status StripContent(Changes* changes) const;
  absl::Status UnreadableContent() const;
  // Adds the payload to the spans of tools and handoffs.
  void AddPayloads(const std::vector<ConsumerLinks>& links,
                   const PayloadProfile& profile, Changes* changes) const;
  absl::flat_hash_map<size_t, std::string> HandoffArguments(
      const std::vector<ConsumerLinks>& links, OtlpDecoder* decoder) const;

  std::string name_;
  std::string bytes_;
  OtlpSpans spans_;
  OtlpDecoder decoder_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_OTLP_SOURCE_H_
