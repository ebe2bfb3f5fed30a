#include <optional>
#include <string>
#include <string_view>

#include "spanlink/fuzz/targets.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/tests/json_oracle.h"

namespace spanlink::fuzz {
namespace {

// The canonical text, unless the oracle cannot judge it: it knows no fences.
std::optional<std::string> Canonical(std::string_view text) {
  if (text.find("```") != text.npos) return std::nullopt;
  auto canonical = testing::CanonicalText(text);
  if (canonical && testing::IsLenient(*canonical)) return std::nullopt;
  return canonical;
}

void CheckPair(std::string_view a, std::string_view b) {
  static const Fingerprinter prints(42);
  const auto one = Canonical(a);
  const auto two = Canonical(b);
  if (!one || !two) return;
  Check((*one == *two) == (prints.Of("tool", a) == prints.Of("tool", b)),
        "equal values, and no others, have equal fingerprints");
}

}  // namespace

void FuzzFingerprint(std::string_view bytes) {
  constexpr size_t kMaxBytes = 4096;  // the oracle is slow
  if (bytes.empty() || bytes.size() > kMaxBytes) return;
  const size_t divider = bytes.find('\xFF');
  const std::string_view first = bytes.substr(0, divider);
  if (divider != bytes.npos) CheckPair(first, bytes.substr(divider + 1));
  const testing::OracleTree read = testing::ReadTree(first);
  if (!read.tree) return;
  testing::Random random(bytes.size());
  CheckPair(first, testing::Spell(*read.tree, &random));
  CheckPair(first,
            testing::Spell(testing::ChangeOne(*read.tree, &random), &random));
}

}  // namespace spanlink::fuzz
