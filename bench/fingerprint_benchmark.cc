// What the fingerprint of a call costs, by the size and the make of its
// arguments.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "spanlink/bench/workload.h"
#include "spanlink/linker/fingerprint.h"

namespace spanlink::bench {
namespace {

constexpr uint64_t kSeed = 1;

void FingerprintArguments(benchmark::State& state, Shape shape) {
  const Fingerprinter fingerprinter(kSeed);
  const std::string arguments =
      MakeArguments(shape, static_cast<size_t>(state.range(0)), kSeed);
  for (auto _ : state) {
    benchmark::DoNotOptimize(fingerprinter.Of("search", arguments));
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// Many short tokens: the cost of parsing.
void BM_FingerprinterOfStructure(benchmark::State& state) {
  FingerprintArguments(state, Shape::kStructure);
}
BENCHMARK(BM_FingerprinterOfStructure)
    ->Arg(2)
    ->Arg(64)
    ->Arg(512)
    ->Arg(4 << 10)
    ->Arg(64 << 10);

// One long string with escapes: the cost of bytes.
void BM_FingerprinterOfText(benchmark::State& state) {
  FingerprintArguments(state, Shape::kText);
}
BENCHMARK(BM_FingerprinterOfText)
    ->Arg(64)
    ->Arg(512)
    ->Arg(4 << 10)
    ->Arg(64 << 10);

// Text that is not JSON is tried, and then taken as it is.
void BM_FingerprinterOfProse(benchmark::State& state) {
  const Fingerprinter fingerprinter(kSeed);
  const std::string prose(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    benchmark::DoNotOptimize(fingerprinter.Of("search", prose));
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_FingerprinterOfProse)->Arg(64)->Arg(64 << 10);

// A name or an id.
void BM_FingerprinterId(benchmark::State& state) {
  const Fingerprinter fingerprinter(kSeed);
  const std::string id = "call_0123456789abcdef012";
  for (auto _ : state) {
    benchmark::DoNotOptimize(fingerprinter.OfText(id));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FingerprinterId);

}  // namespace
}  // namespace spanlink::bench
