// What is in a span, whatever encoding it came in: its attributes and events.
//
// Strings come unescaped. Arrays and key-value lists come as the plain JSON
// that they stand for, `[1, {"a": "b"}]` instead of `arrayValue` …, so that a
// structured value and the same value written as a JSON string look alike.
//
// Lifetime: views; the reader that filled the values says for how long.
// Thread safety: plain values.
#ifndef SPANLINK_OTLP_OTLP_CONTENT_H_
#define SPANLINK_OTLP_OTLP_CONTENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace spanlink {

// Values that are nested deeper are skipped and counted.
inline constexpr int kMaxOtlpValueDepth = 192;

enum class OtlpValueType : uint8_t {
  kNull,
  kString,
  kBool,
  kInt,
  kDouble,
  kBytes,  // `text` is base64
  kJson,   // array or key-value list
};

struct OtlpAttribute {
  std::string_view key;
  OtlpValueType type = OtlpValueType::kNull;
  std::string_view text;
};

struct OtlpEvent {
  std::string_view name;
  std::vector<OtlpAttribute> attributes;
};

// The attribute that the body of a log record becomes.
inline constexpr std::string_view kOtlpBodyKey = "body";

// Names an event after its attribute `event.name`, in which log records have it
// that are older than the field, if it has no name.
inline void NameOtlpEvent(OtlpEvent* event) {
  if (!event->name.empty()) return;
  for (const OtlpAttribute& attribute : event->attributes) {
    if (attribute.key == "event.name" &&
        attribute.type == OtlpValueType::kString) {
      event->name = attribute.text;
    }
  }
}

// Texts that a reader had to decode: a place for each that stays where it is
// until `Clear`, and then is used again.
class OtlpTexts {
 public:
  void Clear() { used_ = 0; }
  // Returns an empty string.
  std::string* New() {
    constexpr size_t kKeepCapacity = size_t{1} << 20;
    if (used_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[used_++];
    if (text.capacity() > kKeepCapacity) text = std::string();
    text.clear();
    return &text;
  }

 private:
  std::deque<std::string> texts_;
  size_t used_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_CONTENT_H_
