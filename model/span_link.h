// SpanLink: one data-flow edge of a run, the result of everything here.
//
// A link is stored on its consumer, the later span, and points at its producer,
// as OpenTelemetry's span links do. All links go from an output to an input:
//
//   kind              consumer (carries it)   producer (points at it)
//   tool_choice       tool span               LLM span that chose the call
//   tool_result       LLM span                tool span whose result it read
//   handoff_choice    handoff span            LLM span that chose the handoff
//   handoff_result    first LLM span of the   handoff span
//                     target agent
//   input_guardrail   LLM span                guardrail span before it
//   output_guardrail  guardrail span          LLM span whose answer it checked
//
// Lifetime: a value that owns its text.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_MODEL_SPAN_LINK_H_
#define SPANLINK_MODEL_SPAN_LINK_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "spanlink/model/short_text.h"
#include "spanlink/model/span_context.h"

namespace spanlink {

enum class LinkKind : uint8_t {
  kToolChoice,
  kToolResult,
  kHandoffChoice,
  kHandoffResult,
  kInputGuardrail,
  kOutputGuardrail,
};

// How a link was established, strongest first: a smaller value is stronger.
enum class Evidence : uint8_t {
  kToolCallId,        // both sides carry the provider's id of the call
  kArguments,         // same tool, same arguments
  kHandoff,           // the target agent's name gives the tool's name
  kStructure,         // the place in the tree alone says it (guardrails)
  kHandoffRemaining,  // the one call of the answer that nothing else claimed
  kName,              // same tool, and only one call it can be
  kOrder,             // same tool, several calls; paired in order
};

// Names as they appear in attributes, JSON and options: `tool_choice`,
// `tool_call_id` …. `Parse…` returns nullopt for any other text.
std::string_view LinkKindName(LinkKind kind);
std::string_view EvidenceName(Evidence evidence);
std::optional<LinkKind> ParseLinkKind(std::string_view name);
std::optional<Evidence> ParseEvidence(std::string_view name);

// The weaker of the two: a chain is as good as its weakest link.
inline Evidence Weaker(Evidence a, Evidence b) { return a < b ? b : a; }

struct SpanLink {
  SpanContext consumer;
  SpanContext producer;
  LinkKind kind = LinkKind::kToolChoice;
  Evidence evidence = Evidence::kOrder;
  // 1 for the first execution of a call, 2 for its first retry ….
  uint32_t attempt = 1;
  // The consumer had ended before the link was known: its exporter may have
  // sent it already.
  bool consumer_finished = false;
  ShortText tool_name;
  // The provider's id of the call; empty where it gave none. Never invented.
  ShortText tool_call_id;
  ShortText tool_version;

  friend bool operator==(const SpanLink&, const SpanLink&) = default;
};

}  // namespace spanlink

#endif  // SPANLINK_MODEL_SPAN_LINK_H_
