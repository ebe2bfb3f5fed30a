// OtlpJsonWriter: puts links on the spans of OTLP/JSON and leaves every other
// byte as it is.
//
// Links are spliced into the text that the reader read: the order of fields,
// the spelling of numbers, unknown fields and white space survive, and a file
// to which nothing is added comes back identical. `otlp_link.h` says which
// links a span gets.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(bytes + links log links).
// Errors: none. Spans whose `links` is no array keep it and get no link.
#ifndef SPANLINK_OTLP_OTLP_JSON_WRITER_H_
#define SPANLINK_OTLP_OTLP_JSON_WRITER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/otlp/otlp_link.h"

namespace spanlink {

// Returns `bytes` with the links that `next` makes on their spans.
// REQUIRES: every span was read from `bytes` and occurs once.
std::string WriteOtlpJson(std::string_view bytes, NextOtlpAddition next);
inline std::string WriteOtlpJson(std::string_view bytes,
                                 std::vector<OtlpSpanLinks> additions) {
  return WriteOtlpJson(bytes, EachOtlpAddition(std::move(additions)));
}

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_JSON_WRITER_H_
