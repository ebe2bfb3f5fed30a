// OtlpFilter: which attributes of a span, its events and its log records stay
// when a file is written. What goes is cut out of the bytes.
//
// Of a filtered span go the attributes that do not stay, also those of its
// events, the message of its status, and events that cannot be read. Of a
// filtered log record go such attributes and the body. All else stays: names,
// ids, times, links, fields that nobody knows. Filtering again changes nothing.
//
// Lifetime: the function is called while a file is written.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_OTLP_OTLP_FILTER_H_
#define SPANLINK_OTLP_OTLP_FILTER_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "spanlink/otlp/otlp_content.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Where an attribute stands.
enum class OtlpPlace : uint8_t { kSpan, kEvent, kLog };

struct OtlpFilter {
  // Returns whether an attribute stays. Numbers and booleans are nothing but
  // that; what holds more, or cannot be read, is kNull.
  std::function<bool(OtlpPlace, std::string_view key, OtlpValueType)> stays;
};

// A log record that is filtered.
struct OtlpLogChange {
  const OtlpLog* log = nullptr;
  const OtlpFilter* filter = nullptr;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_FILTER_H_
