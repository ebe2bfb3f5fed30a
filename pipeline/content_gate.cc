#include "spanlink/pipeline/content_gate.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace spanlink {

bool ContentGateIsOpen() {
  const char* value = std::getenv(kContentGate.data());
  if (value == nullptr) return true;
  const auto text = absl::StripAsciiWhitespace(value);
  for (const char* word : {"true", "1", "yes", "on"}) {
    if (absl::EqualsIgnoreCase(text, word)) return true;
  }
  return false;
}

}  // namespace spanlink
