// ProtoCursor: walks over the fields of a protobuf message in place.
//
//   ProtoCursor cursor(bytes);
//   while (cursor.Next()) {
//     if (cursor.tag() == kScopeSpans) ReadScope(cursor.Enter());
//   }
//   if (cursor.failed()) Report(cursor.position(), cursor.expected());
//
// Stands on protozero's varints. Its `pbf_reader` does not know
// groups, which may be among unknown fields, says no positions, which splicing
// needs, and throws.
//
// Lifetime: views and cursors point into the bytes.
// Thread safety: Thread-compatible.
// Complexity: O(1) a field, O(n) for one in a group of n bytes; no recursion.
// Errors: after the first one `Next` returns false, and `position` and
// `expected` say where and what. A field is seen whole or not at all.
#ifndef SPANLINK_OTLP_PROTO_CURSOR_H_
#define SPANLINK_OTLP_PROTO_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spanlink {

// The values are the wire types of the format.
enum class ProtoType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,  // bytes, a string, a message
  kGroup = 3,
  kFixed32 = 5,
};

// A field's number with its type, as it stands in front of the value: a field
// of the right number and another type is an unknown field.
constexpr uint32_t ProtoTag(uint32_t number, ProtoType type) {
  return number << 3 | static_cast<uint32_t>(type);
}

class ProtoCursor {
 public:
  // Walks over `file` from `begin` to `end`; positions are those of the file.
  ProtoCursor(std::string_view file, size_t begin, size_t end)
      : base_(file.data()),
        at_(base_ + begin),
        end_(base_ + end),
        field_(at_),
        value_(at_) {}
  explicit ProtoCursor(std::string_view file)
      : ProtoCursor(file, 0, file.size()) {}

  // Goes to the next field. Returns false after the last one and on failure.
  // Most fields are bytes with a number below 16.
  bool Next() {
    if (at_ == end_ || failed()) return false;
    field_ = at_;
    const auto first = static_cast<uint8_t>(*at_);
    constexpr uint32_t kType = static_cast<uint32_t>(ProtoType::kBytes);
    if ((first & 0x87) != kType || first == kType) return NextOther();
    tag_ = first;
    ++at_;
    return ReadBytes();
  }

  // Of the field: number and type, and the value of a number, or the bytes. Of
  // a group the bytes are all that is in it and the tag that ends it.
  uint32_t tag() const { return tag_; }
  uint32_t number() const { return tag_ >> 3; }
  uint64_t value() const { return number_; }
  std::string_view bytes() const {
    return {value_, static_cast<size_t>(at_ - value_)};
  }
  // Walks over the message that the field is.
  ProtoCursor Enter() const {
    ProtoCursor inside = *this;
    inside.end_ = at_;
    inside.at_ = inside.field_ = value_;
    return inside;
  }

  // Where the field begins, where its value does, without the length, and where
  // it ends; after a failure, where what was expected is missing.
  size_t field_begin() const { return static_cast<size_t>(field_ - base_); }
  size_t value_begin() const { return static_cast<size_t>(value_ - base_); }
  size_t position() const { return static_cast<size_t>(at_ - base_); }
  // How many bytes the length of `bytes` takes.
  uint8_t length_size() const { return length_size_; }

  bool failed() const { return !expected_.empty(); }
  // What would have been right at `position`; empty without a failure.
  std::string_view expected() const { return expected_; }

 private:
  bool Fail(std::string_view expected);
  // Most varints are one byte.
  bool ReadVarint(uint64_t* value) {
    if (at_ == end_ || (*at_ & 0x80) != 0) return ReadLongVarint(value);
    *value = static_cast<uint8_t>(*at_++);
    return true;
  }
  bool ReadLongVarint(uint64_t* value);
  bool ReadFixed(size_t size);
  bool ReadBytes() {
    const char* const length = at_;
    uint64_t size = 0;
    if (!ReadVarint(&size)) return false;
    if (size > static_cast<size_t>(end_ - at_)) return FailLength(length);
    length_size_ = static_cast<uint8_t>(at_ - length);
    value_ = at_;
    at_ += size;
    return true;
  }
  bool FailLength(const char* length);
  bool NextOther();
  bool ReadGroup();
  // Reads the value of a field that is not a group.
  bool ReadValue(uint32_t type);
  bool ReadTag();

  const char* base_;
  const char* at_;
  const char* end_;
  const char* field_;
  const char* value_;
  uint32_t tag_ = 0;
  uint8_t length_size_ = 0;
  uint64_t number_ = 0;
  std::string_view expected_;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_PROTO_CURSOR_H_
