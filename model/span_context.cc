#include "spanlink/model/span_context.h"

#include <cstddef>

#include "spanlink/model/hex_digits.h"

namespace spanlink {
namespace {

template <size_t N>
bool DecodeHex(std::string_view text, std::array<uint8_t, N>& bytes) {
  if (text.size() != 2 * N) return false;
  for (size_t i = 0; i < 2 * N; i += internal::kHexBlock) {
    if (!internal::SimdHexDecoder::Decode(text.data() + i, &bytes[i / 2])) {
      return false;
    }
  }
  return true;
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
