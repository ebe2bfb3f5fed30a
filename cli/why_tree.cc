#include "spanlink/cli/why_tree.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "spanlink/viewer/printable.h"

namespace spanlink::cli {
namespace {

constexpr size_t kMaxName = 60;
// Deeper lines are not indented further but numbered.
constexpr size_t kMaxIndent = 24;

// One step back: how the span below came to `cause`.
struct Cause {
  std::string_view phrase;
  std::string evidence;
  const SpanSummary* span;  // nullptr: not in this file
  SpanContext context;
  size_t depth;
};

std::string_view PhraseOf(LinkKind kind) {
  switch (kind) {
    case LinkKind::kToolChoice:
    case LinkKind::kHandoffChoice:
      return "was chosen by";
    case LinkKind::kToolResult:
      return "read the result of";
    case LinkKind::kHandoffResult:
      return "took over after";
    case LinkKind::kInputGuardrail:
      return "was checked before by";
    case LinkKind::kOutputGuardrail:
      return "checked the answer of";
  }
  return "";
}

std::string_view WordOf(const SpanSummary& span) {
  switch (span.kind) {
    case SpanKind::kAgent:
      return "agent ";
    case SpanKind::kLlm:
      return "LLM ";
    case SpanKind::kTool:
      return "tool ";
    case SpanKind::kHandoff:
      return "";  // its name says it
    case SpanKind::kGuardrail:
      return "guardrail ";
    case SpanKind::kOther:
      break;
  }
  return "span ";
}

class WhyRenderer {
 public:
  WhyRenderer(const TraceView& view, const Style& style, const TextSink& write)
      : view_(view),
        spans_(view.spans),
        links_(view.links),
        style_(style),
        write_(write) {
    FindToolsAround();
  }

  void Render(const SpanSummary& target) {
    write_(Describe(target) + "\n");
    shown_.insert(target.context);
    std::vector<Cause> pending = CausesOf(target, 1);
    if (pending.empty()) {
      write_(
          "  Nothing in this trace is known to have led to it. `spanlink "
          "link --explain` says which links are missing and why.\n");
    }
    std::reverse(pending.begin(), pending.end());
    while (!pending.empty()) {
      const Cause cause = pending.back();
      pending.pop_back();
      RenderCause(cause, pending);
    }
  }

 private:
  using ChildrenMap =
      absl::flat_hash_map<SpanContext, std::vector<const SpanSummary*>>;

  void RenderCause(const Cause& cause, std::vector<Cause>& pending) {
    const bool is_new = shown_.insert(cause.context).second;
    const bool has_more = cause.span != nullptr && HasCauses(*cause.span);
    write_(absl::StrFormat("%s%s %s  %s%s\n", Indent(cause.depth), cause.phrase,
                           cause.span == nullptr
                               ? "a span that is not in this file"
                               : Describe(*cause.span),
                           style_.Faint("by " + cause.evidence),
                           !is_new && has_more ? "  (see above)" : ""));
    if (!is_new || cause.span == nullptr) return;
    std::vector<Cause> next = CausesOf(*cause.span, cause.depth + 1);
    pending.insert(pending.end(), next.rbegin(), next.rend());
  }

  static std::string Indent(size_t depth) {
    if (depth <= kMaxIndent) return std::string(2 * depth, ' ');
    return absl::StrFormat("%s[%u] ", std::string(2 * kMaxIndent, ' '), depth);
  }

  std::string Describe(const SpanSummary& span) const {
    std::string text =
        absl::StrFormat("%s%s %s", WordOf(span),
                        style_.Strong(Printable(NameOf(span), kMaxName)),
                        style_.Faint(spans_.ShortId(span)));
    if (span.outcome == Outcome::kFailed) text += " (failed)";
    if (span.outcome == Outcome::kNotExecuted) text += " (did not run)";
    if (!span.agent.empty() && span.kind == SpanKind::kLlm) {
      text += " of " + Printable(span.agent, kMaxName);
    }
    return text;
  }

  bool HasCauses(const SpanSummary& span) { return !CausesOf(span, 0).empty(); }

  std::vector<Cause> CausesOf(const SpanSummary& span, size_t depth) {
    std::vector<Cause> causes;
    for (const SpanLink* link : links_.Into(span.context)) {
      causes.push_back({PhraseOf(link->kind),
                        std::string(EvidenceName(link->evidence)),
                        spans_.Find(link->producer), link->producer, depth});
    }
    const SpanSummary* step = nullptr;
    std::string_view phrase;
    if (span.kind == SpanKind::kTool) {
      const auto inside = last_inside_.find(span.context);
      step = inside == last_inside_.end() ? nullptr : inside->second;
      phrase = "had inside it";
    } else if (span.kind == SpanKind::kLlm && causes.empty()) {
      step = ToolAround(span);
      phrase = "ran inside";
    } else if (span.kind == SpanKind::kAgent || span.kind == SpanKind::kOther) {
      step = LastAnswerBelow(span);
      phrase = "ended with";
    }
    SortByStart(causes);
    if (step != nullptr) {
      causes.push_back({phrase, "the span tree", step, step->context, depth});
    }
    return causes;
  }

  // As things happened; what is not in this file comes first.
  static void SortByStart(std::vector<Cause>& causes) {
    const auto start = [](const Cause& cause) {
      return cause.span == nullptr ? std::nullopt : cause.span->start;
    };
    std::stable_sort(
        causes.begin(), causes.end(),
        [&](const Cause& a, const Cause& b) { return start(a) < start(b); });
  }

  const SpanSummary* ParentOf(const SpanSummary& span) const {
    if (!span.parent || span.parent->is_zero()) return nullptr;
    return spans_.Find({span.context.trace_id, *span.parent});
  }

  // Returns the nearest tool span above, nullptr if there is none.
  const SpanSummary* ToolAround(const SpanSummary& span) const {
    const auto at = tool_around_.find(span.context);
    return at == tool_around_.end() ? nullptr : at->second;
  }

  // Walks up from every LLM span until a tool, or a span of which the tool is
  // known. Each span is walked over once; a cycle of parents ends at a span of
  // the same walk, which has no tool yet.
  void FindToolsAround() {
    std::vector<const SpanSummary*> path;
    for (const SpanSummary& span : view_.spans) {
      if (span.kind != SpanKind::kLlm) continue;
      const SpanSummary* tool = nullptr;
      const SpanSummary* at = &span;
      for (path.clear(); at != nullptr; at = ParentOf(*at)) {
        const auto [known, is_new] =
            tool_around_.try_emplace(at->context, nullptr);
        tool = known->second;
        if (!is_new) break;
        path.push_back(at);
        const SpanSummary* parent = ParentOf(*at);
        if (parent == nullptr || parent->kind != SpanKind::kTool) continue;
        tool = parent;
        break;
      }
      for (const SpanSummary* below : path) tool_around_[below->context] = tool;
      if (tool != nullptr) KeepLastInside(*tool, span);
    }
  }

  void KeepLastInside(const SpanSummary& tool, const SpanSummary& llm) {
    const SpanSummary*& last = last_inside_[tool.context];
    if (last == nullptr || last->end < llm.end) last = &llm;
  }

  // Returns the LLM span below that ended last, nullptr if there is none.
  const SpanSummary* LastAnswerBelow(const SpanSummary& span) const {
    const ChildrenMap children = Children();
    const SpanSummary* last = nullptr;
    absl::flat_hash_set<SpanContext> seen = {span.context};
    std::vector<const SpanSummary*> pending = {&span};
    while (!pending.empty()) {
      const SpanSummary* at = pending.back();
      pending.pop_back();
      if (at->kind == SpanKind::kLlm && (!last || last->end < at->end)) {
        last = at;
      }
      const auto below = children.find(at->context);
      if (below == children.end()) continue;
      for (const SpanSummary* child : below->second) {
        if (seen.insert(child->context).second) pending.push_back(child);
      }
    }
    return last;
  }

  ChildrenMap Children() const {
    ChildrenMap children;
    for (const SpanSummary& span : view_.spans) {
      if (!span.parent) continue;
      children[{span.context.trace_id, *span.parent}].push_back(&span);
    }
    return children;
  }

  const TraceView& view_;
  const SpanIndex spans_;
  const LinkIndex links_;
  const Style& style_;
  const TextSink& write_;
  absl::flat_hash_set<SpanContext> shown_;
  // The nearest tool span above LLM spans and what is between, null for none.
  absl::flat_hash_map<SpanContext, const SpanSummary*> tool_around_;
  // The last LLM span that runs inside each tool span.
  absl::flat_hash_map<SpanContext, const SpanSummary*> last_inside_;
};

}  // namespace

void RenderWhy(const TraceView& view, const SpanSummary& target,
               const Style& style, const TextSink& write) {
  WhyRenderer(view, style, write).Render(target);
}

}  // namespace spanlink::cli
