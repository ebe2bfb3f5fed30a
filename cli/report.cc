#include "spanlink/cli/report.h"

#include <cstdio>

#include "absl/strings/str_format.h"
#include "spanlink/viewer/printable.h"

namespace spanlink::cli {
namespace {

constexpr size_t kMaxColumns = 1000;

}  // namespace

void Report(std::string_view message) {
  std::fprintf(stderr, "%s\n", Printable(message, kMaxColumns).c_str());
}

void ReportDiagnostic(DiagnosticId id, uint64_t count) {
  if (count == 0) return;
  const DiagnosticInfo& info = Describe(id);
  Report(absl::StrFormat("%s (%u): %s", info.name, count, info.sentence));
}

}  // namespace spanlink::cli
