#include "spanlink/python/module/options.h"

#include <nanobind/nanobind.h>

namespace spanlink::python {

namespace nb = nanobind;

Mode ToMode(std::string_view name) {
  if (name == "live") return Mode::kLive;
  if (name == "settled") return Mode::kSettled;
  throw nb::value_error("mode is one of live, settled");
}

UsePolicy ToPolicy(std::string_view name) {
  if (name == "first") return UsePolicy::kFirst;
  if (name == "all") return UsePolicy::kAll;
  throw nb::value_error("policy is one of first, all");
}

CrossTrace ToCrossTrace(std::string_view name) {
  if (name == "off") return CrossTrace::kOff;
  if (name == "conversation") return CrossTrace::kConversation;
  throw nb::value_error("cross_trace is one of off, conversation");
}

Evidence ToEvidence(std::string_view name) {
  if (const auto evidence = ParseEvidence(name)) return *evidence;
  throw nb::value_error(
      "min_evidence is one of tool_call_id, arguments, handoff, structure, "
      "handoff_remaining, name, order");
}

LinkProfile ToProfile(std::string_view names) {
  LinkProfile profile{.datadog = false, .semconv = false};
  if (names == "none") return profile;
  while (true) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    if (name == "datadog") {
      profile.datadog = true;
    } else if (name == "semconv") {
      profile.semconv = true;
    } else {
      throw nb::value_error(
          "profile is datadog, semconv, both with a comma, or none");
    }
    if (comma == std::string_view::npos) return profile;
    names.remove_prefix(comma + 1);
  }
}

}  // namespace spanlink::python
