// OtlpJsonReader: finds the spans in a file of OTLP/JSON.
//
// Takes `ExportTraceServiceRequest` and `TracesData`, which have one shape: a
// single object, several after one another, or one a line. The reader notes
// where every span and its parts stand, and decodes ids and times only, so that
// what it does not understand survives byte by byte.
//
// Liberal in what it takes: ids as `otlp_ids.h` says, 64-bit integers as
// strings or bare numbers, `null` for "absent", snake_case and former names of
// the envelope's fields, unknown fields anywhere.
//
// `resourceLogs` beside `resourceSpans`, or in lines, objects and files of
// their own, are read for the records that name a span; the others are passed
// over.
//
// One broken line does not lose the others. The first text that is no document
// switches to one document a line, and lines that cannot be read are counted
// and told in `problems`. A single span that cannot be read is counted and
// skipped.
//
// Lifetime: the result holds positions; the caller keeps the bytes.
// Thread safety: stateless; thread-safe.
// Complexity: O(n) time for n bytes; some 200 bytes of memory a span.
// Errors: InvalidArgument, "NAME: OFFSET: expected …", if no document can be
// read. `kUnreadableSpan` for each span and each line that is skipped.
#ifndef SPANLINK_OTLP_OTLP_JSON_READER_H_
#define SPANLINK_OTLP_OTLP_JSON_READER_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Reads all spans of `bytes`. `name` is for messages; `progress`, which may be
// empty, is told the bytes done and the bytes in all.
absl::StatusOr<OtlpSpans> ReadOtlpJson(
    std::string_view name, std::string_view bytes,
    const std::function<void(uint64_t, uint64_t)>& progress = nullptr);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_JSON_READER_H_
