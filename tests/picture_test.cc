#include "spanlink/viewer/picture.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/view_builder.h"
#include "spanlink/viewer/dot.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/mermaid.h"
#include "spanlink/viewer/svg.h"
#include "spanlink/viewer/svg_layout.h"

namespace spanlink {
namespace {

using ::spanlink::testing::ViewBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Pictures Draw(const ViewBuilder& builder, size_t max_nodes = 1000) {
  return BuildPictures(BuildRunGraphs(builder.View(), {}), max_nodes);
}

SpanSummary& AddLlm(ViewBuilder& builder, std::string_view id,
                    std::string_view agent = "") {
  SpanSummary& llm = builder.Add(id, SpanKind::kLlm, "chat");
  llm.agent = agent;
  return llm;
}

SpanLink& Choose(ViewBuilder& builder, std::string_view tool,
                 std::string_view llm, Evidence evidence) {
  SpanLink& link = builder.Link(tool, llm, LinkKind::kToolChoice, evidence);
  link.tool_call_id = "call_" + std::string(tool);
  return link;
}

// A fork, a failed attempt and its retry, a join, and a weak link.
ViewBuilder ARun() {
  ViewBuilder b;
  AddLlm(b, "a1", "Desk");
  b.Add("b1", SpanKind::kTool, "look").outcome = Outcome::kFailed;
  b.Add("b2", SpanKind::kTool, "find");
  b.Add("b3", SpanKind::kTool, "look");
  AddLlm(b, "a2", "Desk");
  for (SpanSummary& span : b.spans()) span.agent = "Desk";
  Choose(b, "b1", "a1", Evidence::kToolCallId).tool_call_id = "call_b";
  Choose(b, "b2", "a1", Evidence::kName).tool_call_id = "";
  SpanLink& retry = Choose(b, "b3", "a1", Evidence::kToolCallId);
  retry.tool_call_id = "call_b";
  retry.attempt = 2;
  b.Link("a2", "b3", LinkKind::kToolResult, Evidence::kToolCallId);
  b.Link("a2", "b2", LinkKind::kToolResult, Evidence::kName);
  return b;
}

TEST(PictureTest, SaysWhatFailedAndWhatIsGuessed) {
  const ViewBuilder b = ARun();
  const Pictures drawn = Draw(b);
  ASSERT_THAT(drawn.traces, SizeIs(1));
  const Picture& picture = drawn.traces[0];
  EXPECT_EQ(picture.nodes[1].mark, "failed");
  EXPECT_THAT(picture.nodes[0].ports, ElementsAre("call_b", ""));
  EXPECT_EQ(picture.edges[0].label(), "call_b");
  EXPECT_EQ(picture.edges[1].label(), "by name");
  EXPECT_FALSE(picture.edges[1].exact);
  EXPECT_EQ(picture.edges[2].label(), "call_b, attempt 2");
  EXPECT_EQ(picture.edges[2].port, 0);
  EXPECT_EQ(picture.edges[3].label(), "");
  EXPECT_FALSE(picture.edges[4].exact);
}

TEST(PictureTest, SaysWhyASpanHasNoLink) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "look").outcome = Outcome::kNotExecuted;
  const std::vector<Explanation> why = Explain(b.View(), {});
  const Pictures drawn = BuildPictures(BuildRunGraphs(b.View(), why), 10);
  EXPECT_EQ(drawn.traces[0].nodes[0].mark, "did not run, ? no llm span");
}

TEST(PictureTest, DrawsTheFirstNodesAndSaysSo) {
  const ViewBuilder b = ARun();
  const Pictures drawn = Draw(b, 3);
  EXPECT_EQ(drawn.left_out, 2);
  EXPECT_THAT(drawn.traces[0].nodes, SizeIs(3));
  EXPECT_THAT(drawn.traces[0].edges, SizeIs(2));
  EXPECT_THAT(drawn.traces[0].title,
              HasSubstr("(the first 3 of 5 nodes are drawn)"));
}

TEST(PictureTest, TracesWithoutNodesAreNotDrawn) {
  ViewBuilder b;
  b.Add("c1", SpanKind::kOther, "GET /");
  EXPECT_THAT(Draw(b).traces, IsEmpty());
  EXPECT_EQ(RenderMermaid(Draw(b)), "flowchart LR\n");
  EXPECT_THAT(RenderSvg(Draw(b)), HasSubstr("</svg>"));
}

TEST(PictureTest, LongIdsOfCallsKeepTheirEnds) {
  ViewBuilder b = ARun();
  b.links()[0].tool_call_id = "call_" + std::string(30, 'x') + "END";
  EXPECT_EQ(Draw(b).traces[0].edges[0].call, "...xxxxxxxxxEND");
}

TEST(PictureTest, MermaidShapesAndArrows) {
  ViewBuilder b = ARun();
  b.Add("c1", SpanKind::kHandoff, "handoff").tool_name = "Planner";
  b.Add("d1", SpanKind::kGuardrail, "short");
  EXPECT_EQ(RenderMermaid(Draw(b)),
            "flowchart LR\n"
            "  subgraph g0[\"Desk\"]\n"
            "    n0([\"chat\"])\n"
            "    n1[\"look<br>failed\"]\n"
            "    n2[\"find\"]\n"
            "    n3[\"look\"]\n"
            "    n4([\"chat\"])\n"
            "  end\n"
            "  n5[/\"handoff to Planner\"/]\n"
            "  n6{{\"short\"}}\n"
            "  n0 -- \"call_b\" --> n1\n"
            "  n0 -. \"by name\" .-> n2\n"
            "  n0 -- \"call_b, attempt 2\" --> n3\n"
            "  n3 --> n4\n"
            "  n2 -. \"by name\" .-> n4\n");
}

TEST(PictureTest, DotShapesAndArrows) {
  const ViewBuilder b = ARun();
  const std::string dot = RenderDot(Draw(b));
  EXPECT_THAT(dot, HasSubstr("n0 [label=\"chat\" shape=ellipse penwidth=2]"));
  EXPECT_THAT(dot,
              HasSubstr("n1 [label=\"look\\nfailed\" shape=box peripheries=2"));
  EXPECT_THAT(dot, HasSubstr("n0 -> n2 [label=\"by name\" style=dashed]"));
  EXPECT_THAT(dot, HasSubstr("n3 -> n4\n"));
}

TEST(PictureTest, SeveralTracesStandInGroupsOfTheirOwn) {
  ViewBuilder b;
  AddLlm(b, "a1");
  b.NextTrace();
  AddLlm(b, "a2", "Desk");
  const Pictures drawn = Draw(b);
  EXPECT_THAT(RenderMermaid(drawn),
              HasSubstr("  subgraph g0[\"trace 0af7651916cd43dd8448eb211c80319c"
                        ": 1 spans, 0 links, 500.0 ms\"]\n"
                        "    n0([\"chat\"])\n"
                        "  end\n"));
  EXPECT_THAT(RenderMermaid(drawn), HasSubstr("      n1([\"chat\"])\n"));
  EXPECT_THAT(RenderDot(drawn), HasSubstr("subgraph cluster_2 {"));
  EXPECT_THAT(RenderSvg(drawn), HasSubstr("trace 0bf7651916cd43dd8448eb211c"));
}

TEST(PictureTest, SvgMarksWithoutColour) {
  const ViewBuilder b = ARun();
  const std::string svg = RenderSvg(Draw(b));
  EXPECT_THAT(svg, HasSubstr(">failed</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"edge inferred\""));
  EXPECT_THAT(svg, HasSubstr(">attempt 2</text>"));
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(svg, HasSubstr("<title>tool look b100000000000000</title>"));
}

// Each in its own syntax: `tests/cli_view_test.py` has parsers read them.
TEST(PictureTest, NamesCannotLeaveTheirPlace) {
  ViewBuilder b;
  AddLlm(b, "a1").name = "\"]%%{`<b>&#;\\\n\u202e\xff$";
  const Pictures drawn = Draw(b);
  EXPECT_THAT(RenderMermaid(drawn),
              HasSubstr("n0([\"#34;#93;#37;#37;#123;#96;#60;b#62;#38;#35;#59;"
                        "#92;#92;#92;n#92;u202e#92;xff#36;\"])"));
  EXPECT_THAT(RenderDot(drawn),
              HasSubstr("label=\"\\\"]%%{`<b>&amp;#;\\\\\\\\\\\\n\\\\u202e"
                        "\\\\xff$\""));
  EXPECT_THAT(RenderSvg(drawn),
              HasSubstr(">\"]%%{`&lt;b&gt;&amp;#;\\\\\\n\\u202e\\xff$</text>"));
}

TEST(PictureTest, MegabyteNamesAreCut) {
  ViewBuilder b = ARun();
  const std::string name(1 << 20, 'x');
  for (SpanSummary& span : b.spans()) span.name = span.agent = name;
  b.links()[0].tool_call_id = name;
  EXPECT_THAT(RenderSvg(Draw(b)), SizeIs(::testing::Lt(10'000)));
  EXPECT_THAT(RenderDot(Draw(b)), Not(HasSubstr(std::string(40, 'x'))));
}

TEST(SvgLayoutTest, ColumnsAreTheLongestWay) {
  ViewBuilder b = ARun();
  b.Link("a2", "a1", LinkKind::kToolResult, Evidence::kName);
  EXPECT_THAT(ColumnsOfNodes(Draw(b).traces[0]), ElementsAre(0, 1, 1, 1, 2));
}

TEST(SvgLayoutTest, NodesWithoutLinksStandBehindWhatTheyWaitedFor) {
  ViewBuilder b;
  for (const char* id : {"a1", "a2", "a3"}) AddLlm(b, id);
  EXPECT_THAT(ColumnsOfNodes(Draw(b).traces[0]), ElementsAre(0, 1, 2));
}

TEST(SvgLayoutTest, CirclesAreCut) {
  ViewBuilder b;
  for (const char* id : {"a1", "a2", "a3"}) AddLlm(b, id);
  b.Link("a1", "a2", LinkKind::kToolResult, Evidence::kName);
  b.Link("a2", "a1", LinkKind::kToolResult, Evidence::kName);
  b.Link("a3", "a2", LinkKind::kToolResult, Evidence::kName);
  EXPECT_THAT(ColumnsOfNodes(Draw(b).traces[0]), ElementsAre(0, 1, 2));
}

TEST(SvgLayoutTest, NothingOverlaps) {
  ViewBuilder b = ARun();
  b.spans()[2].agent = "Planner";
  const Layout layout = LayOut(Draw(b).traces[0]);
  ASSERT_THAT(layout.lanes, SizeIs(2));
  EXPECT_GE(layout.lanes[1].y, layout.lanes[0].y + layout.lanes[0].height);
  for (size_t i = 0; i < layout.nodes.size(); ++i) {
    const Box& a = layout.nodes[i];
    EXPECT_LE(a.x + a.width, layout.width);
    EXPECT_LE(a.y + a.height, layout.height);
    for (size_t j = 0; j < i; ++j) {
      const Box& other = layout.nodes[j];
      const bool apart =
          a.x >= other.x + other.width || other.x >= a.x + a.width ||
          a.y >= other.y + other.height || other.y >= a.y + a.height;
      EXPECT_TRUE(apart) << i << " lies on " << j;
    }
  }
}

TEST(SvgLayoutTest, ThousandsOfNodesTakeTimeInTheirNumber) {
  ViewBuilder b;
  for (int i = 0; i < 50'000; ++i) AddLlm(b, absl::StrFormat("%08x", i));
  const Pictures drawn = Draw(b, 50'000);
  EXPECT_EQ(ColumnsOfNodes(drawn.traces[0]).back(), 49'999);
  EXPECT_THAT(RenderSvg(drawn), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace spanlink
