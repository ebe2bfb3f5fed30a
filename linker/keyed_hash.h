// KeyedHasher: SipHash-2-4 with a result of 128 bits, fed piece by piece, and
// QuickHasher: SipHash-1-3.
//
// Chosen because it is a keyed function made for texts that strangers choose:
// who does not know the key cannot predict a value and so cannot make two texts
// collide but by chance, 2^-64 after 2^32 texts. It is published, small, and
// has test vectors. What is fed is one sequence of bytes; callers that feed
// several fields begin with a word that says what follows and keep every field
// but the last at a fixed or a stated length.
//
// Internal to `linker/`; inline, as most of what is hashed is a few words.
// Thread safety: Thread-compatible.
// Complexity: O(n), constant memory.
#ifndef SPANLINK_LINKER_KEYED_HASH_H_
#define SPANLINK_LINKER_KEYED_HASH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/load_word.h"

namespace spanlink::internal {

template <int kWordRounds, int kFinalRounds>
class SipHasher {
 public:
  explicit SipHasher(const HashKey& key)
      : v0_(key.first ^ 0x736f6d6570736575),
        v1_(key.second ^ 0x646f72616e646f6d ^ 0xee),
        v2_(key.first ^ 0x6c7967656e657261),
        v3_(key.second ^ 0x7465646279746573) {}

  // Adds bytes as they are.
  void Add(std::string_view bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size() / kWordBytes * kWordBytes;
    if (tail_bits() == 0) {
      for (; at != end; at += kWordBytes) Compress(LoadWord({at, kWordBytes}));
      length_ += bytes.size() / kWordBytes * kWordBytes;
    } else {
      for (; at != end; at += kWordBytes) AddWord(LoadWord({at, kWordBytes}));
    }
    bytes.remove_prefix(bytes.size() / kWordBytes * kWordBytes);
    AddBytes(LoadWord(bytes), bytes.size());
  }
  // Adds 8 bytes, least significant first.
  void AddWord(uint64_t word) {
    Compress(tail_ | word << tail_bits());
    tail_ = tail_bits() == 0 ? 0 : word >> (64 - tail_bits());
    length_ += kWordBytes;
  }
  void AddFingerprint(const Fingerprint& value) {
    AddWord(value.high);
    AddWord(value.low);
  }

  // Returns the hash of all that was added. Call it once.
  Fingerprint Finish() {
    Compress(tail_ | (length_ << 56));
    v2_ ^= 0xee;
    Rounds<kFinalRounds>();
    Fingerprint result;
    result.high = v0_ ^ v1_ ^ v2_ ^ v3_;
    v1_ ^= 0xdd;
    Rounds<kFinalRounds>();
    result.low = v0_ ^ v1_ ^ v2_ ^ v3_;
    return result;
  }

 private:
  static constexpr size_t kWordBytes = 8;

  int tail_bits() const { return static_cast<int>(length_ % kWordBytes) * 8; }

  // Adds the `count` lowest bytes of `word`, fewer than 8; the rest are zero.
  void AddBytes(uint64_t word, size_t count) {
    if (count == 0) return;
    const size_t held = length_ % kWordBytes;
    tail_ |= word << (8 * held);
    length_ += count;
    if (held + count < kWordBytes) return;
    Compress(tail_);
    tail_ = held == 0 ? 0 : word >> (8 * (kWordBytes - held));
  }

  void Compress(uint64_t word) {
    v3_ ^= word;
    Rounds<kWordRounds>();
    v0_ ^= word;
  }

  template <int kCount>
  void Rounds() {
    for (int i = 0; i < kCount; ++i) {
      v0_ += v1_;
      v1_ = std::rotl(v1_, 13) ^ v0_;
      v0_ = std::rotl(v0_, 32);
      v2_ += v3_;
      v3_ = std::rotl(v3_, 16) ^ v2_;
      v0_ += v3_;
      v3_ = std::rotl(v3_, 21) ^ v0_;
      v2_ += v1_;
      v1_ = std::rotl(v1_, 17) ^ v2_;
      v2_ = std::rotl(v2_, 32);
    }
  }

  uint64_t v0_, v1_, v2_, v3_;
  uint64_t length_ = 0;
  uint64_t tail_ = 0;  // the bytes since the last whole word
};

using KeyedHasher = SipHasher<2, 4>;
// Half the work, for what is forgotten soon: the variant that Python and Rust
// put into their hash tables.
using QuickHasher = SipHasher<1, 3>;

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_KEYED_HASH_H_
