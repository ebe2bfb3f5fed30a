// A number as protobuf writes lengths and tags.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_OTLP_PROTO_VARINT_H_
#define SPANLINK_OTLP_PROTO_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>
#include <string>

namespace spanlink {

// Returns `value` in at least `width` bytes, so that a length that gets smaller
// takes no other place.
inline std::string ProtoVarint(uint64_t value, size_t width = 1) {
  std::string bytes;
  protozero::add_varint_to_buffer(&bytes, value);
  while (bytes.size() < width) {
    bytes.back() = static_cast<char>(bytes.back() | 0x80);
    bytes.push_back('\0');
  }
  return bytes;
}

}  // namespace spanlink

#endif  // SPANLINK_OTLP_PROTO_VARINT_H_
