#include "spanlink/otlp/proto_cursor.h"

#include <bit>
#include <cstring>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>
#include <vector>

namespace spanlink {
namespace {

constexpr uint32_t kGroupEnd = 4;  // a wire type, never a field

// Little-endian, as the format has it.
template <typename T>
T LoadFixed(const char* bytes) {
  T value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes, sizeof(value));
  } else {
    for (size_t i = sizeof(value); i > 0; --i) {
      value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
    }
  }
  return value;
}

}  // namespace

// REQUIRES: there is a field, at `field_`.
bool ProtoCursor::NextOther() {
  if (!ReadTag()) return false;
  const uint32_t type = tag_ & 7;
  if (type == static_cast<uint32_t>(ProtoType::kGroup)) return ReadGroup();
  return ReadValue(type);
}

bool ProtoCursor::Fail(std::string_view expected) {
  expected_ = expected;
  return false;
}

bool ProtoCursor::ReadTag() {
  uint64_t tag = 0;
  if (!ReadVarint(&tag)) return false;
  if (tag >> 3 == 0 || tag > ~uint32_t{0}) {
    at_ = field_;
    return Fail("a protobuf field");
  }
  tag_ = static_cast<uint32_t>(tag);
  return true;
}

bool ProtoCursor::ReadValue(uint32_t type) {
  switch (static_cast<ProtoType>(type)) {
    case ProtoType::kVarint:
      value_ = at_;
      return ReadVarint(&number_);
    case ProtoType::kFixed64:
      return ReadFixed(8);
    case ProtoType::kBytes:
      return ReadBytes();
    case ProtoType::kFixed32:
      return ReadFixed(4);
    case ProtoType::kGroup:
      break;
  }
  at_ = field_;
  return Fail("a protobuf field");
}

// Lengths, mostly, of two bytes.
bool ProtoCursor::ReadLongVarint(uint64_t* value) {
  if (end_ - at_ >= 2 && (at_[1] & 0x80) == 0) {
    *value = static_cast<uint64_t>(at_[1]) << 7 | (at_[0] & 0x7F);
    at_ += 2;
    return true;
  }
  try {
    *value = protozero::decode_varint(&at_, end_);
    return true;
  } catch (const protozero::exception&) {
    return Fail("a varint");
  }
}

bool ProtoCursor::ReadFixed(size_t size) {
  if (static_cast<size_t>(end_ - at_) < size) {
    return Fail(size == 8 ? "a number of 8 bytes" : "a number of 4 bytes");
  }
  value_ = at_;
  number_ = size == 8 ? LoadFixed<uint64_t>(at_) : LoadFixed<uint32_t>(at_);
  at_ += size;
  return true;
}

bool ProtoCursor::FailLength(const char* length) {
  at_ = length;
  return Fail("a length that fits into the message");
}

// The tags of an open group stand on a stack of their own, not on that of the
// processor: data decides how deep they nest.
bool ProtoCursor::ReadGroup() {
  const uint32_t tag = tag_;
  const char* const begin = field_;
  const char* const inside = at_;
  std::vector<uint32_t> open = {tag >> 3};
  while (!open.empty()) {
    if (at_ == end_) return Fail("the end of a group");
    field_ = at_;
    if (!ReadTag()) return false;
    const uint32_t type = tag_ & 7;
    if (type == static_cast<uint32_t>(ProtoType::kGroup)) {
      open.push_back(tag_ >> 3);
    } else if (type == kGroupEnd && tag_ >> 3 == open.back()) {
      open.pop_back();
    } else if (!ReadValue(type)) {
      return false;
    }
  }
  field_ = begin;
  value_ = inside;
  tag_ = tag;
  return true;
}

}  // namespace spanlink
