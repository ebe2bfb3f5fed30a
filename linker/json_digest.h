// DigestJson: the keyed hash of what a JSON text means, not how it is written.
//
// Two texts have one digest exactly if they hold the same value (but for
// collisions of the hash): white space, order of keys and string escapes do not
// matter, the last of duplicate keys wins, and numbers are compared as exact
// decimals, never as floating point: `1`, `1.0`, `1e0`, and `-0`, `0` are one,
// 2^53 and 2^53 + 1 are two. An exponent is never expanded; one of more than 18
// digits is compared as it is written, less its leading zeros.
//
// How it works: one pass without recursion. An array is hashed over the digests
// of its elements, an object over the pairs (digest of the key, digest of the
// value) sorted by the former, which stands for sorting the keys and needs no
// copy of them. The digest of a scalar is its hash or, where it fits into one,
// the scalar itself: most do, and a hash costs more than all the rest.
//
// Internal to `linker/`. Thread safety: stateless; thread-safe.
// Complexity: O(n log k) for n bytes and k keys in the largest object; memory
// O(keys of the open objects).
#ifndef SPANLINK_LINKER_JSON_DIGEST_H_
#define SPANLINK_LINKER_JSON_DIGEST_H_

#include <optional>
#include <string_view>

#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/keyed_hash.h"

namespace spanlink::internal {

// Returns nullopt if `text` is not one JSON value, white space around it
// allowed, or is nested deeper than `kMaxArgumentDepth`.
std::optional<Fingerprint> DigestJson(std::string_view text,
                                      const HashKey& key);

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_JSON_DIGEST_H_
