#include "spanlink/dialects/messages.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

// A message is a list of messages is a list of parts …: deeper is content.
constexpr int kMaxLevels = 8;

enum class Direction { kOutput, kInput };

// The members of a message, a part or an item; JSON texts, empty if absent.
struct Item {
  std::string_view type, role, object, name, name_space;
  std::string_view id, call_id, tool_call_id, tool_use_id;
  std::string_view arguments, input, function, function_call;
  std::string_view parts, content, tool_calls, output, messages, message,
      choices;
};

Item ReadItem(JsonCursor* cursor) {
  Item item;
  const std::array<std::pair<std::string_view, std::string_view*>, 20> fields =
      {{{"type", &item.type},
        {"role", &item.role},
        {"object", &item.object},
        {"name", &item.name},
        {"namespace", &item.name_space},
        {"id", &item.id},
        {"call_id", &item.call_id},
        {"tool_call_id", &item.tool_call_id},
        {"tool_use_id", &item.tool_use_id},
        {"arguments", &item.arguments},
        {"input", &item.input},
        {"function", &item.function},
        {"function_call", &item.function_call},
        {"parts", &item.parts},
        {"content", &item.content},
        {"tool_calls", &item.tool_calls},
        {"output", &item.output},
        {"messages", &item.messages},
        {"message", &item.message},
        {"choices", &item.choices}}};
  std::string_view key;
  while (cursor->NextMember(&key)) {
    std::string_view* field = nullptr;
    for (const auto& [name, target] : fields) {
      if (name == key) field = target;
    }
    const auto value = cursor->ReadRaw();
    if (field != nullptr && value && *value != "null") *field = *value;
  }
  return item;
}

std::string Text(std::string_view json) {
  return JsonString(json).value_or("");
}

// Returns the first of `ids` that is an id.
template <typename... Json>
std::string FirstId(Json... ids) {
  std::string found;
  ((found.empty() ? (found = CleanId(Text(ids)), 0) : 0), ...);
  return found;
}

class MessageReader {
 public:
  MessageReader(Direction direction, SpanFacts* facts)
      : direction_(direction), facts_(facts) {}

  // Consumes the next value.
  void ReadAny(JsonCursor* cursor, int level);
  void ReadText(std::string_view json, int level) {
    if (json.empty()) return;
    JsonCursor cursor(json);
    ReadAny(&cursor, level);
  }

 private:
  void ReadMessage(const Item& item, int level);
  void ReadChoice(const Item& item);
  void ReadCalls(std::string_view json);
  void ReadCall(JsonCursor* cursor);
  bool ReadResult(const Item& item);
  void ReadHistory(std::string_view text, int level);

  Direction direction_;
  SpanFacts* facts_;
};

void MessageReader::ReadAny(JsonCursor* cursor, int level) {
  if (level > kMaxLevels) {
    cursor->Skip();
  } else if (cursor->EnterArray()) {
    while (cursor->NextElement()) ReadAny(cursor, level + 1);
  } else if (cursor->EnterObject()) {
    const Item item = ReadItem(cursor);
    if (!cursor->failed()) ReadMessage(item, level);
  } else {
    cursor->Skip();
  }
}

void MessageReader::ReadMessage(const Item& item, int level) {
  const std::string type = Text(item.type);
  if (direction_ == Direction::kInput) {
    if (ReadResult(item)) return;
  } else if (type == "tool_call" || type == "function_call" ||
             type == "tool_use" || type == "custom_tool_call") {
    ReadChoice(item);
    return;
  } else if (!item.tool_calls.empty()) {
    ReadCalls(item.tool_calls);
  } else if (!item.function_call.empty()) {
    ReadCalls(item.function_call);
  }
  ReadText(item.parts, level + 1);
  ReadText(item.messages, level + 1);
  ReadText(item.message, level + 1);
  ReadText(item.choices, level + 1);
  if (direction_ == Direction::kInput && type.empty() &&
      item.input.starts_with('[')) {
    ReadText(item.input, level + 1);  // a Responses request
  }
  if (Text(item.object) == "response") ReadText(item.output, level + 1);
  if (!item.content.empty() && item.content.front() == '"') {
    if (direction_ == Direction::kInput) ReadHistory(item.content, level);
  } else {
    ReadText(item.content, level + 1);
  }
}

// A Responses item carries its own id, too, which no result refers to.
void MessageReader::ReadChoice(const Item& item) {
  ChoiceFact choice;
  choice.id = FirstId(item.call_id, item.id);
  choice.name = Text(item.name);
  const std::string name_space = Text(item.name_space);
  if (!name_space.empty() && name_space != choice.name) {
    choice.name = name_space + "." + choice.name;
  }
  const std::string_view arguments =
      item.arguments.empty() ? item.input : item.arguments;
  if (!arguments.empty()) {
    choice.arguments = CaptureJsonArguments(arguments, facts_);
  }
  if (choice.name.empty() && choice.id.empty()) {
    ++facts_->unreadable;
    return;
  }
  facts_->choices.push_back(std::move(choice));
}

// Reads `tool_calls`, or the one `function_call` of old answers.
void MessageReader::ReadCalls(std::string_view json) {
  JsonCursor cursor(json);
  if (!cursor.EnterArray()) {
    ReadCall(&cursor);
    return;
  }
  while (cursor.NextElement()) ReadCall(&cursor);
}

void MessageReader::ReadCall(JsonCursor* cursor) {
  if (!cursor->EnterObject()) {
    ++facts_->unreadable;
    cursor->Skip();
    return;
  }
  Item call = ReadItem(cursor);
  JsonCursor function(call.function);
  if (function.EnterObject()) {
    const std::string_view id = call.id;
    call = ReadItem(&function);
    call.id = id;
  }
  ReadChoice(call);
}

// Returns whether the item is a tool's result.
bool MessageReader::ReadResult(const Item& item) {
  const std::string type = Text(item.type);
  const std::string role = Text(item.role);
  UseFact use;
  if (type == "tool_call_response") {
    use.id = FirstId(item.id, item.call_id, item.tool_call_id);
  } else if (type == "tool_result") {
    use.id = FirstId(item.tool_use_id, item.tool_call_id, item.id);
  } else if (type.ends_with("_call_output")) {
    use.id = FirstId(item.call_id);
  } else if (!item.tool_call_id.empty()) {
    use.id = FirstId(item.tool_call_id);
  } else if ((role == "tool" || role == "function") && item.parts.empty() &&
             (item.content.empty() || item.content.front() == '"')) {
    use.id = FirstId(item.id);
  } else {
    return false;
  }
  use.name = Text(item.name);
  if (!use.id.empty() || !use.name.empty()) {
    facts_->uses.push_back(std::move(use));
  }
  return true;
}

// Lines of the form `12. {"type": "function_call_output", …}`.
void MessageReader::ReadHistory(std::string_view json, int level) {
  if (level >= kMaxLevels ||
      json.find("function_call_output") == std::string_view::npos) {
    return;
  }
  const std::string text = Text(json);
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line =
        std::string_view(text).substr(begin, end - begin);
    const size_t digits = line.find_first_not_of("0123456789");
    if (digits != 0 && digits != std::string_view::npos &&
        line.substr(digits, 3) == ". {" && IsJson(line.substr(digits + 2))) {
      ReadText(line.substr(digits + 2), kMaxLevels);
    }
    begin = end + 1;
  }
}

void Read(Direction direction, std::string_view json, SpanFacts* facts) {
  JsonCursor cursor(json);
  MessageReader(direction, facts).ReadAny(&cursor, 0);
  if (cursor.failed()) {
    ++(cursor.failed_at_end() ? facts->truncated : facts->unreadable);
  } else if (!cursor.AtEnd()) {
    ++facts->unreadable;
  }
}

}  // namespace

void ReadOutputMessages(std::string_view json, SpanFacts* facts) {
  facts->has_output = true;
  Read(Direction::kOutput, json, facts);
}

void ReadInputMessages(std::string_view json, SpanFacts* facts) {
  facts->has_input = true;
  Read(Direction::kInput, json, facts);
}

}  // namespace spanlink
