#include "spanlink/pipeline/link_attributes.h"

#include <string>
#include <string_view>

namespace spanlink {
namespace {

// The proposal names executions and LLM spans as consumers; a guardrail is
// neither.
std::string_view AttributionType(LinkKind kind) {
  switch (kind) {
    case LinkKind::kToolChoice:
    case LinkKind::kHandoffChoice:
      return "CAUSED_BY_GENERATION";
    case LinkKind::kToolResult:
    case LinkKind::kHandoffResult:
    case LinkKind::kInputGuardrail:
      return "INFORMED_BY";
    case LinkKind::kOutputGuardrail:
      break;
  }
  return "";
}

}  // namespace

OtlpLink ToOtlpLink(const SpanLink& link, const LinkProfile& profile) {
  constexpr std::string_view kTypeKey = "gen_ai.attribution.link_type";
  constexpr std::string_view kKindKey = "spanlink.kind";
  const std::string_view kind = LinkKindName(link.kind);
  const std::string_view type = AttributionType(link.kind);
  OtlpLink out;
  out.target = link.producer;
  out.identity = {{kKindKey, kind}, {kTypeKey, type}, {"from", "output"}};
  if (profile.datadog) {
    out.attributes.push_back({"from", "output"});
    out.attributes.push_back({"to", "input"});
  }
  if (profile.semconv && !type.empty())
    out.attributes.push_back({kTypeKey, type});
  out.attributes.push_back({kKindKey, kind});
  out.attributes.push_back({"spanlink.evidence", EvidenceName(link.evidence)});
  if (link.attempt > 1) {
    out.attributes.push_back(
        {"spanlink.attempt", std::to_string(link.attempt), true});
  }
  if (!link.tool_version.empty()) {
    out.attributes.push_back({"spanlink.tool_version", link.tool_version});
  }
  return out;
}

}  // namespace spanlink
