// JsonBlock: sixty-four bytes of a text, and which of them are some character.
//
// What is asked of a block is answered for all of its bytes at once, without a
// branch for any: text in JSON in JSON is full of quotes and backslashes.
//
// Internal to `json/`. Lifetime: the bytes must outlive the block.
// Thread safety: Thread-compatible. Complexity: O(1).
#ifndef SPANLINK_JSON_JSON_BLOCK_H_
#define SPANLINK_JSON_JSON_BLOCK_H_

#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace spanlink {

class JsonBlock {
 public:
  static constexpr size_t kSize = 64;

#ifdef __SSE2__
  explicit JsonBlock(const char* bytes) {
    for (size_t i = 0; i < kParts; ++i) {
      parts_[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + i);
    }
  }
  // Bit by bit: the first byte is the least significant one.
  uint64_t Where(char c) const {
    uint64_t bits = 0;
    for (size_t i = 0; i < kParts; ++i) {
      const __m128i equal = _mm_cmpeq_epi8(parts_[i], _mm_set1_epi8(c));
      const auto found = static_cast<uint32_t>(_mm_movemask_epi8(equal));
      bits |= uint64_t{found} << (i * sizeof(__m128i));
    }
    return bits;
  }

 private:
  static constexpr size_t kParts = kSize / sizeof(__m128i);
  __m128i parts_[kParts];
#else
  explicit JsonBlock(const char* bytes) : bytes_(bytes) {}
  uint64_t Where(char c) const {
    uint64_t bits = 0;
    for (size_t i = 0; i < kSize; ++i) bits |= uint64_t{bytes_[i] == c} << i;
    return bits;
  }

 private:
  const char* bytes_;
#endif
};

}  // namespace spanlink

#endif  // SPANLINK_JSON_JSON_BLOCK_H_
