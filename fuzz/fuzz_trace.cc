#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "spanlink/fuzz/targets.h"
#include "spanlink/pipeline/trace_file.h"

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

}  // namespace

void FuzzTrace(std::string_view bytes) {
  const auto once = Linked(std::string(bytes));
  if (!once) return;
  Check(once->size() >= bytes.size() || bytes.starts_with("\x1F\x8B"),
        "linking takes nothing away");
  const auto twice = Linked(*once);
  Check(twice.has_value(), "a linked file can be read");
  Check(*once == *twice, "linking again changes nothing");
}

}  // namespace spanlink::fuzz
