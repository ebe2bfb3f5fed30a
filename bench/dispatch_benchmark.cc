// What a dispatch costs, next to the virtual call that it replaces. Only the
// ratios within one run mean anything.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "spanlink/bench/workload.h"
#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/model/signals.h"

namespace spanlink::bench {
namespace {

ToolCall MakeSignal() {
  ToolCall call;
  call.tool.context = {MakeTraceId(1), MakeSpanId(1)};
  call.tool_call_id = "call_1";
  call.tool_name = "search";
  call.arguments = "{}";
  return call;
}

class NopSink final : public SignalSink {
 public:
  void OnSignal(const Signal& signal) override {
    benchmark::DoNotOptimize(signal.index());
  }
};

// The yardstick: a virtual call with the same work behind it.
void BM_VirtualCall(benchmark::State& state) {
  uint64_t sum = 0;
  const std::unique_ptr<VirtualListener> listener = MakeVirtualListener(&sum);
  const ToolCall signal = MakeSignal();
  for (auto _ : state) {
    listener->OnToolCall(signal);
    benchmark::ClobberMemory();
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_VirtualCall);

// A dispatch to as many listeners as the argument says.
void BM_DispatcherDispatch(benchmark::State& state) {
  Dispatcher dispatcher;
  uint64_t sum = 0;
  std::vector<Subscription> listening;
  for (int64_t i = 0; i < state.range(0); ++i) {
    listening.push_back(dispatcher.Subscribe<ToolCall>(
        std::to_string(i),
        [&sum](const ToolCall& call) { sum += Consume(call); }));
  }
  const ToolCall signal = MakeSignal();
  for (auto _ : state) {
    dispatcher.Dispatch(signal);
    benchmark::ClobberMemory();
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DispatcherDispatch)->Arg(0)->Arg(1)->Arg(4);

// What the engine's way in adds: the signal becomes a variant.
void BM_DispatcherDispatchToSink(benchmark::State& state) {
  Dispatcher dispatcher;
  NopSink sink;
  const Subscription listening = dispatcher.SubscribeAll("sink", sink);
  const ToolCall signal = MakeSignal();
  for (auto _ : state) {
    dispatcher.Dispatch(signal);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DispatcherDispatchToSink);

// Whether threads that dispatch get into one another's way: time per dispatch
// over all threads.
void BM_DispatcherDispatchContended(benchmark::State& state) {
  static Dispatcher* const dispatcher = new Dispatcher;
  static const auto* const listening = new Subscription(
      dispatcher->Subscribe<ToolCall>("sum", [](const ToolCall& call) {
        benchmark::DoNotOptimize(Consume(call));
      }));
  benchmark::DoNotOptimize(listening);
  const ToolCall signal = MakeSignal();
  for (auto _ : state) {
    dispatcher->Dispatch(signal);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DispatcherDispatchContended)
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();

// A registration and its end, with the barriers that make a dispatch cheap.
void BM_DispatcherSubscribe(benchmark::State& state) {
  Dispatcher dispatcher;
  for (auto _ : state) {
    const Subscription listening =
        dispatcher.Subscribe<ToolCall>("name", [](const ToolCall&) {});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DispatcherSubscribe);

}  // namespace
}  // namespace spanlink::bench
