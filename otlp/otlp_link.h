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

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "spanlink/model/short_text.h"
#include "spanlink/model/span_context.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// OpenTelemetry's default limit.
inline constexpr size_t kMaxLinksPerSpan = 128;

struct OtlpLinkAttribute {
  std::string_view key;
  ShortText value;
  bool is_integer = false;  // `value` holds decimal digits

  friend bool operator==(const OtlpLinkAttribute&,
                         const OtlpLinkAttribute&) = default;
};

struct OtlpLink {
  SpanContext target;
  absl::InlinedVector<OtlpLinkAttribute, 6> attributes;
  // What makes a link to the same target the same link: the first of these
  // attributes that the other one has decides, by its value. A link that has
  // none of them is another link.
  absl::InlinedVector<std::pair<std::string_view, ShortText>, 3> identity;
};

// The links that one span should have, in order.
struct OtlpSpanLinks {
  const OtlpSpan* span = nullptr;
  std::vector<OtlpLink> links;
};

// Makes the additions to a file one after the other, in the order of their
// spans or nearly so: fills in the next one, which is a former one or new, and
// returns false after the last.
using NextOtlpAddition = absl::FunctionRef<bool(OtlpSpanLinks*)>;

// Hands out additions that stand in a list.
class EachOtlpAddition {
 public:
  explicit EachOtlpAddition(std::vector<OtlpSpanLinks> additions)
      : additions_(std::move(additions)) {}

  // Const for `FunctionRef`.
  bool operator()(OtlpSpanLinks* addition) const {
    if (next_ == additions_.size()) return false;
    *addition = additions_[next_++];
    return true;
  }

 private:
  std::vector<OtlpSpanLinks> additions_;
  mutable size_t next_ = 0;
};

// A link that a span has: what can make another link the same one.
struct PresentOtlpLink {
  SpanContext target;
  std::vector<std::pair<std::string, std::string>> attributes;  // strings only
};

// What one span needs: links that it does not have, as they are written one
// after another, and how many there was no room for.
struct OtlpLinkPlan {
  std::string links;
  size_t added = 0;
  size_t dropped = 0;
  size_t present = 0;  // links that it has
  bool linked_before = false;
};

// `write` appends a link to the text, which may not be empty.
// Complexity: O(present + links).
OtlpLinkPlan PlanOtlpLinks(
    const std::vector<PresentOtlpLink>& present,
    const std::vector<OtlpLink>& links,
    absl::FunctionRef<void(const OtlpLink&, std::string*)> write);

// Returns `droppedLinksCount` after the plan. A file that was linked before
// counts the same links again, and must not change; neither must one whose span
// was full of other links, where nothing tells the first time from the second.
uint64_t DroppedOtlpLinks(const OtlpLinkPlan& plan, uint64_t before);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_LINK_H_
