#include "spanlink/cli/report.h"

#include <cstdio>

#include "spanlink/cli/terminal_text.h"

namespace spanlink::cli {
namespace {

constexpr size_t kMaxColumns = 1000;

}  // namespace

void Report(std::string_view message) {
  std::fprintf(stderr, "%s\n", Printable(message, kMaxColumns).c_str());
}

}  // namespace spanlink::cli
