#include "spanlink/otlp/otlp_link.h"

#include <algorithm>
#include <set>

#include "absl/container/flat_hash_map.h"

namespace spanlink {
namespace {

// REQUIRES: both have one target.
bool IsSame(const PresentOtlpLink& present, const OtlpLink& link) {
  for (const auto& [key, value] : link.identity) {
    for (const auto& [present_key, present_value] : present.attributes) {
      if (present_key == key) return present_value == value;
    }
  }
  return false;
}

}  // namespace

OtlpLinkPlan PlanOtlpLinks(
    const std::vector<PresentOtlpLink>& present,
    const std::vector<OtlpLink>& links,
    absl::FunctionRef<std::string(const OtlpLink&)> write) {
  OtlpLinkPlan plan;
  plan.present = present.size();
  absl::flat_hash_map<SpanContext, std::vector<const PresentOtlpLink*>>
      by_target;
  for (const PresentOtlpLink& link : present) {
    by_target[link.target].push_back(&link);
  }
  std::set<std::string> added;
  for (const OtlpLink& link : links) {
    const auto others = by_target.find(link.target);
    const bool there = others != by_target.end() &&
                       std::any_of(others->second.begin(), others->second.end(),
                                   [&link](const PresentOtlpLink* other) {
                                     return IsSame(*other, link);
                                   });
    plan.linked_before |= there;
    std::string text = there ? std::string() : write(link);
    if (there || !added.insert(text).second) continue;
    if (plan.present + plan.links.size() < kMaxLinksPerSpan) {
      plan.links.push_back(std::move(text));
    } else {
      ++plan.dropped;
    }
  }
  return plan;
}

uint64_t DroppedOtlpLinks(const OtlpLinkPlan& plan, uint64_t before) {
  const bool counted_before = plan.linked_before || plan.links.empty();
  return counted_before ? std::max<uint64_t>(before, plan.dropped)
                        : before + plan.dropped;
}

}  // namespace spanlink
