#include "spanlink/viewer/explain.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "spanlink/viewer/capture_advice.h"

namespace spanlink {
namespace {

struct Reason {
  std::string_view code;
  std::string why;
  std::string what_to_do;
};

// What a trace has to match an execution with.
struct TraceFacts {
  size_t llm_spans = 0;
  size_t choices = 0;
  const SpanSummary* without_content = nullptr;  // the first such LLM span
  size_t without_content_count = 0;
  std::optional<Time> first_choice;  // start of the first answer with a call
  std::optional<Time> last_llm;      // start of the last LLM span
};

class Explainer {
 public:
  Explainer(const TraceView& view, std::span<const SpanLink> all_links)
      : view_(view), links_(view.links), all_links_(all_links) {
    for (const DiagnosticEvent& event : view.events) Keep(event);
  }

  std::vector<Explanation> Run() && {
    bool recognised = false;
    for (const std::span<const SpanSummary> trace : ByTrace(view_.spans)) {
      const TraceFacts facts = FactsOf(trace);
      for (const SpanSummary& span : trace) {
        recognised = recognised || span.kind != SpanKind::kOther;
        ExplainSpan(span, facts);
      }
    }
    if (!recognised) Add(NothingRecognised(), nullptr);
    return std::move(explanations_);
  }

 private:
  void Keep(const DiagnosticEvent& event) {
    switch (event.id) {
      case DiagnosticId::kExecutionNested:
        nested_.insert(event.span);
        break;
      case DiagnosticId::kContentTruncated:
        cut_.insert(event.span);
        break;
      case DiagnosticId::kContentMissing:
        silent_.insert(event.span);
        break;
      case DiagnosticId::kUnreadableContent:
        unreadable_.insert(event.span);
        break;
      case DiagnosticId::kCallNeverExecuted:
        not_executed_.insert(event.span);
        break;
      default:
        break;
    }
  }

  bool LacksContent(const SpanSummary& span) const {
    return span.content_missing || silent_.contains(span.context);
  }

  TraceFacts FactsOf(std::span<const SpanSummary> trace) const {
    TraceFacts facts;
    for (const SpanSummary& span : trace) {
      if (span.kind != SpanKind::kLlm) continue;
      ++facts.llm_spans;
      facts.choices += span.choices;
      facts.last_llm = std::max(facts.last_llm, span.start);
      if (LacksContent(span) && facts.without_content_count++ == 0) {
        facts.without_content = &span;
      }
      if (span.choices > 0 && !facts.first_choice) {
        facts.first_choice = span.start;
      }
    }
    return facts;
  }

  void ExplainSpan(const SpanSummary& span, const TraceFacts& facts) {
    if (span.kind == SpanKind::kLlm) {
      if (unreadable_.contains(span.context)) Add(Unreadable(), &span);
      if (LacksContent(span)) Add(ContentMissing(span), &span);
      if (not_executed_.contains(span.context)) Add(NoToolSpan(), &span);
      return;
    }
    if (!IsExecution(span)) return;
    if (!HasChoice(span, links_)) {
      Add(WhyNotChosen(span, facts), &span);
    } else if (!HasUse(span, links_) && span.outcome == Outcome::kOk) {
      AddWhyNotUsed(span, facts);
    }
  }

  static bool HasChoice(const SpanSummary& span, const LinkIndex& links) {
    return FindChoice(span, links) != nullptr;
  }

  static const SpanLink* FindChoice(const SpanSummary& span,
                                    const LinkIndex& links) {
    for (const SpanLink* link : links.Into(span.context)) {
      if (IsChoice(link->kind)) return link;
    }
    return nullptr;
  }

  static const SpanLink* FindUse(const SpanSummary& span,
                                 const LinkIndex& links) {
    for (const SpanLink* link : links.From(span.context)) {
      if (IsResult(link->kind)) return link;
    }
    return nullptr;
  }

  static bool HasUse(const SpanSummary& span, const LinkIndex& links) {
    return FindUse(span, links) != nullptr;
  }

  // The first reason that holds, from the most certain to the most general.
  Reason WhyNotChosen(const SpanSummary& span, const TraceFacts& facts) const {
    if (const SpanLink* weak = FindChoice(span, all_links_)) {
      return TooWeak(*weak);
    }
    if (nested_.contains(span.context)) return Nested();
    if (facts.llm_spans == 0) return NoLlmSpan();
    if (facts.choices == 0 && facts.without_content != nullptr) {
      return AnswersNotCaptured(*facts.without_content);
    }
    if (facts.choices == 0) return NoChoices();
    if (span.start && facts.first_choice && *span.start < *facts.first_choice) {
      return BeforeAnyChoice();
    }
    if (cut_.contains(span.context)) return ArgumentsCut();
    if (!span.has_arguments && !span.has_tool_call_id &&
        span.kind == SpanKind::kTool) {
      return NothingToMatch(span);
    }
    return NoOpenCall(facts);
  }

  void AddWhyNotUsed(const SpanSummary& span, const TraceFacts& facts) {
    if (const SpanLink* weak = FindUse(span, all_links_)) {
      Add(ResultTooWeak(*weak), &span);
      return;
    }
    const std::optional<Time> ended = span.end ? span.end : span.start;
    if (!ended || !facts.last_llm || *facts.last_llm < *ended) return;
    Add({"result_not_seen", "A tool's result is in no later LLM span's input.",
         "Nothing, if the run ended there or its history was cut. Otherwise "
         "the instrumentation does not record tool results among the input "
         "messages, or without their tool call ids."},
        &span);
  }

  static Reason TooWeak(const SpanLink& weak) {
    return {"link_too_weak",
            absl::StrFormat("There is a link, but its evidence is only `%s`, "
                            "weaker than --min-evidence.",
                            EvidenceName(weak.evidence)),
            absl::StrFormat("`--min-evidence %s` shows it. It becomes exact "
                            "when the tool span carries the id of its call "
                            "(gen_ai.tool.call.id) or its arguments.",
                            EvidenceName(weak.evidence))};
  }

  static Reason ResultTooWeak(const SpanLink& weak) {
    return {"result_link_too_weak",
            absl::StrFormat("The result's use is known, but by `%s` only, "
                            "weaker than --min-evidence.",
                            EvidenceName(weak.evidence)),
            absl::StrFormat("`--min-evidence %s` shows it.",
                            EvidenceName(weak.evidence))};
  }

  static Reason Nested() {
    return {"execution_nested",
            "It lies inside another span of the same call, which carries the "
            "link.",
            "Nothing: this is right."};
  }

  static Reason NoLlmSpan() {
    return {"no_llm_span", "There is no LLM span in its trace.",
            "Instrument the LLM client too, in the same trace. If its spans "
            "are in another file, link both at once: spanlink link A B"};
  }

  static Reason AnswersNotCaptured(const SpanSummary& llm) {
    return {"answers_not_captured",
            "No LLM span of its trace says what it answered, so nothing says "
            "who chose the tool.",
            std::string(CaptureAdvice(llm.dialect, llm.scope))};
  }

  static Reason NoChoices() {
    return {"no_choices",
            "The LLM spans of its trace have messages, but no answer among "
            "them calls a tool.",
            "Nothing, if the program called the tool by itself. Otherwise the "
            "instrumentation records text only: look for a version that "
            "records tool calls."};
  }

  static Reason BeforeAnyChoice() {
    return {"before_any_choice",
            "It started before the first answer of its trace that calls a "
            "tool.",
            "Nothing, if the program called the tool by itself. Otherwise the "
            "clocks of the two differ, or the answer's span is missing."};
  }

  static Reason ArgumentsCut() {
    return {"arguments_cut",
            "Its arguments were cut by an attribute limit and no call is left "
            "that has its name.",
            "Raise OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT, or record the id of "
            "the call (gen_ai.tool.call.id)."};
  }

  static Reason NothingToMatch(const SpanSummary& span) {
    return {"nothing_to_match",
            "It has neither the id of its call nor arguments, and no call is "
            "left that has its name.",
            absl::StrFormat("Record gen_ai.tool.call.id or the arguments on "
                            "tool spans. %s",
                            CaptureAdvice(span.dialect, span.scope))};
  }

  static Reason NoOpenCall(const TraceFacts& facts) {
    std::string hint =
        "Nothing, if the program called the tool by itself or ran it again. "
        "Otherwise compare the tool's name on the span with the one that the "
        "model was offered.";
    if (facts.without_content_count > 0) {
      hint += absl::StrFormat(
          " %u of %u LLM spans of the trace do not say what they answered; "
          "the call may be in one of them. %s",
          facts.without_content_count, facts.llm_spans,
          CaptureAdvice(facts.without_content->dialect,
                        facts.without_content->scope));
    }
    return {"no_open_call",
            "No answer before it has a call left that fits: each has another "
            "name, another id, another agent, or was run already.",
            std::move(hint)};
  }

  static Reason ContentMissing(const SpanSummary& span) {
    return {"content_missing",
            "An LLM span does not say what it read and answered.",
            std::string(CaptureAdvice(span.dialect, span.scope))};
  }

  static Reason Unreadable() {
    return {"unreadable_content",
            "An LLM span's messages are not in the form that its dialect "
            "promises.",
            "Look whether an attribute limit cut them "
            "(OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT), else report the "
            "instrumentation and its version."};
  }

  static Reason NoToolSpan() {
    return {"no_tool_span",
            "Its answer calls a tool, and no span shows that the tool ran.",
            "Nothing, if it did not run: a structured answer, a tool of the "
            "provider, a run that ended. Otherwise instrument the program that "
            "runs the tools, in the same trace."};
  }

  static Reason NothingRecognised() {
    return {"nothing_recognised",
            "No span in this file is one of an LLM, a tool, an agent or a "
            "guardrail.",
            "`spanlink dialects` lists the instrumentations that are "
            "understood."};
  }

  void Add(Reason reason, const SpanSummary* span) {
    const auto [at, is_new] = places_.try_emplace(
        absl::StrFormat("%s\n%s", reason.why, reason.what_to_do),
        explanations_.size());
    if (is_new) {
      explanations_.push_back({reason.code,
                               std::move(reason.why),
                               std::move(reason.what_to_do),
                               {}});
    }
    if (span != nullptr) explanations_[at->second].spans.push_back(span);
  }

  const TraceView& view_;
  const LinkIndex links_;
  const LinkIndex all_links_;
  absl::flat_hash_set<SpanContext> nested_;
  absl::flat_hash_set<SpanContext> cut_;
  absl::flat_hash_set<SpanContext> silent_;
  absl::flat_hash_set<SpanContext> unreadable_;
  absl::flat_hash_set<SpanContext> not_executed_;
  absl::flat_hash_map<std::string, size_t> places_;
  std::vector<Explanation> explanations_;
};

}  // namespace

std::vector<Explanation> Explain(const TraceView& view,
                                 std::span<const SpanLink> all_links) {
  return Explainer(view, all_links).Run();
}

}  // namespace spanlink
