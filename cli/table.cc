#include "spanlink/cli/table.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "spanlink/viewer/printable.h"

namespace spanlink::cli {
namespace {

constexpr size_t kMaxInlineName = 40;
constexpr size_t kIndent = 4;
constexpr size_t kGap = 2;

// Columns that give way on a narrow terminal. The first three hold spans: a
// name and a short id.
enum Column : size_t { kTool, kChooser, kUser, kSpanColumns };
constexpr size_t kCall = kSpanColumns;
using Widths = std::array<size_t, kSpanColumns + 1>;
constexpr Widths kMaxWidths = {40, 40, 40, 24};
constexpr Widths kMinWidths = {9, 9, 9, 8};
constexpr size_t kFairName = 16;

struct SpanCell {
  std::string name;
  std::string id;
};

struct Row {
  std::array<SpanCell, kSpanColumns> spans;
  std::string call;  // the provider's id of the call, where it gave one
  std::string evidence;
  Evidence grade = Evidence::kToolCallId;
  bool chosen = false;
};

struct AgentGroup {
  std::string_view agent;
  std::vector<const SpanSummary*> executions;
};

// What the name alone does not say of an execution.
std::string MarkOf(const SpanSummary& span, const SpanLink* choice) {
  std::string mark;
  if (span.outcome == Outcome::kFailed) mark += ", failed";
  if (span.outcome == Outcome::kNotExecuted) mark += ", did not run";
  if (choice != nullptr && choice->attempt > 1) {
    mark += absl::StrFormat(", attempt %u", choice->attempt);
  }
  return mark.empty() ? mark : " (" + mark.substr(2) + ")";
}

// Ids of calls differ in their ends: where there is no room, their beginning
// goes. Ids that are no plain ASCII are cut like names.
std::string CallText(std::string_view id, size_t width) {
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return ' ' < c && c <= '~' && c != '\\';
  });
  if (!plain || id.size() <= width) return Printable(id, width);
  return absl::StrFormat("...%s", id.substr(id.size() - (width - 3)));
}

class TableRenderer {
 public:
  TableRenderer(const TraceView& view, const Terminal& terminal,
                const TextSink& write)
      : view_(view),
        spans_(view.spans),
        links_(view.links),
        terminal_(terminal),
        style_(terminal.colours),
        write_(write) {}

  void Render(std::span<const std::string> files) {
    std::vector<Spans> by_file(std::max<size_t>(files.size(), 1));
    for (const SpanSummary& span : view_.spans) {
      by_file[span.file].push_back(&span);
    }
    for (size_t file = 0; file < by_file.size(); ++file) {
      if (files.size() > 1) {
        write_(style_.Strong("== " + Printable(files[file], 200) + " ==") +
               "\n\n");
      }
      RenderTraces(by_file[file]);
    }
  }

 private:
  using Spans = std::vector<const SpanSummary*>;

  void RenderTraces(const Spans& spans) {
    Spans trace;
    for (const SpanSummary* span : spans) {
      const bool begins = !trace.empty() &&
                          trace[0]->context.trace_id != span->context.trace_id;
      if (begins) RenderTrace(std::exchange(trace, {}));
      trace.push_back(span);
    }
    if (!trace.empty()) RenderTrace(trace);
  }

  void RenderTrace(const Spans& trace) {
    const std::vector<AgentGroup> groups = GroupByAgent(trace);
    const std::string guardrails = GuardrailLines(trace);
    if (groups.empty() && guardrails.empty()) return;
    write_(absl::StrFormat(
        "%s  %u %s\n",
        style_.Strong("trace " + Printable(trace[0]->trace_id_text, 64)),
        trace.size(), trace.size() == 1 ? "span" : "spans"));
    const Widths widths = Fit(Measure(groups));
    for (const AgentGroup& group : groups) RenderGroup(group, widths);
    if (!guardrails.empty()) {
      write_("\n  " + style_.Strong("guardrails") + "\n" + guardrails);
    }
    write_("\n");
  }

  std::vector<AgentGroup> GroupByAgent(const Spans& trace) {
    std::vector<AgentGroup> groups;
    absl::flat_hash_map<std::string_view, size_t> places;
    for (const SpanSummary* span : trace) {
      if (!IsExecution(*span)) continue;
      const auto [at, is_new] = places.try_emplace(span->agent, groups.size());
      if (is_new) groups.push_back({span->agent, {}});
      groups[at->second].executions.push_back(span);
    }
    return groups;
  }

  // Returns one row, and one more for each further user of the result. A result
  // link says its evidence where it is not that of the choice.
  std::vector<Row> RowsOf(const SpanSummary& span, const Widths& widths) {
    const SpanLink* choice = nullptr;
    for (const SpanLink* link : links_.Into(span.context)) {
      if (IsChoice(link->kind)) choice = link;
    }
    std::vector<Row> rows(1);
    rows[0].spans[kTool] = CellOf(span, MarkOf(span, choice), widths[kTool]);
    if (choice != nullptr) {
      rows[0].chosen = true;
      rows[0].grade = choice->evidence;
      rows[0].evidence = EvidenceName(choice->evidence);
      if (widths[kCall] > 0) {
        rows[0].call = CallText(choice->tool_call_id, widths[kCall]);
      }
      rows[0].spans[kChooser] = CellAt(choice->producer, "", widths[kChooser]);
    }
    size_t users = 0;
    for (const SpanLink* link : links_.From(span.context)) {
      if (!IsResult(link->kind)) continue;
      if (users++ > 0) rows.emplace_back();
      const bool same = choice != nullptr && choice->evidence == link->evidence;
      const std::string mark =
          same ? "" : absl::StrFormat(" (%s)", EvidenceName(link->evidence));
      rows.back().spans[kUser] = CellAt(link->consumer, mark, widths[kUser]);
    }
    return rows;
  }

  SpanCell CellOf(const SpanSummary& span, const std::string& mark,
                  size_t width) {
    const size_t room =
        std::max(width, mark.size() + kMinWidths[kTool]) - mark.size();
    return {Printable(NameOf(span), room) + mark, spans_.ShortId(span)};
  }

  SpanCell CellAt(const SpanContext& context, const std::string& mark,
                  size_t width) {
    const SpanSummary* span = spans_.Find(context);
    if (span == nullptr) return {"(not in this file)", context.span_id.ToHex()};
    return CellOf(*span, mark, width);
  }

  // Returns the widths that nothing needs to be cut for, up to `kMaxWidths`.
  // Where no call has an id, their column is 0 wide and not shown.
  Widths Measure(const std::vector<AgentGroup>& groups) {
    Widths widths = kMinWidths;
    widths[kCall] = 0;
    id_width_ = 0;
    evidence_width_ = std::string_view("evidence").size();
    for (const AgentGroup& group : groups) {
      for (const SpanSummary* span : group.executions) {
        for (const Row& row : RowsOf(*span, kMaxWidths)) Grow(row, widths);
      }
    }
    return widths;
  }

  void Grow(const Row& row, Widths& widths) {
    evidence_width_ = std::max(evidence_width_, row.evidence.size());
    widths[kCall] = std::max(widths[kCall], Columns(row.call));
    for (size_t i = 0; i < kSpanColumns; ++i) {
      widths[i] = std::max(widths[i], Columns(row.spans[i].name));
      id_width_ = std::max(id_width_, Columns(row.spans[i].id));
    }
  }

  // Takes columns from the widest until a line fits the terminal. Where the
  // ids of calls would leave too little for names, they go altogether.
  Widths Fit(Widths widths) const {
    if (terminal_.columns == 0) return widths;
    const size_t fixed =
        kIndent + kSpanColumns * (1 + id_width_) + 4 * kGap + evidence_width_;
    const size_t for_names = kSpanColumns * kFairName;
    if (fixed + widths[kCall] + for_names > terminal_.columns) {
      widths[kCall] = 0;
    }
    while (fixed + Sum(widths) > terminal_.columns) {
      size_t widest = 0;
      for (size_t i = 1; i < widths.size(); ++i) {
        if (Spare(widths, i) > Spare(widths, widest)) widest = i;
      }
      if (Spare(widths, widest) == 0) break;
      --widths[widest];
    }
    return widths;
  }

  static size_t Sum(const Widths& widths) {
    return std::accumulate(widths.begin(), widths.end(), size_t{0});
  }

  static size_t Spare(const Widths& widths, size_t column) {
    return std::max(widths[column], kMinWidths[column]) - kMinWidths[column];
  }

  void RenderGroup(const AgentGroup& group, const Widths& widths) {
    const std::string agent = group.agent.empty()
                                  ? "no agent"
                                  : "agent " + Printable(group.agent, 60);
    write_("\n  " + style_.Strong(agent) + "\n");
    const std::string gap(kGap, ' ');
    write_(style_.Faint(std::string(kIndent, ' ') +
                        PadTo("tool", widths[kTool] + 1 + id_width_) + gap +
                        PadTo("chosen by", widths[kChooser] + 1 + id_width_) +
                        gap + CallCell("call", widths) +
                        PadTo("evidence", evidence_width_) + gap +
                        "result used by") +
           "\n");
    for (const SpanSummary* span : group.executions) {
      const std::vector<Row> rows = RowsOf(*span, widths);
      for (const Row& row : rows) RenderRow(row, &row == &rows[0], widths);
    }
  }

  void RenderRow(const Row& row, bool first, const Widths& widths) {
    const std::string gap(kGap, ' ');
    const std::string none = first ? "-" : "";
    std::string evidence =
        PadTo(row.chosen ? row.evidence : none, evidence_width_);
    if (row.chosen) evidence = StyledEvidence(evidence, row.grade);
    std::string line = std::string(kIndent, ' ') +
                       StyledCell(row.spans[kTool], widths[kTool], "") + gap +
                       StyledCell(row.spans[kChooser], widths[kChooser], none) +
                       gap + CallCell(row.call, widths) + evidence + gap +
                       StyledCell(row.spans[kUser], widths[kUser], none);
    line.erase(line.find_last_not_of(' ') + 1);
    write_(line + "\n");
  }

  static std::string CallCell(const std::string& text, const Widths& widths) {
    if (widths[kCall] == 0) return "";
    return PadTo(text, widths[kCall]) + std::string(kGap, ' ');
  }

  std::string StyledCell(const SpanCell& cell, size_t width,
                         const std::string& none) {
    if (cell.name.empty()) return PadTo(none, width + 1 + id_width_);
    return PadTo(cell.name, width) + " " +
           style_.Faint(PadTo(cell.id, id_width_));
  }

  std::string StyledEvidence(const std::string& text, Evidence grade) const {
    return grade < Evidence::kHandoffRemaining ? style_.Good(text)
                                               : style_.Doubtful(text);
  }

  std::string GuardrailLines(const Spans& trace) {
    std::string lines;
    for (const SpanSummary* span : trace) {
      if (span->kind == SpanKind::kGuardrail) lines += GuardrailLine(*span);
    }
    return lines;
  }

  std::string GuardrailLine(const SpanSummary& span) {
    std::string line = "    " + Printable(NameOf(span), kMaxInlineName) + " " +
                       style_.Faint(spans_.ShortId(span));
    for (const SpanLink* link : links_.From(span.context)) {
      if (link->kind != LinkKind::kInputGuardrail) continue;
      line += "  checked the input of  " + Inline(link->consumer);
    }
    for (const SpanLink* link : links_.Into(span.context)) {
      if (link->kind != LinkKind::kOutputGuardrail) continue;
      line += "  checked the answer of  " + Inline(link->producer);
    }
    return line + "\n";
  }

  std::string Inline(const SpanContext& context) {
    const SpanCell cell = CellAt(context, "", kMaxInlineName);
    return cell.name + " " + style_.Faint(cell.id);
  }

  const TraceView& view_;
  const SpanIndex spans_;
  const LinkIndex links_;
  const Terminal terminal_;
  const Style style_;
  const TextSink& write_;
  // Of the trace that is being rendered.
  size_t id_width_ = 0;
  size_t evidence_width_ = 0;
};

}  // namespace

void RenderTable(const TraceView& view, const Terminal& terminal,
                 std::span<const std::string> files, const TextSink& write) {
  TableRenderer(view, terminal, write).Render(files);
}

}  // namespace spanlink::cli
