#include "spanlink/linker/json_scanner.h"

#include <cstring>

namespace spanlink::internal {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }

bool IsHighSurrogate(uint32_t unit) { return unit >> 10 == 0xd800 >> 10; }
bool IsLowSurrogate(uint32_t unit) { return unit >> 10 == 0xdc00 >> 10; }

using ByteTable = std::array<int8_t, 256>;

// What stands for each byte as a hex digit; a negative number for others.
constexpr ByteTable kHexValues = [] {
  ByteTable table{};
  table.fill(-1);
  for (int i = 0; i < 10; ++i) table['0' + i] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    table['a' + i] = table['A' + i] = static_cast<int8_t>(10 + i);
  }
  return table;
}();

// What each byte means behind a backslash; NUL for what is no escape of one
// letter.
constexpr ByteTable kSimpleEscapes = [] {
  ByteTable table{};
  for (const char c : {'"', '\\', '/'}) table[c] = c;
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

int8_t In(const ByteTable& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

// Writes the code point in the manner of UTF-8.
char* Append(uint32_t code_point, char* out) {
  const auto put = [&](uint32_t byte) { *out++ = static_cast<char>(byte); };
  const auto continuation = [&](uint32_t bits) { put(0x80 | (bits & 0x3f)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    continuation(code_point);
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    continuation(code_point >> 6);
    continuation(code_point);
  } else {
    put(0xf0 | code_point >> 18);
    continuation(code_point >> 12);
    continuation(code_point >> 6);
    continuation(code_point);
  }
  return out;
}

}  // namespace

template <typename Block>
bool BasicJsonScanner<Block>::TakeNumber(JsonNumber* number) {
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

template <typename Block>
std::string_view BasicJsonScanner<Block>::TakeDigits() {
  const char* const begin = at_;
  while (IsDigit(Peek())) ++at_;
  return {begin, static_cast<size_t>(at_ - begin)};
}

// What a string stands for is never longer than it is written: what is left of
// the text is room enough for all strings to come.
template <typename Block>
bool BasicJsonScanner<Block>::TakeRest(std::string_view* value) {
  const size_t most = value->size() + left();
  if (most > kInlineBytes && decoded_ == nullptr) {
    decoded_.reset(new char[most + kTwoBlocks]);
  }
  char* const begin = decoded_ ? decoded_.get() : inline_decoded_.data();
  char* out = std::copy(value->begin(), value->end(), begin);
  while (Take('\\')) {
    out = TakeEscape(out);
    if (out == nullptr) return false;
    out = CopyPlain(out);
  }
  *value = {begin, static_cast<size_t>(out - begin)};
  return Take('"');
}

template <typename Block>
char* BasicJsonScanner<Block>::CopyPlain(char* out) {
  while (left() >= kTwoBlocks) {
    std::memcpy(out, at_, kTwoBlocks);  // more than is needed: there is room
    const size_t count = Block::CountPlainInTwo(at_);
    at_ += count;
    out += count;
    if (count < kTwoBlocks) return out;
  }
  const std::string_view rest = TakePlain();
  return std::copy(rest.begin(), rest.end(), out);
}

template <typename Block>
char* BasicJsonScanner<Block>::TakeEscape(char* out) {
  if (Take('u')) return TakeUnicodeEscape(out);
  const int8_t c = In(kSimpleEscapes, Peek());
  if (c == '\0') return nullptr;
  ++at_;
  *out = static_cast<char>(c);
  return out + 1;
}

template <typename Block>
char* BasicJsonScanner<Block>::TakeUnicodeEscape(char* out) {
  uint32_t unit = 0;
  if (!TakeHex4(&unit)) return nullptr;
  // A high surrogate waits for its partner; a second high one takes its place.
  while (IsHighSurrogate(unit) && TakeWord("\\u")) {
    uint32_t next = 0;
    if (!TakeHex4(&next)) return nullptr;
    if (IsLowSurrogate(next)) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
    } else {
      out = Append(unit, out);
      unit = next;
    }
  }
  return Append(unit, out);
}

template <typename Block>
bool BasicJsonScanner<Block>::TakeHex4(uint32_t* unit) {
  if (left() < 4) return false;
  int value = 0;
  int wrong = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = In(kHexValues, at_[i]);
    wrong |= digit;
    value = value << 4 | (digit & 0xf);
  }
  at_ += 4;
  *unit = static_cast<uint32_t>(value);
  return wrong >= 0;
}

template class BasicJsonScanner<PortableBlock>;
#if defined(__SSE2__)
template class BasicJsonScanner<SimdBlock>;
#endif

}  // namespace spanlink::internal
