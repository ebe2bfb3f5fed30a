// LoadWord: eight bytes of a text at once.
//
// Internal to the library. Thread safety: stateless; thread-safe.
#ifndef SPANLINK_MODEL_LOAD_WORD_H_
#define SPANLINK_MODEL_LOAD_WORD_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spanlink::internal {

// Returns the first 8 bytes, the first one least significant; where there are
// fewer, zeros follow.
inline uint64_t LoadWord(std::string_view bytes) {
  if constexpr (std::endian::native == std::endian::little) {
    uint64_t word = 0;
    if (bytes.size() >= sizeof(word)) {
      std::memcpy(&word, bytes.data(), sizeof(word));
      return word;
    }
    uint32_t first = 0;
    if (bytes.size() >= sizeof(first)) {  // two halves that may overlap
      uint32_t last = 0;
      const size_t behind = bytes.size() - sizeof(last);
      std::memcpy(&first, bytes.data(), sizeof(first));
      std::memcpy(&last, bytes.data() + behind, sizeof(last));
      return first | uint64_t{last} << (8 * behind);
    }
  }
  const auto byte = [&](size_t i) {
    return uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  };
  if (bytes.empty()) return 0;
  if (bytes.size() < sizeof(uint32_t)) {  // one may come twice
    return byte(0) | byte(bytes.size() / 2) | byte(bytes.size() - 1);
  }
  uint64_t word = 0;
  for (size_t i = 0; i < sizeof(word) && i < bytes.size(); ++i) word |= byte(i);
  return word;
}

// Returns a word of eight times the same byte.
constexpr uint64_t InEachByte(uint8_t byte) {
  return uint64_t{0x0101010101010101} * byte;
}

}  // namespace spanlink::internal

#endif  // SPANLINK_MODEL_LOAD_WORD_H_
