#include "spanlink/pipeline/trace_source.h"

#include <algorithm>
#include <set>
#include <utility>

namespace spanlink {

std::vector<ConsumerLinks> ByConsumer(
    std::span<const SpanLink> links,
    absl::FunctionRef<std::optional<size_t>(const SpanContext&)> place) {
  std::vector<std::pair<size_t, const SpanLink*>> places;
  places.reserve(links.size());
  for (const SpanLink& link : links) {
    if (const std::optional<size_t> at = place(link.consumer)) {
      places.emplace_back(*at, &link);
    }
  }
  std::stable_sort(
      places.begin(), places.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ConsumerLinks> consumers;
  for (const auto& [at, link] : places) {
    if (consumers.empty() || consumers.back().span != at) {
      consumers.emplace_back().span = at;
    }
    consumers.back().links.push_back(link);
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

}  // namespace spanlink
