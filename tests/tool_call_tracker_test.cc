// When links come, and what is told beside them. What is linked to what:
// conformance_test.cc; what the bounds take away: tracker_limits_test.cc.
#include "spanlink/linker/tool_call_tracker.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/link_collector.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr MaybeText kNotCaptured = std::nullopt;

// The signals up to the end of `span`.
std::vector<Signal> UntilEndOf(const Scenario& s, std::string_view span) {
  std::vector<Signal> signals;
  for (const Signal& signal : s.Signals()) {
    signals.push_back(signal);
    if (std::holds_alternative<SpanFinish>(signal) &&
        s.NameOf(SpanOf(signal)) == span) {
      break;
    }
  }
  return signals;
}

std::vector<std::string> LinksUntilEndOf(const Scenario& s,
                                         std::string_view span) {
  LinkCollector collector(TestOptions(Mode::kLive));
  collector.Dispatch(UntilEndOf(s, span));
  return Show(s, collector.links());
}

TEST(ToolCallTrackerTest, LinkByIdComesAtOnce) {
  Scenario s;
  s.C("1", "f", "{}", "L").T("f", kNotCaptured, "X", {.id = "1"});
  EXPECT_THAT(LinksUntilEndOf(s, "X"),
              ElementsAre("X<-L tool_choice(1) tool_call_id"));
}

TEST(ToolCallTrackerTest, LinkByArgumentsComesAtOnce) {
  Scenario s;
  s.C("1", "f", "{}", "L").C("2", "g", "{}", "L").T("f", "{}", "X");
  EXPECT_THAT(LinksUntilEndOf(s, "X"),
              ElementsAre("X<-L tool_choice(1) arguments"));
}

TEST(ToolCallTrackerTest, RepeatedChoiceIsKeptOnce) {
  Scenario s;
  s.C("1", "f", "{}", "L").T("f", "{}", "X");
  LinkCollector collector(TestOptions(Mode::kLive));
  const std::vector<Signal> signals = UntilEndOf(s, "L");
  collector.Dispatch(signals);
  collector.Dispatch(signals);
  EXPECT_EQ(collector.tracker().stats().calls, 1u);
}

TEST(ToolCallTrackerTest, KeptReservationComesAtOnce) {
  Scenario s;
  s.C("1", "f", "{}", "L").C("2", "f", "{}", "L");
  s.T("f", "{}", "X").At(200, 400).T("f", "{}", "Y").At(210, 300);
  EXPECT_THAT(LinksUntilEndOf(s, "Y"),
              ElementsAre("Y<-L tool_choice(2) arguments"));
}

TEST(ToolCallTrackerTest, HandoffAndResultComeAtOnce) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("1", "transfer_to_b", "{}", "L1").H("a", "b", "H");
  s.Under("task").Agent("B", "b").Under("B").O("1", "L2");
  EXPECT_THAT(LinksUntilEndOf(s, "H"),
              ElementsAre("H<-L1 handoff_choice(1) handoff"));
  EXPECT_THAT(LinksUntilEndOf(s, "L2"),
              ElementsAre("H<-L1 handoff_choice(1) handoff",
                          "L2<-H handoff_result(1) handoff"));
}

TEST(ToolCallTrackerTest, WeakLinkWaitsForItsParent) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L").T("f", R"({"a":2})", "X").Llm("L2");
  EXPECT_THAT(LinksUntilEndOf(s, "L2"), IsEmpty());
  EXPECT_THAT(LinksUntilEndOf(s, "t"), ElementsAre("X<-L tool_choice(1) name"));
}

TEST(ToolCallTrackerTest, WeakLinkWaitsForItsScope) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", R"({"a":1})", "L").T("f", R"({"a":2})", "X");
  LinkCollector collector(TestOptions(Mode::kLive));
  collector.Dispatch(s.Signals());
  EXPECT_THAT(collector.links(), IsEmpty());
  collector.tracker().OnSignal(ScopeFinish{HashTraceId("t")});
  EXPECT_THAT(Show(s, collector.links()),
              ElementsAre("X<-L tool_choice(1) name"));
}

TEST(ToolCallTrackerTest, EqualCallsWithoutStartsWait) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "L").C("2", "f", "{}", "L");
  s.T("f", "{}", "X").At(200, 400).T("f", "{}", "Y").At(210, 300);
  LinkCollector collector(TestOptions(Mode::kLive));
  collector.Dispatch(s.Signals({.starts = false}));
  EXPECT_THAT(collector.links(), IsEmpty());
  collector.tracker().SettleAll();
  EXPECT_THAT(Show(s, collector.links()),
              ElementsAre("X<-L tool_choice(1) arguments",
                          "Y<-L tool_choice(2) arguments"));
}

TEST(ToolCallTrackerTest, ReservationMovesToWhatFits) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L").C("2", "f", R"({"a":2})", "L");
  s.T("f", R"({"a":2})", "X").T("f", R"({"a":1})", "Y");
  const PlayResult result = Play(TestOptions(Mode::kLive), s.Signals());
  EXPECT_THAT(Show(s, result.links),
              ElementsAre("X<-L tool_choice(2) arguments",
                          "Y<-L tool_choice(1) arguments"));
  EXPECT_GE(result.diagnostics.at(DiagnosticId::kReservationMoved), 1u);
}

TEST(ToolCallTrackerTest, ReservationsKeepStartsAndCallsInOrder) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L").C("2", "f", R"({"a":2})", "L");
  s.C("3", "f", R"({"a":1})", "L");
  s.T("f", R"({"a":1})", "X").At(200, 400);
  s.T("f", R"({"a":2})", "Y").At(210, 500);
  s.T("f", R"({"a":1})", "Z").At(220, 300);
  EXPECT_THAT(LinksUntilEndOf(s, "Z"),
              ElementsAre("Z<-L tool_choice(3) arguments"));
  EXPECT_THAT(Show(s, Play(TestOptions(Mode::kLive), s.Signals()).links),
              ElementsAre("X<-L tool_choice(1) arguments",
                          "Y<-L tool_choice(2) arguments",
                          "Z<-L tool_choice(3) arguments"));
}

TEST(ToolCallTrackerTest, SettledModeSaysNothingBeforeTheEnd) {
  Scenario s;
  s.C("1", "f", "{}", "L").T("f", "{}", "X", {.id = "1"}).O("1", "L2");
  const PlayResult result = Play(TestOptions(Mode::kSettled), s.Signals());
  EXPECT_EQ(result.at_once, 0u);
  EXPECT_EQ(result.links.size(), 2u);
}

TEST(ToolCallTrackerTest, SettledLinksComeByConsumer) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "g", "{}", "L1").T("g", "{}", "Y");
  s.T("f", "{}", "X").O("1", "L2").O("2", "L2");
  const PlayResult result = Play(TestOptions(Mode::kSettled), s.Signals());
  std::vector<std::string> consumers;
  for (const SpanLink& link : result.links) {
    consumers.push_back(s.NameOf(link.consumer));
  }
  EXPECT_THAT(consumers, ElementsAre("Y", "X", "L2", "L2"));
}

TEST(ToolCallTrackerTest, LateLinksSaySo) {
  Scenario s;
  s.C("1", "f", "{}", "L1").At(0, 300);
  s.T("f", "{}", "X", {.id = "1"}).At(100, 200).O("1", "L2");
  const PlayResult result = Play(TestOptions(Mode::kLive), s.Signals());
  ASSERT_EQ(result.links.size(), 2u);
  EXPECT_EQ(result.links[0].consumer, s.Context("X"));
  EXPECT_TRUE(result.links[0].consumer_finished);
  EXPECT_EQ(result.links[1].consumer, s.Context("L2"));
  EXPECT_FALSE(result.links[1].consumer_finished);
}

// Clocks differ by 5 ms at most in the options of the tests.
TEST(ToolCallTrackerTest, SmallClockSkewIsForgiven) {
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    Scenario near;
    near.C("1", "f", "{}", "L").At(200, 300).T("f", "{}", "X").At(196, 400);
    EXPECT_THAT(Show(near, Play(TestOptions(mode), near.Signals()).links),
                ElementsAre("X<-L tool_choice(1) arguments"));
    Scenario far;
    far.C("1", "f", "{}", "L").At(200, 300).T("f", "{}", "X").At(190, 400);
    EXPECT_THAT(Play(TestOptions(mode), far.Signals()).links, IsEmpty());
  }
}

// What lies between them does not fit into the 64 bits of a time.
TEST(ToolCallTrackerTest, TimesAtBothEndsOfTheClockAreTimes) {
  const auto span = [](uint8_t id, Time start, Time end) {
    SpanRef ref{.start = start, .end = end};
    ref.context.trace_id.bytes[0] = 1;
    ref.context.span_id.bytes[0] = id;
    return ref;
  };
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    LinkCollector collector(TestOptions(mode));
    ToolCallTracker& tracker = collector.tracker();
    tracker.OnSignal(LlmToolChoice{.llm = span(1, Time::min(), Time::min()),
                                   .tool_call_id = "1",
                                   .tool_name = "f"});
    tracker.OnSignal(ToolCall{.tool = span(2, Time::min(), Time()),
                              .tool_call_id = "1",
                              .tool_name = "f"});
    tracker.OnSignal(ToolCallOutputUsed{.llm = span(3, Time(), Time::max()),
                                        .tool_call_id = "1"});
    tracker.SettleAll();
    EXPECT_EQ(collector.links().size(), 2u);
  }
}

// Providers whose id of a call is the name of the tool: long conversations have
// thousands of calls of one id.
TEST(ToolCallTrackerTest, OneIdForEveryCall) {
  Scenario s;
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    if (i > 0) s.O("f", "L" + n);
    s.C("f", "f", "{}", "L" + n).T("f", "{}", "X" + n, {.id = "f"});
    expected.push_back("X" + n + "<-L" + n + " tool_choice(f) tool_call_id");
    if (i == 0) continue;
    expected.push_back("L" + n + "<-X" + std::to_string(i - 1) +
                       " tool_result(f) tool_call_id");
  }
  std::sort(expected.begin(), expected.end());
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    EXPECT_EQ(Show(s, Play(TestOptions(mode), s.Signals()).links), expected);
  }
}

TEST(ToolCallTrackerTest, SinkMayCallTheTracker) {
  Scenario s;
  s.C("1", "f", "{}", "L").T("f", "{}", "X").O("1", "L2");
  Scenario other;
  other.InTrace("other").C("1", "f", "{}", "M").T("f", "{}", "Y");
  Diagnostics diagnostics;
  ToolCallTracker* tracker = nullptr;
  size_t links = 0;
  Options options = TestOptions(Mode::kLive);
  options.on_links = [&](std::span<const SpanLink> batch) {
    if (links == 0) {
      links += batch.size();
      for (const Signal& signal : other.Signals()) tracker->OnSignal(signal);
      EXPECT_GT(tracker->stats().scopes, 1u);
      tracker->Tick();
    } else {
      links += batch.size();
    }
  };
  ToolCallTracker owner(options, &diagnostics);
  tracker = &owner;
  for (const Signal& signal : s.Signals()) owner.OnSignal(signal);
  owner.SettleAll();
  EXPECT_EQ(links, 3u);
}

TEST(ToolCallTrackerTest, OneBatchASignal) {
  Scenario s;
  s.C("1", "f", "{}", "L").C("2", "g", "{}", "L").T("f", "{}", "X");
  s.T("g", "{}", "Y").O("1", "L2").O("2", "L2");
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    Diagnostics diagnostics;
    size_t batches = 0;
    Options options = TestOptions(mode);
    options.on_links = [&](std::span<const SpanLink> batch) {
      EXPECT_FALSE(batch.empty());
      ++batches;
    };
    ToolCallTracker tracker(options, &diagnostics);
    for (const Signal& signal : s.Signals({.scope_finish = true})) {
      const size_t before = batches;
      tracker.OnSignal(signal);
      EXPECT_LE(batches, before + 1);
    }
    EXPECT_EQ(batches, mode == Mode::kLive ? 4u : 1u);
  }
}

TEST(ToolCallTrackerTest, EveryDiagnosticNamesItsSpan) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("1", "f", R"({"a":2})", "L2");
  s.T("g", "{}", "X").O("9", "L3");
  Diagnostics diagnostics;
  std::map<DiagnosticId, uint64_t> events;
  Options options = TestOptions(Mode::kLive);
  options.on_diagnostics = [&](std::span<const DiagnosticEvent> batch) {
    for (const DiagnosticEvent& event : batch) {
      ++events[event.id];
      EXPECT_FALSE(s.NameOf(event.span).starts_with("?"));
    }
  };
  ToolCallTracker tracker(options, &diagnostics);
  for (const Signal& signal : s.Signals()) tracker.OnSignal(signal);
  tracker.SettleAll();
  EXPECT_THAT(Show(events),
              UnorderedElementsAre("id_reused=1", "call_never_executed=2",
                                   "unmatched_execution=1", "unmatched_use=1"));
  for (const auto& [id, count] : events) {
    EXPECT_EQ(diagnostics.count(id), count);
  }
}

TEST(ToolCallTrackerTest, DrawsAKeyWhenNoneIsGiven) {
  Scenario s;
  s.C("1", "f", R"({"b":1,"a":2})", "L").T("f", R"({"a":2,"b":1})", "X");
  LinkCollector collector(Options{});
  collector.Dispatch(s.Signals());
  EXPECT_EQ(collector.links().size(), 1u);
}

}  // namespace
}  // namespace spanlink::testing
