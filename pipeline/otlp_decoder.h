// OtlpDecoder: the spans and log records of OTLP as dialects see them. Sources
// of one encoding that are decoded in turns may share one.
//
// Lifetime: what it returns lives until the next `Read` and no longer than the
// file's bytes.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_PIPELINE_OTLP_DECODER_H_
#define SPANLINK_PIPELINE_OTLP_DECODER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "spanlink/dialects/dialect.h"
#include "spanlink/otlp/otlp_file.h"

namespace spanlink {

class OtlpDecoder {
 public:
  explicit OtlpDecoder(OtlpFormat format) : reader_(format) {}

  // Reads a span, then log records of it, whose bytes may be others.
  void Read(std::string_view bytes, const OtlpSpan& span);
  void AddLog(std::string_view bytes, const OtlpLog& log);
  // Returns the span with its log records.
  const FinishedSpan& Finish();
  // Reads a log record by itself, as the event of a span of which nothing is
  // known.
  const FinishedSpan& Read(std::string_view bytes, const OtlpLog& log);

  // Attributes and events that were skipped.
  uint64_t unreadable() const { return reader_.unreadable(); }

 private:
  OtlpContentReader reader_;
  AttributeList attributes_;
  std::vector<SpanEvent> events_;
  FinishedSpan finished_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_OTLP_DECODER_H_
