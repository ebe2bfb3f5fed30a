#include "spanlink/otlp/otlp_json_attributes.h"

#include <utility>

#include "spanlink/otlp/otlp_numbers.h"

namespace spanlink {

void OtlpJsonAttributeReader::Read(std::string_view attributes,
                                   std::string_view events) {
  attributes_.clear();
  events_.clear();
  texts_.Clear();
  long_texts_.Release();
  unreadable_ = 0;
  JsonCursor attribute_cursor(attributes);
  ReadAttributes(&attribute_cursor, &attributes_);
  JsonCursor event_cursor(events);
  ReadEvents(&event_cursor);
}

void OtlpJsonAttributeReader::AddLog(std::string_view name,
                                     std::string_view attributes,
                                     std::string_view body) {
  OtlpEvent event;
  JsonCursor name_cursor(name);
  event.name = KeepString(&name_cursor);
  JsonCursor attribute_cursor(attributes);
  ReadAttributes(&attribute_cursor, &event.attributes);
  NameOtlpEvent(&event);
  if (event.name.empty()) return;
  JsonCursor body_cursor(body);
  OtlpAttribute value;
  value.key = kOtlpBodyKey;
  if (!body.empty() && ReadValue(&body_cursor, &value)) {
    event.attributes.push_back(value);
  } else if (!body.empty()) {
    ++unreadable_;
  }
  events_.push_back(std::move(event));
}

void OtlpJsonAttributeReader::ReadAttributes(JsonCursor* cursor,
                                             std::vector<OtlpAttribute>* out) {
  if (!cursor->EnterArray()) return;
  while (cursor->NextElement()) {
    OtlpAttribute attribute;
    if (ReadAttribute(cursor, &attribute)) {
      out->push_back(attribute);
    } else {
      ++unreadable_;
    }
  }
}

void OtlpJsonAttributeReader::ReadEvents(JsonCursor* cursor) {
  if (!cursor->EnterArray()) return;
  while (cursor->NextElement()) {
    if (cursor->EnterObject()) {
      ReadEvent(cursor, &events_.emplace_back());
    } else {
      ++unreadable_;
      cursor->Skip();
    }
  }
}

// REQUIRES: the cursor has entered the event.
void OtlpJsonAttributeReader::ReadEvent(JsonCursor* cursor, OtlpEvent* event) {
  std::string_view key;
  while (cursor->NextMember(&key)) {
    const JsonType type = cursor->Peek();
    if (key == "name" && type == JsonType::kString) {
      event->name = KeepString(cursor);
    } else if (key == "attributes" && type == JsonType::kArray) {
      ReadAttributes(cursor, &event->attributes);
    } else {
      cursor->Skip();
    }
  }
}

// Consumes the element. Returns false if it is no attribute.
bool OtlpJsonAttributeReader::ReadAttribute(JsonCursor* cursor,
                                            OtlpAttribute* attribute) {
  bool has_key = false;
  bool good = true;
  std::string_view key;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return false;
  }
  while (cursor->NextMember(&key)) {
    if (key == "key" && cursor->Peek() == JsonType::kString) {
      attribute->key = KeepString(cursor);
      has_key = !cursor->failed();
    } else if (key == "value") {
      good = ReadValue(cursor, attribute);
    } else {
      cursor->Skip();
    }
  }
  return has_key && good && !cursor->failed();
}

bool OtlpJsonAttributeReader::ReadValue(JsonCursor* cursor,
                                        OtlpAttribute* attribute) {
  std::string_view key;
  bool good = true;
  if (!cursor->EnterObject()) {
    const bool null = cursor->Peek() == JsonType::kNull;
    cursor->Skip();
    return null;
  }
  while (cursor->NextMember(&key)) {
    good = ReadValueMember(key, cursor, attribute) && good;
  }
  return good;
}

bool OtlpJsonAttributeReader::ReadValueMember(std::string_view key,
                                              JsonCursor* cursor,
                                              OtlpAttribute* attribute) {
  const JsonType type = cursor->Peek();
  if (key == "stringValue" || key == "bytesValue") {
    if (type != JsonType::kString) return cursor->Skip() && false;
    attribute->type =
        key.front() == 's' ? OtlpValueType::kString : OtlpValueType::kBytes;
    attribute->text = KeepString(cursor);
    return !cursor->failed();
  }
  if (key == "arrayValue" || key == "kvlistValue") {
    std::string* text = texts_.New();
    attribute->type = OtlpValueType::kJson;
    const bool good = AppendList(key, cursor, 0, text);
    attribute->text = *text;
    return good;
  }
  const auto raw = cursor->ReadRaw();
  if (!raw) return false;
  if (key == "intValue") {
    const auto digits = OtlpIntegerText(*raw);
    attribute->type = OtlpValueType::kInt;
    attribute->text = digits.value_or("");
    return digits.has_value();
  }
  if (key == "boolValue") {
    attribute->type = OtlpValueType::kBool;
    attribute->text = *raw;
    return type == JsonType::kBool;
  }
  if (key != "doubleValue") return true;  // a field that we do not know
  attribute->type = OtlpValueType::kDouble;
  attribute->text = *raw;
  return type == JsonType::kNumber || type == JsonType::kString;
}

// Appends the plain JSON of an AnyValue. Consumes it in any case, and returns
// false if it is none.
bool OtlpJsonAttributeReader::AppendValue(JsonCursor* cursor, int depth,
                                          std::string* out) {
  const size_t begin = out->size();
  std::string_view key;
  bool good = depth <= kMaxOtlpValueDepth;
  if (!good || !cursor->EnterObject()) {
    good = good && cursor->Peek() == JsonType::kNull;
    cursor->Skip();
    out->append("null");
    return good;
  }
  while (cursor->NextMember(&key)) {
    out->resize(begin);
    good = AppendValueMember(key, cursor, depth, out) && good;
  }
  if (out->size() == begin) out->append("null");
  return good && !cursor->failed();
}

bool OtlpJsonAttributeReader::AppendValueMember(std::string_view key,
                                                JsonCursor* cursor, int depth,
                                                std::string* out) {
  if (key == "arrayValue" || key == "kvlistValue") {
    return AppendList(key, cursor, depth + 1, out);
  }
  const bool known = key == "stringValue" || key == "intValue" ||
                     key == "doubleValue" || key == "boolValue" ||
                     key == "bytesValue";
  const auto raw = cursor->ReadRaw();
  if (!raw) return false;
  if (!known) return true;
  const auto digits = key == "intValue" ? OtlpIntegerText(*raw) : std::nullopt;
  out->append(digits.value_or(*raw));
  return true;
}

// Appends the array or object of `{"values": […]}`.
bool OtlpJsonAttributeReader::AppendList(std::string_view kind,
                                         JsonCursor* cursor, int depth,
                                         std::string* out) {
  const bool pairs = kind == "kvlistValue";
  std::string_view key;
  bool good = true;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return false;
  }
  const size_t begin = out->size();
  out->push_back(pairs ? '{' : '[');
  while (cursor->NextMember(&key)) {
    if (key != "values" || !cursor->EnterArray()) {
      cursor->Skip();
      continue;
    }
    out->resize(begin + 1);
    while (cursor->NextElement()) {
      if (out->size() > begin + 1) out->push_back(',');
      good = (pairs ? AppendPair(cursor, depth, out)
                    : AppendValue(cursor, depth, out)) &&
             good;
    }
  }
  out->push_back(pairs ? '}' : ']');
  return good && !cursor->failed();
}

// Appends `"key":value`. The key is copied as it is written, quotes included.
bool OtlpJsonAttributeReader::AppendPair(JsonCursor* cursor, int depth,
                                         std::string* out) {
  const size_t begin = out->size();
  bool has_key = false;
  bool has_value = false;
  bool good = true;
  std::string_view name;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return false;
  }
  while (cursor->NextMember(&name)) {
    if (name == "key" && cursor->Peek() == JsonType::kString && !has_key) {
      // Behind its value it has to be put in front of it.
      out->insert(begin, std::string(cursor->ReadRaw().value_or("")) + ":");
      has_key = true;
    } else if (name == "value" && !has_value) {
      good = AppendValue(cursor, depth, out);
      has_value = true;
    } else {
      cursor->Skip();
    }
  }
  if (!has_value) out->append("null");
  return has_key && good;
}

// Consumes the next value and returns the string that it is, unescaped where
// it stays. REQUIRES: it is a string, or there is none.
std::string_view OtlpJsonAttributeReader::KeepString(JsonCursor* cursor) {
  const std::string_view json = cursor->ReadRaw().value_or("");
  if (json.find('\\') == std::string_view::npos) {
    return JsonText(json, nullptr);
  }
  const std::string_view raw = json.substr(1, json.size() - 2);
  std::string_view text;
  if (raw.size() >= UnescapedTexts::kMinSize &&
      long_texts_.Unescape(raw, &text)) {
    return text;
  }
  return JsonText(json, texts_.New());
}

}  // namespace spanlink
