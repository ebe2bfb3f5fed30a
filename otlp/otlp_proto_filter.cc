#include "spanlink/otlp/otlp_proto_filter.h"

#include <cstddef>
#include <utility>

#include "spanlink/otlp/otlp_proto_fields.h"
#include "spanlink/otlp/proto_cursor.h"
#include "spanlink/otlp/proto_varint.h"

namespace spanlink {
namespace {

OtlpValueType TypeOf(uint32_t tag) {
  switch (tag) {
    case otlp_proto::kStringValue:
      return OtlpValueType::kString;
    case otlp_proto::kBoolValue:
      return OtlpValueType::kBool;
    case otlp_proto::kIntValue:
      return OtlpValueType::kInt;
    case otlp_proto::kDoubleValue:
      return OtlpValueType::kDouble;
    case otlp_proto::kArrayValue:
    case otlp_proto::kKvlistValue:
      return OtlpValueType::kJson;
    default:
      return OtlpValueType::kNull;
  }
}

struct KeyAndType {
  std::string_view key;
  OtlpValueType type = OtlpValueType::kNull;
};

// An attribute or a value with fields of its own making is not understood.
KeyAndType ReadAttribute(ProtoCursor cursor) {
  KeyAndType attribute;
  size_t fields = 0;
  size_t values = 0;
  bool good = true;
  while (cursor.Next()) {
    ++fields;
    if (cursor.tag() == otlp_proto::kKey) attribute.key = cursor.bytes();
    if (cursor.tag() != otlp_proto::kValue) continue;
    ProtoCursor value = cursor.Enter();
    for (; value.Next(); ++values) attribute.type = TypeOf(value.tag());
    good = good && !value.failed();
  }
  if (fields != 2 || values != 1 || !good || cursor.failed()) {
    attribute.type = OtlpValueType::kNull;
  }
  return attribute;
}

// The edits of one message.
class Filter {
 public:
  explicit Filter(const OtlpFilter& filter) : filter_(filter) {}

  void Span(ProtoCursor cursor) {
    while (cursor.Next()) {
      if (cursor.tag() == otlp_proto::kAttributes) {
        Attribute(cursor, OtlpPlace::kSpan);
      } else if (cursor.tag() == otlp_proto::kEvents) {
        Event(cursor);
      } else if (cursor.tag() == otlp_proto::kStatus) {
        Status(cursor);
      }
    }
  }

  void Log(ProtoCursor cursor) {
    while (cursor.Next()) {
      if (cursor.tag() == otlp_proto::kLogAttributes) {
        Attribute(cursor, OtlpPlace::kLog);
      } else if (cursor.tag() == otlp_proto::kLogBody) {
        Cut(cursor);
      }
    }
  }

  std::vector<ByteEdit> Edits() { return std::move(edits_); }

 private:
  // These return by how much the message around shrinks.
  size_t Cut(const ProtoCursor& field) {
    const size_t size = field.position() - field.field_begin();
    edits_.push_back({field.field_begin(), size, ""});
    return size;
  }
  size_t Attribute(const ProtoCursor& field, OtlpPlace place) {
    const KeyAndType attribute = ReadAttribute(field.Enter());
    return filter_.stays(place, attribute.key, attribute.type) ? 0 : Cut(field);
  }

  void Status(const ProtoCursor& status) {
    Inside(status, [this](const ProtoCursor& field) {
      return field.tag() == otlp_proto::kStatusMessage ? Cut(field) : 0;
    });
  }

  void Event(const ProtoCursor& event) {
    Inside(event, [this](const ProtoCursor& field) {
      return field.tag() == otlp_proto::kEventAttributes
                 ? Attribute(field, OtlpPlace::kEvent)
                 : 0;
    });
  }

  // Filters the fields of a message inside; one that breaks off goes.
  template <typename FilterField>
  void Inside(const ProtoCursor& message, FilterField filter) {
    const size_t edits = edits_.size();
    size_t cut = 0;
    ProtoCursor cursor = message.Enter();
    while (cursor.Next()) cut += filter(cursor);
    if (cursor.failed()) {
      edits_.resize(edits);
      Cut(message);
    } else if (cut > 0) {
      const size_t width = message.length_size();
      edits_.push_back({message.value_begin() - width, width,
                        ProtoVarint(message.bytes().size() - cut, width)});
    }
  }

  const OtlpFilter& filter_;
  std::vector<ByteEdit> edits_;
};

}  // namespace

std::vector<ByteEdit> FilterOtlpProto(std::string_view file,
                                      const OtlpSpan& span,
                                      const OtlpFilter& filter) {
  Filter edits(filter);
  edits.Span(ProtoCursor(file, span.begin, span.begin + span.size));
  return edits.Edits();
}

std::vector<ByteEdit> FilterOtlpProto(std::string_view file, const OtlpLog& log,
                                      const OtlpFilter& filter) {
  Filter edits(filter);
  edits.Log(ProtoCursor(file, log.begin, log.begin + log.size));
  return edits.Edits();
}

}  // namespace spanlink
