#include "spanlink/dialects/messages.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/message_memo.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

// A message is a list of messages is a list of parts …: deeper is content.
constexpr int kMaxLevels = 8;

enum class Direction { kOutput, kInput };

// The members of a message, a part or an item; JSON texts, empty if absent.
struct Item {
  std::string_view type, role, object, name, name_space, finish_reason, text;
  std::string_view id, call_id, tool_call_id, tool_use_id, tool_id;
  std::string_view arguments, input, args, function, function_call;
  std::string_view parts, content, tool_calls, output, messages, message,
      choices, contents, candidates, generations;
  std::string_view tool_name, tool_use, tool_result, tool_results,
      function_response;
  std::string_view kwargs, additional_kwargs, data;
};

struct Field {
  std::string_view name;
  std::string_view Item::*target;
};

// By their length, by which a key is looked up.
constexpr Field kFields[] = {
    {"id", &Item::id},
    {"type", &Item::type},
    {"role", &Item::role},
    {"text", &Item::text},
    {"name", &Item::name},
    {"args", &Item::args},
    {"data", &Item::data},
    {"input", &Item::input},
    {"parts", &Item::parts},
    {"object", &Item::object},
    {"output", &Item::output},
    {"kwargs", &Item::kwargs},
    {"content", &Item::content},
    {"call_id", &Item::call_id},
    {"tool_id", &Item::tool_id},
    {"toolUse", &Item::tool_use},
    {"message", &Item::message},
    {"choices", &Item::choices},
    {"toolName", &Item::tool_name},
    {"function", &Item::function},
    {"messages", &Item::messages},
    {"contents", &Item::contents},
    {"namespace", &Item::name_space},
    {"toolUseId", &Item::tool_use_id},
    {"arguments", &Item::arguments},
    {"toolCallId", &Item::tool_call_id},
    {"toolResult", &Item::tool_result},
    {"tool_calls", &Item::tool_calls},
    {"candidates", &Item::candidates},
    {"tool_use_id", &Item::tool_use_id},
    {"generations", &Item::generations},
    {"tool_call_id", &Item::tool_call_id},
    {"functionCall", &Item::function_call},
    {"tool_results", &Item::tool_results},
    {"finish_reason", &Item::finish_reason},
    {"function_call", &Item::function_call},
    {"functionResponse", &Item::function_response},
    {"function_response", &Item::function_response},
    {"additional_kwargs", &Item::additional_kwargs},
};

static_assert(std::is_sorted(std::begin(kFields), std::end(kFields),
                             [](const Field& a, const Field& b) {
                               return a.name.size() < b.name.size();
                             }));
constexpr size_t kLongestField = std::rbegin(kFields)->name.size();

// Where in `kFields` those of a length begin.
constexpr std::array<uint8_t, kLongestField + 2> kFieldsOfLength = [] {
  std::array<uint8_t, kLongestField + 2> begins{};
  for (const Field& field : kFields) {
    for (size_t i = field.name.size() + 1; i < begins.size(); ++i) ++begins[i];
  }
  return begins;
}();

const Field* FindField(std::string_view key) {
  if (key.empty() || key.size() > kLongestField) return nullptr;
  const Field* const end = kFields + kFieldsOfLength[key.size() + 1];
  for (auto* field = kFields + kFieldsOfLength[key.size()]; field != end;
       ++field) {
    if (field->name.front() == key.front() && field->name == key) return field;
  }
  return nullptr;
}

Item ReadItem(JsonCursor* cursor) {
  Item item;
  std::string_view key, json;
  while (cursor->NextMember(&key, &json)) {
    const Field* const field = FindField(key);
    if (field != nullptr && json != "null") item.*field->target = json;
  }
  return item;
}

Item ReadItem(std::string_view json) {
  JsonCursor cursor(json);
  return cursor.EnterObject() ? ReadItem(&cursor) : Item();
}

std::string Text(std::string_view json) {
  std::string unescaped;
  return std::string(JsonText(json, &unescaped));
}

// A text to compare with: mostly there is nothing to unescape.
class Word {
 public:
  explicit Word(std::string_view json) : text_(JsonText(json, &unescaped_)) {}
  Word(const Word&) = delete;
  Word& operator=(const Word&) = delete;

  std::string_view text() const { return text_; }

 private:
  std::string unescaped_;
  std::string_view text_;
};

// Returns the first of `ids` that is an id.
template <typename... Json>
std::string FirstId(Json... ids) {
  std::string found;
  ((found.empty() ? (found = IdFromJson(ids), 0) : 0), ...);
  return found;
}

// Returns whether a list of calls has one. What is no list is for the reader to
// complain about.
bool HasAny(std::string_view list) {
  JsonCursor cursor(list);
  return !list.empty() && (!cursor.EnterArray() || cursor.NextElement());
}

bool IsCallType(std::string_view type) {
  return type == "tool_call" || type == "function_call" || type == "tool_use" ||
         type == "custom_tool_call" || type == "tool-call";
}

// A call and the definition of a tool are both `{"function": {"name"}}`.
bool IsFunctionCall(const Item& item) {
  return !item.function.empty() && !ReadItem(item.function).arguments.empty();
}

// Returns the calls that LangChain keeps of an answer as it came.
std::string_view AdditionalCalls(const Item& item) {
  if (item.additional_kwargs.empty()) return {};
  const Item more = ReadItem(item.additional_kwargs);
  return HasAny(more.tool_calls) ? more.tool_calls : more.function_call;
}

// Returns whether a text may hold results that an SDK wrote into it.
bool MentionsResult(std::string_view text) {
  static constexpr std::string_view kType = "function_call_output";
  static const std::boyer_moore_horspool_searcher searcher(kType.begin(),
                                                           kType.end());
  return std::search(text.begin(), text.end(), searcher) != text.end();
}

bool IsKnownRole(std::string_view role) {
  constexpr std::string_view kRoles[] = {
      "user",  "assistant", "system", "developer", "tool",
      "model", "function",  "human",  "ai",        ""};
  return std::find(std::begin(kRoles), std::end(kRoles), role) !=
         std::end(kRoles);
}

// Returns the id of the last call in a content that is a list of calls, as JSON
// or as a string that holds it.
std::string CallIdInContent(std::string_view content) {
  const auto text = JsonString(content);
  JsonCursor cursor(text ? std::string_view(*text) : content);
  std::string id;
  if (!cursor.EnterArray()) return id;
  while (cursor.NextElement()) {
    const Item item = ReadItem(cursor.ReadRaw().value_or(""));
    if (!IsFunctionCall(item)) return "";
    id = FirstId(item.id);
  }
  return cursor.failed() ? "" : id;
}

class MessageReader {
 public:
  MessageReader(Direction direction, std::string_view json, SpanFacts* facts)
      : direction_(direction), json_(json), facts_(facts) {}

  // Consumes the next value.
  void ReadAny(JsonCursor* cursor, int level);
  void ReadText(std::string_view json, int level) {
    if (json.empty()) return;
    JsonCursor cursor(json);
    ReadAny(&cursor, level);
  }

  // Nothing that was read tells how to read what comes next.
  bool is_fresh() const { return last_call_.empty() && !history_; }

 private:
  void ReadMessage(const Item& item, int level);
  void ReadInside(const Item& item, int level);
  void KeepText(const Item& item, std::string_view json);
  bool ReadCallsOf(const Item& item);
  void ReadChoice(const Item& item);
  void ReadCalls(std::string_view json);
  void ReadCall(JsonCursor* cursor);
  bool ReadResult(const Item& item);
  bool ReadResultWithoutId(const Item& item, UseFact* use);
  void ReadResults(std::string_view json);
  void AddUse(UseFact use);
  const ChoiceFact* NextCallOf(std::string_view name);
  void ReadHistory(std::string_view text, int level);

  Direction direction_;
  std::string_view json_;  // all that is read
  SpanFacts* facts_;
  std::string last_call_;  // id in the message before, where results have none
  std::optional<SpanFacts> history_;         // the calls that an input repeats
  std::map<std::string, size_t> next_call_;  // where to go on, by name
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
  if (direction_ == Direction::kInput ? ReadResult(item) : ReadCallsOf(item)) {
    return;
  }
  ReadInside(item, level + 1);
  if (!item.content.empty() && item.content.front() == '"') {
    KeepText(item, item.content);
    if (direction_ == Direction::kInput) ReadHistory(item.content, level);
  } else {
    ReadText(item.content, level + 1);
  }
}

// Reads what is around messages.
void MessageReader::ReadInside(const Item& item, int level) {
  if (!item.text.empty()) KeepText(item, item.text);
  for (const std::string_view inside :
       {item.parts, item.messages, item.message, item.choices, item.contents,
        item.candidates, item.generations}) {
    ReadText(inside, level);
  }
  const Word type_word(item.type);
  const std::string_view type = type_word.text();
  if (direction_ == Direction::kInput && type.empty() &&
      item.input.starts_with('[')) {
    ReadText(item.input, level);  // a Responses request
  }
  if (Word(item.object).text() == "response") ReadText(item.output, level);
  if (type == "constructor") ReadText(item.kwargs, level);
  if (type == "ai" || type == "tool" || type == "human") {
    ReadText(item.data, level);
  }
}

// What a system says of the form of calls is no call.
void MessageReader::KeepText(const Item& item, std::string_view json) {
  if (!facts_->wants_text) return;
  const Word role_word(item.role);
  const std::string_view role = role_word.text();
  if (role == "system" || role == "developer") return;
  auto& texts = direction_ == Direction::kOutput ? facts_->output_texts
                                                 : facts_->input_texts;
  texts.push_back(Text(json));
}

// Returns whether the item's calls were found: what else it holds repeats them.
bool MessageReader::ReadCallsOf(const Item& item) {
  const Word type_word(item.type);
  const std::string_view type = type_word.text();
  if (IsCallType(type) ||
      (type.empty() && !item.tool_call_id.empty() && !item.tool_name.empty())) {
    ReadChoice(item);
  } else if (!item.tool_use.empty()) {
    ReadChoice(ReadItem(item.tool_use));
  } else if (HasAny(item.tool_calls)) {
    ReadCalls(item.tool_calls);
  } else if (!item.function_call.empty()) {
    ReadCalls(item.function_call);
  } else if (type == "function" && IsFunctionCall(item)) {
    Item call = ReadItem(item.function);
    call.id = item.id;
    ReadChoice(call);
  } else if (const std::string_view calls = AdditionalCalls(item);
             !calls.empty()) {
    ReadCalls(calls);
  } else if (Word(item.finish_reason).text() == "tool_calls" &&
             !CallIdInContent(item.content).empty()) {
    ReadCalls(Text(item.content));
    return item.content.front() == '"';
  } else {
    return false;
  }
  return true;
}

// A Responses item carries its own id, too, which no result refers to.
void MessageReader::ReadChoice(const Item& item) {
  ChoiceFact choice;
  choice.id = FirstId(item.call_id, item.tool_call_id, item.tool_use_id,
                      item.id, item.tool_id);
  choice.name = Text(item.name.empty() ? item.tool_name : item.name);
  std::string name_space = Text(item.name_space);
  if (!name_space.empty() && name_space != choice.name) {
    choice.name = std::move(name_space) + "." + choice.name;
  }
  std::string_view arguments = item.arguments;
  if (arguments.empty()) arguments = item.input;
  if (arguments.empty()) arguments = item.args;
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

// Returns whether the item is a tool's result, or a call that an input repeats:
// nothing inside it is searched.
bool MessageReader::ReadResult(const Item& item) {
  const Word type_word(item.type);
  const std::string_view type = type_word.text();
  UseFact use;
  if (IsCallType(type) || !item.tool_use.empty()) return true;
  if (!item.tool_results.empty()) {
    ReadResults(item.tool_results);
    return true;
  }
  if (!item.tool_result.empty()) {
    use.id = FirstId(ReadItem(item.tool_result).tool_use_id);
  } else if (!item.function_response.empty()) {
    const Item response = ReadItem(item.function_response);
    use = {FirstId(response.id), Text(response.name)};
  } else if (type == "tool_call_response") {
    use.id = FirstId(item.id, item.call_id, item.tool_call_id);
  } else if (type == "tool_result" || type == "tool-result") {
    use.id = FirstId(item.tool_use_id, item.tool_call_id, item.id);
  } else if (type.ends_with("_call_output")) {
    use.id = FirstId(item.call_id);
  } else if (!item.tool_call_id.empty()) {
    use.id = FirstId(item.tool_call_id);
  } else if (!ReadResultWithoutId(item, &use)) {
    return false;
  }
  if (use.name.empty()) {
    use.name = Text(item.name.empty() ? item.tool_name : item.name);
  }
  AddUse(std::move(use));
  return true;
}

// Messages of tools without a call's id: they may have it in a field of their
// own, follow the message with the call, or be spoken in the tool's name.
bool MessageReader::ReadResultWithoutId(const Item& item, UseFact* use) {
  const Word role_word(item.role);
  const std::string_view role = role_word.text();
  const bool text = item.content.empty() || item.content.front() == '"';
  const bool tool = role == "tool" || role == "function";
  if (tool && item.parts.empty()) {
    std::string call = CallIdInContent(item.content);
    if (!call.empty()) {
      last_call_ = std::move(call);
      return true;
    }
    if (!text) return false;
    use->id = FirstId(item.tool_id, item.id);
    if (use->id.empty()) use->id = std::exchange(last_call_, "");
    return true;
  }
  if (IsKnownRole(role) || !text) return false;
  const ChoiceFact* call = NextCallOf(role);
  if (call == nullptr) return false;
  *use = {call->id, call->name};
  return true;
}

// Reads a list of results, each with its call's id.
void MessageReader::ReadResults(std::string_view json) {
  JsonCursor cursor(json);
  if (!cursor.EnterArray()) return;
  while (cursor.NextElement()) {
    const Item item = ReadItem(cursor.ReadRaw().value_or(""));
    AddUse({FirstId(item.tool_id, item.tool_call_id), Text(item.name)});
  }
}

void MessageReader::AddUse(UseFact use) {
  if (use.id.empty() && use.name.empty()) return;
  facts_->uses.push_back(std::move(use));
}

// Returns the call that the next result under a tool's own name answers: the
// first of that name that has none yet.
const ChoiceFact* MessageReader::NextCallOf(std::string_view name) {
  if (!history_) {
    SpanFacts& history = history_.emplace();
    JsonCursor cursor(json_);
    MessageReader(Direction::kOutput, json_, &history).ReadAny(&cursor, 0);
  }
  const auto& calls = history_->choices;
  for (size_t& next = next_call_[std::string(name)]; next < calls.size();) {
    const ChoiceFact& call = calls[next++];
    if (call.name == name) return &call;
  }
  return nullptr;
}

// Lines of the form `12. {"type": "function_call_output", …}`.
void MessageReader::ReadHistory(std::string_view json, int level) {
  if (level >= kMaxLevels || !MentionsResult(json)) return;
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

void Finish(JsonCursor* cursor, SpanFacts* facts) {
  if (cursor->failed()) {
    ++(cursor->failed_at_end() ? facts->truncated : facts->unreadable);
  } else if (!cursor->AtEnd()) {
    ++facts->unreadable;
  }
}

// Reads a list of messages, but for the beginning that the memo knows.
void ReadList(std::string_view json, MessageMemo* memo, SpanFacts* facts) {
  const size_t uses = facts->uses.size();
  const uint32_t unreadable = facts->unreadable;
  size_t end = memo->Recall(json, &facts->uses);
  JsonCursor cursor(json, end);
  if (end == 0) cursor.EnterArray();
  MessageReader reader(Direction::kInput, json, facts);
  while (cursor.NextElement()) {
    reader.ReadAny(&cursor, 1);
    if (!cursor.failed()) end = cursor.position();
  }
  const bool whole = !cursor.failed() && end > 0 && json[end - 1] == '}' &&
                     facts->unreadable == unreadable;
  Finish(&cursor, facts);
  if (!whole || !reader.is_fresh()) return;
  memo->Keep(json.substr(0, end),
             facts->uses.begin() + static_cast<ptrdiff_t>(uses),
             facts->uses.end());
}

}  // namespace

void ReadOutputMessages(std::string_view json, SpanFacts* facts) {
  facts->has_output = true;
  JsonCursor cursor(json);
  MessageReader(Direction::kOutput, json, facts).ReadAny(&cursor, 0);
  Finish(&cursor, facts);
}

void ReadInputMessages(std::string_view json, SpanFacts* facts) {
  facts->has_input = true;
  if (facts->memo != nullptr && !facts->wants_text && json.starts_with('[')) {
    ReadList(json, facts->memo, facts);
    return;
  }
  JsonCursor cursor(json);
  MessageReader(Direction::kInput, json, facts).ReadAny(&cursor, 0);
  Finish(&cursor, facts);
}

}  // namespace spanlink
