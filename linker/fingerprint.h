// Fingerprint: a 128-bit keyed hash of a tool's name and its arguments in
// canonical form. Two calls with equal fingerprints are the same call text.
//
// The canonical form makes two spellings of one value equal: insignificant
// white space, the order of keys, string escapes and the spelling of numbers do
// not matter. Numbers are exact decimals: `1`, `1.0`, `1e0` are one, `-0` is
// `0`, 2^53 and 2^53 + 1 are two; `true` is not 1. The last of duplicate keys
// wins.
//
// For the arguments as a whole, and nowhere inside of them:
//   - blank text, `""`, `{}` and `null` are one value, "no arguments";
//   - a JSON string that holds a JSON object is the object, also through up to
//     four strings around one another;
//   - a Markdown code fence around the text is taken off;
//   - text that is not JSON is compared byte by byte, without white space at
//     its ends.
//
// Strings are bytes: what is not UTF-8 stands for itself, and the escape of a
// lone surrogate for its three bytes. NUL is a byte like any other.
//
// The hash is keyed because the text of arguments is chosen by strangers, who
// must not be able to make two calls collide.
//
// Thread safety: immutable after construction; thread-safe.
// Complexity: O(n) for n bytes. Text deeper than `kMaxArgumentDepth` or longer
// than `kMaxArgumentBytes` is not parsed and is compared as text.
#ifndef SPANLINK_LINKER_FINGERPRINT_H_
#define SPANLINK_LINKER_FINGERPRINT_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace spanlink {

inline constexpr int kMaxArgumentDepth = 128;
inline constexpr size_t kMaxArgumentBytes = size_t{16} << 20;

struct Fingerprint {
  uint64_t high = 0;
  uint64_t low = 0;

  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const Fingerprint& f) {
    return H::combine(std::move(state), f.high);  // is a hash already
  }
};

namespace internal {

struct HashKey {
  using Words = std::array<uint64_t, 8>;
  Words words{};

  // Spreads a seed over a whole key.
  static HashKey FromSeed(uint64_t seed);
};

}  // namespace internal

class Fingerprinter {
 public:
  // Equal seeds give equal fingerprints. nullopt: drawn at random.
  explicit Fingerprinter(std::optional<uint64_t> seed);

  // Returns the fingerprint of a call. Never fails: any bytes are arguments.
  Fingerprint Of(std::string_view tool_name, std::string_view arguments) const {
    return Of(OfText(tool_name), OfArguments(arguments));
  }
  // The same of its parts. The exclusive or of two hashes that nobody outside
  // knows is as hard to foresee as each of them, and needs no third one.
  static Fingerprint Of(const Fingerprint& tool_name,
                        const Fingerprint& arguments) {
    return {tool_name.high ^ arguments.high, tool_name.low ^ arguments.low};
  }
  Fingerprint OfArguments(std::string_view arguments) const;

  // Returns the keyed hash of a text as it is, for names and ids.
  Fingerprint OfText(std::string_view text) const;
  // A shorter one, to look for a text of 32 bytes and more among a few.
  uint64_t BriefOfText(std::string_view text) const;

 private:
  internal::HashKey key_;
  Fingerprint nothing_;  // of "no arguments"
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_FINGERPRINT_H_
