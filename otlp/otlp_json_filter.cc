#include "spanlink/otlp/otlp_json_filter.h"

#include <cstddef>
#include <string>

#include "spanlink/json/json_cursor.h"
#include "spanlink/otlp/otlp_numbers.h"

namespace spanlink {
namespace {

bool IsNumber(std::string_view json) {
  const std::string_view text =
      json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
  return text == "NaN" || text == "Infinity" || text == "-Infinity" ||
         (!text.empty() &&
          text.find_first_not_of("0123456789+-.eE") == std::string_view::npos);
}

OtlpValueType TypeOf(std::string_view member, std::string_view json) {
  if (member == "stringValue") return OtlpValueType::kString;
  if (member == "arrayValue" || member == "kvlistValue") {
    return OtlpValueType::kJson;
  }
  if (member == "intValue" && OtlpIntegerText(json)) return OtlpValueType::kInt;
  if (member == "doubleValue" && IsNumber(json)) return OtlpValueType::kDouble;
  if (member == "boolValue" && (json == "true" || json == "false")) {
    return OtlpValueType::kBool;
  }
  return OtlpValueType::kNull;
}

struct KeyAndType {
  std::string key;
  OtlpValueType type = OtlpValueType::kNull;
};

// Takes the members of a value, and returns how many they are.
size_t ReadValue(JsonCursor* cursor, OtlpValueType* type) {
  size_t members = 0;
  std::string_view key, json;
  while (cursor->NextMember(&key, &json)) {
    ++members;
    *type = TypeOf(key, json);
  }
  return members;
}

// An attribute or a value with members of its own making is not understood.
KeyAndType ReadAttribute(std::string_view json) {
  KeyAndType attribute;
  size_t members = 0;
  size_t values = 0;
  std::string_view key;
  JsonCursor cursor(json);
  if (!cursor.EnterObject()) return attribute;
  while (cursor.NextMember(&key)) {
    ++members;
    if (key == "key") {
      attribute.key = cursor.ReadStringOrSkip();
    } else if (key == "value" && cursor.EnterObject()) {
      values += ReadValue(&cursor, &attribute.type);
    } else {
      cursor.Skip();
    }
  }
  if (members != 2 || values != 1) attribute.type = OtlpValueType::kNull;
  return attribute;
}

// The members of one object, or the elements of one array, at a time.
class Filter {
 public:
  Filter(std::string_view file, const OtlpFilter& filter,
         std::vector<ByteEdit>* edits)
      : file_(file), filter_(filter), edits_(edits) {}

  void Span(std::string_view json) {
    ForEachMember(json, [this](std::string_view key, std::string_view value) {
      if (key == "attributes") Attributes(value, OtlpPlace::kSpan);
      if (key == "events") Events(value);
      if (key == "status") Status(value);
    });
  }

  void Log(std::string_view json) {
    ForEachMember(json, [this](std::string_view key, std::string_view value) {
      if (key == "attributes") Attributes(value, OtlpPlace::kLog);
      if (key == "body") Replace(value, "null");
    });
  }

 private:
  template <typename Visit>
  void ForEachMember(std::string_view json, Visit visit) {
    std::string_view key, value;
    JsonCursor cursor(json);
    if (!cursor.EnterObject()) return;
    while (cursor.NextMember(&key, &value)) visit(key, value);
  }

  size_t PositionOf(std::string_view json) const {
    return static_cast<size_t>(json.data() - file_.data());
  }

  void Replace(std::string_view json, std::string_view by) {
    if (json == by || json == "null") return;
    edits_->push_back({PositionOf(json), json.size(), std::string(by)});
  }

  // Cuts the elements that `stays` does not want, each with the comma in front
  // of it; those before the first that stays, with the commas behind them.
  // What is no array goes as a whole.
  template <typename Stays>
  void Elements(std::string_view json, Stays stays) {
    JsonCursor cursor(json);
    if (!cursor.EnterArray()) return Replace(json, "[]");
    bool any_stays = false;
    size_t cut = 0;       // where the present cut begins
    size_t last_end = 0;  // of the element before
    bool cutting = false;
    const auto end_cut = [&](size_t end) {
      if (cutting) edits_->push_back({cut, end - cut, ""});
      cutting = false;
    };
    while (cursor.NextElement()) {
      const std::string_view element = cursor.ReadRaw().value_or("");
      const size_t begin = PositionOf(element);
      const bool kept = stays(element);
      if (kept) {
        end_cut(any_stays ? last_end : begin);
        any_stays = true;
      } else if (!cutting) {
        cutting = true;
        cut = any_stays ? last_end : begin;
      }
      last_end = begin + element.size();
    }
    end_cut(last_end);
  }

  void Attributes(std::string_view json, OtlpPlace place) {
    Elements(json, [this, place](std::string_view element) {
      const KeyAndType attribute = ReadAttribute(element);
      return filter_.stays(place, attribute.key, attribute.type);
    });
  }

  void Events(std::string_view json) {
    Elements(json, [this](std::string_view event) {
      ForEachMember(event,
                    [this](std::string_view key, std::string_view value) {
                      if (key == "attributes")
                        Attributes(value, OtlpPlace::kEvent);
                    });
      return event.starts_with('{');
    });
  }

  void Status(std::string_view json) {
    ForEachMember(json, [this](std::string_view key, std::string_view value) {
      if (key == "message") Replace(value, "\"\"");
    });
  }

  std::string_view file_;
  const OtlpFilter& filter_;
  std::vector<ByteEdit>* edits_;
};

}  // namespace

void FilterOtlpJson(std::string_view file, const OtlpSpan& span,
                    const OtlpFilter& filter, std::vector<ByteEdit>* edits) {
  Filter(file, filter, edits).Span(file.substr(span.begin, span.size));
}

void FilterOtlpJson(std::string_view file, const OtlpLog& log,
                    const OtlpFilter& filter, std::vector<ByteEdit>* edits) {
  Filter(file, filter, edits).Log(file.substr(log.begin, log.size));
}

}  // namespace spanlink
