#include "spanlink/otlp/otlp_link.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"

namespace spanlink {
namespace {

// REQUIRES: both have one target.
bool IsSame(const PresentOtlpLink& present, const OtlpLink& link) {
  for (const auto& [key, value] : link.identity) {
    for (const auto& [present_key, present_value] : present.attributes) {
      if (present_key == key) return std::string_view(value) == present_value;
    }
  }
  return false;
}

// The links that a span has, by what they point at.
class PresentLinks {
 public:
  explicit PresentLinks(const std::vector<PresentOtlpLink>& links) {
    for (const PresentOtlpLink& link : links) {
      by_target_[link.target].push_back(&link);
    }
  }

  bool Has(const OtlpLink& link) const {
    const auto others = by_target_.find(link.target);
    return others != by_target_.end() &&
           std::any_of(others->second.begin(), others->second.end(),
                       [&link](const PresentOtlpLink* other) {
                         return IsSame(*other, link);
                       });
  }

 private:
  absl::flat_hash_map<SpanContext, std::vector<const PresentOtlpLink*>>
      by_target_;
};

// Links that would be written alike.
struct Alike {
  size_t operator()(const OtlpLink* link) const {
    return absl::HashOf(link->target);
  }
  bool operator()(const OtlpLink* a, const OtlpLink* b) const {
    return a->target == b->target && a->attributes == b->attributes;
  }
};

}  // namespace

OtlpLinkPlan PlanOtlpLinks(
    const std::vector<PresentOtlpLink>& present,
    const std::vector<OtlpLink>& links,
    absl::FunctionRef<void(const OtlpLink&, std::string*)> write) {
  OtlpLinkPlan plan;
  plan.present = present.size();
  const PresentLinks others(present);
  absl::flat_hash_set<const OtlpLink*, Alike, Alike> seen;
  for (const OtlpLink& link : links) {
    const bool there = others.Has(link);
    plan.linked_before |= there;
    if (there || (links.size() > 1 && !seen.insert(&link).second)) continue;
    if (plan.present + plan.added < kMaxLinksPerSpan) {
      write(link, &plan.links);
      ++plan.added;
    } else {
      ++plan.dropped;
    }
  }
  return plan;
}

uint64_t DroppedOtlpLinks(const OtlpLinkPlan& plan, uint64_t before) {
  const bool counted_before = plan.linked_before || plan.added == 0;
  return counted_before ? std::max<uint64_t>(before, plan.dropped)
                        : before + plan.dropped;
}

}  // namespace spanlink
