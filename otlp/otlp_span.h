// OtlpSpan: where a span stands in a trace file and what identifies it.
//
// Content stays in the file's bytes: a record holds byte positions, and
// `OtlpAttributeReader` decodes attributes when somebody asks.
//
// Lifetime: positions are valid for the bytes that they were read from.
// Thread safety: plain values.
#ifndef SPANLINK_OTLP_OTLP_SPAN_H_
#define SPANLINK_OTLP_OTLP_SPAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spanlink/model/span_context.h"

namespace spanlink {

// OTLP's status codes.
enum class OtlpStatus : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

// Bytes of a span, counted from the span's first one. Empty: absent.
struct OtlpRange {
  uint32_t begin = 0;
  uint32_t size = 0;

  bool empty() const { return size == 0; }
  uint32_t end() const { return begin + size; }
};

struct OtlpSpan {
  SpanContext context;
  // nullopt: not readable. All-zero: a root.
  std::optional<SpanId> parent;
  std::optional<Time> start;
  std::optional<Time> end;

  size_t begin = 0;   // of the span's object in the file
  uint32_t size = 0;  // of the span's object, brackets included
  // Values, as JSON text.
  OtlpRange name;
  OtlpRange attributes;
  OtlpRange events;
  OtlpRange links;
  OtlpRange dropped_links_count;
  OtlpRange status_message;
  // End of the last member: where another one can be put.
  uint32_t members_end = 0;

  uint32_t scope = 0;  // index of the instrumentation scope's name
  uint32_t dropped_attributes = 0;
  OtlpStatus status = OtlpStatus::kUnset;
  // `links` is of a wrong type: the span can be read but not linked.
  bool links_unreadable = false;

  // Returns the bytes of `range` in `file`.
  std::string_view Text(std::string_view file, OtlpRange range) const {
    return file.substr(begin + range.begin, range.size);
  }
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_SPAN_H_
