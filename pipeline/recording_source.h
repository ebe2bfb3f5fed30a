// RecordingSource: a recording of the OpenAI Agents SDK's events.
#ifndef SPANLINK_PIPELINE_RECORDING_SOURCE_H_
#define SPANLINK_PIPELINE_RECORDING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spanlink/dialects/openai_agents_events.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {

class RecordingSource final : public TraceSource {
 public:
  static absl::StatusOr<std::unique_ptr<TraceSource>> Read(
      const std::string& name, std::string bytes);

  size_t size() const override { return recording_.spans.size(); }
  SpanRef Ref(size_t index) const override;
  std::string_view TraceIdText(size_t index, std::string*) const override {
    return recording_.spans[index].trace_id;
  }
  std::string_view SpanIdText(size_t index, std::string*) const override {
    return recording_.spans[index].span_id;
  }
  void Decode(size_t index, DecodedSpan* span) override;
  uint64_t unreadable() const override { return recording_.unreadable_lines; }
  const std::vector<std::string>& problems() const override {
    return recording_.problems;
  }
  std::string_view bytes() const override { return bytes_; }
  // Returns FailedPrecondition: the events have no place for links.
  absl::StatusOr<std::string> Write(const std::vector<ConsumerLinks>& links,
                                    const WriteOptions& options) const override;

 private:
  RecordingSource(std::string name, std::string bytes,
                  AgentsRecording recording)
      : name_(std::move(name)),
        bytes_(std::move(bytes)),
        recording_(std::move(recording)) {}

  std::string name_;
  std::string bytes_;
  AgentsRecording recording_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_RECORDING_SOURCE_H_
