// OtlpProtoReader: finds the spans in a file of OTLP/protobuf.
//
// Takes `TracesData` and `ExportTraceServiceRequest`, which have one shape, as
// one message or as several, each behind its length in four bytes, big-endian:
// the Collector's file exporter with `format: proto`. The reader notes where
// every span, its parts and the lengths around it stand, and decodes ids and
// times only, so that what it does not understand survives bit by bit.
//
// `LogsData` may stand among them, or behind spans in one message: its records
// are told from spans by the types of their fields.
//
// Liberal: fields in any order, unknown fields and groups anywhere, longer
// varints than needed. Of a singular field that comes twice the last counts.
// What breaks off ends what it stands in and nothing else: spans before it, and
// in other messages, are read.
//
// Lifetime: the result holds positions; the caller keeps the bytes.
// Thread safety: stateless; thread-safe.
// Complexity: O(n) time for n bytes; some 200 bytes of memory a span.
// Errors: InvalidArgument, "NAME: OFFSET: expected …", if there is no
// `resource_spans` that can be read. `kUnreadableSpan` for each span and each
// message around spans that is skipped, or breaks off.
#ifndef SPANLINK_OTLP_OTLP_PROTO_READER_H_
#define SPANLINK_OTLP_OTLP_PROTO_READER_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Reads all spans of `bytes`. `name` is for messages; `progress`, which may be
// empty, is told the bytes done and the bytes in all. REQUIRES: `format` is
// kProto or kProtoFrames.
absl::StatusOr<OtlpSpans> ReadOtlpProto(
    std::string_view name, std::string_view bytes, OtlpFormat format,
    const std::function<void(uint64_t, uint64_t)>& progress = nullptr);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_PROTO_READER_H_
