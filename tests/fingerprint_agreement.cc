#include "spanlink/tests/fingerprint_agreement.h"

#include <optional>
#include <string>
#include <string_view>

#include "spanlink/linker/fingerprint.h"
#include "spanlink/tests/json_oracle.h"

namespace spanlink::testing {
namespace {

using namespace std::string_view_literals;

// The oracle knows no fences.
std::optional<std::string> Canonical(std::string_view text) {
  for (const std::string_view odd : {"```"sv, "~~~"sv, "\0"sv}) {
    if (text.find(odd) != text.npos) return std::nullopt;
  }
  auto canonical = CanonicalText(text);
  if (canonical && IsLenient(*canonical)) return std::nullopt;
  return canonical;
}

}  // namespace

bool FingerprintsAgree(std::string_view a, std::string_view b) {
  static const Fingerprinter prints(42);
  const auto one = Canonical(a);
  const auto two = Canonical(b);
  if (!one || !two) return true;
  return (*one == *two) == (prints.Of("tool", a) == prints.Of("tool", b));
}

}  // namespace spanlink::testing
