#include "spanlink/json/json_escapes.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "spanlink/json/json_block.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace spanlink {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Returns the code unit of `XXXX` at the front of `text`, -1 if there is none.
int32_t CodeUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t unit = 0;
  for (char c : text.substr(0, 4)) {
    const int digit = HexDigit(c);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Returns where the bytes of a code point end that are written to `out`.
char* PutUtf8(uint32_t code, char* out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
    return out;
  }
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xE0 | (code >> 12));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
    }
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
  return out;
}

// How far a text is read, and what it stands for written: by value, so that
// both stay in registers.
struct Progress {
  const char* at;
  char* to;
};

// Takes `\uXXXX`, or two of them that are a pair. Consumes nothing of what is
// no escape.
Progress UnescapeUnicode(Progress p, const char* end) {
  constexpr uint32_t kReplacement = 0xFFFD;
  const std::string_view rest(p.at + 2, static_cast<size_t>(end - p.at - 2));
  const int32_t unit = CodeUnit(rest);
  if (unit < 0) return p;
  if (unit < 0xD800 || unit > 0xDFFF) {
    return {p.at + 6, PutUtf8(static_cast<uint32_t>(unit), p.to)};
  }
  const bool pair = unit < 0xDC00 && rest.substr(4, 2) == "\\u";
  const int32_t low = pair ? CodeUnit(rest.substr(6)) : -1;
  if (low < 0xDC00 || low > 0xDFFF) {
    return {p.at + 6, PutUtf8(kReplacement, p.to)};
  }
  const uint32_t code = 0x10000 +
                        ((static_cast<uint32_t>(unit) - 0xD800) << 10) +
                        (static_cast<uint32_t>(low) - 0xDC00);
  return {p.at + 12, PutUtf8(code, p.to)};
}

// What `\c` means by `c`, 0 where it is no escape of one letter.
constexpr std::array<char, 256> kSimpleEscapes = [] {
  std::array<char, 256> table{};
  for (const char c : {'"', '\\', '/'}) table[static_cast<uint8_t>(c)] = c;
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

// Takes the backslash at the front, and the escape if it is one.
inline Progress UnescapeOne(Progress p, const char* end) {
  const char c = end - p.at > 1 ? p.at[1] : '\0';
  if (const char simple = kSimpleEscapes[static_cast<uint8_t>(c)]) {
    *p.to = simple;
    return {p.at + 2, p.to + 1};
  }
  if (c == 'u') {
    const Progress behind = UnescapeUnicode(p, end);
    if (behind.at != p.at) return behind;
  }
  *p.to = '\\';
  return {p.at + 1, p.to + 1};
}

// Unescapes block by block, as long as a piece is left behind the block:
// copying may run into it. Where the backslashes of a block are is known at
// once: in JSON in JSON there is one every few bytes.
// REQUIRES: there is as much room at `p.to` as there are bytes.
Progress UnescapeBlocks(Progress p, const char* end) {
  constexpr size_t kPiece = 32;  // mostly there is no more between two escapes
  const auto copy = [](Progress from, const char* until) -> Progress {
    const auto size = static_cast<size_t>(until - from.at);
    size_t copied = 0;
    do {
      std::memcpy(from.to + copied, from.at + copied, kPiece);
      copied += kPiece;
    } while (copied < size);
    return {until, from.to + size};
  };
  while (static_cast<size_t>(end - p.at) >= JsonBlock::kSize + kPiece) {
    const char* const begin = p.at;
    uint64_t slashes = JsonBlock(begin).Where('\\');
    while (slashes != 0) {
      const char* const slash = begin + std::countr_zero(slashes);
      p = UnescapeOne(copy(p, slash), end);
      const auto used = static_cast<size_t>(p.at - begin);
      slashes = used < JsonBlock::kSize ? slashes >> used << used : 0;
    }
    const char* const next = begin + JsonBlock::kSize;
    if (p.at < next) p = copy(p, next);  // else an escape goes on behind it
  }
  return p;
}

// Returns how many bytes there are before the first that a JSON string must
// escape.
size_t CountPlain(std::string_view text) {
  size_t count = 0;
#ifdef __SSE2__
  constexpr size_t kSize = sizeof(__m128i);
  for (; text.size() - count >= kSize; count += kSize) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + count));
    const __m128i controls =
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    const __m128i marks =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    const auto found =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(controls, marks)));
    if (found != 0) {
      return count + static_cast<size_t>(std::countr_zero(found));
    }
  }
#endif
  while (count < text.size() && text[count] != '"' && text[count] != '\\' &&
         static_cast<unsigned char>(text[count]) >= 0x20) {
    ++count;
  }
  return count;
}

}  // namespace

// An escape is never shorter than what it means: there is room for all of it.
void UnescapeJson(std::string_view raw, std::string* out) {
  const size_t size = out->size();
  out->resize(size + raw.size());
  const char* const end = raw.data() + raw.size();
  Progress p = UnescapeBlocks({raw.data(), out->data() + size}, end);
  while (p.at != end) {
    if (*p.at == '\\') {
      p = UnescapeOne(p, end);
    } else {
      *p.to++ = *p.at++;
    }
  }
  out->resize(static_cast<size_t>(p.to - out->data()));
}

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (;;) {
    const size_t plain = CountPlain(text);
    out->append(text.substr(0, plain));
    if (plain == text.size()) break;
    const char c = text[plain];
    text.remove_prefix(plain + 1);
    out->push_back('\\');
    if (c == '"' || c == '\\') {
      out->push_back(c);
      continue;
    }
    out->append("u00");
    out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    out->push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
  out->push_back('"');
}

}  // namespace spanlink
