// JsonSource: a file of spans in one of the formats of json_format.h.
#ifndef SPANLINK_PIPELINE_JSON_SOURCE_H_
#define SPANLINK_PIPELINE_JSON_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "spanlink/pipeline/json_format.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {

class JsonSource final : public TraceSource {
 public:
  // Returns InvalidArgument, "NAME: OFFSET: expected …", if no span can be
  // read.
  static absl::StatusOr<std::unique_ptr<TraceSource>> Read(
      const std::string& name, std::string bytes,
      std::unique_ptr<JsonFormat> format);

  size_t size() const override { return spans_.size(); }
  SpanRef Ref(size_t index) const override;
  std::string_view TraceIdText(size_t index, std::string*) const override {
    return spans_[index].trace_id;
  }
  std::string_view SpanIdText(size_t index, std::string*) const override {
    return spans_[index].span_id;
  }
  void Decode(size_t index, DecodedSpan* span) override;
  uint64_t unreadable() const override { return unreadable_; }
  const std::vector<std::string>& problems() const override {
    return problems_;
  }
  std::string_view bytes() const override { return bytes_; }
  // Splices links in where the format has a place for them, and leaves every
  // other byte as it is; FailedPrecondition elsewhere.
  absl::StatusOr<std::string> Write(const std::vector<ConsumerLinks>& links,
                                    const WriteOptions& options) const override;

 private:
  JsonSource(std::string name, std::string bytes,
             std::unique_ptr<JsonFormat> format)
      : name_(std::move(name)),
        bytes_(std::move(bytes)),
        format_(std::move(format)) {}

  void ReadSpans();
  std::string Problem(size_t offset, std::string_view expected) const;
  // Returns the links that the span lacks, with commas between them.
  std::string NewLinks(const ConsumerLinks& consumer,
                       std::string_view present) const;

  std::string name_;
  std::string bytes_;
  std::unique_ptr<JsonFormat> format_;
  std::vector<JsonSpan> spans_;
  absl::flat_hash_map<SpanContext, size_t> index_;
  uint64_t unreadable_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_JSON_SOURCE_H_
