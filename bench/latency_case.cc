#include "spanlink/bench/latency_case.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "spanlink/bench/call_cases.h"
#include "spanlink/bench/threads.h"

namespace spanlink::bench {
namespace {

// Of traces that nobody else has.
constexpr uint64_t kTimedTraces = uint64_t{1} << 40;
constexpr uint64_t kInsertedTraces = uint64_t{1} << 41;

double Now() { return SecondsOf(CLOCK_MONOTONIC); }

// Returns nanoseconds, one for each signal.
std::vector<double> TimeSignals(Lifecycles& lifecycles,
                                CountingTracker& tracker) {
  lifecycles.Prepare();
  std::vector<double> times;
  times.reserve(lifecycles.signals().size());
  for (const Signal& signal : lifecycles.signals()) {
    const double start = Now();
    tracker.Take(signal);
    times.push_back(1e9 * (Now() - start));
  }
  return times;
}

// The same of a chain of multiplications.
std::vector<double> TimeControl(size_t count, int steps) {
  std::vector<double> times;
  times.reserve(count);
  uint64_t value = 1;
  for (size_t i = 0; i < count; ++i) {
    const double start = Now();
    for (int step = 0; step < steps; ++step) {
      value = value * 0x9e3779b97f4a7c15 + 1;
      benchmark::DoNotOptimize(value);
    }
    times.push_back(1e9 * (Now() - start));
  }
  return times;
}

double Percentile(std::vector<double>& times, double share) {
  const auto at =
      times.begin() +
      static_cast<ptrdiff_t>(share * static_cast<double>(times.size()));
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

void Append(std::vector<double> more, std::vector<double>* times) {
  times->insert(times->end(), more.begin(), more.end());
}

struct Latency {
  explicit Latency(const std::string& path, size_t count)
      : texts(path), live(path, count, &tracker) {}

  Figures Run(double seconds) {
    std::atomic<bool> stop = false;
    std::thread inserting([&] {
      PinTo(1);
      Lifecycles others(texts, kInsertedTraces + inserted++ * (1 << 20),
                        &tracker);
      Stopwatch watch;
      while (!stop.load(std::memory_order_relaxed)) others.Run(watch);
    });
    // About as long as a signal takes.
    const int steps = Calibrate();
    std::vector<double> signals, control;
    const double end = Now() + seconds;
    while (Now() < end) {
      const std::vector<double> times = TimeSignals(timed, tracker);
      Append(TimeControl(times.size(), steps), &control);
      Append(times, &signals);
    }
    stop = true;
    inserting.join();
    Figures figures;
    for (const auto& [name, share] :
         {std::pair("p50", 0.5), std::pair("p99", 0.99),
          std::pair("p99.9", 0.999)}) {
      figures.emplace_back(name, Percentile(signals, share));
      figures.emplace_back(std::string("control ") + name,
                           Percentile(control, share));
    }
    return figures;
  }

  // How many steps of the control loop take as long as the median signal.
  int Calibrate() {
    constexpr int kSteps = 1000;
    std::vector<double> signals = TimeSignals(timed, tracker);
    std::vector<double> control = TimeControl(100, kSteps);
    std::vector<double> empty = TimeControl(100, 0);
    const double clock = Percentile(empty, 0.5);
    const double step = (Percentile(control, 0.5) - clock) / kSteps;
    return static_cast<int>((Percentile(signals, 0.5) - clock) / step);
  }

  const std::string texts;
  CountingTracker tracker;
  LiveCalls live;
  Lifecycles timed{texts, kTimedTraces, &tracker};
  uint64_t inserted = 0;
};

}  // namespace

Case MakeLatencyCase(const std::string& texts, size_t live) {
  auto latency = std::make_shared<Latency>(texts, live);
  return [latency](double seconds) { return latency->Run(seconds); };
}

}  // namespace spanlink::bench
