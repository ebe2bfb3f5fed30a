// DigestJson: the keyed hash of what a JSON text means, not how it is written.
//
// Two texts have one digest exactly if they hold the same value (but for
// collisions of the hash): white space, order of keys and string escapes do not
// matter, the last of duplicate keys wins, and numbers are compared as exact
// decimals, never as floating point: `1`, `1.0`, `1e0`, and `-0`, `0` are one,
// 2^53 and 2^53 + 1 are two. An exponent is never expanded; one of more than 18
// digits is compared as it is written, less its leading zeros.
//
// How it works: one pass. An array is hashed over the digests of its elements,
// an object over the sum of its members' hashes, each of (digest of the key,
// digest of the value), which their order does not change; nobody who does not
// know the key can choose members whose sums meet. The digest of a scalar is
// its hash or, where it fits into one, the scalar itself: most do.
//
// Internal to `linker/`. Thread safety: stateless; thread-safe.
// Complexity: O(n) for n bytes; memory O(keys of the open objects), and that of
// the text where it has strings with escapes.
#ifndef SPANLINK_LINKER_JSON_DIGEST_H_
#define SPANLINK_LINKER_JSON_DIGEST_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/keyed_hash.h"

namespace spanlink::internal {

// Returns nullopt if `text` is not one JSON value, white space around it
// allowed, or is nested deeper than `kMaxArgumentDepth`.
//
// Bytes are looked at sixteen at once, by the processor's own instructions
// where it has them; `kPortable` does without. The digest is the same.
enum class Blocks : uint8_t { kBest, kPortable };
std::optional<Fingerprint> DigestJson(std::string_view text, const HashKey& key,
                                      Blocks blocks = Blocks::kBest);

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_JSON_DIGEST_H_
