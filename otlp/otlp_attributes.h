// OtlpAttributeReader: decodes the attributes and events of a span.
//
// Strings come unescaped. Arrays and key-value lists come as the plain JSON
// that they stand for, `[1, {"a": "b"}]` instead of `arrayValue` …, so that a
// structured value and the same value written as a JSON string look alike.
// Numbers keep their spelling.
//
// Lifetime: views live until the reader's next `Read` and no longer than the
// JSON text.
// Thread safety: Thread-compatible.
// Complexity: O(n); each byte is visited a constant number of times. Values
// nested deeper than `kMaxOtlpValueDepth` are skipped and counted.
#ifndef SPANLINK_OTLP_OTLP_ATTRIBUTES_H_
#define SPANLINK_OTLP_OTLP_ATTRIBUTES_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/json/json_cursor.h"

namespace spanlink {

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

class OtlpAttributeReader {
 public:
  // Read the arrays `attributes` and `events` of a span, either may be empty.
  // What is not an attribute (an event) is skipped and counted.
  void Read(std::string_view attributes, std::string_view events);

  const std::vector<OtlpAttribute>& attributes() const { return attributes_; }
  const std::vector<OtlpEvent>& events() const { return events_; }
  // Elements of the last `Read` that were skipped.
  uint64_t unreadable() const { return unreadable_; }

 private:
  void ReadAttributes(JsonCursor* cursor, std::vector<OtlpAttribute>* out);
  void ReadEvents(JsonCursor* cursor);
  void ReadEvent(JsonCursor* cursor, OtlpEvent* event);
  bool ReadAttribute(JsonCursor* cursor, OtlpAttribute* attribute);
  bool ReadValue(JsonCursor* cursor, OtlpAttribute* attribute);
  bool ReadValueMember(std::string_view key, JsonCursor* cursor,
                       OtlpAttribute* attribute);
  bool AppendValue(JsonCursor* cursor, int depth, std::string* out);
  bool AppendValueMember(std::string_view key, JsonCursor* cursor, int depth,
                         std::string* out);
  bool AppendList(std::string_view kind, JsonCursor* cursor, int depth,
                  std::string* out);
  bool AppendPair(JsonCursor* cursor, int depth, std::string* out);
  std::string_view Keep(std::string_view text, std::string_view source);
  std::string* NewText();

  std::vector<OtlpAttribute> attributes_;
  std::vector<OtlpEvent> events_;
  uint64_t unreadable_ = 0;
  std::string_view source_;
  std::deque<std::string> texts_;  // decoded strings; reused
  size_t used_texts_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_ATTRIBUTES_H_
