// The engine's side of `./dev bench --gate`: serves slices of its cases.
//
//   gate_engine FOLDER                    serves; FOLDER holds the texts
//   gate_engine --texts SHAPE SIZE COUNT  prints texts, one a line
//
// The cases, with what their arguments are: TEXTS a file of FOLDER, LIVE the
// number of other calls that are open.
#include <sys/resource.h>

#include <algorithm>
#include <barrier>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "spanlink/bench/allocations.h"
#include "spanlink/bench/call_cases.h"
#include "spanlink/bench/latency_case.h"
#include "spanlink/bench/slices.h"
#include "spanlink/bench/text_pairs.h"
#include "spanlink/bench/threads.h"
#include "spanlink/bench/tracker_workload.h"
#include "spanlink/bench/workload.h"
#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/key_memo.h"
#include "spanlink/model/signals.h"

namespace spanlink::bench {
namespace {

// The first trace of those that come and go, beside those of live calls.
constexpr uint64_t kPassing = uint64_t{1} << 40;

std::string folder;

std::string FileOf(const std::string& texts) {
  return folder + "/" + texts + ".json";
}
size_t NumberOf(const std::string& text) { return std::stoull(text); }

// Open calls, and one lifecycle after the other beside them.
struct Beside {
  Beside(const std::string& texts, size_t live_calls,
         const Limits& limits = Limits::ForFiles())
      : tracker(limits), passing(texts, kPassing, &tracker) {
    if (live_calls > 0) live.emplace(texts, live_calls, &tracker);
  }
  CountingTracker tracker;
  std::optional<LiveCalls> live;
  Lifecycles passing;
};

// lifecycle TEXTS LIVE
Case MakeLifecycle(const Arguments& arguments) {
  auto state =
      std::make_shared<Beside>(FileOf(arguments[0]), NumberOf(arguments[1]));
  return [state](double seconds) {
    return RunBatches(
        seconds, [&](Stopwatch& watch) { return state->passing.Run(watch); });
  };
}

// lookup TEXTS LIVE: an execution finds its call among so many, and is linked.
Case MakeLookup(const Arguments& arguments) {
  auto state =
      std::make_shared<Beside>(FileOf(arguments[0]), NumberOf(arguments[1]));
  return [state](double seconds) {
    return RunBatches(
        seconds, [&](Stopwatch& watch) { return state->live->Execute(watch); });
  };
}

// fingerprint TEXTS
Case MakeFingerprint(const Arguments& arguments) {
  auto pairs = std::make_shared<TextPairs>(FileOf(arguments[0]));
  return [pairs](double seconds) {
    const Fingerprinter fingerprinter(kSeed);
    return RunBatches(seconds, [&](Stopwatch& watch) {
      pairs->Renumber();
      Done done{pairs->size(), 0, pairs->size()};
      watch.Start();
      for (size_t i = 0; i < pairs->size(); ++i) {
        done.results += fingerprinter.OfArguments((*pairs)[i].model.text()) !=
                        Fingerprint();
      }
      watch.Stop();
      return done;
    });
  };
}

// memo TEXTS: how often texts are remembered, in traces as those of
// `lifecycle`.
Case MakeMemo(const Arguments& arguments) {
  const TextPairs pairs(FileOf(arguments[0]));
  const Fingerprinter fingerprinter(kSeed);
  const auto memo = std::make_unique<KeyMemo>(&fingerprinter);
  for (size_t i = 0; i < pairs.size(); ++i) {
    memo->OfCall({}, pairs[i].model.text());
    memo->OfCall({}, pairs[i].tool.text());
  }
  const double rate =
      static_cast<double>(memo->hits()) / static_cast<double>(pairs.size());
  return [rate](double) { return Figures{{"hit rate", rate}}; };
}

constexpr size_t kDispatches = 10'000;

template <typename Emit>
Done EmitMany(Stopwatch& watch, const Emit& emit) {
  ToolCall signal = MakeExecution(MakeRef(1, 1), "search", "{}");
  watch.Start();
  for (size_t i = 0; i < kDispatches; ++i) {
    emit(signal);
    benchmark::ClobberMemory();
  }
  watch.Stop();
  return {kDispatches, 0, 0};
}

// virtual: the call that a dispatch is measured against.
Case MakeVirtual(const Arguments&) {
  return [](double seconds) {
    uint64_t sum = 0;
    const auto listener = MakeVirtualListener(&sum);
    return RunBatches(seconds, [&](Stopwatch& watch) {
      const uint64_t before = sum;
      Done done = EmitMany(
          watch, [&](const ToolCall& call) { listener->OnToolCall(call); });
      done.results = sum - before;
      done.expected = kDispatches * std::string_view("search").size();
      return done;
    });
  };
}

// dispatch LISTENERS
Case MakeDispatch(const Arguments& arguments) {
  const size_t listeners = NumberOf(arguments[0]);
  return [listeners](double seconds) {
    Dispatcher dispatcher;
    uint64_t sum = 0;
    std::vector<Subscription> listening;
    for (size_t i = 0; i < listeners; ++i) {
      listening.push_back(dispatcher.Subscribe<ToolCall>(
          std::to_string(i),
          [&sum](const ToolCall& call) { sum += Consume(call); }));
    }
    return RunBatches(seconds, [&](Stopwatch& watch) {
      const uint64_t before = sum;
      Done done = EmitMany(
          watch, [&](const ToolCall& call) { dispatcher.Dispatch(call); });
      done.results = sum - before;
      done.expected =
          listeners * kDispatches * std::string_view("search").size();
      return done;
    });
  };
}

// What threads need that tell one tracker of their batches, all at once: the
// most that one of them had of a processor, and how often they waited for a
// lock. (The time on the wall is that of whoever else is on the machine.) Each
// has done the same once before: what a thread is new to is not to be measured.
struct ThreadsNeed {
  double seconds = 0;
  double waits = 0;
};

double Waits() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return static_cast<double>(usage.ru_nvcsw);
}

ThreadsNeed RunThreads(std::vector<std::vector<Lifecycles>>& work,
                       CountingTracker& tracker) {
  std::vector<std::thread> threads;
  std::barrier ready(static_cast<ptrdiff_t>(work.size()));
  std::vector<ThreadsNeed> needs(work.size());
  for (size_t i = 0; i < work.size(); ++i) {
    threads.emplace_back([&, i] {
      PinTo(static_cast<unsigned>(i));
      Stopwatch unused, watch;
      for (Lifecycles& batch : work[i]) batch.Run(unused);
      for (Lifecycles& batch : work[i]) batch.Prepare();
      ready.arrive_and_wait();
      const double before = Waits();
      watch.Start();
      for (const Lifecycles& batch : work[i]) {
        for (const Signal& signal : batch.signals()) tracker.Take(signal);
      }
      watch.Stop();
      needs[i] = {watch.seconds(), Waits() - before};
    });
  }
  for (std::thread& thread : threads) thread.join();
  ThreadsNeed most;
  for (const ThreadsNeed& need : needs) {
    most.seconds = std::max(most.seconds, need.seconds);
    most.waits += need.waits;
  }
  return most;
}

// threads TEXTS COUNT: time and waits for each call of all threads.
Case MakeThreads(const Arguments& arguments) {
  constexpr size_t kBatches = 20;
  struct State {
    CountingTracker tracker;
    std::vector<std::vector<Lifecycles>> work;
  };
  auto state = std::make_shared<State>();
  for (size_t thread = 0; thread < NumberOf(arguments[1]); ++thread) {
    auto& batches = state->work.emplace_back();
    for (size_t i = 0; i < kBatches; ++i) {
      batches.emplace_back(FileOf(arguments[0]), (kBatches * thread + i) << 24,
                           &state->tracker);
    }
  }
  return [state](double seconds) {
    const uint64_t before = state->tracker.links();
    ThreadsNeed all;
    double calls = 0;
    while (all.seconds < seconds) {
      const ThreadsNeed need = RunThreads(state->work, state->tracker);
      all.seconds += need.seconds;
      all.waits += need.waits;
      calls += static_cast<double>(state->work.size() * kBatches *
                                   state->work[0][0].calls());
    }
    return Figures{
        {"ns", 1e9 * all.seconds / calls},
        {"waits", all.waits / calls},
        {"operations", calls},
        {"results", static_cast<double>(state->tracker.links() - before)},
        {"expected", 2 * 2 * calls}};
  };
}

// allocations TEXTS: of a signal, when the engine has seen some traces, and as
// many have ended as it remembers.
Case MakeAllocations(const Arguments& arguments) {
  Limits limits;
  limits.scopes = 64;
  auto state = std::make_shared<Beside>(FileOf(arguments[0]), 0, limits);
  return [state](double) {
    Stopwatch watch;
    for (int i = 0; i < 400; ++i) state->passing.Run(watch);
    uint64_t all = 0;
    double signals = 0;
    for (int i = 0; i < 100; ++i) {
      state->passing.Prepare();
      const uint64_t before = Allocations();
      for (const Signal& signal : state->passing.signals()) {
        state->tracker.Take(signal);
      }
      all += Allocations() - before;
      signals += static_cast<double>(state->passing.signals().size());
    }
    return Figures{{"allocations", static_cast<double>(all)},
                   {"signals", signals}};
  };
}

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

// memory TEXTS LIVE: of the process, before and after it has so many open
// calls; to be asked once. "spans" for texts: their LLM spans alone.
Case MakeMemory(const Arguments& arguments) {
  return [arguments](double) {
    const size_t count = NumberOf(arguments[1]);
    CountingTracker tracker;
    std::optional<LiveCalls> live;
    const double before = ResidentBytes();
    if (arguments[0] != "spans") {
      live.emplace(FileOf(arguments[0]), count, &tracker);
    } else {
      for (size_t i = 0; i < count; i += kCallsPerAnswer) {
        tracker.Take(
            SpanStart{.span = MakeRef(i / kCallsPerTrace,
                                      1 + i % kCallsPerTrace / kCallsPerAnswer),
                      .kind = SpanKind::kLlm});
      }
    }
    return Figures{{"bytes", (ResidentBytes() - before)}};
  };
}

// drop LIVE: a trace ends that has so many open calls.
Case MakeDrop(const Arguments& arguments) {
  const size_t count = NumberOf(arguments[1]);
  const std::string file = FileOf(arguments[0]);
  return [count, file](double seconds) {
    const TextPairs pairs(file);
    CountingTracker tracker;
    return RunBatches(seconds, [&](Stopwatch& watch) {
      for (size_t i = 0; i < count; ++i) {
        const TextPair pair = pairs.Numbered(i);
        const std::string id = IdOf(i);
        tracker.Take(
            MakeChoice(MakeRef(1, 1 + i), id, ToolOf(i), pair.model.text()));
      }
      watch.Start();
      tracker.Take(ScopeFinish{MakeTraceId(1)});
      watch.Stop();
      return Done{1, 0, 0};
    });
  };
}

int PrintTexts(std::string_view shape, size_t size, size_t count) {
  for (uint64_t seed = 1; seed <= count; ++seed) {
    std::puts(MakeArguments(shape == "text" ? Shape::kText : Shape::kStructure,
                            size, seed)
                  .c_str());
  }
  return 0;
}

}  // namespace
}  // namespace spanlink::bench

int main(int argc, char** argv) {
  using namespace spanlink::bench;
  if (argc == 5 && std::string_view(argv[1]) == "--texts") {
    return PrintTexts(argv[2], NumberOf(argv[3]), NumberOf(argv[4]));
  }
  if (argc != 2) return 1;
  folder = argv[1];
  return ServeCases({{"lifecycle", MakeLifecycle},
                     {"lookup", MakeLookup},
                     {"fingerprint", MakeFingerprint},
                     {"memo", MakeMemo},
                     {"virtual", MakeVirtual},
                     {"dispatch", MakeDispatch},
                     {"threads", MakeThreads},
                     {"allocations", MakeAllocations},
                     {"memory", MakeMemory},
                     {"drop", MakeDrop},
                     {"latency", [](const Arguments& arguments) {
                        return MakeLatencyCase(FileOf(arguments[0]),
                                               NumberOf(arguments[1]));
                      }}});
}
