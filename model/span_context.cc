#include "spanlink/model/span_context.h"

#include <cstddef>

#include "spanlink/model/load_word.h"

namespace spanlink {
namespace {

using internal::InEachByte;
using internal::LoadWord;

// Returns the highest bit of every byte that is no hex digit. No sum below
// carries into the next byte, as that bit is clear in both.
uint64_t MarkNoHexDigits(uint64_t word) {
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
uint32_t ValuesOf(uint64_t digits) {
  const uint64_t is_letter = digits >> 6 & InEachByte(1);
  uint64_t values = (digits & InEachByte(0x0f)) + 9 * is_letter;
  values = (values << 4 | values >> 8) & 0x00ff00ff00ff00ff;
  values = (values | values >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(values | values >> 16);
}

// Eight digits at a time: ids come as text with every signal of some producers.
template <size_t N>
bool DecodeHex(std::string_view text, std::array<uint8_t, N>& bytes) {
  if (text.size() != 2 * N) return false;
  uint64_t others = 0;
  for (size_t i = 0; i < N; i += 4) {
    const uint64_t digits = LoadWord(text.substr(2 * i));
    others |= MarkNoHexDigits(digits);
    const uint32_t values = ValuesOf(digits);
    for (size_t j = 0; j < 4; ++j) {
      bytes[i + j] = static_cast<uint8_t>(values >> (8 * j));
    }
  }
  return others == 0;
}

template <size_t N>
std::string EncodeHex(const std::array<uint8_t, N>& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(2 * N, '0');
  for (size_t i = 0; i < N; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return text;
}

// FNV-1a with a final mix (Stafford's variant 13), because the low bytes of
// plain FNV depend on few bits of a text that differs in its last characters.
uint64_t HashText(std::string_view text, uint64_t basis) {
  uint64_t hash = basis;
  for (const char c : text) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  }
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
  hash ^= hash >> 31;
  return hash == 0 ? 1 : hash;
}

constexpr uint64_t kFnvBasis = 0xcbf29ce484222325u;

void StoreBigEndian(uint64_t value, uint8_t* bytes) {
  for (int i = 7; i >= 0; --i, value >>= 8) {
    bytes[i] = static_cast<uint8_t>(value);
  }
}

}  // namespace

std::optional<TraceId> TraceId::FromHex(std::string_view text) {
  TraceId id;
  if (!DecodeHex(text, id.bytes)) return std::nullopt;
  return id;
}

std::string TraceId::ToHex() const { return EncodeHex(bytes); }

std::optional<SpanId> SpanId::FromHex(std::string_view text) {
  SpanId id;
  if (!DecodeHex(text, id.bytes)) return std::nullopt;
  return id;
}

std::string SpanId::ToHex() const { return EncodeHex(bytes); }

TraceId HashTraceId(std::string_view text) {
  TraceId id;
  StoreBigEndian(HashText(text, kFnvBasis), id.bytes.data());
  StoreBigEndian(HashText(text, ~kFnvBasis), id.bytes.data() + 8);
  return id;
}

SpanId HashSpanId(std::string_view text) {
  SpanId id;
  StoreBigEndian(HashText(text, kFnvBasis), id.bytes.data());
  return id;
}

}  // namespace spanlink
