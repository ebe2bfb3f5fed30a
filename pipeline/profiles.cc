#include "spanlink/pipeline/profiles.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace spanlink {
namespace {

// A word of a list and what it switches on.
using Switch = std::pair<std::string_view, bool*>;

// Returns whether the list holds nothing but such words, and switches on those
// that it holds.
bool SwitchOn(std::string_view list, const std::array<Switch, 2>& switches) {
  if (list == "none") return true;
  while (true) {
    const size_t comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    const auto named =
        std::find_if(switches.begin(), switches.end(),
                     [word](const Switch& s) { return s.first == word; });
    if (named == switches.end()) return false;
    *named->second = true;
    if (comma == list.npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<LinkProfile> ParseLinkProfile(std::string_view list) {
  LinkProfile profile{.datadog = false, .semconv = false};
  const bool good = SwitchOn(
      list, {{{"datadog", &profile.datadog}, {"semconv", &profile.semconv}}});
  return good ? std::optional(profile) : std::nullopt;
}

std::optional<PayloadProfile> ParsePayloadProfile(std::string_view list) {
  PayloadProfile profile;
  const bool good = SwitchOn(list, {{{"semconv", &profile.semconv},
                                     {"traceloop", &profile.traceloop}}});
  return good ? std::optional(profile) : std::nullopt;
}

}  // namespace spanlink
