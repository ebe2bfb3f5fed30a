// What the bounds of a tracker take away, and when.
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/linker/tool_call_tracker.h"
#include "spanlink/tests/link_collector.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using ::testing::IsEmpty;

// An evicted scope is settled: its weak link comes out.
TEST(TrackerLimitsTest, OldScopesMakeRoom) {
  Scenario s(Scenario::Root::kNone);
  for (int i = 0; i < 400; ++i) {
    const std::string n = std::to_string(i);
    s.InTrace("trace" + n).C("1", "f", R"({"a":1})", "L" + n);
    s.T("f", R"({"a":2})", "X" + n);
  }
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    Options options = TestOptions(mode);
    options.limits.scopes = 64;
    LinkCollector collector(options);
    collector.Dispatch(s.Signals());
    const size_t evicted =
        collector.diagnostics().count(DiagnosticId::kEvictedScope);
    EXPECT_LE(collector.tracker().stats().scopes, 64u);
    EXPECT_EQ(evicted, 400 - collector.tracker().stats().scopes);
    ASSERT_EQ(collector.links().size(), evicted);
    std::set<SpanContext> settled;
    for (const SpanLink& link : collector.links()) {
      settled.insert(link.consumer);
    }
    EXPECT_TRUE(settled.contains(s.Context("X0")));
    EXPECT_FALSE(settled.contains(s.Context("X399")));
  }
}

TEST(TrackerLimitsTest, WaitingExecutionsAndUsesAreBounded) {
  Scenario s(Scenario::Root::kNone);
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    s.T("f", n, "X" + n).O("id" + n, "L" + n);
  }
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    Options options = TestOptions(mode);
    options.limits.executions_per_scope = 5;
    options.limits.uses_per_scope = 6;
    LinkCollector collector(options);
    collector.Dispatch(s.Signals());
    EXPECT_LE(collector.tracker().stats().executions, 5u);
    EXPECT_LE(collector.tracker().stats().uses, 6u);
    EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kEvictedExecution),
              15u);
    EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kEvictedUse), 14u);
  }
}

TEST(TrackerLimitsTest, SpansAreBounded) {
  Scenario s(Scenario::Root::kNone);
  for (int i = 0; i < 50; ++i) {
    s.Span("s" + std::to_string(i), SpanKind::kOther);
  }
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    Options options = TestOptions(mode);
    options.limits.spans_per_scope = 10;
    LinkCollector collector(options);
    collector.Dispatch(s.Signals());
    EXPECT_LE(collector.tracker().stats().spans, 10u);
    EXPECT_GE(collector.diagnostics().count(DiagnosticId::kEvictedSpan), 40u);
  }
}

TEST(TrackerLimitsTest, LimitOfNothingKeepsNothing) {
  Scenario s;
  s.C("1", "f", "{}", "L").T("f", "{}", "X").O("1", "L2");
  for (const Mode mode : {Mode::kLive, Mode::kSettled}) {
    Options options = TestOptions(mode);
    options.limits = {.spans_per_scope = 0,
                      .calls_per_scope = 0,
                      .executions_per_scope = 0,
                      .uses_per_scope = 0,
                      .annotations_per_scope = 0,
                      .scopes = 0,
                      .spans = 0,
                      .parked_calls = 0};
    LinkCollector collector(options);
    collector.Dispatch(s.Signals());
    EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
    EXPECT_THAT(collector.links(), IsEmpty());
  }
}

TEST(TrackerLimitsTest, SmallLimitsOfTheEngineAreKept) {
  Options options = TestOptions(Mode::kLive);
  options.limits.scopes = 3;
  LinkCollector collector(options);
  for (int i = 0; i < 40; ++i) {
    const SpanContext root = {HashTraceId("trace " + std::to_string(i)),
                              HashSpanId("root")};
    collector.tracker().OnSignal(SpanStart{.span = {.context = root}});
    EXPECT_LE(collector.tracker().stats().scopes, 3u);
  }
  EXPECT_EQ(collector.tracker().stats().scopes, 3u);
  EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kEvictedScope), 37u);
}

// However much is there to go, a signal pays for little of it.
TEST(TrackerLimitsTest, ASignalEvictsNoMoreThanItAdds) {
  Options options = TestOptions(Mode::kLive);
  options.limits.scopes = 64;
  LinkCollector collector(options);
  size_t most = 0;
  for (int i = 0; i < 2000; ++i) {
    const uint64_t before =
        collector.diagnostics().count(DiagnosticId::kEvictedScope);
    const SpanContext root = {HashTraceId("trace " + std::to_string(i)),
                              HashSpanId("root")};
    collector.tracker().OnSignal(SpanStart{.span = {.context = root}});
    most = std::max<size_t>(
        most,
        collector.diagnostics().count(DiagnosticId::kEvictedScope) - before);
  }
  EXPECT_EQ(most, 1u);
}

TEST(TrackerLimitsTest, ASignalSettlesFewOfManyIdleScopes) {
  Time now = Ms(0);
  Options options = TestOptions(Mode::kLive);
  options.clock = [&now] { return now; };
  LinkCollector collector(options);
  const auto start_trace = [&](int i) {
    const SpanContext root = {HashTraceId("trace " + std::to_string(i)),
                              HashSpanId("root")};
    collector.tracker().OnSignal(SpanStart{.span = {.context = root}});
  };
  for (int i = 0; i < 1000; ++i) start_trace(i);
  now += options.limits.idle + std::chrono::seconds(1);
  size_t before = collector.tracker().stats().scopes;
  ASSERT_EQ(before, 1000u);
  for (int i = 0; i < 4000; ++i) {
    start_trace(1000);
    const size_t scopes = collector.tracker().stats().scopes;
    EXPECT_LE(before, scopes + 2);
    before = scopes;
  }
  EXPECT_LT(before, 1000u);
}

TEST(TrackerLimitsTest, ReopenedScopeIsShortLived) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "L").FinishScope().Llm("late");
  Time now = Ms(0);
  Options options = TestOptions(Mode::kLive);
  options.clock = [&now] { return now; };
  LinkCollector collector(options);
  collector.Dispatch(s.Signals());
  EXPECT_EQ(collector.tracker().stats().scopes, 1u);
  now += options.limits.reopened_idle - std::chrono::seconds(1);
  collector.tracker().Tick();
  EXPECT_EQ(collector.tracker().stats().scopes, 1u);
  now += std::chrono::seconds(2);
  collector.tracker().Tick();
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
}

TEST(TrackerLimitsTest, FinishOfAnUnknownScopeIsNothing) {
  LinkCollector collector(TestOptions(Mode::kLive));
  collector.tracker().OnSignal(ScopeFinish{HashTraceId("t")});
  collector.tracker().OnSignal(ScopeFinish{HashTraceId("t")});
  collector.tracker().SettleAll();
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
}

}  // namespace
}  // namespace spanlink::testing
