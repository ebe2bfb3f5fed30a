// Linking a trace file from its bytes to its bytes, in turns with what others
// need only to read the same bytes: protobuf with arenas, simdjson on demand.
// `ratio` is the median of linking / reading of the rounds.
#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>
#include <simdjson.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/bench/otlp_workload.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink::bench {
namespace {

const OtlpWorkload& Workload() {
  static const OtlpWorkload workload = MakeOtlpWorkload(500);
  return workload;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

size_t ParseInArena(const std::string& bytes) {
  google::protobuf::Arena arena;
  auto* traces =
      google::protobuf::Arena::CreateMessage<oracle::TracesData>(&arena);
  Require(traces->ParseFromString(bytes));
  return static_cast<size_t>(traces->resource_spans_size());
}

// What of a span a linker needs: ids, times, name, and text attributes.
size_t ExtractSpan(simdjson::ondemand::object span) {
  size_t sum = 0;
  for (auto field : span) {
    const std::string_view key = field.unescaped_key();
    if (key == "attributes") {
      for (auto attribute : field.value().get_array()) {
        auto object = attribute.get_object();
        sum += std::string_view(object["key"].get_string()).size();
        for (auto value : object["value"].get_object()) {
          sum += std::string_view(value.value().get_string()).size();
        }
      }
    } else if (key != "kind" && key != "status") {
      sum += std::string_view(field.value().get_string()).size();
    }
  }
  return sum;
}

size_t ExtractOnDemand(const simdjson::padded_string& json) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream documents =
      parser.iterate_many(json, size_t{1} << 20);
  size_t sum = 0;
  for (auto document : documents) {
    for (auto resource : document["resourceSpans"].get_array()) {
      for (auto scope : resource["scopeSpans"].get_array()) {
        for (auto span : scope["spans"].get_array()) {
          sum += ExtractSpan(span.get_object());
        }
      }
    }
  }
  return sum;
}

size_t Link(std::string bytes) {
  auto file = TraceFile::Read("f", std::move(bytes));
  file->Link({});
  Require(file->links().size() == Workload().links);
  return file->Write({})->size();
}

size_t ReadSpans(const std::string& bytes, OtlpFormat format) {
  return ReadOtlp({"f", bytes, format})->spans.size();
}

// What this thread has worked: other programs do not lengthen it.
double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

// Times `ours` and, in the same rounds, `theirs`; `prepare` is not timed.
template <typename Prepare, typename Ours, typename Theirs>
void InTurns(benchmark::State& state, const Prepare& prepare, const Ours& ours,
             const Theirs& theirs) {
  const auto time = [](const auto& run) {
    const double start = ThreadSeconds();
    benchmark::DoNotOptimize(run());
    return ThreadSeconds() - start;
  };
  std::vector<double> ratios;
  double total = 0, theirs_total = 0;
  for (auto _ : state) {
    const double other = time(theirs);
    prepare();
    const double own = time(ours);
    state.SetIterationTime(own);
    total += own;
    theirs_total += other;
    ratios.push_back(own / other);
  }
  std::sort(ratios.begin(), ratios.end());
  const double spans =
      static_cast<double>(Workload().spans) * double(state.iterations());
  state.counters["ratio"] = ratios[ratios.size() / 2];
  state.counters["ns/span"] = total / spans * 1e9;
  state.counters["theirs"] = theirs_total / spans * 1e9;
}

// A link keeps the bytes that it is given, as the parsers do not: they get them
// without a copy, too.
void BM_OtlpProtoLink(benchmark::State& state) {
  const std::string& bytes = Workload().proto;
  std::string given;
  InTurns(
      state, [&] { given = bytes; }, [&] { return Link(std::move(given)); },
      [&] { return ParseInArena(bytes); });
}

void BM_OtlpProtoRead(benchmark::State& state) {
  const std::string& bytes = Workload().proto;
  InTurns(
      state, [] {}, [&] { return ReadSpans(bytes, OtlpFormat::kProto); },
      [&] { return ParseInArena(bytes); });
}

void BM_OtlpJsonLink(benchmark::State& state) {
  const std::string& bytes = Workload().json;
  const simdjson::padded_string padded(bytes);
  std::string given;
  InTurns(
      state, [&] { given = bytes; }, [&] { return Link(std::move(given)); },
      [&] { return ExtractOnDemand(padded); });
}

void BM_OtlpJsonRead(benchmark::State& state) {
  const std::string& bytes = Workload().json;
  const simdjson::padded_string padded(bytes);
  InTurns(
      state, [] {}, [&] { return ReadSpans(bytes, OtlpFormat::kJson); },
      [&] { return ExtractOnDemand(padded); });
}

BENCHMARK(BM_OtlpProtoLink)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OtlpProtoRead)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OtlpJsonLink)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OtlpJsonRead)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spanlink::bench
