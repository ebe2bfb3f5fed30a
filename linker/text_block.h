// Looks at many bytes of a JSON text at once for the end of plain text: a
// quote, a backslash or a control character.
//
// Both blocks give the same answers; `SimdBlock` is there where the processor
// has the instructions.
//
// Internal to `linker/`. Thread safety: stateless; thread-safe.
#ifndef SPANLINK_LINKER_TEXT_BLOCK_H_
#define SPANLINK_LINKER_TEXT_BLOCK_H_

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "spanlink/model/load_word.h"

namespace spanlink::internal {

inline constexpr size_t kBlock = 16;
inline constexpr size_t kTwoBlocks = 2 * kBlock;
// Of as many bytes `MarkOthers` tells which are not plain.
inline constexpr size_t kMarked = 64;

class PortableBlock {
 public:
  // Returns how many of the `kBlock` bytes at `text` are plain, up to the first
  // one that is not.
  static size_t CountPlain(const char* text) {
    const size_t count = CountInWord(LoadWord({text, 8}));
    return count < 8 ? count : 8 + CountInWord(LoadWord({text + 8, 8}));
  }
  // Returns how many of them stand before a quote; `kBlock` where there is
  // none, or something else that is not plain before it.
  static size_t CountUpToQuote(const char* text) {
    const size_t count = CountPlain(text);
    return count < kBlock && text[count] == '"' ? count : kBlock;
  }
  // The same as `CountPlain` of `kTwoBlocks`.
  static size_t CountPlainInTwo(const char* text) {
    const size_t count = CountPlain(text);
    return count < kBlock ? count : kBlock + CountPlain(text + kBlock);
  }
  // Returns a bit for each of the `kMarked` bytes at `text` that is not plain,
  // the first one least significant.
  static uint64_t MarkOthers(const char* text) {
    uint64_t marks = 0;
    for (size_t i = 0; i < kMarked; i += 8) {
      marks |= MarkInWord(LoadWord({text + i, 8})) << i;
    }
    return marks;
  }
  // The same of less than a block. (The zeros that follow are not plain.)
  static size_t CountPlainInRest(std::string_view text) {
    const size_t count = CountInWord(LoadWord(text));
    return count < 8 ? count : 8 + CountInWord(LoadWord(text.substr(8)));
  }

 private:
  // The highest bits of the bytes that are less than `limit`, at most 0x80.
  // Behind the least significant of them, others may be marked that are not.
  static constexpr uint64_t MarkLess(uint64_t word, uint8_t limit) {
    return (word - InEachByte(limit)) & ~word & InEachByte(0x80);
  }
  // The highest bits of the bytes that are zero, and no others.
  static constexpr uint64_t MarkZeros(uint64_t word) {
    constexpr uint64_t kRest = InEachByte(0x7f);
    return ~(((word & kRest) + kRest) | word | kRest);
  }
  static uint64_t MarkInWord(uint64_t word) {
    const uint64_t others = MarkZeros(word & InEachByte(0xe0)) |
                            MarkZeros(word ^ InEachByte('"')) |
                            MarkZeros(word ^ InEachByte('\\'));
    return ((others >> 7) * 0x0102040810204080) >> 56;  // side by side
  }
  static size_t CountInWord(uint64_t word) {
    const uint64_t others = MarkLess(word, 0x20) |
                            MarkLess(word ^ InEachByte('"'), 1) |
                            MarkLess(word ^ InEachByte('\\'), 1);
    return static_cast<size_t>(std::countr_zero(others)) / 8;
  }
};

#if defined(__SSE2__)
class SimdBlock {
 public:
  static size_t CountPlain(const char* text) { return FirstOf(Others(text)); }
  // Where the quote is depends on nothing but quotes: the reader of tokens
  // waits for that, not for what is before it.
  static size_t CountUpToQuote(const char* text) {
    const __m128i bytes = Load(text);
    const uint32_t quotes = Mask(Equal(bytes, '"'));
    const uint32_t up_to_quote = quotes ^ (quotes - 1);
    const bool is_plain = (Mask(NeverPlain(bytes)) & up_to_quote) == 0;
    return is_plain ? FirstOf(quotes) : kBlock;
  }
  static size_t CountPlainInTwo(const char* text) {
    const uint64_t others = Others(text) | uint64_t{Others(text + kBlock)}
                                               << kBlock;
    return static_cast<size_t>(
        std::countr_zero(others | uint64_t{1} << kTwoBlocks));
  }
  static uint64_t MarkOthers(const char* text) {
    uint64_t marks = 0;
    for (size_t i = 0; i < kMarked; i += kBlock) {
      marks |= uint64_t{Others(text + i)} << i;
    }
    return marks;
  }

 private:
  static __m128i Load(const char* text) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  }
  static __m128i Equal(__m128i bytes, char c) {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
  }
  // Backslashes and control characters.
  static __m128i NeverPlain(__m128i bytes) {
    const __m128i controls =
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return _mm_or_si128(controls, Equal(bytes, '\\'));
  }
  // A bit for each byte whose bits are set.
  static uint32_t Mask(__m128i bytes) {
    return static_cast<uint32_t>(_mm_movemask_epi8(bytes));
  }
  // A bit for each byte that is not plain.
  static uint32_t Others(const char* text) {
    const __m128i bytes = Load(text);
    return Mask(_mm_or_si128(NeverPlain(bytes), Equal(bytes, '"')));
  }
  // (Unsigned, as what is widened with its sign comes later.)
  static size_t FirstOf(uint32_t bits) {
    return static_cast<uint32_t>(std::countr_zero(bits | 1u << kBlock));
  }
};
#else
using SimdBlock = PortableBlock;
#endif

// The same of a text of any length.
template <typename Block>
inline size_t CountPlainBytes(std::string_view text) {
  size_t plain = 0;
  for (; text.size() - plain >= kTwoBlocks; plain += kTwoBlocks) {
    const size_t count = Block::CountPlainInTwo(text.data() + plain);
    if (count < kTwoBlocks) return plain + count;
  }
  if (text.size() - plain >= kBlock) {
    const size_t count = Block::CountPlain(text.data() + plain);
    plain += count;
    if (count < kBlock) return plain;
  }
  return plain + PortableBlock::CountPlainInRest(text.substr(plain));
}

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_TEXT_BLOCK_H_
