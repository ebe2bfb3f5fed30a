// OtlpJsonAttributeReader: decodes attributes and events of OTLP/JSON.
//
// Numbers keep their spelling. `otlp_content.h` says how values look.
//
// Lifetime: views live until the reader's next `Read` and no longer than the
// JSON text.
// Thread safety: Thread-compatible.
// Complexity: O(n); each byte is visited a constant number of times. Values
// nested deeper than `kMaxOtlpValueDepth` are skipped and counted.
#ifndef SPANLINK_OTLP_OTLP_JSON_ATTRIBUTES_H_
#define SPANLINK_OTLP_OTLP_JSON_ATTRIBUTES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/json/json_cursor.h"
#include "spanlink/otlp/otlp_content.h"
#include "spanlink/otlp/unescaped_texts.h"

namespace spanlink {

class OtlpJsonAttributeReader {
 public:
  // Read the arrays `attributes` and `events` of a span, either may be empty.
  // What is not an attribute (an event) is skipped and counted.
  void Read(std::string_view attributes, std::string_view events);

  // Adds a log record as an event: `name` is a JSON string or empty, then
  // the attribute `event.name` counts; `body`, an AnyValue, becomes the
  // attribute `body`. A record without a name is no event and not added, unless
  // `any`.
  void AddLog(std::string_view name, std::string_view attributes,
              std::string_view body, bool any = false);

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
  std::string_view KeepString(JsonCursor* cursor);

  std::vector<OtlpAttribute> attributes_;
  std::vector<OtlpEvent> events_;
  uint64_t unreadable_ = 0;
  OtlpTexts texts_;
  UnescapedTexts long_texts_;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_JSON_ATTRIBUTES_H_
