#include "spanlink/cli/json_output.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace spanlink::cli {
namespace {

using Json = nlohmann::ordered_json;

// The line's text comes from strangers: `replace` instead of an exception.
void WriteLine(const Json& json, const TextSink& write) {
  write(json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
}

// Ids as the file has them; a span that is not in the file has ours only.
std::pair<std::string, std::string> IdsOf(const SpanIndex& spans,
                                          const SpanContext& context) {
  const SpanSummary* span = spans.Find(context);
  if (span == nullptr) {
    return {context.trace_id.ToHex(), context.span_id.ToHex()};
  }
  return {std::string(span->trace_id_text), std::string(span->span_id_text)};
}

}  // namespace

void WriteJsonLinks(const TraceView& view, const TextSink& write) {
  const SpanIndex spans(view.spans);
  for (const SpanLink& link : view.links) {
    const auto [trace_id, span_id] = IdsOf(spans, link.consumer);
    const auto [linked_trace_id, linked_span_id] = IdsOf(spans, link.producer);
    Json line = {{"trace_id", trace_id},
                 {"span_id", span_id},
                 {"linked_trace_id", linked_trace_id},
                 {"linked_span_id", linked_span_id},
                 {"from", "output"},
                 {"to", "input"},
                 {"kind", LinkKindName(link.kind)},
                 {"evidence", EvidenceName(link.evidence)},
                 {"tool_name", link.tool_name.str()},
                 {"tool_call_id", nullptr}};
    if (!link.tool_call_id.empty())
      line["tool_call_id"] = link.tool_call_id.str();
    WriteLine(line, write);
  }
}

void WriteJsonExplanations(std::span<const Explanation> explanations,
                           const TextSink& write) {
  for (const Explanation& explanation : explanations) {
    for (const SpanSummary* span : explanation.spans) {
      WriteLine({{"trace_id", span->trace_id_text},
                 {"span_id", span->span_id_text},
                 {"unlinked", explanation.code},
                 {"why", explanation.why},
                 {"what_to_do", explanation.what_to_do}},
                write);
    }
  }
}

void WriteJsonDiagnostics(const DiagnosticCounts& counts,
                          const TextSink& write) {
  Json by_name = Json::object();
  for (size_t i = 0; i < kDiagnosticCount; ++i) {
    if (counts[i] == 0) continue;
    by_name[std::string(Describe(static_cast<DiagnosticId>(i)).name)] =
        counts[i];
  }
  WriteLine({{"diagnostics", by_name}}, write);
}

}  // namespace spanlink::cli
