// Whether the fingerprint and its slow oracle agree, for any two texts.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_TESTS_FINGERPRINT_AGREEMENT_H_
#define SPANLINK_TESTS_FINGERPRINT_AGREEMENT_H_

#include <string_view>

namespace spanlink::testing {

// Returns false if the two arguments have equal fingerprints and are different
// values to the oracle, or the other way round. What the oracle cannot judge
// counts as agreement: it knows no code fences and takes a NUL for the end.
bool FingerprintsAgree(std::string_view a, std::string_view b);

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_FINGERPRINT_AGREEMENT_H_
