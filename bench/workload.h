// Seeded input for the benchmarks: the same in every run and on every machine.
//
// Thread safety: stateless functions; `VirtualListener`s are thread-compatible.
#ifndef SPANLINK_BENCH_WORKLOAD_H_
#define SPANLINK_BENCH_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "spanlink/model/signals.h"
#include "spanlink/model/span_context.h"

namespace spanlink::bench {

// What arguments are made of.
enum class Shape : uint8_t {
  kStructure,  // nested objects, numbers, short strings: a token every 11 bytes
  kText,       // one long string with an escape every 25 bytes or so
};

// Returns a JSON object of exactly `size` bytes; `{}` for the smallest size.
// REQUIRES: size is 2 or at least 16.
std::string MakeArguments(Shape shape, size_t size, uint64_t seed);

// Names and arguments of `count` calls that all differ, `size` bytes of
// arguments each. REQUIRES: size >= 32.
struct CallText {
  std::string tool_call_id;
  std::string tool_name;
  std::string arguments;
};
std::vector<CallText> MakeCalls(size_t count, size_t size, uint64_t seed);

// Ids that are never zero and differ for different numbers.
TraceId MakeTraceId(uint64_t number);
SpanId MakeSpanId(uint64_t number);

// The plain alternative to a dispatcher: one virtual call.
class VirtualListener {
 public:
  virtual ~VirtualListener() = default;
  virtual void OnToolCall(const ToolCall& call) = 0;
};
// Returns a listener that adds to `*sum` what `Consume` returns. Made in
// another translation unit, so that the compiler cannot see through the call.
std::unique_ptr<VirtualListener> MakeVirtualListener(uint64_t* sum);

// What every listener of the benchmarks does with a signal.
inline uint64_t Consume(const ToolCall& call) { return call.tool_name.size(); }

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_WORKLOAD_H_
