#include "spanlink/pipeline/tool_payload.h"

#include <optional>
#include <string>
#include <string_view>

namespace spanlink {
namespace {

// The names of one half.
struct Pair {
  std::string_view semconv;
  std::string_view traceloop;
};
constexpr Pair kArguments = {"gen_ai.tool.call.arguments",
                             "traceloop.entity.input"};
constexpr Pair kResult = {"gen_ai.tool.call.result", "traceloop.entity.output"};

// Also an attribute that is null.
bool HasKey(const AttributeList& attributes, std::string_view key) {
  const auto found = attributes.WithPrefix(key);
  return !found.empty() && found.front().key == key;
}

}  // namespace

std::vector<OtlpLinkAttribute> PayloadAttributes(
    const FinishedSpan& span, const SpanFacts& facts,
    const PayloadProfile& profile) {
  std::vector<OtlpLinkAttribute> added;
  std::optional<std::string> result = facts.result;
  if (facts.kind == SpanKind::kHandoff) {
    if (!facts.to_agent.empty()) result = facts.to_agent;
  } else if (facts.kind != SpanKind::kTool) {
    return added;
  }
  const AttributeList& attributes = *span.attributes;
  const auto add = [&](const Pair& pair, std::optional<std::string> text) {
    for (const std::string_view key : {pair.traceloop, pair.semconv}) {
      if (const Attribute* other = attributes.Find(key)) text = other->text;
    }
    if (!text) return;
    if (profile.semconv && !HasKey(attributes, pair.semconv)) {
      added.push_back({pair.semconv, *text});
    }
    if (profile.traceloop && !HasKey(attributes, pair.traceloop)) {
      added.push_back({pair.traceloop, *text});
    }
  };
  add(kArguments, facts.arguments);
  add(kResult, result);
  return added;
}

}  // namespace spanlink
