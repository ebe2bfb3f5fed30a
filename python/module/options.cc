#include "spanlink/python/module/options.h"

#include <nanobind/nanobind.h>

#include "spanlink/pipeline/content_gate.h"

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

namespace {

// Switches on what a list names; returns false for a word that it may not hold.
bool SwitchOn(std::string_view names, std::string_view first, bool* is_first,
              std::string_view second, bool* is_second) {
  *is_first = *is_second = false;
  if (names == "none") return true;
  while (true) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    if (name != first && name != second) return false;
    *(name == first ? is_first : is_second) = true;
    if (comma == std::string_view::npos) return true;
    names.remove_prefix(comma + 1);
  }
}

}  // namespace

LinkProfile ToProfile(std::string_view names) {
  LinkProfile profile;
  if (SwitchOn(names, "datadog", &profile.datadog, "semconv",
               &profile.semconv)) {
    return profile;
  }
  throw nb::value_error(
      "profile is datadog, semconv, both with a comma, or none");
}

PayloadProfile ToToolPayload(std::string_view names) {
  PayloadProfile payload;
  if (SwitchOn(names, "semconv", &payload.semconv, "traceloop",
               &payload.traceloop)) {
    return ContentGateIsOpen() ? payload : PayloadProfile{};
  }
  throw nb::value_error(
      "tool_payload is semconv, traceloop, both with a comma, or none");
}

}  // namespace spanlink::python
