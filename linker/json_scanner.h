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

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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
  explicit JsonScanner(std::string_view text) : text_(text) {}

  bool at_end() const { return position_ == text_.size(); }

  // Returns NUL, which no token begins with, at the end.
  char Peek() const { return at_end() ? '\0' : text_[position_]; }

  void SkipSpace() {
    while (!at_end() && IsJsonSpace(text_[position_])) ++position_;
  }

  bool Take(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool TakeWord(std::string_view word);
  bool TakeNumber(JsonNumber* number);

  // Takes a string with its quotes. `value` is what it stands for, valid until
  // the next call.
  bool TakeString(std::string_view* value);

 private:
  std::string_view TakeDigits();
  // Takes bytes up to the next quote, escape or control character.
  std::string_view TakePlain();
  // Takes what follows a backslash and appends its meaning to `decoded_`.
  bool TakeEscape();
  bool TakeUnicodeEscape();
  bool TakeHex4(uint32_t* unit);
  void Append(uint32_t code_point);

  std::string_view text_;
  size_t position_ = 0;
  std::string decoded_;
};

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_JSON_SCANNER_H_
