#include "spanlink/cli/table.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/cli/summary.h"
#include "spanlink/tests/view_builder.h"

namespace spanlink::cli {
namespace {

using ::spanlink::testing::Rendered;
using ::spanlink::testing::ViewBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Table(const ViewBuilder& builder, Terminal terminal = {}) {
  Rendered rendered;
  RenderTable(builder.View(), terminal, {}, rendered.sink());
  return rendered.text();
}

// Two agents, a handoff, a failed attempt and an unlinked span.
ViewBuilder TwoAgents() {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat gpt-4o").agent = "Triage";
  b.Add("b1", SpanKind::kTool, "execute_tool").agent = "Triage";
  b.spans().back().tool_name = "get_weather";
  b.spans().back().outcome = Outcome::kFailed;
  b.Add("b2", SpanKind::kTool, "get_weather").agent = "Triage";
  b.Add("a2", SpanKind::kLlm, "chat gpt-4o").agent = "Triage";
  b.Add("c1", SpanKind::kHandoff, "transfer_to_refunds").agent = "Triage";
  b.spans().back().tool_name = "Refunds";
  b.Add("a3", SpanKind::kLlm, "chat o3").agent = "Refunds";
  b.Add("b3", SpanKind::kTool, "lookup").agent = "Refunds";
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kArguments);
  b.Link("b2", "a1", LinkKind::kToolChoice, Evidence::kArguments).attempt = 2;
  b.links().back().tool_call_id = "call_1";
  b.Link("a2", "b2", LinkKind::kToolResult, Evidence::kArguments);
  b.Link("c1", "a2", LinkKind::kHandoffChoice, Evidence::kHandoff);
  b.Link("a3", "c1", LinkKind::kHandoffResult, Evidence::kHandoff);
  return b;
}

TEST(TableTest, GroupsByAgentInOrderOfTime) {
  EXPECT_EQ(Table(TwoAgents()),
            R"(trace 0af7651916cd43dd8448eb211c80319c  7 spans

  agent Triage
    tool                            chosen by           call    evidence   result used by
    get_weather (failed)    b10000  chat gpt-4o a10000          arguments  -
    get_weather (attempt 2) b20000  chat gpt-4o a10000  call_1  arguments  chat gpt-4o a20000
    handoff to Refunds      c10000  chat gpt-4o a20000          handoff    chat o3     a30000

  agent Refunds
    tool                            chosen by           call    evidence   result used by
    lookup                  b30000  -                           -          -

)");
}

TEST(TableTest, EveryUserOfAResultHasALine) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "f");
  b.Add("a1", SpanKind::kLlm, "chat one");
  b.Add("a2", SpanKind::kLlm, "chat two");
  b.Link("a1", "b1", LinkKind::kToolResult, Evidence::kToolCallId);
  b.Link("a2", "b1", LinkKind::kToolResult, Evidence::kOrder);
  const std::string table = Table(b);
  EXPECT_THAT(table, HasSubstr("chat one (tool_call_id) a10000\n"));
  EXPECT_THAT(table, HasSubstr("chat two (order)        a20000\n"));
}

TEST(TableTest, LongCallIdsKeepTheirEnds) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "f");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName).tool_call_id =
      "call_" + std::string(100, 'x') + "_last";
  EXPECT_THAT(Table(b), HasSubstr("  ...xxxxxxxxxxxxxxxx_last  name "));
}

TEST(TableTest, HostileCallIdsAreEscaped) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "f");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName).tool_call_id =
      "call\x1b[2J" + std::string(100, 'x');
  EXPECT_THAT(Table(b), HasSubstr("  call\\x1b[2Jxxxxxxxxxx...  name "));
}

TEST(TableTest, GuardrailsSayWhatTheyChecked) {
  ViewBuilder b;
  b.Add("d1", SpanKind::kGuardrail, "Topic");
  b.Add("a1", SpanKind::kLlm, "chat");
  b.Add("d2", SpanKind::kGuardrail, "Tone");
  b.Link("a1", "d1", LinkKind::kInputGuardrail, Evidence::kStructure);
  b.Link("d2", "a1", LinkKind::kOutputGuardrail, Evidence::kStructure);
  EXPECT_THAT(
      Table(b),
      HasSubstr("    Topic d10000  checked the input of  chat a10000\n"
                "    Tone d20000  checked the answer of  chat a10000\n"));
}

TEST(TableTest, TracesWithoutToolsHaveNoBlock) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat");
  EXPECT_EQ(Table(b), "");
}

TEST(TableTest, EqualSpanIdsOfTwoTracesStayApart) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "first");
  b.Add("b1", SpanKind::kTool, "f");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  b.NextTrace();
  b.Add("a1", SpanKind::kLlm, "second");
  b.Add("b1", SpanKind::kTool, "g");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  const std::string table = Table(b);
  EXPECT_THAT(table, HasSubstr("f         b10000  first     a10000"));
  EXPECT_THAT(table, HasSubstr("g         b10000  second    a10000"));
}

TEST(TableTest, ShortIdsGrowUntilTheyAreUnique) {
  ViewBuilder b;
  b.Add("abcdef12", SpanKind::kTool, "f");
  b.Add("abcdef13", SpanKind::kTool, "g");
  EXPECT_THAT(Table(b), HasSubstr("abcdef12"));
}

TEST(TableTest, HostileNamesCannotReachTheTerminal) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat\n\x1b]0;owned\x07");
  b.Add("b1", SpanKind::kTool, std::string(1 << 20, 'x')).agent =
      "agent\u202e\x1b[2J";
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  const std::string table = Table(b);
  EXPECT_LT(table.size(), 1000u);
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(table, Not(HasSubstr("\u202e")));
  EXPECT_THAT(table, HasSubstr("chat\\n\\x1b]0;owned\\x07"));
}

TEST(TableTest, NarrowTerminalsCutTheWidestColumns) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, std::string(35, 'm'));
  b.Add("b1", SpanKind::kTool, std::string(35, 't'));
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName).tool_call_id =
      "call_1";
  const std::string table = Table(b, {true, false, 80});
  std::string_view rest = table;
  for (size_t end; (end = rest.find('\n')) != std::string_view::npos;) {
    EXPECT_LE(end, 80u) << rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  EXPECT_THAT(table, HasSubstr("ttt..."));
  EXPECT_THAT(table, Not(HasSubstr("call_1")));
  EXPECT_THAT(Table(b, {true, false, 120}), HasSubstr("call_1"));
}

TEST(TableTest, ColoursComeOnlyWhereAskedFor) {
  EXPECT_THAT(Table(TwoAgents(), {true, true, 120}), HasSubstr("\x1b[1m"));
  EXPECT_THAT(Table(TwoAgents(), {true, false, 120}), Not(HasSubstr("\x1b")));
}

TEST(SummaryTest, CountsSpansNotLinks) {
  const ViewBuilder b = TwoAgents();
  const LinkCounts counts = CountLinks(b.View());
  EXPECT_EQ(counts.executions, 4u);
  EXPECT_EQ(counts.chosen, 3u);
  EXPECT_EQ(counts.used, 2u);
  Rendered rendered;
  RenderCounts(counts, rendered.sink());
  EXPECT_EQ(
      rendered.text(),
      "4 tool and handoff spans; linked to the answer that chose them: 3; "
      "results linked to the LLM span that used them: 2.\n"
      "Links: 3 by arguments, 2 by handoff.\n");
}

TEST(SummaryTest, DiagnosticsComeWithTheirSentenceAndWorstFirst) {
  Diagnostics diagnostics;
  diagnostics.Count(DiagnosticId::kIdReused, 3);
  diagnostics.Count(DiagnosticId::kEvictedUse);
  Rendered rendered;
  RenderDiagnostics(diagnostics, Style(false), rendered.sink());
  EXPECT_EQ(
      rendered.text(),
      "\nWhat the data says\n"
      "  data loss      1  The oldest waiting tool results were forgotten "
      "to stay within the bounds. (evicted_use)\n"
      "  note           3  One tool call id stands for several calls; "
      "they are told apart by their place in the trace. (id_reused)\n");
}

TEST(SummaryTest, NothingOddSaysNothing) {
  Rendered rendered;
  RenderDiagnostics(Diagnostics(), Style(false), rendered.sink());
  EXPECT_EQ(rendered.text(), "");
}

}  // namespace
}  // namespace spanlink::cli
