// What the tracker costs a signal. Every case checks that it links what it says
// it links.
#include <benchmark/benchmark.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/bench/tracker_workload.h"
#include "spanlink/bench/workload.h"
#include "spanlink/model/signals.h"

namespace spanlink::bench {
namespace {

constexpr size_t kCallsPerTrace = 50;
constexpr size_t kCallsPerAnswer = 5;
constexpr size_t kArgumentBytes = 64;

// Traces of open calls that all differ.
class OpenCalls {
 public:
  explicit OpenCalls(size_t calls)
      : calls_(MakeCalls(calls, kArgumentBytes, kSeed)) {
    for (size_t trace = 0; trace < traces(); ++trace) Choose(trace);
  }

  size_t traces() const { return calls_.size() / kCallsPerTrace; }
  uint64_t links() const { return tracker_.links(); }

  // One execution for each open call of the trace.
  enum class By : uint8_t { kArguments, kId, kNothing };
  void Execute(size_t trace, By by) {
    for (size_t i = 0; i < kCallsPerTrace; ++i) {
      const CallText& call = calls_[trace * kCallsPerTrace + i];
      ToolCall execution = MakeExecution(MakeRef(trace, 1000 + i),
                                         call.tool_name, call.arguments);
      if (by == By::kId) execution.tool_call_id = call.tool_call_id;
      if (by == By::kNothing) execution.tool_name = "never_chosen";
      tracker_.Take(execution);
    }
  }

  // The trace is over, and begins again.
  void Renew(size_t trace) {
    tracker_.Take(ScopeFinish{MakeTraceId(trace)});
    Choose(trace);
  }

 private:
  void Choose(size_t trace) {
    for (size_t i = 0; i < kCallsPerTrace; ++i) {
      const CallText& call = calls_[trace * kCallsPerTrace + i];
      LlmToolChoice choice =
          MakeChoice(MakeRef(trace, 1 + i / kCallsPerAnswer), call.tool_call_id,
                     call.tool_name, call.arguments);
      choice.index = static_cast<uint32_t>(i % kCallsPerAnswer);
      tracker_.Take(choice);
    }
  }

  std::vector<CallText> calls_;
  CountingTracker tracker_;
};

// Seconds of this thread, without those in which others had the processor.
double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

// Times the executions of one trace after another, far from one another in
// memory; every trace is renewed outside of the time. As the calls take long to
// make, the number of iterations is not searched for but given.
constexpr int64_t kLookupIterations = 500;

void LookUp(benchmark::State& state, OpenCalls::By by) {
  OpenCalls open(static_cast<size_t>(state.range(0)));
  // A step that is coprime to the number of traces visits all of them.
  constexpr size_t step = 7919;
  size_t trace = 0;
  uint64_t links = 0;
  for (auto _ : state) {
    const uint64_t before = open.links();
    const double start = ThreadSeconds();
    open.Execute(trace, by);
    state.SetIterationTime(ThreadSeconds() - start);
    links += open.links() - before;
    open.Renew(trace);
    trace = (trace + step) % open.traces();
  }
  const auto executions =
      state.iterations() * static_cast<int64_t>(kCallsPerTrace);
  const int64_t expected = by == OpenCalls::By::kNothing ? 0 : executions;
  if (static_cast<int64_t>(links) != expected) {
    state.SkipWithError("not the links that were to be measured");
  }
  state.SetItemsProcessed(executions);
}

// An execution without an id finds its call among as many as the argument says.
// The time is that of a whole trace; items are executions.
void BM_TrackerLookupHit(benchmark::State& state) {
  LookUp(state, OpenCalls::By::kArguments);
}
BENCHMARK(BM_TrackerLookupHit)
    ->Arg(1000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(kLookupIterations)
    ->UseManualTime();

// An execution that carries the id of its call.
void BM_TrackerLookupHitById(benchmark::State& state) {
  LookUp(state, OpenCalls::By::kId);
}
BENCHMARK(BM_TrackerLookupHitById)
    ->Arg(1000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(kLookupIterations)
    ->UseManualTime();

// An execution of a tool that no answer chose.
void BM_TrackerLookupMiss(benchmark::State& state) {
  LookUp(state, OpenCalls::By::kNothing);
}
BENCHMARK(BM_TrackerLookupMiss)
    ->Arg(1000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(kLookupIterations)
    ->UseManualTime();

// Runs one call after the other: an answer chooses it, a tool executes it, the
// next answer uses the result and chooses the next.
class Conversation {
 public:
  explicit Conversation(std::string arguments)
      : arguments_(std::move(arguments)) {}

  void RunCall() {
    const std::string id = "call_" + std::to_string(calls_);
    tracker_.Take(
        MakeChoice(MakeRef(trace_, 1 + 2 * calls_), id, "search", arguments_));
    const SpanRef tool = MakeRef(trace_, 2 + 2 * calls_);
    tracker_.Take(MakeExecution(tool, "search", arguments_));
    ++calls_;
    tracker_.Take(MakeUse(MakeRef(trace_, 1 + 2 * calls_), id));
  }
  void Finish() {
    tracker_.Take(ScopeFinish{MakeTraceId(trace_++)});
    calls_ = 0;
  }
  uint64_t links() const { return tracker_.links(); }

 private:
  const std::string arguments_;
  CountingTracker tracker_;
  uint64_t trace_ = 0;
  uint64_t calls_ = 0;
};

// The whole life of a call with as many bytes of arguments as the argument
// says, the end of its trace included.
void BM_TrackerLifecycle(benchmark::State& state) {
  Conversation conversation(MakeArguments(
      Shape::kStructure, static_cast<size_t>(state.range(0)), kSeed));
  size_t calls = 0;
  for (auto _ : state) {
    conversation.RunCall();
    if (++calls % kCallsPerTrace == 0) conversation.Finish();
  }
  if (conversation.links() != 2 * calls) {
    state.SkipWithError("not the links that were to be measured");
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TrackerLifecycle)
    ->Arg(2)
    ->Arg(64)
    ->Arg(512)
    ->Arg(4 << 10)
    ->Arg(64 << 10);

// One trace of as many calls as the argument says: the time a call must not
// grow with the length of the trace.
void BM_TrackerLongTrace(benchmark::State& state) {
  Conversation conversation("{\"city\": \"Paris\"}");
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) conversation.RunCall();
    conversation.Finish();
  }
  const auto calls = state.iterations() * state.range(0);
  if (static_cast<int64_t>(conversation.links()) != 2 * calls) {
    state.SkipWithError("not the links that were to be measured");
  }
  state.SetItemsProcessed(calls);
}
BENCHMARK(BM_TrackerLongTrace)->Arg(100)->Arg(1000)->Arg(10'000);

}  // namespace
}  // namespace spanlink::bench
