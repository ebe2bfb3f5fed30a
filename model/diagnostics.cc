#include "spanlink/model/diagnostics.h"

#include <cassert>

namespace spanlink {
namespace {

using enum DiagnosticId;
using enum Severity;
using enum DiagnosticSource;

// In the order of `DiagnosticId`.
constexpr std::array<DiagnosticInfo, kDiagnosticCount> kCatalogue = {{
    {kChoiceRepeated, "choice_repeated", kInfo, kTrace,
     "The same call of the same LLM span was reported twice; it counts once."},
    {kChoiceDuplicate, "choice_duplicate", kInfo, kTrace,
     "An LLM span and one around it report the same call; the inner one owns "
     "it."},
    {kIdReused, "id_reused", kInfo, kTrace,
     "One tool call id stands for several calls; they are told apart by their "
     "place in the trace."},
    {kChoiceMissing, "choice_missing", kWarning, kTrace,
     "A tool's result was used, but no LLM span in this trace shows the answer "
     "that chose the tool."},
    {kCallNeverExecuted, "call_never_executed", kInfo, kTrace,
     "An answer chose a tool and no span shows that the tool ran."},
    {kExecutionPending, "execution_pending", kInfo, kTrace,
     "A tool span ended without running, as when it waits for approval; its "
     "call stays open."},
    {kExecutionNested, "execution_nested", kInfo, kTrace,
     "A tool span lies inside another span of the same call; the outer one is "
     "linked."},
    {kUnmatchedExecution, "unmatched_execution", kWarning, kTrace,
     "A tool ran and no answer in this trace is known to have chosen it."},
    {kReservationMoved, "reservation_moved", kInfo, kTrace,
     "A tool span turned out to run another call than its start suggested."},
    {kHandoffIgnored, "handoff_ignored", kInfo, kTrace,
     "One answer asked for several handoffs; only the first was carried out."},
    {kUseWithoutExecution, "use_without_execution", kWarning, kTrace,
     "A tool's result was used, but no span shows the tool running: it ran "
     "outside the trace."},
    {kUseByFailedLlm, "use_by_failed_llm", kInfo, kTrace,
     "A failed LLM span held a tool's result; the next attempt consumes it."},
    {kUnmatchedUse, "unmatched_use", kWarning, kTrace,
     "An LLM span's input holds a tool result of which nothing else is known."},
    {kParentCycle, "parent_cycle", kWarning, kTrace,
     "Spans name one another as parents; the cycle was cut."},
    {kClockSkew, "clock_skew", kInfo, kTrace,
     "A span ended before it started, by the clocks that wrote it."},
    {kMalformedSignal, "malformed_signal", kWarning, kEngine,
     "A signal lacked what it must have (a trace id and a span id) and was "
     "skipped."},
    {kEvictedChoice, "evicted_choice", kDataLoss, kEngine,
     "The oldest open calls were forgotten to stay within the bounds."},
    {kEvictedExecution, "evicted_execution", kDataLoss, kEngine,
     "The oldest waiting tool spans were forgotten to stay within the bounds."},
    {kEvictedUse, "evicted_use", kDataLoss, kEngine,
     "The oldest waiting tool results were forgotten to stay within the "
     "bounds."},
    {kEvictedSpan, "evicted_span", kDataLoss, kEngine,
     "The oldest places in the span tree were forgotten to stay within the "
     "bounds."},
    {kEvictedScope, "evicted_scope", kDataLoss, kEngine,
     "The oldest unfinished trace was settled early to stay within the "
     "bounds."},
    {kEvictedAnnotation, "evicted_annotation", kDataLoss, kEngine,
     "An annotation found no LLM span in time and was dropped."},
    {kUnreadableSpan, "unreadable_span", kWarning, kReader,
     "A span could not be read; it passes through unchanged and unlinked."},
    {kUnreadableContent, "unreadable_content", kWarning, kReader,
     "The messages of a span are not in the form that its dialect promises."},
    {kContentMissing, "content_missing", kWarning, kReader,
     "An LLM span says that it chose a tool but does not say which: content "
     "capture is off."},
    {kContentTruncated, "content_truncated", kWarning, kReader,
     "Arguments or messages were cut by an attribute limit; what is left was "
     "not used for matching."},
    {kDuplicateSpan, "duplicate_span", kInfo, kReader,
     "The same span id occurs twice in one trace; both spans pass through and "
     "count as one."},
    {kLateSpan, "late_span", kWarning, kReader,
     "A span came after its trace had been settled; links between it and the "
     "spans before it may be missing: the linger is too short."},
    {kRootLinked, "root_linked", kWarning, kTrace,
     "A span without a parent got a link into its own trace; Jaeger takes the "
     "first such link for the span's parent."},
    {kListenerFailed, "listener_failed", kWarning, kHost,
     "A listener on the dispatcher threw; the others still ran."},
}};

}  // namespace

const DiagnosticInfo& Describe(DiagnosticId id) {
  const DiagnosticInfo& info = kCatalogue[static_cast<size_t>(id)];
  assert(info.id == id);
  return info;
}

std::optional<DiagnosticId> ParseDiagnosticId(std::string_view name) {
  for (const DiagnosticInfo& info : kCatalogue) {
    if (info.name == name) return info.id;
  }
  return std::nullopt;
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case kInfo:
      return "info";
    case kWarning:
      return "warning";
    case kDataLoss:
      return "data_loss";
  }
  return "";
}

}  // namespace spanlink
