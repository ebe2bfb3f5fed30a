// The fields of OTLP/protobuf that spanlink reads or writes, by the numbers of
// opentelemetry-proto: each is its number and its type on the wire.
#ifndef SPANLINK_OTLP_OTLP_PROTO_FIELDS_H_
#define SPANLINK_OTLP_OTLP_PROTO_FIELDS_H_

#include <cstdint>

#include "spanlink/otlp/proto_cursor.h"

namespace spanlink::otlp_proto {

constexpr uint32_t Varint(uint32_t number) {
  return ProtoTag(number, ProtoType::kVarint);
}
constexpr uint32_t Fixed64(uint32_t number) {
  return ProtoTag(number, ProtoType::kFixed64);
}
constexpr uint32_t Bytes(uint32_t number) {
  return ProtoTag(number, ProtoType::kBytes);
}

// TracesData, ExportTraceServiceRequest.
inline constexpr uint32_t kResourceSpans = Bytes(1);
// ResourceSpans.
inline constexpr uint32_t kScopeSpans = Bytes(2);
// ScopeSpans.
inline constexpr uint32_t kScope = Bytes(1);
inline constexpr uint32_t kSpans = Bytes(2);
// InstrumentationScope.
inline constexpr uint32_t kScopeName = Bytes(1);

// Span.
inline constexpr uint32_t kTraceId = Bytes(1);
inline constexpr uint32_t kSpanId = Bytes(2);
inline constexpr uint32_t kParentSpanId = Bytes(4);
inline constexpr uint32_t kName = Bytes(5);
inline constexpr uint32_t kStartTime = Fixed64(7);
inline constexpr uint32_t kEndTime = Fixed64(8);
inline constexpr uint32_t kAttributes = Bytes(9);
inline constexpr uint32_t kDroppedAttributesCount = Varint(10);
inline constexpr uint32_t kEvents = Bytes(11);
inline constexpr uint32_t kLinks = Bytes(13);
inline constexpr uint32_t kDroppedLinksCount = Varint(14);
inline constexpr uint32_t kStatus = Bytes(15);
// Status.
inline constexpr uint32_t kStatusMessage = Bytes(2);
inline constexpr uint32_t kStatusCode = Varint(3);
// Event.
inline constexpr uint32_t kEventName = Bytes(2);
inline constexpr uint32_t kEventAttributes = Bytes(3);
// Link.
inline constexpr uint32_t kLinkTraceId = Bytes(1);
inline constexpr uint32_t kLinkSpanId = Bytes(2);
inline constexpr uint32_t kLinkAttributes = Bytes(4);

// LogRecord. `LogsData` around it looks like `TracesData`; these fields, of
// other types in a span, tell records from spans.
inline constexpr uint32_t kLogTime = Fixed64(1);
inline constexpr uint32_t kLogSeverity = Varint(2);
inline constexpr uint32_t kLogObservedTime = Fixed64(11);
inline constexpr uint32_t kLogBody = Bytes(5);
inline constexpr uint32_t kLogAttributes = Bytes(6);
inline constexpr uint32_t kLogTraceId = Bytes(9);
inline constexpr uint32_t kLogSpanId = Bytes(10);
inline constexpr uint32_t kLogEventName = Bytes(12);

// KeyValue.
inline constexpr uint32_t kKey = Bytes(1);
inline constexpr uint32_t kValue = Bytes(2);
// AnyValue.
inline constexpr uint32_t kStringValue = Bytes(1);
inline constexpr uint32_t kBoolValue = Varint(2);
inline constexpr uint32_t kIntValue = Varint(3);
inline constexpr uint32_t kDoubleValue = Fixed64(4);
inline constexpr uint32_t kArrayValue = Bytes(5);
inline constexpr uint32_t kKvlistValue = Bytes(6);
inline constexpr uint32_t kBytesValue = Bytes(7);
// ArrayValue, KeyValueList.
inline constexpr uint32_t kValues = Bytes(1);

}  // namespace spanlink::otlp_proto

#endif  // SPANLINK_OTLP_OTLP_PROTO_FIELDS_H_
