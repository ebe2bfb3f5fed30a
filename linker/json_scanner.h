// JsonScanner: takes the tokens of a JSON text (RFC 8259) one after the other.
//
// All of them but strings with escapes are taken by a `BasicJsonPlace`, a value
// of two words that a loop keeps in registers.
//
// Strict in its grammar, with one liberty: what is inside a string need not be
// UTF-8. Bytes above 0x7f stand for themselves, and an escape of a surrogate
// that has no partner stands for its three bytes in the manner of UTF-8.
//
// `TakeShort…` are for what most tokens are, and take nothing of others, which
// those without `Short` take.
//
// Internal to `linker/`. Lifetime: the text must outlive the scanner and its
// places. Thread safety: Thread-compatible.
// Complexity: O(n) in all; memory of the text where it has strings with
// escapes.
// Errors: every `Take…` returns false where its token does not stand; after a
// failed `TakeNumber` or `TakeString` the position is undefined.
#ifndef SPANLINK_LINKER_JSON_SCANNER_H_
#define SPANLINK_LINKER_JSON_SCANNER_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "spanlink/linker/text_block.h"
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

// Up to 15 bytes, the first one least significant; behind them zeros.
struct ShortBytes {
  static constexpr size_t kMax = kBlock - 1;
  uint64_t low = 0;
  uint64_t high = 0;
  size_t size = 0;
};

// A number that is not zero, in at most `kMax` digits: those on both sides of
// the point in one, of which the last `fraction` stand behind it.
struct ShortDecimal {
  static constexpr size_t kMax = ShortBytes::kMax - 1;
  bool negative = false;
  ShortBytes digits;
  size_t fraction = 0;
};

// The three literal names of the grammar.
enum class JsonName : uint8_t { kNull, kFalse, kTrue };

// Where in a text the next token is.
template <typename Block>
class BasicJsonPlace {
 public:
  explicit BasicJsonPlace(std::string_view text)
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
  // The same with white space on both sides: mostly none before it, and at most
  // one blank behind it. (A branch, as all of a text is spaced alike: what
  // comes next is looked at before the blank is.)
  bool TakeWithSpace(char c) {
    if (left() > 2 && *at_ == c) {
      ++at_;
      if (*at_ == ' ') ++at_;
      if (static_cast<unsigned char>(*at_) > ' ') return true;
    } else {
      SkipSpace();
      if (!Take(c)) return false;
    }
    SkipSpace();
    return true;
  }
  // Compares with all three, as which one comes is hard to foresee.
  bool TakeName(JsonName* name) {
    const uint64_t next = LoadWord({at_, left()});
    const auto is = [next](std::string_view text) -> uint32_t {
      return (next ^ LoadWord(text)) << (64 - 8 * text.size()) == 0;
    };
    const uint32_t is_false = is("false");
    const uint32_t found = is("null") | is_false << 1 | is("true") << 2;
    if (found == 0) return false;
    *name = static_cast<JsonName>(found >> 1);
    at_ += 4 + is_false;
    return true;
  }
  bool TakeNumber(JsonNumber* number);
  bool TakeShortDecimal(ShortDecimal* decimal);
  // Takes digits alone, at most seven, the first of which is not zero.
  bool TakeShortNatural(ShortBytes* digits);
  bool TakeShortString(ShortBytes* value);

 protected:
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  // Takes bytes up to the next quote, escape or control character.
  std::string_view TakePlain();

  const char* at_;
  const char* end_;

 private:
  std::string_view TakeDigits();
};

template <typename Block>
class BasicJsonScanner : public BasicJsonPlace<Block> {
 public:
  using Place = BasicJsonPlace<Block>;
  using Place::Place;

  const Place& place() const { return *this; }
  // REQUIRES: a place in the same text.
  void GoTo(const Place& place) { static_cast<Place&>(*this) = place; }

  // Takes a string with its quotes. `value` is what it stands for, valid until
  // the next call.
  bool TakeString(std::string_view* value) {
    if (!Take('"')) return false;
    *value = TakePlain();
    return Take('"') || TakeRest(value);
  }

  using Place::Take;

 private:
  using Place::at_;
  using Place::end_;
  using Place::left;
  using Place::TakePlain;

  // Where what strings with escapes stand for is put: most texts are short.
  static constexpr size_t kInlineBytes = 2048;

  // Takes what is behind `value`, the part of a string before its first escape,
  // and makes `value` the whole.
  bool TakeRest(std::string_view* value);

  std::unique_ptr<char[]> decoded_;  // null until it is needed
  std::array<char, kInlineBytes + kMarked> inline_decoded_;
};

using JsonScanner = BasicJsonScanner<SimdBlock>;

namespace plain {

// The bits of the first `size` bytes of two words, at most 16.
constexpr std::array<uint64_t, 2> FirstBytes(size_t size) {
  const auto of_word = [](size_t bytes) {
    return bytes == 0 ? 0
                      : ~uint64_t{0} >> (64 - 8 * std::min<size_t>(bytes, 8));
  };
  return {of_word(size), of_word(size < 8 ? 0 : size - 8)};
}

// The same by size, as a table: sizes are hard to foresee.
inline constexpr auto kFirstBytes = [] {
  std::array<std::array<uint64_t, 2>, kBlock> table{};
  for (size_t size = 0; size < kBlock; ++size) table[size] = FirstBytes(size);
  return table;
}();

// Returns how many bytes at the front of a word are digits. (Unsigned, as what
// is widened with its sign comes later.)
inline size_t CountDigits(uint64_t word) {
  const uint64_t values = word ^ InEachByte('0');
  // What is above 9 reaches the highest bit; a carry goes to later bytes only.
  const uint64_t others =
      ((values + InEachByte(0x76)) | values) & InEachByte(0x80);
  return static_cast<uint32_t>(std::countr_zero(others)) / 8;
}

// Returns the digits at the front of the 8 bytes at `text`, and their number.
inline std::pair<uint64_t, size_t> LeadingDigits(const char* text) {
  const uint64_t word = LoadWord({text, 8});
  const size_t count = CountDigits(word);
  return {word & kFirstBytes[count][0], count};
}

}  // namespace plain

template <typename Block>
inline bool BasicJsonPlace<Block>::TakeShortNatural(ShortBytes* digits) {
  if (left() <= 8 || *at_ == '0') return false;
  const auto [word, size] = plain::LeadingDigits(at_);
  if (size == 0 || size == 8) return false;
  const char next = at_[size];
  if (next == '.' || (next | 0x20) == 'e') return false;
  *digits = {word, 0, size};
  at_ += size;
  return true;
}

template <typename Block>
inline bool BasicJsonPlace<Block>::TakeShortString(ShortBytes* value) {
  if (left() <= kBlock || *at_ != '"') return false;
  const char* const begin = at_ + 1;
  const size_t size = Block::CountUpToQuote(begin);
  if (size == kBlock) return false;
  const auto [low, high] = plain::kFirstBytes[size];
  *value = {LoadWord({begin, 8}) & low, LoadWord({begin + 8, 8}) & high, size};
  at_ = begin + size + 1;
  return true;
}

template <typename Block>
inline bool BasicJsonPlace<Block>::TakeShortDecimal(ShortDecimal* decimal) {
  const bool negative = Peek() == '-';
  const char* const begin = at_ + negative;
  if (end_ - begin <= 8) return false;
  const auto [first, integer] = plain::LeadingDigits(begin);
  const char* next = begin + integer;
  ShortBytes digits = {first, 0, integer};
  size_t fraction = 0;
  if (integer == 0) return false;
  if (integer == 8) {  // some ids and times are longer
    if (end_ - next <= 8) return false;
    const auto [second, more] = plain::LeadingDigits(next);
    digits = {first, second, integer + more};
    if (digits.size > ShortDecimal::kMax) return false;
    next += more;
  } else if (*next == '.') {
    ++next;
    if (end_ - next <= 8) return false;
    const auto [second, more] = plain::LeadingDigits(next);
    if (more == 0 || more == 8) return false;
    digits = {first | second << (8 * integer), second >> (64 - 8 * integer),
              integer + more};
    fraction = more;
    next += more;
  }
  const bool is_zero = (digits.low & InEachByte(0x0f)) == 0;
  if (*begin == '0' && (integer > 1 || is_zero)) return false;
  if (*next == '.' || (*next | 0x20) == 'e' || ('0' <= *next && *next <= '9')) {
    return false;
  }
  *decimal = {negative, digits, fraction};
  at_ = next;
  return true;
}

template <typename Block>
inline std::string_view BasicJsonPlace<Block>::TakePlain() {
  const char* const begin = at_;
  at_ += CountPlainBytes<Block>({at_, left()});
  return {begin, static_cast<size_t>(at_ - begin)};
}

extern template class BasicJsonPlace<PortableBlock>;
extern template class BasicJsonScanner<PortableBlock>;
#if defined(__SSE2__)
extern template class BasicJsonPlace<SimdBlock>;
extern template class BasicJsonScanner<SimdBlock>;
#endif

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_JSON_SCANNER_H_
