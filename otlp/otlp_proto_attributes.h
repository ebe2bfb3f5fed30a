// OtlpProtoAttributeReader: decodes attributes and events of OTLP/protobuf.
//
// Numbers are spelled so that they read back as the same number, bytes as
// base64. `otlp_content.h` says how other values look.
//
// Lifetime: views live until the reader's next `Read` and no longer than the
// message.
// Thread safety: Thread-compatible.
// Complexity: O(n); strings are not copied unless they are inside of arrays and
// lists. Values nested deeper than `kMaxOtlpValueDepth` are skipped and
// counted.
#ifndef SPANLINK_OTLP_OTLP_PROTO_ATTRIBUTES_H_
#define SPANLINK_OTLP_OTLP_PROTO_ATTRIBUTES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/otlp/otlp_content.h"
#include "spanlink/otlp/proto_cursor.h"

namespace spanlink {

class OtlpProtoAttributeReader {
 public:
  // Read the fields `attributes` and `events` of a span, each from its first
  // record to its last one; other fields between them are passed over. What
  // cannot be read is skipped and counted.
  void Read(std::string_view attributes, std::string_view events);

  // Adds a log record as an event: without a name, the attribute `event.name`
  // counts; `body`, an AnyValue, becomes the attribute `body`. A record without
  // a name is no event and not added, unless `any`.
  void AddLog(std::string_view name, std::string_view attributes,
              std::string_view body, bool any = false);

  const std::vector<OtlpAttribute>& attributes() const { return attributes_; }
  const std::vector<OtlpEvent>& events() const { return events_; }
  // Elements of the last `Read` that were skipped.
  uint64_t unreadable() const { return unreadable_; }

 private:
  void ReadAttribute(ProtoCursor cursor, std::vector<OtlpAttribute>* out);
  void ReadEvent(ProtoCursor cursor, OtlpEvent* event);
  bool ReadValue(ProtoCursor cursor, OtlpAttribute* attribute);
  bool ReadField(const ProtoCursor& field, OtlpAttribute* attribute);
  bool AppendValue(ProtoCursor cursor, int depth, std::string* out);
  bool AppendField(const ProtoCursor& field, int depth, std::string* out);
  bool AppendArray(ProtoCursor cursor, int depth, std::string* out);
  bool AppendKvlist(ProtoCursor cursor, int depth, std::string* out);
  bool AppendPair(ProtoCursor cursor, int depth, std::string* out);

  std::vector<OtlpAttribute> attributes_;
  std::vector<OtlpEvent> events_;
  uint64_t unreadable_ = 0;
  OtlpTexts texts_;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_PROTO_ATTRIBUTES_H_
