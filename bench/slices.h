// Slices: how `bench/gate.py` runs a program that measures.
//
// The program stays alive and reads lines, `SECONDS CASE [ARGUMENT…]`; each
// runs a slice of the case, and answers with one line, a JSON object of
// figures. What a case needs is made when it is first asked for. So both sides
// of a comparison can be measured in turns, moments apart.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_BENCH_SLICES_H_
#define SPANLINK_BENCH_SLICES_H_

#include <time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace spanlink::bench {

using Figures = std::vector<std::pair<std::string, double>>;
// Measures for about so many seconds.
using Case = std::function<Figures(double seconds)>;
using Arguments = std::vector<std::string>;
using MakeCase = std::function<Case(const Arguments& arguments)>;

// Serves the cases until the input ends; returns the program's exit status.
int ServeCases(const std::map<std::string, MakeCase>& cases);

double SecondsOf(clockid_t clock);

// Adds up times of this thread, without those in which others had the
// processor.
class Stopwatch {
 public:
  void Start() { start_ = SecondsOf(CLOCK_THREAD_CPUTIME_ID); }
  void Stop() { seconds_ += SecondsOf(CLOCK_THREAD_CPUTIME_ID) - start_; }
  double seconds() const { return seconds_; }

 private:
  double start_ = 0;
  double seconds_ = 0;
};

// What a batch did: its operations, and the results that show it.
struct Done {
  uint64_t operations = 0;
  uint64_t results = 0;
  uint64_t expected = 0;
};

// Runs batches until their timed parts took so long. `batch(watch)` returns
// `Done`, and starts and stops the watch around what is to be timed.
template <typename Batch>
Figures RunBatches(double seconds, const Batch& batch) {
  Stopwatch watch;
  Done all;
  while (watch.seconds() < seconds) {
    const Done done = batch(watch);
    all.operations += done.operations;
    all.results += done.results;
    all.expected += done.expected;
  }
  const auto count = static_cast<double>(all.operations);
  return {{"ns", 1e9 * watch.seconds() / count},
          {"operations", count},
          {"results", static_cast<double>(all.results)},
          {"expected", static_cast<double>(all.expected)}};
}

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_SLICES_H_
