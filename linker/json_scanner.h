// JsonScanner: takes the tokens of a JSON text (RFC 8259) one after the other.
//
// Strict in its grammar, with one liberty: what is inside a string need not be
// UTF-8. Bytes above 0x7f stand for themselves, and an escape of a surrogate
// that has no partner stands for its three bytes in the manner of UTF-8.
//
// Internal to `linker/`. Lifetime: the text must outlive the scanner. Thread
// safety: Thread-compatible.
// Complexity: O(n) in all; memory of the longest string with escapes.
// Errors: every `Take…` returns false where its token does not stand; after a
// failed `TakeNumber` or `TakeString` the position is undefined.
#ifndef SPANLINK_LINKER_JSON_SCANNER_H_
#define SPANLINK_LINKER_JSON_SCANNER_H_

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "spanlink/model/load_word.h"

namespace spanlink::internal {

constexpr bool IsJsonSpace(char c) {
  return static_cast<unsigned char>(c) <= ' ' &&
         (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

// The parts of a number as they are written: `-12.50e+3` is negative, "12",
// "50", "3".
struct JsonNumber {
  bool negative = false;
  bool exponent_negative = false;
  std::string_view integer;   // "0", or digits without a leading zero
  std::string_view fraction;  // may be empty
  std::string_view exponent;  // may be empty, may have leading zeros
};

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text)
      : at_(text.data()), end_(text.data() + text.size()) {}

  bool at_end() const { return at_ == end_; }

  // Returns NUL, which no token begins with, at the end.
  char Peek() const { return at_end() ? '\0' : *at_; }

  void SkipSpace() {
    while (!at_end() && IsJsonSpace(*at_)) ++at_;
  }

  bool Take(char c) {
    if (at_end() || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word);
  bool TakeNumber(JsonNumber* number);

  // Takes a string with its quotes. `value` is what it stands for, valid until
  // the next call.
  bool TakeString(std::string_view* value) {
    if (!Take('"')) return false;
    *value = TakePlain();
    return Take('"') || TakeRest(value);
  }

 private:
  std::string_view TakeDigits();
  // Takes bytes up to the next quote, escape or control character.
  std::string_view TakePlain() {
    const char* const begin = at_;
    SkipPlain();
    return {begin, static_cast<size_t>(at_ - begin)};
  }
  void SkipPlain();
  // Takes what is behind `value`, the part of a string before its first escape,
  // and makes `value` the whole.
  bool TakeRest(std::string_view* value);
  // Takes what follows a backslash and appends its meaning to `decoded_`.
  bool TakeEscape();
  bool TakeUnicodeEscape();
  bool TakeHex4(uint32_t* unit);
  void Append(uint32_t code_point);

  const char* at_;
  const char* const end_;
  std::string decoded_;
};

namespace plain {

// The highest bits of the bytes that are less than `limit`, at most 0x80.
// Behind the least significant of them, others may be marked that are not.
constexpr uint64_t MarkLess(uint64_t word, uint8_t limit) {
  return (word - InEachByte(limit)) & ~word & InEachByte(0x80);
}

// Returns how many bytes at the front of a word are plain: the first one is the
// least significant.
inline size_t Count(uint64_t word) {
  const uint64_t others = MarkLess(word, 0x20) |
                          MarkLess(word ^ InEachByte('"'), 1) |
                          MarkLess(word ^ InEachByte('\\'), 1);
  return static_cast<size_t>(std::countr_zero(others)) / 8;
}

}  // namespace plain

// Sixteen bytes at once where the processor has them, then eight, then one:
// most strings are short.
inline void JsonScanner::SkipPlain() {
#if defined(__SSE2__)
  while (end_ - at_ >= 16) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
    const __m128i controls =
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i marks =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    const auto others =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(controls, marks)));
    if (others != 0) {
      at_ += std::countr_zero(others);
      return;
    }
    at_ += 16;
  }
#endif
  while (end_ - at_ >= 8) {
    const size_t plain = plain::Count(LoadWord({at_, 8}));
    at_ += plain;
    if (plain < 8) return;
  }
  while (!at_end() && *at_ != '"' && *at_ != '\\' &&
         static_cast<unsigned char>(*at_) >= 0x20) {
    ++at_;
  }
}

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_JSON_SCANNER_H_
