#include <string_view>

#include "spanlink/fuzz/targets.h"
#include "spanlink/tests/fingerprint_agreement.h"
#include "spanlink/tests/json_oracle.h"

namespace spanlink::fuzz {
namespace {

void CheckPair(std::string_view a, std::string_view b) {
  Check(testing::FingerprintsAgree(a, b),
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
