// Cases of calls: batches of signals for a tracker, made before they are timed.
//
// A lifecycle is what happens to a call: an answer chooses it, a tool runs it,
// found by its name and arguments, the next answer uses the result. Two links
// come of it; every batch says how many were to come.
//
// Lifetime: the tracker must outlive what feeds it.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_BENCH_CALL_CASES_H_
#define SPANLINK_BENCH_CALL_CASES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "spanlink/bench/slices.h"
#include "spanlink/bench/text_pairs.h"
#include "spanlink/bench/tracker_workload.h"
#include "spanlink/model/signals.h"

namespace spanlink::bench {

inline constexpr size_t kCallsPerTrace = 50;
inline constexpr size_t kCallsPerAnswer = 5;

// One lifecycle after the other, in traces of `kCallsPerTrace` calls each,
// which end.
class Lifecycles {
 public:
  // `first_trace`: the first of the traces, which no one else may use.
  Lifecycles(const std::string& texts, uint64_t first_trace,
             CountingTracker* tracker)
      : pairs_(texts), trace_(first_trace), tracker_(*tracker) {}

  // Makes the signals of a batch, one lifecycle for each text.
  void Prepare();
  // What was prepared.
  const std::vector<Signal>& signals() const { return signals_; }
  size_t calls() const { return pairs_.size(); }
  // Prepares a batch, and times how the tracker takes it.
  Done Run(Stopwatch& watch);

 private:
  TextPairs pairs_;
  uint64_t trace_;
  uint64_t number_ = 0;
  CountingTracker& tracker_;
  std::vector<std::string> ids_;
  std::vector<Signal> signals_;
};

// Calls that stay open, spread over traces.
class LiveCalls {
 public:
  LiveCalls(const std::string& texts, size_t count, CountingTracker* tracker);

  // Times one execution for each call of a few traces, far from one another in
  // memory, and begins these traces anew.
  Done Execute(Stopwatch& watch);

 private:
  size_t traces() const;
  void Choose(uint64_t trace);
  size_t CallsOf(uint64_t trace) const;

  TextPairs pairs_;
  const size_t count_;
  CountingTracker& tracker_;
  uint64_t trace_ = 0;
};

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_CALL_CASES_H_
