#include "spanlink/viewer/run_graph.h"

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/view_builder.h"
#include "spanlink/viewer/explain.h"

namespace spanlink {
namespace {

using ::spanlink::testing::ViewBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kMs = std::chrono::milliseconds(1);

RunGraph GraphOf(const ViewBuilder& builder) {
  std::vector<RunGraph> graphs = BuildRunGraphs(builder.View(), {});
  EXPECT_THAT(graphs, SizeIs(1));
  return graphs.empty() ? RunGraph() : graphs[0];
}

SpanLink& Choose(ViewBuilder& builder, std::string_view tool,
                 std::string_view llm, std::string_view call_id = "") {
  SpanLink& link =
      builder.Link(tool, llm, LinkKind::kToolChoice, Evidence::kArguments);
  link.tool_name = "search";
  link.tool_call_id = call_id;
  return link;
}

void Use(ViewBuilder& builder, std::string_view llm, std::string_view tool) {
  builder.Link(llm, tool, LinkKind::kToolResult, Evidence::kArguments);
}

// An LLM span "a1" and tools "b1", "b2", … in this order.
ViewBuilder Tools(int count) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat");
  for (int i = 1; i <= count; ++i) {
    b.Add(absl::StrFormat("b%d", i), SpanKind::kTool, "search");
  }
  return b;
}

std::vector<uint32_t> CallsOf(const RunGraph& graph) {
  std::vector<uint32_t> calls;
  for (const GraphLink& link : graph.links) {
    calls.push_back(link.call.value_or(99));
  }
  return calls;
}

std::vector<size_t> CriticalOf(const RunGraph& graph) {
  std::vector<size_t> critical;
  for (size_t i = 0; i < graph.spans.size(); ++i) {
    if (graph.spans[i].critical) critical.push_back(i);
  }
  return critical;
}

TEST(RunGraphTest, TimesCountFromTheStartOfTheTrace) {
  const ViewBuilder b = Tools(1);
  const RunGraph graph = GraphOf(b);
  EXPECT_EQ(graph.spans[0].start, 0 * kMs);
  EXPECT_EQ(graph.spans[1].start, 1000 * kMs);
  EXPECT_EQ(graph.spans[1].end, 1500 * kMs);
  EXPECT_EQ(graph.duration, 1500 * kMs);
}

TEST(RunGraphTest, SpansWithoutTimesHaveNone) {
  ViewBuilder b = Tools(1);
  for (SpanSummary& span : b.spans()) span.start = span.end = std::nullopt;
  const RunGraph graph = GraphOf(b);
  EXPECT_EQ(graph.spans[0].start, std::nullopt);
  EXPECT_EQ(graph.duration, std::nullopt);
}

TEST(RunGraphTest, TimesThatAreTooFarApartAreTheFarthest) {
  ViewBuilder b = Tools(1);
  b.spans()[0].start = Time::min();
  b.spans()[1].end = Time::max();
  EXPECT_EQ(GraphOf(b).duration, Duration::max());
}

TEST(RunGraphTest, LanesAreAgentsInTheOrderOfTheirFirstSpans) {
  ViewBuilder b = Tools(3);
  b.spans()[0].agent = "Desk";
  b.spans()[1].agent = "Planner";
  b.spans()[2].agent = "Desk";
  const RunGraph graph = GraphOf(b);
  EXPECT_THAT(graph.agents, ElementsAre("Desk", "Planner"));
  EXPECT_EQ(graph.spans[1].agent, 1);
  EXPECT_EQ(graph.spans[2].agent, 0);
  EXPECT_EQ(graph.spans[3].agent, std::nullopt);
}

TEST(RunGraphTest, ParentsAreFoundAndCirclesOfThemCut) {
  ViewBuilder b = Tools(4);
  b.spans()[1].parent = ViewBuilder::Id("a1");
  b.spans()[2].parent = ViewBuilder::Id("b3");
  b.spans()[3].parent = ViewBuilder::Id("b2");
  b.spans()[4].parent = ViewBuilder::Id("b4");
  const RunGraph graph = GraphOf(b);
  EXPECT_EQ(graph.spans[1].parent, 0);
  EXPECT_EQ(graph.spans[2].parent, 3);
  EXPECT_EQ(graph.spans[3].parent, std::nullopt);
  EXPECT_EQ(graph.spans[4].parent, std::nullopt);
}

TEST(RunGraphTest, ParallelCallsHaveAPortEach) {
  ViewBuilder b = Tools(2);
  Choose(b, "b1", "a1", "call_1");
  Choose(b, "b2", "a1", "call_2");
  const RunGraph graph = GraphOf(b);
  EXPECT_THAT(CallsOf(graph), ElementsAre(0, 1));
  EXPECT_EQ(graph.calls[1].id, "call_2");
  EXPECT_EQ(graph.calls[1].llm, 0);
}

TEST(RunGraphTest, EqualCallsWithoutIdsHaveAPortEach) {
  ViewBuilder b = Tools(2);
  Choose(b, "b1", "a1");
  Choose(b, "b2", "a1");
  EXPECT_THAT(CallsOf(GraphOf(b)), ElementsAre(0, 1));
}

TEST(RunGraphTest, EqualIdsOfOneAnswerAreTwoCalls) {
  ViewBuilder b = Tools(2);
  Choose(b, "b1", "a1", "search");
  Choose(b, "b2", "a1", "search");
  EXPECT_THAT(CallsOf(GraphOf(b)), ElementsAre(0, 1));
}

TEST(RunGraphTest, AttemptsShareThePortOfTheirCall) {
  for (const char* id : {"", "call_1"}) {
    ViewBuilder b = Tools(2);
    Choose(b, "b1", "a1", id);
    Choose(b, "b2", "a1", id).attempt = 2;
    EXPECT_THAT(CallsOf(GraphOf(b)), ElementsAre(0, 0)) << id;
  }
}

TEST(RunGraphTest, AnAttemptOfOneOfSeveralCallsHasAPortOfItsOwn) {
  ViewBuilder b = Tools(3);
  Choose(b, "b1", "a1");
  Choose(b, "b2", "a1");
  Choose(b, "b3", "a1").attempt = 2;
  EXPECT_THAT(CallsOf(GraphOf(b)), ElementsAre(0, 1, 2));
}

TEST(RunGraphTest, ACallThatWaitedForApprovalKeepsItsPort) {
  ViewBuilder b = Tools(2);
  b.spans()[1].outcome = Outcome::kNotExecuted;
  Choose(b, "b1", "a1", "call_1");
  Choose(b, "b2", "a1", "call_1");
  EXPECT_THAT(CallsOf(GraphOf(b)), ElementsAre(0, 0));
}

TEST(RunGraphTest, ResultsHaveNoPort) {
  ViewBuilder b = Tools(1);
  b.Add("a2", SpanKind::kLlm, "chat");
  Use(b, "a2", "b1");
  const RunGraph graph = GraphOf(b);
  EXPECT_EQ(graph.links[0].from, 1);
  EXPECT_EQ(graph.links[0].to, 2);
  EXPECT_EQ(graph.links[0].call, std::nullopt);
  EXPECT_THAT(graph.calls, IsEmpty());
}

TEST(RunGraphTest, LinksThatLeaveTheTraceAreCountedAtBothEnds) {
  ViewBuilder b = Tools(1);
  b.Link("b1", "ff", LinkKind::kToolChoice, Evidence::kToolCallId);
  const SpanContext tool = b.spans()[1].context;
  b.NextTrace();
  b.Add("c1", SpanKind::kLlm, "chat");
  b.Link("c1", "b1", LinkKind::kToolResult, Evidence::kToolCallId).producer =
      tool;
  const std::vector<RunGraph> graphs = BuildRunGraphs(b.View(), {});
  ASSERT_THAT(graphs, SizeIs(2));
  EXPECT_EQ(graphs[0].outside, 2);
  EXPECT_EQ(graphs[1].outside, 1);
  EXPECT_THAT(graphs[0].links, IsEmpty());
}

TEST(RunGraphTest, LinksAreBetweenNodesOnly) {
  ViewBuilder b = Tools(1);
  b.Add("c1", SpanKind::kAgent, "agent");
  Use(b, "c1", "b1");
  const RunGraph graph = GraphOf(b);
  EXPECT_THAT(graph.links, IsEmpty());
  EXPECT_EQ(graph.outside, 1);
}

TEST(RunGraphTest, ExplanationsStandAtTheirSpans) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "search");
  const std::vector<Explanation> why = Explain(b.View(), {});
  const std::vector<RunGraph> graphs = BuildRunGraphs(b.View(), why);
  ASSERT_THAT(graphs[0].spans[0].unlinked, SizeIs(1));
  EXPECT_EQ(graphs[0].spans[0].unlinked[0]->code, "no_llm_span");
}

TEST(CriticalPathTest, FollowsTheProducerThatEndedLast) {
  ViewBuilder b = Tools(2);
  b.Add("a2", SpanKind::kLlm, "chat");
  for (const char* tool : {"b1", "b2"}) {
    Choose(b, tool, "a1");
    Use(b, "a2", tool);
  }
  EXPECT_THAT(CriticalOf(GraphOf(b)), ElementsAre(0, 2, 3));
  b.spans()[1].end = *b.spans()[2].end + kMs;
  EXPECT_THAT(CriticalOf(GraphOf(b)), ElementsAre(0, 1, 3));
}

TEST(CriticalPathTest, WithoutLinksFollowsWhatEndedBefore) {
  ViewBuilder b = Tools(2);
  b.Add("c1", SpanKind::kOther, "GET /");
  b.spans()[1].end = *b.spans()[2].start + kMs;  // while b2 was running
  EXPECT_THAT(CriticalOf(GraphOf(b)), ElementsAre(0, 2));
}

TEST(CriticalPathTest, LinksWinOverTimes) {
  ViewBuilder b = Tools(2);
  Choose(b, "b2", "a1");
  EXPECT_THAT(CriticalOf(GraphOf(b)), ElementsAre(0, 2));
}

TEST(CriticalPathTest, EndsWhereLinksFormACircle) {
  ViewBuilder b = Tools(1);
  Choose(b, "b1", "a1");
  Use(b, "a1", "b1");
  EXPECT_THAT(CriticalOf(GraphOf(b)), ElementsAre(0, 1));
}

TEST(CriticalPathTest, MomentsWithoutLengthAtOneTimeEnd) {
  ViewBuilder b = Tools(2);
  for (SpanSummary& span : b.spans()) span.start = span.end = Time();
  EXPECT_THAT(CriticalOf(GraphOf(b)), ElementsAre(0, 1, 2));
}

TEST(RunGraphTest, EveryEvidenceSaysHowItIsKnown) {
  SpanLink link;
  link.tool_call_id = "call_\n1";
  link.evidence = Evidence::kToolCallId;
  EXPECT_EQ(WhyLinked(link), "both sides carry the call id call_\\n1");
  link.evidence = Evidence::kName;
  EXPECT_EQ(WhyLinked(link), "same tool, and only one call it can be");
  link.kind = LinkKind::kToolResult;
  EXPECT_EQ(WhyLinked(link),
            "its input holds the result of the call; the call is known so: "
            "same tool, and only one call it can be");
  EXPECT_TRUE(IsExact(Evidence::kStructure));
  EXPECT_FALSE(IsExact(Evidence::kHandoffRemaining));
}

TEST(RunGraphTest, LongTracesTakeTimeInTheirLength) {
  ViewBuilder b;
  for (int i = 0; i < 100'000; ++i) {
    const bool tool = i % 2 == 1;
    b.Add(absl::StrFormat("%08x", i), tool ? SpanKind::kTool : SpanKind::kLlm,
          "same");
    if (tool) {
      Choose(b, absl::StrFormat("%08x", i), absl::StrFormat("%08x", i - 1));
    } else if (i > 0) {
      b.spans().back().parent = b.spans()[i - 1].context.span_id;
    }
  }
  const RunGraph graph = GraphOf(b);
  EXPECT_THAT(graph.links, SizeIs(50'000));
  EXPECT_THAT(CriticalOf(graph), SizeIs(100'000));
}

}  // namespace
}  // namespace spanlink
