#include "spanlink/viewer/explain.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/cli/explanations.h"
#include "spanlink/tests/view_builder.h"
#include "spanlink/viewer/capture_advice.h"

namespace spanlink::cli {
namespace {

using ::spanlink::testing::Rendered;
using ::spanlink::testing::ViewBuilder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Returns the one explanation of `builder`'s trace.
Explanation Only(const ViewBuilder& builder,
                 std::span<const SpanLink> all_links = {}) {
  const std::vector<Explanation> all = Explain(builder.View(), all_links);
  EXPECT_THAT(all, SizeIs(1));
  return all.empty() ? Explanation() : all[0];
}

SpanSummary& AddLlm(ViewBuilder& builder, uint32_t choices) {
  SpanSummary& llm = builder.Add("a1", SpanKind::kLlm, "chat");
  llm.choices = choices;
  return llm;
}

SpanSummary& AddTool(ViewBuilder& builder, std::string_view id = "b1") {
  SpanSummary& tool = builder.Add(id, SpanKind::kTool, "search");
  tool.has_arguments = true;
  return tool;
}

TEST(ExplainTest, LinkedSpansNeedNoExplanation) {
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b);
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  EXPECT_THAT(Explain(b.View(), b.links()), IsEmpty());
}

TEST(ExplainTest, WeakLinksNameTheOptionThatShowsThem) {
  ViewBuilder with_links;
  with_links.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kOrder);
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b);
  const Explanation why = Only(b, with_links.links());
  EXPECT_EQ(why.code, "link_too_weak");
  EXPECT_THAT(why.what_to_do, HasSubstr("--min-evidence order"));
}

TEST(ExplainTest, MissingLlmSpansAreSaid) {
  ViewBuilder b;
  AddTool(b);
  const Explanation why = Only(b);
  EXPECT_EQ(why.code, "no_llm_span");
  EXPECT_THAT(why.what_to_do, HasSubstr("spanlink link A B"));
}

TEST(ExplainTest, MissingContentNamesTheSwitchForToolAndLlmSpan) {
  ViewBuilder b;
  SpanSummary& llm = AddLlm(b, 0);
  llm.content_missing = true;
  llm.dialect = "openllmetry";
  AddTool(b);
  const std::vector<Explanation> all = Explain(b.View(), {});
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].code, "content_missing");
  EXPECT_EQ(all[1].code, "answers_not_captured");
  EXPECT_THAT(all[0].what_to_do, HasSubstr("TRACELOOP_TRACE_CONTENT"));
  EXPECT_THAT(all[1].what_to_do, HasSubstr("TRACELOOP_TRACE_CONTENT"));
}

TEST(ExplainTest, AnswersWithoutCallsAreSaid) {
  ViewBuilder b;
  AddLlm(b, 0);
  AddTool(b);
  EXPECT_EQ(Only(b).code, "no_choices");
}

TEST(ExplainTest, ToolsBeforeTheFirstCallAreSaid) {
  ViewBuilder b;
  AddTool(b);
  AddLlm(b, 1);
  EXPECT_EQ(Only(b).code, "before_any_choice");
}

TEST(ExplainTest, ToolsWithoutIdAndArgumentsAreSaid) {
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b).has_arguments = false;
  EXPECT_EQ(Only(b).code, "nothing_to_match");
}

TEST(ExplainTest, CutArgumentsNameTheLimit) {
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b);
  b.Event(DiagnosticId::kContentTruncated, "b1");
  const Explanation why = Only(b);
  EXPECT_EQ(why.code, "arguments_cut");
  EXPECT_THAT(why.what_to_do, HasSubstr("VALUE_LENGTH_LIMIT"));
}

TEST(ExplainTest, NestedExecutionsAreRight) {
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b);
  b.Event(DiagnosticId::kExecutionNested, "b1");
  EXPECT_THAT(Only(b).what_to_do, HasSubstr("this is right"));
}

TEST(ExplainTest, CallsThatNobodyRanAreSaid) {
  ViewBuilder b;
  AddLlm(b, 1);
  b.Event(DiagnosticId::kCallNeverExecuted, "a1");
  EXPECT_EQ(Only(b).code, "no_tool_span");
}

TEST(ExplainTest, RemainingSpansHaveNoOpenCall) {
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b);
  EXPECT_EQ(Only(b).code, "no_open_call");
}

TEST(ExplainTest, ResultsThatNobodyReadsAreSaidOnlyWhileTheRunGoesOn) {
  ViewBuilder b;
  AddLlm(b, 1);
  AddTool(b);
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  EXPECT_THAT(Explain(b.View(), b.links()), IsEmpty());
  b.Add("a2", SpanKind::kLlm, "chat");
  EXPECT_EQ(Only(b, b.links()).code, "result_not_seen");
}

TEST(ExplainTest, FactsOfOneTraceDoNotLeakIntoTheNext) {
  ViewBuilder b;
  AddLlm(b, 1);
  b.NextTrace();
  AddTool(b);
  EXPECT_EQ(Only(b).code, "no_llm_span");
}

TEST(ExplainTest, FilesOfOtherSpansSayWhatIsRead) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kOther, "GET /");
  const Explanation why = Only(b);
  EXPECT_EQ(why.code, "nothing_recognised");
  EXPECT_THAT(why.what_to_do, HasSubstr("spanlink dialects"));
}

TEST(ExplainTest, EverySpanIsListedUnderItsReasonOnce) {
  ViewBuilder b;
  AddTool(b, "b1");
  AddTool(b, "b2");
  const std::vector<Explanation> all = Explain(b.View(), {});
  ASSERT_THAT(all, SizeIs(1));
  Rendered rendered;
  RenderExplanations(all, b.View(), Style(false), rendered.sink());
  EXPECT_EQ(rendered.text(),
            "\nWhy links are missing\n\n"
            "  There is no LLM span in its trace.\n"
            "  What to do: Instrument the LLM client too, in the same trace. "
            "If its spans are in another file, link both at once: spanlink "
            "link A B\n"
            "    search b10000\n"
            "    search b20000\n");
}

TEST(CaptureAdviceTest, EveryDialectHasItsSwitch) {
  EXPECT_THAT(CaptureAdvice("openinference", ""),
              HasSubstr("OPENINFERENCE_HIDE_OUTPUTS"));
  EXPECT_THAT(CaptureAdvice("openllmetry", ""),
              HasSubstr("TRACELOOP_TRACE_CONTENT"));
  EXPECT_THAT(CaptureAdvice("otel_genai", ""),
              HasSubstr("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"));
  EXPECT_THAT(CaptureAdvice("pydantic_ai", ""), HasSubstr("include_content"));
  EXPECT_THAT(CaptureAdvice("vercel_ai", ""), HasSubstr("recordInputs"));
  EXPECT_THAT(CaptureAdvice("google_adk", ""), HasSubstr("ADK_CAPTURE"));
  EXPECT_THAT(CaptureAdvice("openai_agents", ""),
              HasSubstr("trace_include_sensitive_data"));
}

TEST(CaptureAdviceTest, ScopesWinOverDialects) {
  EXPECT_THAT(CaptureAdvice("otel_genai", "pydantic-ai"),
              HasSubstr("include_content"));
  EXPECT_THAT(CaptureAdvice("otel_genai", "ai"), HasSubstr("recordOutputs"));
}

TEST(CaptureAdviceTest, UnknownInstrumentationsGetAllSwitches) {
  const std::string_view advice = CaptureAdvice("", "");
  EXPECT_THAT(advice, HasSubstr("OTEL_INSTRUMENTATION_GENAI"));
  EXPECT_THAT(advice, HasSubstr("TRACELOOP_TRACE_CONTENT"));
}

}  // namespace
}  // namespace spanlink::cli
