#include "spanlink/cli/why_tree.h"

#include <string>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/view_builder.h"

namespace spanlink::cli {
namespace {

using ::spanlink::testing::Rendered;
using ::spanlink::testing::ViewBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

// Renders why the span at `index` came about.
std::string Why(const ViewBuilder& builder, size_t index) {
  Rendered rendered;
  const TraceView view = builder.View();
  RenderWhy(view, view.spans[index], Style(false), rendered.sink());
  return rendered.text();
}

TEST(WhyTreeTest, GoesBackFromAnswerToToolsToAnswer) {
  ViewBuilder b;
  b.Add("d1", SpanKind::kGuardrail, "Topic");
  b.Add("a1", SpanKind::kLlm, "chat").agent = "Triage";
  b.Add("b1", SpanKind::kTool, "search");
  b.Add("b2", SpanKind::kTool, "fetch").outcome = Outcome::kFailed;
  b.Add("a2", SpanKind::kLlm, "chat");
  b.Link("a1", "d1", LinkKind::kInputGuardrail, Evidence::kStructure);
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kArguments);
  b.Link("b2", "a1", LinkKind::kToolChoice, Evidence::kToolCallId);
  b.Link("a2", "b1", LinkKind::kToolResult, Evidence::kArguments);
  b.Link("a2", "b2", LinkKind::kToolResult, Evidence::kToolCallId);
  EXPECT_EQ(Why(b, 4),
            R"(LLM chat a20000
  read the result of tool search b10000  by arguments
    was chosen by LLM chat a10000 of Triage  by arguments
      was checked before by guardrail Topic d10000  by structure
  read the result of tool fetch b20000 (failed)  by tool_call_id
    was chosen by LLM chat a10000 of Triage  by tool_call_id  (see above)
)");
}

TEST(WhyTreeTest, HandoffsAndOutputGuardrailsHaveTheirWords) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat");
  b.Add("c1", SpanKind::kHandoff, "transfer_to_b").tool_name = "Billing";
  b.Add("a2", SpanKind::kLlm, "chat");
  b.Add("d1", SpanKind::kGuardrail, "Tone");
  b.Link("c1", "a1", LinkKind::kHandoffChoice, Evidence::kHandoff);
  b.Link("a2", "c1", LinkKind::kHandoffResult, Evidence::kHandoff);
  b.Link("d1", "a2", LinkKind::kOutputGuardrail, Evidence::kStructure);
  EXPECT_EQ(Why(b, 3),
            R"(guardrail Tone d10000
  checked the answer of LLM chat a20000  by structure
    took over after handoff to Billing c10000  by handoff
      was chosen by LLM chat a10000  by handoff
)");
}

TEST(WhyTreeTest, CausesComeInOrderOfTime) {
  ViewBuilder b;
  b.Add("b2", SpanKind::kTool, "early");
  b.Add("b1", SpanKind::kTool, "late");
  b.Add("a1", SpanKind::kLlm, "chat");
  b.Link("a1", "b1", LinkKind::kToolResult, Evidence::kName);
  b.Link("a1", "b2", LinkKind::kToolResult, Evidence::kName);
  EXPECT_EQ(Why(b, 2),
            R"(LLM chat a10000
  read the result of tool early b20000  by name
  read the result of tool late b10000  by name
)");
}

TEST(WhyTreeTest, AgentsInsideToolsAreFollowedByTheSpanTree) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "outer");
  b.Add("b1", SpanKind::kTool, "ask_math");
  b.Add("e1", SpanKind::kAgent, "math").parent = ViewBuilder::Id("b1");
  b.Add("a2", SpanKind::kLlm, "inner").parent = ViewBuilder::Id("e1");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  EXPECT_EQ(Why(b, 3),
            R"(LLM inner a20000
  ran inside tool ask_math b10000  by the span tree
    was chosen by LLM outer a10000  by name
    had inside it LLM inner a20000  by the span tree  (see above)
)");
}

TEST(WhyTreeTest, AgentsStartAtTheirLastAnswer) {
  ViewBuilder b;
  b.Add("e1", SpanKind::kAgent, "math");
  b.Add("a1", SpanKind::kLlm, "first").parent = ViewBuilder::Id("e1");
  b.Add("a2", SpanKind::kLlm, "last").parent = ViewBuilder::Id("e1");
  EXPECT_THAT(Why(b, 0), HasSubstr("ended with LLM last a20000"));
}

TEST(WhyTreeTest, SpansWithoutCausesSaySo) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "search");
  EXPECT_THAT(Why(b, 0), HasSubstr("Nothing in this trace is known"));
}

TEST(WhyTreeTest, CyclesEnd) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat").parent = ViewBuilder::Id("b1");
  b.Add("b1", SpanKind::kTool, "f").parent = ViewBuilder::Id("a1");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kOrder);
  b.Link("a1", "b1", LinkKind::kToolResult, Evidence::kOrder);
  EXPECT_EQ(Why(b, 0),
            R"(LLM chat a10000
  read the result of tool f b10000  by order
    was chosen by LLM chat a10000  by order  (see above)
    had inside it LLM chat a10000  by the span tree  (see above)
)");
}

TEST(WhyTreeTest, ParentCyclesEnd) {
  ViewBuilder b;
  b.Add("e1", SpanKind::kAgent, "one").parent = ViewBuilder::Id("e2");
  b.Add("e2", SpanKind::kAgent, "two").parent = ViewBuilder::Id("e1");
  b.Add("a1", SpanKind::kLlm, "chat").parent = ViewBuilder::Id("e1");
  EXPECT_THAT(Why(b, 0), HasSubstr("ended with LLM chat"));
  EXPECT_THAT(Why(b, 2), HasSubstr("Nothing in this trace"));
}

TEST(WhyTreeTest, LongChainsNeedNoStackAndNoWideLines) {
  ViewBuilder b;
  constexpr int steps = 20000;
  for (int i = 0; i < steps; ++i) {
    b.Add(absl::StrFormat("a%06d", i), SpanKind::kLlm, "chat");
    b.Add(absl::StrFormat("b%06d", i), SpanKind::kTool, "f");
    b.Link(absl::StrFormat("b%06d", i), absl::StrFormat("a%06d", i),
           LinkKind::kToolChoice, Evidence::kName);
    b.Link(absl::StrFormat("a%06d", i + 1), absl::StrFormat("b%06d", i),
           LinkKind::kToolResult, Evidence::kName);
  }
  const std::string text = Why(b, 2 * steps - 1);
  EXPECT_THAT(text, HasSubstr("[39999] was chosen by LLM chat a000000"));
  EXPECT_LT(text.size() / (2 * steps), 130u);
}

TEST(WhyTreeTest, NestedToolsAreNotWalkedForEver) {
  ViewBuilder b;
  constexpr int depth = 20000;
  for (int i = 0; i < depth; ++i) {
    b.Add(absl::StrFormat("%08d", i), SpanKind::kLlm, "chat").parent =
        ViewBuilder::Id(absl::StrFormat("%08d", i + 1));
  }
  EXPECT_THAT(Why(b, 0), HasSubstr("Nothing in this trace"));
}

TEST(WhyTreeTest, ProducersOutsideTheFileAreSaid) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "f");
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kToolCallId);
  EXPECT_THAT(Why(b, 0), HasSubstr("was chosen by a span that is not in this "
                                   "file  by tool_call_id"));
}

TEST(WhyTreeTest, HostileNamesAreEscaped) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat\x1b[2J").agent = "x\ny";
  EXPECT_THAT(Why(b, 0), HasSubstr("LLM chat\\x1b[2J a10000 of x\\ny"));
  EXPECT_THAT(Why(b, 0), Not(HasSubstr("\x1b")));
}

TEST(SpanIndexTest, FindsSpansByTheBeginningOfTheirIds) {
  ViewBuilder b;
  b.Add("abc1", SpanKind::kTool, "f");
  b.Add("abc2", SpanKind::kTool, "g");
  const SpanIndex index(b.spans());
  EXPECT_EQ(index.Match("abc").size(), 2u);
  EXPECT_EQ(index.Match("ABC1").size(), 1u);
  EXPECT_EQ(index.Match("0af7:abc2").size(), 1u);
  EXPECT_EQ(index.Match("1af7:abc2").size(), 0u);
  EXPECT_EQ(index.Match("abc3").size(), 0u);
}

TEST(SpanIndexTest, SdkIdsMatchWithAndWithoutTheirType) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kTool, "f").span_id_text = "span_5b7f42";
  b.Add("a2", SpanKind::kTool, "g").span_id_text = "span_5b7f4211";
  const SpanIndex index(b.spans());
  EXPECT_EQ(index.Match("5b7f4211").size(), 1u);
  EXPECT_EQ(index.Match("span_").size(), 2u);
  // A whole id wins over ids that only begin with it.
  ASSERT_EQ(index.Match("5b7f42").size(), 1u);
  EXPECT_EQ(index.Match("5b7f42")[0]->name, "f");
}

}  // namespace
}  // namespace spanlink::cli
