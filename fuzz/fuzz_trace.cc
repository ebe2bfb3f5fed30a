#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "spanlink/fuzz/targets.h"
#include "spanlink/pipeline/record_splitter.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/pipeline/trace_linker.h"

namespace spanlink::fuzz {
namespace {

// The linked trace; nullopt if the bytes cannot be read, which has to be said,
// or have no place for links.
std::optional<std::string> Linked(std::string bytes) {
  auto file = TraceFile::Read("f", std::move(bytes));
  if (!file.ok()) {
    Check(std::string(file.status().message()).find(": expected ") !=
              std::string::npos,
          "errors say what was expected");
    return std::nullopt;
  }
  Options options;
  options.min_evidence = Evidence::kOrder;
  file->Link(options);
  auto written = file->Write({});
  if (!written.ok()) return std::nullopt;
  return *std::move(written);
}

// What comes out of a stream of these bytes.
std::string Streamed(std::string_view bytes) {
  RecordSplitter splitter;
  StreamOptions options;
  options.link.min_evidence = Evidence::kOrder;
  options.keep_order = true;
  std::string in, out;
  uint64_t added = 0, handed_on = 0;
  TraceLinker linker(options, [&](LinkedRecord record) {
    Check(record.id == ++handed_on, "records go on in order, each once");
    out += record.bytes;
  });
  const auto add = [&](std::string record) {
    in += record;
    linker.Add(++added, std::move(record));
  };
  splitter.Add(bytes);
  while (auto record = splitter.Next()) add(*std::move(record));
  add(splitter.TakeRest());
  linker.Flush();
  Check(in == bytes, "records are the stream");
  Check(handed_on == added, "every record goes on");
  Check(linker.held() == TraceLinker::Held(), "nothing is held in the end");
  return out;
}

}  // namespace

void FuzzTrace(std::string_view bytes) {
  const std::string streamed = Streamed(bytes);
  Check(Streamed(streamed) == streamed, "streaming again changes nothing");
  const auto once = Linked(std::string(bytes));
  if (!once) return;
  Check(once->size() >= bytes.size() || bytes.starts_with("\x1F\x8B"),
        "linking takes nothing away");
  const auto twice = Linked(*once);
  Check(twice.has_value(), "a linked file can be read");
  Check(*once == *twice, "linking again changes nothing");
}

}  // namespace spanlink::fuzz
