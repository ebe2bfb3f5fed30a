// Fingerprints of many documents that are nearly alike: every slice of 32 bits
// meets as often as chance has it, no more and no less.
//
// 2^20 documents, or 12 million where nothing is to be shortened.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

size_t Documents() {
  return testing::IsFull() ? size_t{12'000'000} : size_t{1} << 20;
}

// The document of that number; no two are one value. What differs is a number,
// a key, a letter, the place of a value, or which key has it.
std::string Document(uint64_t number) {
  const uint64_t n = number / 6;
  switch (number % 6) {
    case 0:
      return absl::StrFormat(R"({"n": %d})", n);
    case 1:
      return absl::StrFormat(R"({"a": {"n": %d}, "b": [%d], "c": true})", n,
                             n % 7);
    case 2:
      return absl::StrFormat(R"({"key%d": "v"})", n);
    case 3:
      return absl::StrFormat(R"(["%x", null, "a text of more than a block"])",
                             n);
    case 4:
      return absl::StrFormat(R"({"x": %d, "y": %d})", n % 4001, n / 4001);
    default:
      return absl::StrFormat(R"({"p": [%d, [], %d]})", n % 4001, n / 4001);
  }
}

// How many neighbours in the order of the slice that begins at `bit` are equal.
double EqualNeighbours(const std::vector<Fingerprint>& prints, int bit) {
  std::vector<uint32_t> slices;
  slices.reserve(prints.size());
  for (const Fingerprint& print : prints) {
    const uint64_t word = bit < 64 ? print.low : print.high;
    slices.push_back(static_cast<uint32_t>(word >> bit % 64));
  }
  std::sort(slices.begin(), slices.end());
  double equal = 0;
  for (size_t i = 1; i < slices.size(); ++i) {
    equal += slices[i] == slices[i - 1];
  }
  return equal;
}

TEST(FingerprintSlicesTest, MeetAsOftenAsChanceHasIt) {
  const Fingerprinter fingerprinter(1);
  std::vector<Fingerprint> prints;
  for (uint64_t number = 0; number < Documents(); ++number) {
    prints.push_back(fingerprinter.OfArguments(Document(number)));
  }
  // Pairs of n, each with a chance of 2^-32; fewer by what meets thrice.
  const auto n = static_cast<double>(prints.size());
  const double values = std::pow(2.0, 32);
  const double expected = n - values * -std::expm1(-n / values);
  for (int bit = 0; bit < 128; bit += 32) {
    EXPECT_NEAR(EqualNeighbours(prints, bit), expected, 6 * std::sqrt(expected))
        << "bits from " << bit;
  }
  std::sort(prints.begin(), prints.end());
  EXPECT_EQ(std::adjacent_find(prints.begin(), prints.end()), prints.end());
}

}  // namespace
}  // namespace spanlink
