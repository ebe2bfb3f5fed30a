// OtlpWriter: puts links on spans and leaves every other byte as it is.
//
// Links are spliced into the text that the reader read: the order of fields,
// the spelling of numbers, unknown fields and white space survive, and a file
// to which nothing is added comes back identical. Links that are there stay,
// first and in order; a link that is there already is not added again, so that
// writing twice changes nothing. What does not fit under `kMaxLinksPerSpan` is
// counted in the span's `droppedLinksCount`.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(bytes + links log links).
// Errors: none. Spans whose `links` is no array keep it and get no link.
#ifndef SPANLINK_OTLP_OTLP_WRITER_H_
#define SPANLINK_OTLP_OTLP_WRITER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/model/span_context.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// OpenTelemetry's default limit.
inline constexpr size_t kMaxLinksPerSpan = 128;

struct OtlpLinkAttribute {
  std::string_view key;
  std::string value;
  bool is_integer = false;  // `value` holds decimal digits
};

struct OtlpLink {
  SpanContext target;
  std::vector<OtlpLinkAttribute> attributes;
  // What makes a link to the same target the same link: the first of these
  // attributes that the other one has decides, by its value. A link that has
  // none of them is another link.
  std::vector<std::pair<std::string_view, std::string>> identity;
};

// The links that one span should have, in order.
struct OtlpSpanLinks {
  const OtlpSpan* span = nullptr;
  std::vector<OtlpLink> links;
};

// Returns `bytes` with the links of `additions` on their spans.
// REQUIRES: every span was read from `bytes` and occurs once.
std::string WriteOtlp(std::string_view bytes,
                      std::vector<OtlpSpanLinks> additions);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_WRITER_H_
