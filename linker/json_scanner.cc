#include "spanlink/linker/json_scanner.h"

#include <bit>

#include "spanlink/linker/load_word.h"

namespace spanlink::internal {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }

bool IsPlain(char c) {
  return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
}

constexpr uint64_t InEachByte(uint8_t byte) {
  return uint64_t{0x0101010101010101} * byte;
}

// The highest bits of the bytes that are less than `limit`, at most 0x80.
// Behind the least significant of them, others may be marked that are not.
constexpr uint64_t MarkLess(uint64_t word, uint8_t limit) {
  return (word - InEachByte(limit)) & ~word & InEachByte(0x80);
}

// Returns how many bytes at the front of a word are plain, of those that are
// there: the first one is the least significant.
size_t CountPlain(uint64_t word) {
  const uint64_t others = MarkLess(word, 0x20) |
                          MarkLess(word ^ InEachByte('"'), 1) |
                          MarkLess(word ^ InEachByte('\\'), 1);
  return static_cast<size_t>(std::countr_zero(others)) / 8;
}

bool IsHighSurrogate(uint32_t unit) { return unit >> 10 == 0xd800 >> 10; }
bool IsLowSurrogate(uint32_t unit) { return unit >> 10 == 0xdc00 >> 10; }

// Returns a negative number if `c` is no hex digit.
int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return 'a' <= lower && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Returns NUL for what is no escape of one letter.
char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

}  // namespace

bool JsonScanner::TakeWord(std::string_view word) {
  if (text_.substr(position_, word.size()) != word) return false;
  position_ += word.size();
  return true;
}

bool JsonScanner::TakeNumber(JsonNumber* number) {
  *number = {};
  number->negative = Take('-');
  number->integer = Peek() == '0' ? text_.substr(position_++, 1) : TakeDigits();
  if (number->integer.empty()) return false;
  if (Take('.')) {
    number->fraction = TakeDigits();
    if (number->fraction.empty()) return false;
  }
  if (!Take('e') && !Take('E')) return true;
  number->exponent_negative = Take('-');
  if (!number->exponent_negative) Take('+');
  number->exponent = TakeDigits();
  return !number->exponent.empty();
}

bool JsonScanner::TakeString(std::string_view* value) {
  if (!Take('"')) return false;
  *value = TakePlain();
  if (Take('"')) return true;
  decoded_.assign(*value);
  while (Take('\\')) {
    if (!TakeEscape()) return false;
    decoded_.append(TakePlain());
  }
  *value = decoded_;
  return Take('"');
}

std::string_view JsonScanner::TakeDigits() {
  const size_t begin = position_;
  while (IsDigit(Peek())) ++position_;
  return text_.substr(begin, position_ - begin);
}

std::string_view JsonScanner::TakePlain() {
  const size_t begin = position_;
  while (text_.size() - position_ >= sizeof(uint64_t)) {
    const size_t plain =
        CountPlain(LoadWord({text_.data() + position_, sizeof(uint64_t)}));
    position_ += plain;
    if (plain < sizeof(uint64_t)) return text_.substr(begin, position_ - begin);
  }
  while (!at_end() && IsPlain(text_[position_])) ++position_;
  return text_.substr(begin, position_ - begin);
}

bool JsonScanner::TakeEscape() {
  if (Take('u')) return TakeUnicodeEscape();
  const char c = SimpleEscape(Peek());
  if (c == '\0') return false;
  ++position_;
  decoded_.push_back(c);
  return true;
}

bool JsonScanner::TakeUnicodeEscape() {
  uint32_t unit = 0;
  if (!TakeHex4(&unit)) return false;
  // A high surrogate waits for its partner; a second high one takes its place.
  while (IsHighSurrogate(unit) && TakeWord("\\u")) {
    uint32_t next = 0;
    if (!TakeHex4(&next)) return false;
    if (IsLowSurrogate(next)) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
    } else {
      Append(unit);
      unit = next;
    }
  }
  Append(unit);
  return true;
}

bool JsonScanner::TakeHex4(uint32_t* unit) {
  *unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexValue(Peek());
    if (digit < 0) return false;
    ++position_;
    *unit = *unit << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

void JsonScanner::Append(uint32_t code_point) {
  const auto continuation = [this](uint32_t bits) {
    decoded_.push_back(static_cast<char>(0x80 | (bits & 0x3f)));
  };
  if (code_point < 0x80) {
    decoded_.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    decoded_.push_back(static_cast<char>(0xc0 | code_point >> 6));
    continuation(code_point);
  } else if (code_point < 0x10000) {
    decoded_.push_back(static_cast<char>(0xe0 | code_point >> 12));
    continuation(code_point >> 6);
    continuation(code_point);
  } else {
    decoded_.push_back(static_cast<char>(0xf0 | code_point >> 18));
    continuation(code_point >> 12);
    continuation(code_point >> 6);
    continuation(code_point);
  }
}

}  // namespace spanlink::internal
