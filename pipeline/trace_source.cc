#include "spanlink/pipeline/trace_source.h"

#include <map>
#include <set>
#include <utility>

namespace spanlink {

std::vector<ConsumerLinks> ByConsumer(
    std::span<const SpanLink> links,
    absl::FunctionRef<std::optional<size_t>(const SpanContext&)> place) {
  std::map<size_t, std::vector<const SpanLink*>> by_place;
  for (const SpanLink& link : links) {
    const std::optional<size_t> at = place(link.consumer);
    if (at) by_place[*at].push_back(&link);
  }
  std::vector<ConsumerLinks> consumers;
  consumers.reserve(by_place.size());
  for (auto& [at, of_span] : by_place) {
    consumers.push_back({at, std::move(of_span)});
  }
  return consumers;
}

std::vector<SpanContext> LinkedRoots(
    std::span<const SpanLink> links,
    absl::FunctionRef<bool(const SpanContext&)> is_root) {
  std::set<SpanContext> roots;
  for (const SpanLink& link : links) {
    const bool inside = link.consumer.trace_id == link.producer.trace_id;
    if (inside && is_root(link.consumer)) roots.insert(link.consumer);
  }
  return {roots.begin(), roots.end()};
}

void ReportContent(const DecodedSpan& span,
                   absl::FunctionRef<void(DiagnosticId)> report) {
  const SpanFacts& facts = span.facts;
  const bool is_llm = facts.kind == SpanKind::kLlm;
  const bool has_content = is_llm || facts.kind == SpanKind::kTool;
  if (facts.unreadable > 0) report(DiagnosticId::kUnreadableContent);
  if (facts.truncated > 0 || (has_content && span.dropped_attributes)) {
    report(DiagnosticId::kContentTruncated);
  }
  if (is_llm && facts.says_tool_chosen && facts.choices.empty()) {
    report(DiagnosticId::kContentMissing);
  }
}

Options SettledOptions(Options options) {
  options.mode = Mode::kSettled;
  options.limits = Limits::ForFiles();
  return options;
}

}  // namespace spanlink
