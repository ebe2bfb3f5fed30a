// What an AnnotationBook keeps is bounded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "spanlink/tests/annotation_book_fixture.h"

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using AnnotationBookLimitsTest = AnnotationBookTest;

TEST_F(AnnotationBookLimitsTest, OldestGoesFirst) {
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

TEST_F(AnnotationBookLimitsTest, BoundOnesMakeRoomWithoutLoss) {
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

TEST_F(AnnotationBookLimitsTest, LimitOfZeroKeepsNothing) {
  options_.limits.annotations_per_scope = 0;
  HookStart();
  Note("lost");
  EXPECT_EQ(book_.size(), 0u);
  EXPECT_EQ(lost(), 1u);
  StartLlm("L1");
  Note("open");
  EXPECT_THAT(Bound(), ElementsAre("L1: open"));
}

TEST_F(AnnotationBookLimitsTest, BytesAreBounded) {
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

TEST_F(AnnotationBookLimitsTest, SpansThatNeverEndDoNotGrow) {
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

TEST_F(AnnotationBookLimitsTest, ForgottenParentHandsOutWhatItHolds) {
  HookStart();
  StartLlm("L1");
  EndLlm("L1");
  Note("held");
  for (size_t i = 0; i < AnnotationBook::kMaxSpans; ++i) {
    HookStart("other" + std::to_string(i));
  }
  EXPECT_THAT(Bound(), ElementsAre("L1: held"));
}

TEST_F(AnnotationBookLimitsTest, ParentInUseIsNotForgotten) {
  HookStart();
  Note("start");
  for (size_t i = 0; i < 2 * AnnotationBook::kMaxSpans; ++i) {
    StartLlm("L" + std::to_string(i));
  }
  EXPECT_THAT(Bound(), SizeIs(2 * AnnotationBook::kMaxSpans));
}

TEST_F(AnnotationBookLimitsTest, NothingIsKeptWithoutSink) {
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
