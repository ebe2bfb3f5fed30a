#include "spanlink/linker/json_scanner.h"

namespace spanlink::internal {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }

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
  const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
  if (rest.substr(0, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

bool JsonScanner::TakeNumber(JsonNumber* number) {
  *number = {};
  number->negative = Take('-');
  number->integer = Peek() == '0' ? std::string_view(at_++, 1) : TakeDigits();
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

bool JsonScanner::TakeRest(std::string_view* value) {
  decoded_.assign(*value);
  while (Take('\\')) {
    if (!TakeEscape()) return false;
    decoded_.append(TakePlain());
  }
  *value = decoded_;
  return Take('"');
}

std::string_view JsonScanner::TakeDigits() {
  const char* const begin = at_;
  while (IsDigit(Peek())) ++at_;
  return {begin, static_cast<size_t>(at_ - begin)};
}

bool JsonScanner::TakeEscape() {
  if (Take('u')) return TakeUnicodeEscape();
  const char c = SimpleEscape(Peek());
  if (c == '\0') return false;
  ++at_;
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
    ++at_;
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
