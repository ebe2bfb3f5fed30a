#include "spanlink/otlp/otlp_proto_attributes.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "spanlink/json/json_escapes.h"
#include "spanlink/otlp/base64.h"
#include "spanlink/otlp/otlp_proto_fields.h"

namespace spanlink {
namespace {

template <typename T>
void AppendNumber(T value, std::string* out) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

// As the JSON of protobuf has it: what is no number of JSON is a string.
void AppendDouble(double value, bool quoted, std::string* out) {
  if (std::isfinite(value)) return AppendNumber(value, out);
  const std::string_view quote = quoted ? "\"" : "";
  const std::string_view name = std::isnan(value) ? "NaN"
                                : value > 0       ? "Infinity"
                                                  : "-Infinity";
  out->append(quote).append(name).append(quote);
}

std::string_view BoolText(uint64_t value) {
  return value != 0 ? "true" : "false";
}

}  // namespace

void OtlpProtoAttributeReader::Read(std::string_view attributes,
                                    std::string_view events) {
  attributes_.clear();
  events_.clear();
  texts_.Clear();
  unreadable_ = 0;
  ProtoCursor attribute_cursor(attributes);
  while (attribute_cursor.Next()) {
    if (attribute_cursor.tag() == otlp_proto::kAttributes) {
      ReadAttribute(attribute_cursor.Enter(), &attributes_);
    }
  }
  ProtoCursor event_cursor(events);
  while (event_cursor.Next()) {
    if (event_cursor.tag() == otlp_proto::kEvents) {
      ReadEvent(event_cursor.Enter(), &events_.emplace_back());
    }
  }
}

void OtlpProtoAttributeReader::AddLog(std::string_view name,
                                      std::string_view attributes,
                                      std::string_view body, bool any) {
  OtlpEvent event;
  event.name = name;
  ProtoCursor cursor(attributes);
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kLogAttributes) {
      ReadAttribute(cursor.Enter(), &event.attributes);
    }
  }
  NameOtlpEvent(&event);
  if (event.name.empty() && !any) return;
  OtlpAttribute value;
  value.key = kOtlpBodyKey;
  if (!body.empty() && ReadValue(ProtoCursor(body), &value)) {
    event.attributes.push_back(value);
  } else if (!body.empty()) {
    ++unreadable_;
  }
  events_.push_back(std::move(event));
}

void OtlpProtoAttributeReader::ReadEvent(ProtoCursor cursor, OtlpEvent* event) {
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kEventName) {
      event->name = cursor.bytes();
    } else if (cursor.tag() == otlp_proto::kEventAttributes) {
      ReadAttribute(cursor.Enter(), &event->attributes);
    }
  }
  if (cursor.failed()) ++unreadable_;
}

void OtlpProtoAttributeReader::ReadAttribute(ProtoCursor cursor,
                                             std::vector<OtlpAttribute>* out) {
  OtlpAttribute attribute;
  bool good = true;
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kKey) {
      attribute.key = cursor.bytes();
    } else if (cursor.tag() == otlp_proto::kValue) {
      good = ReadValue(cursor.Enter(), &attribute);
    }
  }
  if (good && !cursor.failed()) {
    out->push_back(attribute);
  } else {
    ++unreadable_;
  }
}

bool OtlpProtoAttributeReader::ReadValue(ProtoCursor cursor,
                                         OtlpAttribute* attribute) {
  bool good = true;
  while (cursor.Next()) good = ReadField(cursor, attribute) && good;
  return good && !cursor.failed();
}

// The last of the alternatives counts.
bool OtlpProtoAttributeReader::ReadField(const ProtoCursor& field,
                                         OtlpAttribute* attribute) {
  bool good = true;
  const auto decode = [&](OtlpValueType type) {
    attribute->type = type;
    std::string* text = texts_.New();
    good = type == OtlpValueType::kDouble
               ? (AppendDouble(std::bit_cast<double>(field.value()),
                               /*quoted=*/false, text),
                  true)
               : AppendField(field, /*depth=*/-1, text);
    attribute->text = *text;
  };
  switch (field.tag()) {
    case otlp_proto::kStringValue:
      attribute->type = OtlpValueType::kString;
      attribute->text = field.bytes();
      break;
    case otlp_proto::kBoolValue:
      attribute->type = OtlpValueType::kBool;
      attribute->text = BoolText(field.value());
      break;
    case otlp_proto::kIntValue:
      decode(OtlpValueType::kInt);
      break;
    case otlp_proto::kDoubleValue:
      decode(OtlpValueType::kDouble);
      break;
    case otlp_proto::kArrayValue:
    case otlp_proto::kKvlistValue:
      decode(OtlpValueType::kJson);
      break;
    case otlp_proto::kBytesValue: {
      std::string* text = texts_.New();
      AppendBase64(field.bytes(), text);
      attribute->type = OtlpValueType::kBytes;
      attribute->text = *text;
      break;
    }
    default:
      break;
  }
  return good;
}

// Appends the plain JSON of an AnyValue.
bool OtlpProtoAttributeReader::AppendValue(ProtoCursor cursor, int depth,
                                           std::string* out) {
  const size_t begin = out->size();
  bool good = depth <= kMaxOtlpValueDepth;
  while (good && cursor.Next()) {
    const size_t value = out->size();
    good = AppendField(cursor, depth, out);
    if (value > begin && out->size() > value) out->erase(begin, value - begin);
  }
  if (out->size() == begin) out->append("null");
  return good && !cursor.failed();
}

bool OtlpProtoAttributeReader::AppendField(const ProtoCursor& field, int depth,
                                           std::string* out) {
  switch (field.tag()) {
    case otlp_proto::kStringValue:
      AppendJsonString(field.bytes(), out);
      return true;
    case otlp_proto::kBoolValue:
      out->append(BoolText(field.value()));
      return true;
    case otlp_proto::kIntValue:
      AppendNumber(static_cast<int64_t>(field.value()), out);
      return true;
    case otlp_proto::kDoubleValue:
      AppendDouble(std::bit_cast<double>(field.value()), /*quoted=*/true, out);
      return true;
    case otlp_proto::kBytesValue:
      out->push_back('"');
      AppendBase64(field.bytes(), out);
      out->push_back('"');
      return true;
    case otlp_proto::kArrayValue:
      return AppendArray(field.Enter(), depth + 1, out);
    case otlp_proto::kKvlistValue:
      return AppendKvlist(field.Enter(), depth + 1, out);
    default:
      return true;
  }
}

bool OtlpProtoAttributeReader::AppendArray(ProtoCursor cursor, int depth,
                                           std::string* out) {
  std::string_view separator = "[";
  bool good = true;
  while (cursor.Next()) {
    if (cursor.tag() != otlp_proto::kValues) continue;
    out->append(separator);
    good = AppendValue(cursor.Enter(), depth, out) && good;
    separator = ",";
  }
  if (separator == "[") out->push_back('[');
  out->push_back(']');
  return good && !cursor.failed();
}

bool OtlpProtoAttributeReader::AppendKvlist(ProtoCursor cursor, int depth,
                                            std::string* out) {
  std::string_view separator = "{";
  bool good = true;
  while (cursor.Next()) {
    if (cursor.tag() != otlp_proto::kValues) continue;
    out->append(separator);
    good = AppendPair(cursor.Enter(), depth, out) && good;
    separator = ",";
  }
  if (separator == "{") out->push_back('{');
  out->push_back('}');
  return good && !cursor.failed();
}

bool OtlpProtoAttributeReader::AppendPair(ProtoCursor cursor, int depth,
                                          std::string* out) {
  std::string_view key;
  std::optional<ProtoCursor> value;
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kKey) key = cursor.bytes();
    if (cursor.tag() == otlp_proto::kValue) value = cursor.Enter();
  }
  AppendJsonString(key, out);
  out->push_back(':');
  if (!value) out->append("null");
  const bool good = !value || AppendValue(*value, depth, out);
  return good && !cursor.failed();
}

}  // namespace spanlink
