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

// How far a string is read, and what it stands for written: by value, so that
// both stay in registers. Where the text is broken, `out` is null.
struct Progress {
  const char* at;
  char* out;
};

// Appends the code point in the manner of UTF-8.
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

// Returns a negative number for what are not four hex digits.
int32_t Hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int32_t value = 0;
  int32_t wrong = 0;
  for (int i = 0; i < 4; ++i) {
    const int32_t digit = In(kHexValues, at[i]);
    wrong |= digit;
    value = value << 4 | (digit & 0xf);
  }
  return wrong < 0 ? -1 : value;
}

// Takes what follows a backslash and a `u`.
Progress TakeUnicodeEscape(Progress p, const char* end) {
  constexpr Progress kBroken = {nullptr, nullptr};
  int32_t hex = Hex4(p.at, end);
  if (hex < 0) return kBroken;
  auto unit = static_cast<uint32_t>(hex);
  p.at += 4;
  // A high surrogate waits for its partner; a second high one takes its place.
  while (IsHighSurrogate(unit) && end - p.at >= 2 && p.at[0] == '\\' &&
         p.at[1] == 'u') {
    hex = Hex4(p.at + 2, end);
    if (hex < 0) return kBroken;
    const auto next = static_cast<uint32_t>(hex);
    p.at += 6;
    if (IsLowSurrogate(next)) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
    } else {
      p.out = Append(unit, p.out);
      unit = next;
    }
  }
  p.out = Append(unit, p.out);
  return p;
}

// Takes what follows a backslash.
inline Progress TakeEscape(Progress p, const char* end) {
  if (p.at == end) return {nullptr, nullptr};
  const char kind = *p.at++;
  if (kind == 'u') return TakeUnicodeEscape(p, end);
  const int8_t c = In(kSimpleEscapes, kind);
  if (c == '\0') return {nullptr, nullptr};
  *p.out++ = static_cast<char>(c);
  return p;
}

// How many bytes from the first one of a block on may be read.
constexpr size_t kBlocksRead = kMarked + kTwoBlocks;

// Copies at most `kMarked` bytes; both have room for as many, and what follows
// is overwritten.
inline void CopyPart(const char* from, size_t size, char* to) {
  std::memcpy(to, from, kTwoBlocks);
  if (size > kTwoBlocks) {
    std::memcpy(to + kTwoBlocks, from + kTwoBlocks, kTwoBlocks);
  }
}

// Takes bytes up to the next quote or control character or to where few are
// left, and writes what they stand for. Where `out` ends there is room for
// `kMarked` bytes more. All marks of a block are known before the first one is
// looked at: none waits for the escape before it.
template <typename Block>
Progress DecodeBlocks(Progress p, const char* end) {
  while (static_cast<size_t>(end - p.at) >= kBlocksRead) {
    const char* const block = p.at;
    size_t taken = 0;
    uint64_t marks = Block::MarkOthers(block);
    while (marks != 0) {
      const auto mark = static_cast<size_t>(std::countr_zero(marks));
      CopyPart(block + taken, mark - taken, p.out);
      p.out += mark - taken;
      p.at = block + mark;
      if (*p.at != '\\') return p;
      p = TakeEscape({p.at + 1, p.out}, end);
      if (p.out == nullptr) return p;
      taken = static_cast<size_t>(p.at - block);
      if (taken >= kMarked) break;
      marks &= ~uint64_t{0} << taken;
    }
    if (taken < kMarked) {
      CopyPart(block + taken, kMarked - taken, p.out);
      p = {block + kMarked, p.out + (kMarked - taken)};
    }
  }
  return p;
}

// Takes bytes up to the next quote, escape or control character. Where `out`
// ends there is room for two blocks more.
template <typename Block>
inline Progress CopyPlain(Progress p, const char* end) {
  while (static_cast<size_t>(end - p.at) >= kTwoBlocks) {
    std::memcpy(p.out, p.at, kTwoBlocks);  // more than is needed
    const size_t count = Block::CountPlainInTwo(p.at);
    p.at += count;
    p.out += count;
    if (count < kTwoBlocks) return p;
  }
  const std::string_view rest(p.at, static_cast<size_t>(end - p.at));
  const size_t count = CountPlainBytes<Block>(rest);
  std::memcpy(p.out, p.at, count);
  return {p.at + count, p.out + count};
}

}  // namespace

template <typename Block>
bool BasicJsonPlace<Block>::TakeNumber(JsonNumber* number) {
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
std::string_view BasicJsonPlace<Block>::TakeDigits() {
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
    decoded_.reset(new char[most + kMarked]);
  }
  char* const begin = decoded_ ? decoded_.get() : inline_decoded_.data();
  Progress p{at_, std::copy(value->begin(), value->end(), begin)};
  if (left() >= kBlocksRead) {
    p = DecodeBlocks<Block>(p, end_);
    if (p.out == nullptr) return false;
    p = CopyPlain<Block>(p, end_);
  }
  while (p.at != end_ && *p.at == '\\') {
    p = TakeEscape({p.at + 1, p.out}, end_);
    if (p.out == nullptr) return false;
    p = CopyPlain<Block>(p, end_);
  }
  *value = {begin, static_cast<size_t>(p.out - begin)};
  at_ = p.at;
  return Take('"');
}

template class BasicJsonPlace<PortableBlock>;
template class BasicJsonScanner<PortableBlock>;
#if defined(__SSE2__)
template class BasicJsonPlace<SimdBlock>;
template class BasicJsonScanner<SimdBlock>;
#endif

}  // namespace spanlink::internal
