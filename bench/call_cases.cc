#include "spanlink/bench/call_cases.h"

#include <algorithm>

namespace spanlink::bench {

void Lifecycles::Prepare() {
  pairs_.Renumber();
  ids_.clear();
  ids_.reserve(calls());
  signals_.clear();
  for (size_t i = 0; i < calls(); ++i, ++number_) {
    const uint64_t place = 2 * (i % kCallsPerTrace);
    ids_.push_back(IdOf(number_));
    const TextPair& pair = pairs_[i];
    signals_.push_back(MakeChoice(MakeRef(trace_, place + 1), ids_.back(),
                                  ToolOf(number_), pair.model.text()));
    signals_.push_back(MakeExecution(MakeRef(trace_, place + 2),
                                     ToolOf(number_), pair.tool.text()));
    signals_.push_back(MakeUse(MakeRef(trace_, place + 3), ids_.back()));
    if (place == 2 * (kCallsPerTrace - 1) || i + 1 == calls()) {
      signals_.push_back(ScopeFinish{MakeTraceId(trace_++)});
    }
  }
}

Done Lifecycles::Run(Stopwatch& watch) {
  Prepare();
  const uint64_t before = tracker_.links();
  watch.Start();
  for (const Signal& signal : signals_) tracker_.Take(signal);
  watch.Stop();
  return {calls(), tracker_.links() - before, 2 * calls()};
}

LiveCalls::LiveCalls(const std::string& texts, size_t count,
                     CountingTracker* tracker)
    : pairs_(texts), count_(count), tracker_(*tracker) {
  for (uint64_t trace = 0; trace < traces(); ++trace) Choose(trace);
}

size_t LiveCalls::traces() const {
  return (count_ + kCallsPerTrace - 1) / kCallsPerTrace;
}

size_t LiveCalls::CallsOf(uint64_t trace) const {
  return std::min<size_t>(kCallsPerTrace, count_ - trace * kCallsPerTrace);
}

void LiveCalls::Choose(uint64_t trace) {
  for (size_t i = 0; i < CallsOf(trace); ++i) {
    const uint64_t number = trace * kCallsPerTrace + i;
    const TextPair pair = pairs_.Numbered(number);
    const std::string id = IdOf(number);
    LlmToolChoice choice = MakeChoice(MakeRef(trace, 1 + i / kCallsPerAnswer),
                                      id, ToolOf(number), pair.model.text());
    choice.index = static_cast<uint32_t>(i % kCallsPerAnswer);
    tracker_.Take(choice);
  }
}

Done LiveCalls::Execute(Stopwatch& watch) {
  constexpr size_t kTraces = 5;
  constexpr uint64_t kStep = 7919;  // a prime: visits all
  std::vector<TextPair> pairs;
  std::vector<uint64_t> visited;
  for (size_t i = 0; i < std::min(kTraces, traces()); ++i) {
    visited.push_back(trace_);
    trace_ = (trace_ + kStep) % traces();
    for (size_t n = 0; n < CallsOf(visited.back()); ++n) {
      pairs.push_back(pairs_.Numbered(visited.back() * kCallsPerTrace + n));
    }
  }
  std::vector<Signal> signals;
  for (const uint64_t trace : visited) {
    for (size_t n = 0; n < CallsOf(trace); ++n) {
      signals.push_back(MakeExecution(MakeRef(trace, 1000 + n),
                                      ToolOf(trace * kCallsPerTrace + n),
                                      pairs[signals.size()].tool.text()));
    }
  }
  const uint64_t before = tracker_.links();
  watch.Start();
  for (const Signal& signal : signals) tracker_.Take(signal);
  watch.Stop();
  const uint64_t links = tracker_.links() - before;
  for (const uint64_t trace : visited) {
    tracker_.Take(ScopeFinish{MakeTraceId(trace)});
    Choose(trace);
  }
  return {signals.size(), links, signals.size()};
}

}  // namespace spanlink::bench
