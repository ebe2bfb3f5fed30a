// OtlpProtoFilter: what has to be cut out of OTLP/protobuf to filter a span or
// a log record. `otlp_filter.h` says what that is.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for a message of n bytes.
#ifndef SPANLINK_OTLP_OTLP_PROTO_FILTER_H_
#define SPANLINK_OTLP_OTLP_PROTO_FILTER_H_

#include <string_view>
#include <vector>

#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_filter.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Return the edits of `file` inside of the message: records go as they are, and
// lengths of events and of the status shrink in place. The length of the
// message itself is the caller's.
std::vector<ByteEdit> FilterOtlpProto(std::string_view file,
                                      const OtlpSpan& span,
                                      const OtlpFilter& filter);
std::vector<ByteEdit> FilterOtlpProto(std::string_view file, const OtlpLog& log,
                                      const OtlpFilter& filter);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_PROTO_FILTER_H_
