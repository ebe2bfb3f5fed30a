// What benchmarks of the tracker share: one that counts its links, and signals.
//
// Thread safety: `CountingTracker` is thread-safe; the functions are stateless.
#ifndef SPANLINK_BENCH_TRACKER_WORKLOAD_H_
#define SPANLINK_BENCH_TRACKER_WORKLOAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "spanlink/bench/workload.h"
#include "spanlink/linker/options.h"
#include "spanlink/linker/tool_call_tracker.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"

namespace spanlink::bench {

inline constexpr uint64_t kSeed = 1;

// A tracker that keeps all that it is told, and counts its links.
class CountingTracker {
 public:
  explicit CountingTracker(const Limits& limits = Limits::ForFiles())
      : tracker_(MakeOptions(limits), &diagnostics_) {}

  template <typename S>
  void Take(const S& signal) {
    tracker_.OnSignal(signal);
  }
  uint64_t links() const {
    uint64_t sum = 0;
    for (const Count& count : counts_) {
      sum += count.links.load(std::memory_order_relaxed);
    }
    return sum;
  }

 private:
  Options MakeOptions(const Limits& limits) {
    Options options;
    options.limits = limits;
    options.seed = kSeed;
    options.on_links = [this](std::span<const SpanLink> links) {
      counts_[ThreadNumber() % counts_.size()].links.fetch_add(
          links.size(), std::memory_order_relaxed);
    };
    return options;
  }

  // Threads that share nothing but the tracker are to be measured.
  struct alignas(128) Count {
    std::atomic<uint64_t> links = 0;
  };
  static size_t ThreadNumber() {
    static std::atomic<size_t> threads = 0;
    static thread_local const size_t number = threads++;
    return number;
  }

  std::array<Count, 4> counts_;
  Diagnostics diagnostics_;
  ToolCallTracker tracker_;
};

inline SpanRef MakeRef(uint64_t trace, uint64_t span) {
  SpanRef ref;
  ref.context = {MakeTraceId(trace), MakeSpanId(span)};
  ref.parent = MakeSpanId(0);
  return ref;
}

inline LlmToolChoice MakeChoice(const SpanRef& llm, std::string_view id,
                                std::string_view name,
                                std::string_view arguments) {
  LlmToolChoice choice;
  choice.llm = llm;
  choice.tool_call_id = id;
  choice.tool_name = name;
  choice.arguments = arguments;
  return choice;
}

inline ToolCall MakeExecution(const SpanRef& tool, std::string_view name,
                              std::string_view arguments) {
  ToolCall execution;
  execution.tool = tool;
  execution.tool_name = name;
  execution.arguments = arguments;
  return execution;
}

inline ToolCallOutputUsed MakeUse(const SpanRef& llm, std::string_view id) {
  ToolCallOutputUsed use;
  use.llm = llm;
  use.tool_call_id = id;
  return use;
}

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_TRACKER_WORKLOAD_H_
