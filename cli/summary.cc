#include "spanlink/cli/summary.h"

#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace spanlink::cli {
namespace {

std::string Count(uint64_t count, std::string_view one, std::string_view many) {
  return absl::StrFormat("%u %s", count, count == 1 ? one : many);
}

void CountExecution(const SpanSummary& span, const LinkIndex& links,
                    LinkCounts& counts) {
  ++counts.executions;
  for (const SpanLink* link : links.Into(span.context)) {
    if (!IsChoice(link->kind)) continue;
    ++counts.chosen;
    break;
  }
  for (const SpanLink* link : links.From(span.context)) {
    if (!IsResult(link->kind)) continue;
    ++counts.used;
    break;
  }
}

void CountGuardrail(const SpanSummary& span, const LinkIndex& links,
                    LinkCounts& counts) {
  ++counts.guardrails;
  const bool linked =
      !links.Into(span.context).empty() || !links.From(span.context).empty();
  counts.guardrails_linked += linked ? 1 : 0;
}

std::string EvidenceSentence(const LinkCounts& counts) {
  std::string text;
  for (size_t i = 0; i < counts.by_evidence.size(); ++i) {
    if (counts.by_evidence[i] == 0) continue;
    text += absl::StrFormat("%s%u by %s", text.empty() ? "Links: " : ", ",
                            counts.by_evidence[i],
                            EvidenceName(static_cast<Evidence>(i)));
  }
  return text.empty() ? "No links.\n" : text + ".\n";
}

std::string StyledSeverity(Severity severity, const Style& style) {
  switch (severity) {
    case Severity::kInfo:
      return "note     ";
    case Severity::kWarning:
      return style.Doubtful("warning  ");
    case Severity::kDataLoss:
      return style.Bad("data loss");
  }
  return "";
}

}  // namespace

LinkCounts CountLinks(const TraceView& view) {
  LinkCounts counts;
  const LinkIndex links(view.links);
  for (const SpanSummary& span : view.spans) {
    if (IsExecution(span)) CountExecution(span, links, counts);
    if (span.kind == SpanKind::kGuardrail) CountGuardrail(span, links, counts);
  }
  for (const SpanLink& link : view.links) {
    ++counts.by_evidence[static_cast<size_t>(link.evidence)];
  }
  return counts;
}

void RenderCounts(const LinkCounts& counts, const TextSink& write) {
  if (counts.executions == 0) {
    write("No tool or handoff spans.\n");
  } else {
    write(absl::StrFormat(
        "%s; linked to the answer that chose them: %u; results linked to the "
        "LLM span that used them: %u.\n",
        Count(counts.executions, "tool or handoff span",
              "tool and handoff spans"),
        counts.chosen, counts.used));
  }
  if (counts.guardrails > 0) {
    write(absl::StrFormat(
        "%s; linked to what they checked: %u.\n",
        Count(counts.guardrails, "guardrail span", "guardrail spans"),
        counts.guardrails_linked));
  }
  write(EvidenceSentence(counts));
}

void RenderDiagnostics(const Diagnostics& diagnostics, const Style& style,
                       const TextSink& write) {
  bool first = true;
  for (const Severity severity :
       {Severity::kDataLoss, Severity::kWarning, Severity::kInfo}) {
    for (size_t i = 0; i < kDiagnosticCount; ++i) {
      const auto id = static_cast<DiagnosticId>(i);
      const DiagnosticInfo& info = Describe(id);
      const uint64_t count = diagnostics.count(id);
      if (info.severity != severity || count == 0) continue;
      if (first) write("\n" + style.Strong("What the data says") + "\n");
      first = false;
      write(absl::StrFormat("  %s %6u  %s (%s)\n",
                            StyledSeverity(severity, style), count,
                            info.sentence, info.name));
    }
  }
}

}  // namespace spanlink::cli
