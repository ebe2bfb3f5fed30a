// A number as protobuf writes lengths and tags.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_OTLP_PROTO_VARINT_H_
#define SPANLINK_OTLP_PROTO_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace spanlink {

// Returns `value` in at least `width` bytes, so that a length that gets smaller
// takes no other place.
inline std::string ProtoVarint(uint64_t value, size_t width = 1) {
  std::string bytes;
  for (; value > 0x7F || bytes.size() + 1 < width; value >>= 7) {
    bytes.push_back(static_cast<char>((value & 0x7F) | 0x80));
  }
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

}  // namespace spanlink

#endif  // SPANLINK_OTLP_PROTO_VARINT_H_
