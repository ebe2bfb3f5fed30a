// The peers of `./dev bench --gate` that are in C++: serves slices of them.
#include <simdjson.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "spanlink/bench/naive_port.h"
#include "spanlink/bench/slices.h"
#include "spanlink/bench/text_pairs.h"

namespace spanlink::bench {
namespace {

std::string folder;

std::string FileOf(const std::string& texts) {
  return folder + "/" + texts + ".json";
}

// What the naive port is told of one call.
struct NaiveCall {
  NaiveLinkTracker::Choice choice;
  std::string tool_arguments;
  NaiveSpan tool, reader;
};

std::vector<NaiveCall> MakeCalls(const TextPairs& pairs, uint64_t* number) {
  std::vector<NaiveCall> calls(pairs.size());
  for (size_t i = 0; i < calls.size(); ++i, ++*number) {
    NaiveCall& call = calls[i];
    const auto context = [&](uint64_t span) {
      return NaiveContext{std::to_string((3 * *number + span) << 20),
                          std::string(16, '0') +
                              std::to_string(1'000'000'000'000'000 + *number)};
    };
    call.choice = {IdOf(*number), std::string(ToolOf(*number)),
                   pairs[i].model.text(), context(0)};
    call.tool_arguments = pairs[i].tool.text();
    call.tool.context = context(1);
    call.reader.context = context(2);
  }
  return calls;
}

// lifecycle TEXTS
Case MakeLifecycle(const Arguments& arguments) {
  auto pairs = std::make_shared<TextPairs>(FileOf(arguments[0]));
  auto tracker = std::make_shared<NaiveLinkTracker>();
  auto number = std::make_shared<uint64_t>(0);
  return [pairs, tracker, number](double seconds) {
    return RunBatches(seconds, [&](Stopwatch& watch) {
      pairs->Renumber();
      std::vector<NaiveCall> calls = MakeCalls(*pairs, number.get());
      watch.Start();
      for (NaiveCall& call : calls) {
        tracker->OnLlmToolChoice(call.choice);
        tracker->OnToolCall(call.choice.tool_name, call.tool_arguments,
                            &call.tool);
        tracker->OnToolCallOutputUsed(call.choice.tool_id, &call.reader);
      }
      watch.Stop();
      Done done{calls.size(), 0, 2 * calls.size()};
      for (const NaiveCall& call : calls) {
        done.results += call.tool.links.size() + call.reader.links.size();
      }
      return done;
    });
  };
}

// simdjson TEXTS: parses into a tree.
Case MakeSimdjson(const Arguments& arguments) {
  auto pairs = std::make_shared<TextPairs>(FileOf(arguments[0]));
  return [pairs](double seconds) {
    simdjson::dom::parser parser;
    std::vector<simdjson::padded_string> texts(pairs->size());
    return RunBatches(seconds, [&](Stopwatch& watch) {
      pairs->Renumber();
      for (size_t i = 0; i < texts.size(); ++i) {
        texts[i] = simdjson::padded_string((*pairs)[i].model.text());
      }
      Done done{texts.size(), 0, texts.size()};
      watch.Start();
      for (const simdjson::padded_string& text : texts) {
        simdjson::dom::element element;
        done.results += parser.parse(text).get(element) == simdjson::SUCCESS;
      }
      watch.Stop();
      return done;
    });
  };
}

// boost SIZE: finds in a map from 128 bits to a number, each key hanging on the
// value before.
Case MakeBoost(const Arguments& arguments) {
  using Key = std::pair<uint64_t, uint64_t>;
  struct FirstWord {
    using is_avalanching = void;
    size_t operator()(const Key& key) const { return key.first; }
  };
  const size_t size = std::stoull(arguments[0]);
  const auto key_of = [](uint64_t n) {
    const auto mix = [](uint64_t x) {
      x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
      x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
      return x ^ (x >> 31);
    };
    return Key(mix(n + 1), mix(~n));
  };
  auto map =
      std::make_shared<boost::unordered_flat_map<Key, uint64_t, FirstWord>>();
  for (uint64_t n = 0; n < size; ++n) {
    (*map)[key_of(n)] = (n * 0x9e3779b97f4a7c15 >> 20) % size;
  }
  return [map, key_of](double seconds) {
    return RunBatches(seconds, [&](Stopwatch& watch) {
      constexpr uint64_t kLookups = 1000;
      Done done{kLookups, 0, kLookups};
      uint64_t at = 0;
      watch.Start();
      for (uint64_t i = 0; i < kLookups; ++i) {
        const auto found = map->find(key_of(at));
        done.results += found != map->end();
        at = (found->second + i) % map->size();
      }
      watch.Stop();
      benchmark::DoNotOptimize(at);
      return done;
    });
  };
}

}  // namespace
}  // namespace spanlink::bench

int main(int argc, char** argv) {
  using namespace spanlink::bench;
  if (argc != 2) return 1;
  folder = argv[1];
  return ServeCases({{"lifecycle", MakeLifecycle},
                     {"simdjson", MakeSimdjson},
                     {"boost", MakeBoost}});
}
