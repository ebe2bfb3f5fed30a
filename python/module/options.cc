#include "spanlink/python/module/options.h"

#include <nanobind/nanobind.h>

#include "spanlink/pipeline/content_gate.h"
#include "spanlink/pipeline/profiles.h"

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
  if (const auto profile = ParseLinkProfile(names)) return *profile;
  throw nb::value_error(
      "profile is datadog, semconv, both with a comma, or none");
}

PayloadProfile ToToolPayload(std::string_view names) {
  if (const auto payload = ParsePayloadProfile(names)) {
    return ContentGateIsOpen() ? *payload : PayloadProfile{};
  }
  throw nb::value_error(
      "tool_payload is semconv, traceloop, both with a comma, or none");
}

}  // namespace spanlink::python
