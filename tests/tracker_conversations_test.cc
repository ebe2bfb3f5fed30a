// What lasts beyond a trace: calls that a later trace of a conversation may
// execute or use.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/linker/tool_call_tracker.h"
#include "spanlink/tests/link_collector.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A call chosen in one trace of a conversation and executed in the next.
Scenario TwoTraces(const std::string& tool_id, const std::string& first,
                   const std::string& second) {
  Scenario s;
  s.InTrace("t").InConversation(first).C("1", "f", "{}", "L1").FinishScope();
  s.InTrace("u").InConversation(second);
  s.T("f", "{}", "X", {.id = tool_id}).O("1", "L2");
  return s;
}

TEST(TrackerConversationsTest, ExecutedInTheNextTraceOfTheConversation) {
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    const Scenario s = TwoTraces("1", "chat", "chat");
    EXPECT_THAT(Show(s, Play(TestOptions(mode), s.Signals()).links),
                ElementsAre("L2<-X tool_result(1) tool_call_id",
                            "X<-L1 tool_choice(1) tool_call_id"))
        << mode;
  }
}

TEST(TrackerConversationsTest, UsedInTheNextTraceOfTheConversation) {
  Scenario s;
  s.InTrace("t").InConversation("chat").C("1", "f", "{}", "L1");
  s.T("f", "{}", "X").FinishScope();
  s.InTrace("u").InConversation("chat").O("1", "L2").O("1", "L3");
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    EXPECT_THAT(Show(s, Play(TestOptions(mode), s.Signals()).links),
                ElementsAre("L2<-X tool_result(1) arguments",
                            "X<-L1 tool_choice(1) arguments"))
        << mode;
  }
}

TEST(TrackerConversationsTest, OtherTracesAreOutOfReach) {
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    for (const auto& [first, second] :
         {std::pair("chat", "other"), std::pair("", "")}) {
      const Scenario s = TwoTraces("1", first, second);
      for (const SpanLink& link : Play(TestOptions(mode), s.Signals()).links) {
        EXPECT_EQ(link.consumer.trace_id, link.producer.trace_id);
      }
    }
    Options options = TestOptions(mode);
    options.cross_trace = CrossTrace::kOff;
    const Scenario s = TwoTraces("1", "chat", "chat");
    for (const SpanLink& link : Play(options, s.Signals()).links) {
      EXPECT_EQ(link.consumer.trace_id, link.producer.trace_id);
    }
  }
}

TEST(TrackerConversationsTest, NothingIsParkedIfTracesAreApart) {
  Scenario s;
  s.InConversation("chat").C("1", "f", "{}", "L1");
  Options options = TestOptions(Mode::kLive);
  options.cross_trace = CrossTrace::kOff;
  EXPECT_EQ(Play(options, s.Signals()).stats, ToolCallTracker::Stats());
}

TEST(TrackerConversationsTest, OnlyIdsReachAcrossTraces) {
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    const Scenario s = TwoTraces("", "chat", "chat");
    EXPECT_THAT(Play(TestOptions(mode), s.Signals()).links, IsEmpty());
  }
}

TEST(TrackerConversationsTest, ParkedCallsAreBoundedAndAge) {
  Scenario s(Scenario::Root::kNone);
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(i);
    s.InTrace("trace" + n).InConversation("chat");
    s.C("id" + n, "f", "{}", "L" + n);
  }
  Time now = Ms(0);
  Options options = TestOptions(Mode::kLive);
  options.limits.parked_calls = 4;
  options.clock = [&now] { return now; };
  LinkCollector collector(options);
  collector.Dispatch(s.Signals({.scope_finish = true}));
  ToolCallTracker::Stats expected;
  expected.parked_calls = 4;
  EXPECT_EQ(collector.tracker().stats(), expected);
  EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kEvictedChoice), 6u);
  now += options.limits.parked_age + std::chrono::seconds(1);
  collector.tracker().Tick();
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
}

}  // namespace
}  // namespace spanlink::testing
