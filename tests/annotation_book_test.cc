#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "spanlink/tests/annotation_book_fixture.h"

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(AnnotationBookTest, HooksOfOneCallReachItsSpan) {
  HookStart();
  Note("start");
  EXPECT_THAT(Bound(), IsEmpty());
  StartLlm("L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: start"));
  Note("open");
  EXPECT_THAT(Bound(), ElementsAre("L1: open"));
  EndLlm("L1");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: end"));
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(lost(), 0u);
}

TEST_F(AnnotationBookTest, ValuesAndOrderAreKept) {
  HookStart();
  Note("b", "turn", "2");
  Note("a", "turn", "1");
  Note("b", "turn", std::string_view("\0x", 2));
  StartLlm("L1");
  ASSERT_THAT(batch_.annotations, SizeIs(3));
  EXPECT_EQ(batch_.annotations[0].value, "2");
  EXPECT_EQ(batch_.annotations[1].value, "1");
  EXPECT_EQ(batch_.annotations[2].value, std::string_view("\0x", 2));
}

TEST_F(AnnotationBookTest, LlmSpanItselfIsAnAddress) {
  StartLlm("L1");
  Note("open", "L1");
  EndLlm("L1");
  Note("ended", "L1");
  HookStart();
  Note("later", "L1");
  EndTurn();
  Note("last", "L1");
  EXPECT_THAT(Bound(),
              ElementsAre("L1: open", "L1: ended", "L1: later", "L1: last"));
}

TEST_F(AnnotationBookTest, AddressMayBecomeAnLlmSpan) {
  Note("early", "L1");
  StartLlm("L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: early"));
  Note("early", "L2");
  End("L2", SpanKind::kLlm, "turn");
  EXPECT_THAT(Bound(), ElementsAre("L2: early"));
}

TEST_F(AnnotationBookTest, OtherParentsDoNotMix) {
  HookStart("A");
  HookStart("B");
  Note("a", "A");
  Note("b", "B");
  StartLlm("LB", "B");
  EXPECT_THAT(Bound(), ElementsAre("LB: b"));
  StartLlm("LA", "A");
  EXPECT_THAT(Bound(), ElementsAre("LA: a"));
  EndLlm("LB");
  EndLlm("LA");
  Note("b2", "B");
  Note("a2", "A");
  HookEnd("A");
  EXPECT_THAT(Bound(), ElementsAre("LA: a2"));
  HookEnd("B");
  EXPECT_THAT(Bound(), ElementsAre("LB: b2"));
}

TEST_F(AnnotationBookTest, EveryAttemptGetsWhatTheStartHookSaid) {
  HookStart();
  Note("start");
  StartLlm("L1");
  EndLlm("L1");
  StartLlm("L2");
  EndLlm("L2");
  EXPECT_THAT(Bound(), ElementsAre("L1: start", "L2: start"));
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L2: end"));
  EXPECT_EQ(book_.size(), 0u);
}

TEST_F(AnnotationBookTest, WhatIsSaidBetweenAttemptsReachesTheLast) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  Note("between");
  StartLlm("L2");
  EXPECT_THAT(Bound(), IsEmpty());
  EndLlm("L2");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L2: between"));
}

TEST_F(AnnotationBookTest, NextHookBeginsAnew) {
  HookStart();
  Note("one");
  StartLlm("L1");
  EndLlm("L1");
  Note("late");
  HookStart();
  EXPECT_THAT(Bound(), ElementsAre("L1: one", "L1: late"));
  Note("two");
  StartLlm("L2");
  EXPECT_THAT(Bound(), ElementsAre("L2: two"));
}

TEST_F(AnnotationBookTest, AbandonedLlmSpanGetsNothingOfTheNext) {
  HookStart();
  StartLlm("L1");
  HookStart();
  Note("two");
  EXPECT_THAT(Bound(), IsEmpty());
  StartLlm("L2");
  EndLlm("L2");
  EndLlm("L1");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L2: two", "L2: end"));
}

TEST_F(AnnotationBookTest, HooksOfSeveralKindsAreOne) {
  HookStart();
  Note("run");
  HookStart();
  Note("agent");
  StartLlm("L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: run", "L1: agent"));
  EndLlm("L1");
  HookEnd();
  Note("late");
  EXPECT_THAT(Bound(), IsEmpty());
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: late"));
}

TEST_F(AnnotationBookTest, WindowEndsWithTheHook) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  HookEnd();
  Note("too late");
  EXPECT_THAT(Bound(), IsEmpty());
  EXPECT_EQ(lost(), 1u);
  StartLlm("L2");
  EXPECT_THAT(Bound(), IsEmpty());
}

TEST_F(AnnotationBookTest, WindowEndsWithTheFirstOtherChild) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  Note("in time");
  StartTool("tool");
  EXPECT_THAT(Bound(), ElementsAre("L1: in time"));
  Note("too late");
  HookEnd();
  EXPECT_THAT(Bound(), IsEmpty());
  EXPECT_EQ(lost(), 1u);
}

TEST_F(AnnotationBookTest, WindowEndsWithTheParent) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  Note("in time");
  EndTurn();
  EXPECT_THAT(Bound(), ElementsAre("L1: in time"));
  Note("too late");
  EXPECT_THAT(BoundByScopeFinish(), IsEmpty());
  EXPECT_EQ(lost(), 1u);
}

TEST_F(AnnotationBookTest, WindowEndsWithTheScope) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  Note("in time");
  EXPECT_THAT(BoundByScopeFinish(), ElementsAre("L1: in time"));
  EXPECT_EQ(lost(), 0u);
}

TEST_F(AnnotationBookTest, HookMayEndWhileTheSpanIsOpen) {
  HookStart();
  StartLlm("L1");
  HookEnd();
  Note("open");
  EndLlm("L1");
  Note("too late");
  EXPECT_THAT(Bound(), ElementsAre("L1: open"));
  EXPECT_EQ(lost(), 1u);
  HookStart();
  StartLlm("L2");
  EndLlm("L2");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L2: end"));
}

TEST_F(AnnotationBookTest, EndedHookKeepsNothingForRetries) {
  HookStart();
  Note("start");
  StartLlm("L1");
  HookEnd();
  EXPECT_EQ(book_.size(), 0u);
  StartLlm("L2");
  EXPECT_THAT(Bound(), ElementsAre("L1: start"));
}

TEST_F(AnnotationBookTest, RepeatedEndDoesNotOpenTheWindow) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  HookEnd();
  EndLlm("L1");
  Note("too late");
  EXPECT_THAT(Bound(), IsEmpty());
  EXPECT_EQ(lost(), 1u);
}

TEST_F(AnnotationBookTest, LastOfOverlappingSpansCounts) {
  HookStart();
  StartLlm("L1");
  StartLlm("L2");
  EndLlm("L1");
  Note("open");
  EXPECT_THAT(Bound(), ElementsAre("L2: open"));
}

TEST_F(AnnotationBookTest, SpansWithoutLlmSpansAreNotRemembered) {
  StartTool("tool");
  EXPECT_EQ(book_.spans(), 0u);
  Note("lost", "tool");
  End("tool", SpanKind::kTool, "turn");
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(book_.spans(), 0u);
  EXPECT_EQ(lost(), 1u);
}

TEST_F(AnnotationBookTest, OtherChildrenBeforeTheEndChangeNothing) {
  HookStart();
  Note("start");
  Start("guardrail", SpanKind::kGuardrail, "turn");
  StartLlm("L1");
  StartTool("tool");
  Note("open");
  EndLlm("L1");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: start", "L1: open", "L1: end"));
}

TEST_F(AnnotationBookTest, RepeatedStartsChangeNothing) {
  HookStart();
  Note("start");
  StartTool("tool");
  StartLlm("L1");
  StartLlm("L1");
  EndLlm("L1");
  StartLlm("L1");
  StartTool("tool");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: start", "L1: end"));
}

TEST_F(AnnotationBookTest, LaterStartFillsInKindAndParent) {
  HookStart();
  Note("start");
  Start("L1", SpanKind::kLlm, std::nullopt);
  EXPECT_THAT(Bound(), IsEmpty());
  StartLlm("L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: start"));
  Start("L2", SpanKind::kOther, "turn");
  StartLlm("L2");
  EXPECT_THAT(Bound(), ElementsAre("L2: start"));
}

TEST_F(AnnotationBookTest, AncestorsNameTheParent) {
  HookStart();
  Note("start");
  SpanRef ref = Ref("L1", "other");
  const std::array<SpanId, 2> ancestors = {Id("turn"), Id("agent")};
  ref.ancestors = ancestors;
  book_.OnSpanStart({.span = ref, .kind = SpanKind::kLlm}, batch_);
  EXPECT_THAT(Bound(), ElementsAre("L1: start"));
}

TEST_F(AnnotationBookTest, FinishAloneIsEnough) {
  HookStart();
  Note("start");
  End("L1", SpanKind::kLlm, "turn");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: start", "L1: end"));
}

TEST_F(AnnotationBookTest, NestedLlmSpanIsNoChildOfTheParent) {
  HookStart();
  Note("start");
  StartLlm("response");
  StartLlm("generation", "response");
  Note("open");
  EndLlm("generation");
  EndLlm("response");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("response: start", "response: open",
                                   "response: end"));
}

TEST_F(AnnotationBookTest, WorksWithoutHooks) {
  Note("before");
  StartLlm("L1");
  Note("open");
  EndLlm("L1");
  Note("after");
  EXPECT_THAT(Bound(), ElementsAre("L1: before", "L1: open", "L1: after"));
  StartLlm("L2");
  EXPECT_THAT(Bound(), IsEmpty());
  EndLlm("L2");
  StartTool("tool");
  Note("before the next");
  EXPECT_THAT(Bound(), IsEmpty());
  StartLlm("L3");
  EXPECT_THAT(Bound(), ElementsAre("L3: before the next"));
  EXPECT_EQ(lost(), 0u);
}

TEST_F(AnnotationBookTest, WithoutHooksNothingOutlivesTheParent) {
  StartLlm("L1");
  EndLlm("L1");
  StartTool("tool");
  Note("too late");
  EndTurn();
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(lost(), 1u);
}

// R26, R28
TEST_F(AnnotationBookTest, SpansOfTheModelDoNotHideItsLlmSpan) {
  HookStart();
  Note("start");
  Start("model", SpanKind::kOther, "turn");
  Start("retry", SpanKind::kOther, "model");
  StartLlm("L1", "retry");
  EXPECT_THAT(Bound(), ElementsAre("L1: start"));
  EndLlm("L1");
  End("retry", SpanKind::kOther, "model");
  End("model", SpanKind::kOther, "turn");
  Note("end");
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: end"));
}

TEST_F(AnnotationBookTest, SpansOfAgentsAndToolsHaveLlmSpansOfTheirOwn) {
  HookStart();
  Note("start");
  Start("agent", SpanKind::kAgent, "turn");
  StartLlm("L1", "agent");
  StartTool("tool");
  StartLlm("L2", "tool");
  EXPECT_THAT(Bound(), IsEmpty());
}

TEST_F(AnnotationBookTest, HooksThatEndedDoNotReachIntoOtherSpans) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  HookEnd();
  Start("own", SpanKind::kOther, "turn");
  StartLlm("L2", "own");
  Note("of own", "own");
  Note("of turn");
  EXPECT_THAT(Bound(), ElementsAre("L2: of own"));
}

TEST_F(AnnotationBookTest, HookWithoutAnyLlmSpanLeavesNothing) {
  HookStart();
  Note("lost");
  HookEnd();
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(lost(), 1u);
  StartLlm("L1");
  EXPECT_THAT(Bound(), IsEmpty());
}

TEST_F(AnnotationBookTest, CancelledRunLeavesNothing) {
  HookStart();
  Note("lost");
  EndTurn();
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(book_.spans(), 0u);
  EXPECT_EQ(lost(), 1u);
  HookStart();
  Note("lost too");
  EXPECT_THAT(BoundByScopeFinish(), IsEmpty());
  EXPECT_EQ(lost(), 2u);
}

TEST_F(AnnotationBookTest, LateChildOfAnEndedParentIsHarmless) {
  HookStart();
  Note("start");
  StartLlm("L1");
  EndTurn();
  EndLlm("L1");
  Note("direct", "L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: start", "L1: direct"));
  EXPECT_EQ(book_.spans(), 1u);
}

}  // namespace
}  // namespace spanlink
