// OtlpLink: a link to write, and which of them a span needs.
//
// Links that a span has stay, first and in order; a link that is there already
// is not added again, so that writing twice changes nothing. What does not fit
// under `kMaxLinksPerSpan` is counted in the span's `droppedLinksCount`.
//
// Thread safety: plain values; the functions are stateless and thread-safe.
#ifndef SPANLINK_OTLP_OTLP_LINK_H_
#define SPANLINK_OTLP_OTLP_LINK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "spanlink/model/span_context.h"
#include "spanlink/otlp/otlp_filter.h"
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

// What is to change of one span.
struct OtlpSpanChange {
  const OtlpSpan* span = nullptr;
  std::vector<OtlpLink> links;  // that it should have, in order
  // Attributes that it does not have and should.
  std::vector<OtlpLinkAttribute> attributes;
  // What of it stays; nullptr: everything.
  const OtlpFilter* filter = nullptr;
};

// A link that a span has: what can make another link the same one.
struct PresentOtlpLink {
  SpanContext target;
  std::vector<std::pair<std::string, std::string>> attributes;  // strings only
};

// What one span needs: links that it does not have, as they are written, and
// how many there was no room for.
struct OtlpLinkPlan {
  std::vector<std::string> links;
  size_t dropped = 0;
  size_t present = 0;  // links that it has
  bool linked_before = false;
};

// Complexity: O((present + links) log links).
OtlpLinkPlan PlanOtlpLinks(
    const std::vector<PresentOtlpLink>& present,
    const std::vector<OtlpLink>& links,
    absl::FunctionRef<std::string(const OtlpLink&)> write);

// Returns `droppedLinksCount` after the plan. A file that was linked before
// counts the same links again, and must not change; neither must one whose span
// was full of other links, where nothing tells the first time from the second.
uint64_t DroppedOtlpLinks(const OtlpLinkPlan& plan, uint64_t before);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_LINK_H_
