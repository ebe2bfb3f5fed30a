#include "spanlink/model/span_link.h"

#include <array>
#include <cstddef>

namespace spanlink {
namespace {

constexpr std::array<std::string_view, 6> kLinkKindNames = {
    "tool_choice",    "tool_result",     "handoff_choice",
    "handoff_result", "input_guardrail", "output_guardrail"};

constexpr std::array<std::string_view, 7> kEvidenceNames = {
    "tool_call_id",      "arguments", "handoff", "structure",
    "handoff_remaining", "name",      "order"};

template <typename Enum, size_t N>
std::optional<Enum> Find(const std::array<std::string_view, N>& names,
                         std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view LinkKindName(LinkKind kind) {
  return kLinkKindNames[static_cast<size_t>(kind)];
}

std::string_view EvidenceName(Evidence evidence) {
  return kEvidenceNames[static_cast<size_t>(evidence)];
}

std::optional<LinkKind> ParseLinkKind(std::string_view name) {
  return Find<LinkKind>(kLinkKindNames, name);
}

std::optional<Evidence> ParseEvidence(std::string_view name) {
  return Find<Evidence>(kEvidenceNames, name);
}

}  // namespace spanlink
