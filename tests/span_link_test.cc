#include "spanlink/model/span_link.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace spanlink {
namespace {

// Other programs read these names: a change here is a change of the format.
TEST(SpanLinkTest, NamesOfKinds) {
  EXPECT_EQ(LinkKindName(LinkKind::kToolChoice), "tool_choice");
  EXPECT_EQ(LinkKindName(LinkKind::kToolResult), "tool_result");
  EXPECT_EQ(LinkKindName(LinkKind::kHandoffChoice), "handoff_choice");
  EXPECT_EQ(LinkKindName(LinkKind::kHandoffResult), "handoff_result");
  EXPECT_EQ(LinkKindName(LinkKind::kInputGuardrail), "input_guardrail");
  EXPECT_EQ(LinkKindName(LinkKind::kOutputGuardrail), "output_guardrail");
}

TEST(SpanLinkTest, NamesOfEvidence) {
  EXPECT_EQ(EvidenceName(Evidence::kToolCallId), "tool_call_id");
  EXPECT_EQ(EvidenceName(Evidence::kArguments), "arguments");
  EXPECT_EQ(EvidenceName(Evidence::kHandoff), "handoff");
  EXPECT_EQ(EvidenceName(Evidence::kStructure), "structure");
  EXPECT_EQ(EvidenceName(Evidence::kHandoffRemaining), "handoff_remaining");
  EXPECT_EQ(EvidenceName(Evidence::kName), "name");
  EXPECT_EQ(EvidenceName(Evidence::kOrder), "order");
}

TEST(SpanLinkTest, NamesReadBack) {
  for (int i = 0; i <= static_cast<int>(LinkKind::kOutputGuardrail); ++i) {
    const auto kind = static_cast<LinkKind>(i);
    EXPECT_EQ(ParseLinkKind(LinkKindName(kind)), kind);
  }
  for (int i = 0; i <= static_cast<int>(Evidence::kOrder); ++i) {
    const auto evidence = static_cast<Evidence>(i);
    EXPECT_EQ(ParseEvidence(EvidenceName(evidence)), evidence);
  }
}

TEST(SpanLinkTest, OtherTextsAreNoNames) {
  for (const char* text : {"", "Tool_choice", "tool_choice ", "toolchoice"}) {
    EXPECT_FALSE(ParseLinkKind(text).has_value()) << text;
    EXPECT_FALSE(ParseEvidence(text).has_value()) << text;
  }
}

TEST(SpanLinkTest, ChainIsAsGoodAsItsWeakestLink) {
  EXPECT_EQ(Weaker(Evidence::kToolCallId, Evidence::kName), Evidence::kName);
  EXPECT_EQ(Weaker(Evidence::kName, Evidence::kToolCallId), Evidence::kName);
  EXPECT_EQ(Weaker(Evidence::kOrder, Evidence::kOrder), Evidence::kOrder);
}

// Strongest first: `min_evidence` compares the numbers.
TEST(SpanLinkTest, OrderOfEvidence) {
  EXPECT_LT(Evidence::kToolCallId, Evidence::kArguments);
  EXPECT_LT(Evidence::kArguments, Evidence::kHandoff);
  EXPECT_LT(Evidence::kHandoff, Evidence::kStructure);
  EXPECT_LT(Evidence::kStructure, Evidence::kHandoffRemaining);
  EXPECT_LT(Evidence::kHandoffRemaining, Evidence::kName);
  EXPECT_LT(Evidence::kName, Evidence::kOrder);
}

TEST(SpanLinkTest, DefaultClaimsTheLeast) {
  const SpanLink link;
  EXPECT_EQ(link.evidence, Evidence::kOrder);
  EXPECT_EQ(link.attempt, 1u);
  EXPECT_FALSE(link.consumer_finished);
  EXPECT_TRUE(link.tool_call_id.empty());
}

}  // namespace
}  // namespace spanlink
