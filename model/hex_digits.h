// Decodes 16 hex digits at a time: ids come as text with every signal of some
// producers.
//
// Both decoders give the same answers; `SimdHexDecoder` is there where the
// processor has the instructions.
//
// Internal to `model/`. Thread safety: stateless; thread-safe.
#ifndef SPANLINK_MODEL_HEX_DIGITS_H_
#define SPANLINK_MODEL_HEX_DIGITS_H_

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "spanlink/model/load_word.h"

namespace spanlink::internal {

inline constexpr size_t kHexBlock = 16;

class PortableHexDecoder {
 public:
  // Writes the 8 bytes that the `kHexBlock` digits at `text` stand for, of
  // either case. Returns false if one is no digit: then the bytes are anything.
  static bool Decode(const char* text, uint8_t* bytes) {
    uint64_t others = 0;
    for (size_t i = 0; i < kHexBlock / 8; ++i) {
      const uint64_t digits = LoadWord({text + 8 * i, 8});
      others |= MarkOthers(digits);
      const uint32_t values = ValuesOf(digits);
      for (size_t j = 0; j < 4; ++j) {
        bytes[4 * i + j] = static_cast<uint8_t>(values >> (8 * j));
      }
    }
    return others == 0;
  }

 private:
  // Returns the highest bit of every byte that is no hex digit. No sum below
  // carries into the next byte, as that bit is clear in both.
  static uint64_t MarkOthers(uint64_t word) {
    const uint64_t ascii = word & InEachByte(0x7f);
    const uint64_t digit = ascii ^ InEachByte('0');  // 0 … 9
    const uint64_t letter =
        (ascii | InEachByte(0x20)) ^ InEachByte(0x60);  // 1 … 6
    const uint64_t is_digit = ~(digit + InEachByte(0x7f - 9));
    const uint64_t is_letter =
        (letter + InEachByte(0x7f)) & ~(letter + InEachByte(0x7f - 6));
    return (word | ~(is_digit | is_letter)) & InEachByte(0x80);
  }

  // Returns what eight hex digits stand for, in the order of the text.
  static uint32_t ValuesOf(uint64_t digits) {
    const uint64_t is_letter = digits >> 6 & InEachByte(1);
    uint64_t values = (digits & InEachByte(0x0f)) + 9 * is_letter;
    values = (values << 4 | values >> 8) & 0x00ff00ff00ff00ff;
    values = (values | values >> 8) & 0x0000ffff0000ffff;
    return static_cast<uint32_t>(values | values >> 16);
  }
};

#if defined(__SSE2__)
class SimdHexDecoder {
 public:
  static bool Decode(const char* text, uint8_t* bytes) {
    const __m128i digits =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const __m128i digit = _mm_sub_epi8(digits, _mm_set1_epi8('0'));
    const __m128i lower = _mm_or_si128(digits, _mm_set1_epi8(0x20));
    const __m128i letter = _mm_sub_epi8(lower, _mm_set1_epi8('a'));
    const __m128i is_digit = IsAtMost(digit, 9);
    const __m128i is_letter = IsAtMost(letter, 5);
    const __m128i values = _mm_or_si128(
        _mm_and_si128(is_digit, digit),
        _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
    // The first digit of a pair is the low byte of two.
    const __m128i pairs =
        _mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8));
    const __m128i packed = _mm_packus_epi16(
        _mm_and_si128(pairs, _mm_set1_epi16(0xff)), _mm_setzero_si128());
    _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes), packed);
    return _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) == 0xffff;
  }

 private:
  static __m128i IsAtMost(__m128i bytes, char most) {
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
  }
};
#else
using SimdHexDecoder = PortableHexDecoder;
#endif

}  // namespace spanlink::internal

#endif  // SPANLINK_MODEL_HEX_DIGITS_H_
