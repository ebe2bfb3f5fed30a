#include "spanlink/cli/why_command.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/output.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/terminal.h"
#include "spanlink/cli/trace_input.h"
#include "spanlink/cli/why_tree.h"
#include "spanlink/viewer/printable.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {
namespace {

constexpr size_t kMaxCandidates = 10;

// Returns the span that started last among those that carry a link, or among
// all LLM spans where there is no link; nullptr if there is neither.
const SpanSummary* LastLinked(const TraceView& view) {
  const SpanIndex spans(view.spans);
  const SpanSummary* last = nullptr;
  const auto keep = [&last](const SpanSummary* span) {
    if (span == nullptr) return;
    if (last == nullptr || last->start < span->start) last = span;
  };
  for (const SpanLink& link : view.links) keep(spans.Find(link.consumer));
  if (last != nullptr) return last;
  for (const SpanSummary& span : view.spans) {
    if (span.kind == SpanKind::kLlm) keep(&span);
  }
  return last;
}

void ReportCandidates(const std::vector<const SpanSummary*>& candidates,
                      std::string_view asked) {
  Report(absl::StrFormat("spanlink: %u spans begin with `%s`; which one?",
                         candidates.size(), asked));
  const size_t shown = std::min(candidates.size(), kMaxCandidates);
  for (size_t i = 0; i < shown; ++i) {
    const SpanSummary& span = *candidates[i];
    const std::string name = NameOf(span);
    Report(absl::StrFormat("  %s:%s  %s",
                           std::string_view(span.trace_id_text).substr(0, 64),
                           std::string_view(span.span_id_text).substr(0, 64),
                           std::string_view(name).substr(0, 200)));
  }
  if (candidates.size() > shown) {
    Report(absl::StrFormat("  and %u more", candidates.size() - shown));
  }
}

// Reports and returns nullptr if `asked` does not name exactly one span.
const SpanSummary* Choose(const TraceView& view, const std::string& asked) {
  if (asked.empty()) {
    const SpanSummary* last = LastLinked(view);
    if (last == nullptr) {
      Report("spanlink: the file has no LLM span; give a SPAN_ID");
    }
    return last;
  }
  const std::vector<const SpanSummary*> candidates =
      SpanIndex(view.spans).Match(asked);
  if (candidates.size() == 1) return candidates[0];
  if (candidates.empty()) {
    Report(
        absl::StrFormat("spanlink: no span begins with `%s`; `spanlink link "
                        "--table` lists the ids",
                        asked));
  } else {
    ReportCandidates(candidates, asked);
  }
  return nullptr;
}

}  // namespace

int RunWhy(const Arguments& arguments) {
  TraceInput input = ReadTraces(arguments.files, arguments.read);
  if (!input.trace) return kExitFailure;
  LinkTraces(input, arguments.options);
  const TraceView view = TraceView::Of(*input.trace);
  const SpanSummary* span = Choose(view, arguments.span_id);
  if (span == nullptr) return kExitUsage;
  Output output(STDOUT_FILENO, "standard output");
  const Style style(Terminal::Of(STDOUT_FILENO).colours);
  const TextSink write = [&output](std::string_view text) {
    output.Write(text);
  };
  RenderWhy(view, *span, style, write);
  if (const absl::Status s = output.Finish(); !s.ok()) {
    Report(std::string(s.message()));
    return kExitFailure;
  }
  return kExitOk;
}

}  // namespace spanlink::cli
