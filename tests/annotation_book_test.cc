#include "spanlink/linker/annotation_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Options TestOptions() {
  Options options;
  options.on_annotations = [](std::span<const Annotation>) {};
  options.on_diagnostics = [](std::span<const DiagnosticEvent>) {};
  return options;
}

// Spans by name; what was bound reads "LLM span: key".
class AnnotationBookTest : public ::testing::Test {
 protected:
  void Start(std::string_view span, SpanKind kind,
             std::optional<std::string_view> parent) {
    book_.OnSpanStart({.span = Ref(span, parent), .kind = kind}, batch_);
  }
  void StartLlm(std::string_view span, std::string_view parent = "turn") {
    Start(span, SpanKind::kLlm, parent);
  }
  void StartTool(std::string_view span, std::string_view parent = "turn") {
    Start(span, SpanKind::kTool, parent);
  }
  void End(std::string_view span, SpanKind kind,
           std::optional<std::string_view> parent = std::nullopt) {
    book_.OnSpanFinish({.span = Ref(span, parent), .kind = kind}, batch_);
  }
  void EndLlm(std::string_view span) { End(span, SpanKind::kLlm); }
  void EndTurn() { End("turn", SpanKind::kOther); }
  void HookStart(std::string_view parent = "turn") {
    book_.OnLlmHook({Ref(parent, {}), LlmHook::Phase::kStart}, batch_);
  }
  void HookEnd(std::string_view parent = "turn") {
    book_.OnLlmHook({Ref(parent, {}), LlmHook::Phase::kEnd}, batch_);
  }
  void Note(std::string_view key, std::string_view span = "turn",
            std::string_view value = "v") {
    book_.OnAnnotate({Ref(span, {}), key, value}, batch_);
  }

  // Returns what was bound since the last call.
  std::vector<std::string> Bound() {
    std::vector<std::string> bound;
    for (const Batch::BoundAnnotation& annotation : batch_.annotations) {
      EXPECT_EQ(annotation.llm.trace_id, trace_);
      bound.push_back(names_[annotation.llm.span_id] + ": " + annotation.key);
    }
    batch_.annotations.clear();
    return bound;
  }
  std::vector<std::string> BoundByScopeFinish() {
    book_.OnScopeFinish(batch_);
    EXPECT_EQ(book_.size(), 0u);
    EXPECT_EQ(book_.spans(), 0u);
    return Bound();
  }
  uint64_t lost() const {
    EXPECT_EQ(batch_.events.size(),
              diagnostics_.count(DiagnosticId::kEvictedAnnotation));
    return diagnostics_.count(DiagnosticId::kEvictedAnnotation);
  }
  SpanRef Ref(std::string_view span, std::optional<std::string_view> parent) {
    SpanRef ref{.context = {trace_, Id(span)}};
    if (parent) ref.parent = Id(*parent);
    return ref;
  }
  SpanId Id(std::string_view name) {
    const SpanId id = HashSpanId(name);
    names_[id] = name;
    return id;
  }

  const TraceId trace_ = HashTraceId("trace");
  Options options_ = TestOptions();
  Diagnostics diagnostics_;
  AnnotationBook book_{trace_, &options_, &diagnostics_};
  Batch batch_;
  std::map<SpanId, std::string> names_;
};

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
  Note("too late");
  StartLlm("L3");
  EXPECT_THAT(Bound(), IsEmpty());
  EXPECT_EQ(lost(), 1u);
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

TEST_F(AnnotationBookTest, OldestGoesFirst) {
  options_.limits.annotations_per_scope = 2;
  HookStart();
  Note("one");
  Note("two", "other");
  Note("three");
  EXPECT_EQ(book_.size(), 2u);
  EXPECT_EQ(lost(), 1u);
  StartLlm("L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: three"));
}

TEST_F(AnnotationBookTest, BoundOnesMakeRoomWithoutLoss) {
  options_.limits.annotations_per_scope = 2;
  HookStart();
  Note("one");
  Note("two");
  StartLlm("L1");
  EndLlm("L1");
  EXPECT_EQ(book_.size(), 2u);  // for a retry
  EXPECT_THAT(Bound(), ElementsAre("L1: one", "L1: two"));
  Note("three");
  Note("four");
  Note("five");
  EXPECT_THAT(Bound(), ElementsAre("L1: three"));
  HookEnd();
  EXPECT_THAT(Bound(), ElementsAre("L1: four", "L1: five"));
  EXPECT_EQ(lost(), 0u);
}

TEST_F(AnnotationBookTest, LimitOfZeroKeepsNothing) {
  options_.limits.annotations_per_scope = 0;
  HookStart();
  Note("lost");
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(lost(), 1u);
  StartLlm("L1");
  Note("open");
  EXPECT_THAT(Bound(), ElementsAre("L1: open"));
}

TEST_F(AnnotationBookTest, BytesAreBounded) {
  const std::string half(AnnotationBook::kMaxBytes / 2, 'x');
  HookStart();
  Note("", "turn", half);
  Note("", "turn", half);
  EXPECT_EQ(book_.size(), 2u);
  Note("small");
  EXPECT_EQ(book_.size(), 2u);
  EXPECT_EQ(lost(), 1u);
  Note("huge", "turn", half + half);
  EXPECT_EQ(book_.size(), 2u);
  EXPECT_EQ(lost(), 2u);
  StartLlm("L1");
  EXPECT_THAT(Bound(), ElementsAre("L1: ", "L1: small"));
  EndTurn();
  HookStart();
  Note("", "turn", half);
  Note("", "turn", half);
  EXPECT_EQ(book_.size(), 2u);
}

TEST_F(AnnotationBookTest, SpansThatNeverEndDoNotGrow) {
  for (int i = 0; i < 20000; ++i) {
    const std::string number = std::to_string(i);
    HookStart("turn" + number);
    Note("start", "turn" + number);
    StartLlm("L" + number, "turn" + number);
    Note("waits", "nobody" + number);
  }
  EXPECT_LE(book_.spans(), AnnotationBook::kMaxSpans);
  EXPECT_LE(book_.size(), options_.limits.annotations_per_scope);
  EXPECT_THAT(Bound(), SizeIs(20000));
  BoundByScopeFinish();
  EXPECT_EQ(lost(), 20000u);
}

TEST_F(AnnotationBookTest, ForgottenParentHandsOutWhatItHolds) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  Note("held");
  for (size_t i = 0; i < AnnotationBook::kMaxSpans; ++i) {
    HookStart("other" + std::to_string(i));
  }
  EXPECT_THAT(Bound(), ElementsAre("L1: held"));
}

TEST_F(AnnotationBookTest, ParentInUseIsNotForgotten) {
  HookStart();
  Note("start");
  for (size_t i = 0; i < 2 * AnnotationBook::kMaxSpans; ++i) {
    StartLlm("L" + std::to_string(i));
  }
  EXPECT_THAT(Bound(), SizeIs(2 * AnnotationBook::kMaxSpans));
}

TEST_F(AnnotationBookTest, NothingIsKeptWithoutSink) {
  options_.on_annotations = nullptr;
  HookStart();
  Note("start");
  StartLlm("L1");
  Note("open");
  EndLlm("L1");
  Note("direct", "L1");
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(book_.spans(), 0u);
  EXPECT_THAT(BoundByScopeFinish(), IsEmpty());
  EXPECT_EQ(lost(), 0u);
}

}  // namespace
}  // namespace spanlink
