// OtlpProtoWriter: puts links on the spans of OTLP/protobuf and leaves every
// other byte as it is.
//
// Links are spliced in as records behind those that a span has or where their
// field number has its place, and the lengths around them are set anew: of the
// span, of the messages that it stands in, of the frame. A length keeps the
// number of bytes that it takes unless it needs more. Unknown fields, the order
// of fields and longer varints than needed survive, and a file to which nothing
// is added comes back identical. `otlp_link.h` says which links a span gets.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(bytes + links log links).
// Errors: none. A frame that would not fit into its length gets no link.
#ifndef SPANLINK_OTLP_OTLP_PROTO_WRITER_H_
#define SPANLINK_OTLP_OTLP_PROTO_WRITER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/otlp/otlp_link.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Returns `bytes` with the links that `next` makes on their spans.
// REQUIRES: `spans` was read from `bytes`, and every span is one of it and
// occurs once.
std::string WriteOtlpProto(std::string_view bytes, const OtlpSpans& spans,
                           NextOtlpAddition next);
inline std::string WriteOtlpProto(std::string_view bytes,
                                  const OtlpSpans& spans,
                                  std::vector<OtlpSpanLinks> additions) {
  return WriteOtlpProto(bytes, spans, EachOtlpAddition(std::move(additions)));
}

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_PROTO_WRITER_H_
