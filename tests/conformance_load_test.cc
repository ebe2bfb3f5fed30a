// Rows T1-T3 and M1 of the conformance list: threads and bounds.
#include <atomic>
#include <thread>

#include "spanlink/tests/conformance.h"
#include "spanlink/tests/link_collector.h"

namespace spanlink::testing {
namespace {

constexpr int kThreads = 8;

// Trace `name`: two parallel equal calls, their results used, then a third.
void AddTrace(Scenario& s, const std::string& name) {
  s.InTrace(name);
  s.C("1", "f", "{}", name + "L1").C("2", "f", "{}", name + "L1");
  s.T("f", "{}", name + "A").T("f", "{}", name + "B");
  s.O("1", name + "L2").O("2", name + "L2");
  s.C("3", "f", "{}", name + "L2").T("f", "{}", name + "C");
  s.O("3", name + "L3");
}

// Gives every part to the tracker on a thread of its own, all at once.
void DispatchAtOnce(ToolCallTracker& tracker,
                    const std::vector<std::vector<Signal>>& parts) {
  std::atomic<size_t> ready = 0;
  std::vector<std::thread> threads;
  for (const std::vector<Signal>& part : parts) {
    threads.emplace_back([&] {
      ++ready;
      while (ready < parts.size()) std::this_thread::yield();
      for (const Signal& signal : part) tracker.OnSignal(signal);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ConformanceTest, T1ManyScopesOnEightThreads) {
  Scenario s;
  for (int i = 0; i < 40 * kThreads; ++i) AddTrace(s, "s" + std::to_string(i));
  std::vector<std::vector<Signal>> parts(kThreads);
  const std::vector<Signal> signals = s.Signals({.scope_finish = true});
  for (const Signal& signal : signals) {
    parts[ScopeOf(signal).bytes[0] % kThreads].push_back(signal);
  }
  LinkCollector collector(TestOptions(GetParam()));
  DispatchAtOnce(collector.tracker(), parts);
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
  EXPECT_EQ(Show(s, collector.links()),
            Show(s, Play(TestOptions(GetParam()), signals).links));
  EXPECT_EQ(collector.links().size(), 40u * kThreads * 6);
}

// Eight agents of one trace, each on its own thread.
TEST_P(ConformanceTest, T1OneScopeOnEightThreads) {
  Scenario s;
  for (int i = 0; i < kThreads; ++i) {
    const std::string n = std::to_string(i);
    s.Under("t").Agent("P" + n).Under("P" + n);
    for (int turn = 0; turn < 20; ++turn) {
      const std::string m = n + "." + std::to_string(turn);
      s.C("id" + m, "f", "{}", "L" + m).T("f", "{}", "X" + m);
      s.O("id" + m, "U" + m);
    }
  }
  std::vector<Signal> roots;
  std::vector<std::vector<Signal>> parts(kThreads);
  const std::vector<Signal> signals = s.Signals();
  for (const Signal& signal : signals) {
    const std::string name = s.NameOf(SpanOf(signal));
    if (name == "t") {
      roots.push_back(signal);
    } else {
      parts[static_cast<size_t>(name[1] - '0')].push_back(signal);
    }
  }
  LinkCollector collector(TestOptions(GetParam()));
  collector.tracker().OnSignal(roots.front());
  DispatchAtOnce(collector.tracker(), parts);
  collector.tracker().SettleAll();
  EXPECT_EQ(Show(s, collector.links()),
            Show(s, Play(TestOptions(GetParam()), signals).links));
  EXPECT_EQ(collector.links().size(), 20u * kThreads * 2);
}

TEST_P(ConformanceTest, T2TheSameChoiceTwiceAtOnce) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "L2");
  const std::vector<Signal> signals = s.Signals();
  for (int round = 0; round < 50; ++round) {
    LinkCollector collector(TestOptions(GetParam()));
    std::vector<Signal> rest;
    std::vector<std::vector<Signal>> parts(2);
    for (const Signal& signal : signals) {
      if (std::holds_alternative<LlmToolChoice>(signal)) {
        parts[0].push_back(signal);
        parts[1].push_back(signal);
      } else {
        rest.push_back(signal);
      }
    }
    DispatchAtOnce(collector.tracker(), parts);
    for (const Signal& signal : rest) collector.tracker().OnSignal(signal);
    collector.tracker().SettleAll();
    EXPECT_THAT(Show(s, collector.links()),
                ::testing::ElementsAre("L2<-X tool_result(1) arguments",
                                       "X<-L1 tool_choice(1) arguments"));
    EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kChoiceRepeated), 1u);
  }
}

TEST_P(ConformanceTest, T3AUseDuringAnExecution) {
  Scenario s;
  s.C("1", "f", "{}", "L1").At(0, 50);
  s.T("f", "{}", "X", {.id = "1"}).At(100, 400).O("1", "L2").At(200, 300);
  const std::vector<Signal> signals = s.Signals();
  for (int round = 0; round < 50; ++round) {
    LinkCollector collector(TestOptions(GetParam()));
    std::vector<std::vector<Signal>> parts(2);
    for (const Signal& signal : signals) {
      const bool is_start = std::holds_alternative<SpanStart>(signal);
      const std::string name = s.NameOf(SpanOf(signal));
      if (name == "X" && !is_start) {
        parts[0].push_back(signal);
      } else if (name == "L2" && !is_start) {
        parts[1].push_back(signal);
      } else if (name != "t" || is_start) {
        collector.tracker().OnSignal(signal);
      }
    }
    DispatchAtOnce(collector.tracker(), parts);
    collector.tracker().SettleAll();
    EXPECT_THAT(Show(s, collector.links()),
                ::testing::ElementsAre("L2<-X tool_result(1) tool_call_id",
                                       "X<-L1 tool_choice(1) tool_call_id"));
  }
}

constexpr int kMany = 100'000;

SpanRef NumberedSpan(int number) {
  SpanRef ref;
  ref.context = {HashTraceId("t"), HashSpanId(std::to_string(number))};
  ref.parent = HashSpanId("root");
  ref.start = Ms(number);
  ref.end = Ms(number);
  return ref;
}

void DispatchChoice(ToolCallTracker& tracker, int number) {
  const std::string text = std::to_string(number);
  tracker.OnSignal(LlmToolChoice{.llm = NumberedSpan(number),
                                 .index = 0,
                                 .tool_call_id = text,
                                 .tool_name = "f",
                                 .tool_version = "",
                                 .arguments = text});
}

void ExpectWithin(const Limits& limits, const ToolCallTracker::Stats& stats) {
  ASSERT_LE(stats.calls, limits.calls_per_scope);
  ASSERT_LE(stats.uses, limits.uses_per_scope);
  ASSERT_LE(stats.spans, limits.spans_per_scope);
  ASSERT_LE(stats.executions, limits.executions_per_scope);
}

TEST_P(ConformanceTest, M1ChoicesAlone) {
  const Options options = TestOptions(GetParam());
  LinkCollector collector(options);
  for (int i = 0; i < kMany; ++i) {
    DispatchChoice(collector.tracker(), i);
    if (i % 97 == 0) ExpectWithin(options.limits, collector.tracker().stats());
  }
  EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kEvictedChoice),
            kMany - options.limits.calls_per_scope);
  collector.tracker().OnSignal(ScopeFinish{HashTraceId("t")});
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
  EXPECT_TRUE(collector.links().empty());
}

TEST_P(ConformanceTest, M1ResultsOfUntracedTools) {
  const Options options = TestOptions(GetParam());
  LinkCollector collector(options);
  for (int i = 0; i < kMany; ++i) {
    DispatchChoice(collector.tracker(), 2 * i);
    const std::string id = std::to_string(2 * i);
    collector.tracker().OnSignal(
        ToolCallOutputUsed{.llm = NumberedSpan(2 * i + 1),
                           .tool_call_id = id,
                           .tool_name = "",
                           .ordinal = 0,
                           .llm_outcome = Outcome::kOk});
    if (i % 97 == 0) ExpectWithin(options.limits, collector.tracker().stats());
  }
  EXPECT_GT(collector.diagnostics().count(DiagnosticId::kEvictedChoice), 0u);
  collector.tracker().OnSignal(ScopeFinish{HashTraceId("t")});
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
  EXPECT_TRUE(collector.links().empty());
}

TEST_P(ConformanceTest, M1TheOldestGoesFirst) {
  Options options = TestOptions(GetParam());
  options.limits.calls_per_scope = 10;
  LinkCollector collector(options);
  for (int i = 0; i < 30; ++i) DispatchChoice(collector.tracker(), i);
  for (const int number : {19, 20, 29}) {
    const std::string text = std::to_string(number);
    collector.tracker().OnSignal(ToolCall{.tool = NumberedSpan(100 + number),
                                          .tool_call_id = text,
                                          .tool_name = "f",
                                          .arguments = text,
                                          .alternative_arguments = {},
                                          .kind = SpanKind::kTool,
                                          .outcome = Outcome::kOk});
  }
  collector.tracker().SettleAll();
  EXPECT_EQ(collector.diagnostics().count(DiagnosticId::kEvictedChoice), 20u);
  ASSERT_EQ(collector.links().size(), 2u);
  EXPECT_EQ(collector.links()[0].tool_call_id, "20");
  EXPECT_EQ(collector.links()[1].tool_call_id, "29");
}

}  // namespace
}  // namespace spanlink::testing
