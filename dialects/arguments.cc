#include "spanlink/dialects/arguments.h"

#include <algorithm>
#include <array>
#include <utility>

#include "spanlink/dialects/python_literal.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/model/signals.h"

namespace spanlink {
namespace {

constexpr std::array<std::string_view, 3> kNoIds = {
    "unknown", "<not specified>", "(merged)"};
constexpr std::array<std::string_view, 5> kRedactions = {
    "__REDACTED__", "readacted", "[REDACTED]", "<replaced>",
    "<not serializable>"};

// Datadog's, in the place of content of a span that was too large.
constexpr std::string_view kDropped = "[This value has been dropped";

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Attribute limits are round: powers of two and multiples of a thousand.
bool IsLimit(size_t length) {
  constexpr size_t kSmallest = 128;
  if (length < kSmallest) return false;
  return (length & (length - 1)) == 0 || length % 1000 == 0;
}

size_t CountCodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Returns the inside of a JSON string, or the value's text.
std::string ValueText(std::string_view json) {
  if (auto text = JsonString(json)) return *std::move(text);
  return std::string(json);
}

// The members of an object that frameworks wrap arguments in.
struct Wrapper {
  std::optional<std::string_view> args, kwargs, input, inputs, input_str;
};

// Returns nullopt if `json` is no JSON object.
std::optional<Wrapper> ReadWrapper(std::string_view json) {
  Wrapper wrapper;
  const std::array<
      std::pair<std::string_view, std::optional<std::string_view>*>, 5>
      fields = {{{"args", &wrapper.args},
                 {"kwargs", &wrapper.kwargs},
                 {"input", &wrapper.input},
                 {"inputs", &wrapper.inputs},
                 {"input_str", &wrapper.input_str}}};
  JsonCursor cursor(json);
  std::string_view key;
  if (!cursor.EnterObject()) return std::nullopt;
  while (cursor.NextMember(&key)) {
    const auto field =
        std::find_if(fields.begin(), fields.end(),
                     [key](const auto& f) { return f.first == key; });
    const auto value = cursor.ReadRaw();
    if (field != fields.end()) *field->second = value;
  }
  if (cursor.failed() || !cursor.AtEnd()) return std::nullopt;
  return wrapper;
}

// Returns the only element of an array.
std::optional<std::string_view> OnlyElement(std::string_view json) {
  JsonCursor cursor(json);
  if (!cursor.EnterArray() || !cursor.NextElement()) return std::nullopt;
  const auto element = cursor.ReadRaw();
  return cursor.NextElement() ? std::nullopt : element;
}

// Returns whether an array or object has nothing inside.
bool IsJsonEmpty(std::string_view json) {
  return json.find_first_not_of("{}[] \t\r\n") == std::string_view::npos;
}

void AddReading(std::string text, SpanFacts* facts) {
  auto& readings = facts->alternatives;
  if (readings.size() >= kMaxAlternativeArguments || facts->arguments == text ||
      std::find(readings.begin(), readings.end(), text) != readings.end()) {
    return;
  }
  readings.push_back(std::move(text));
}

// Adds what a wrapper's member holds; Python's spelling as JSON.
void AddWrapped(const std::optional<std::string_view>& json, SpanFacts* facts) {
  if (!json) return;
  std::string text = ValueText(*json);
  if (!IsJson(text)) {
    if (auto literal = PythonLiteralToJson(text)) text = *std::move(literal);
  }
  AddReading(std::move(text), facts);
}

std::string IdOfToolMessage(std::string_view json) {
  const auto id = JsonMember(json, "tool_call_id");
  if (!id || !JsonMember(json, "content")) return "";
  return CleanId(JsonString(*id).value_or(""));
}

}  // namespace

std::string CleanId(std::string_view id) {
  const std::string_view trimmed = Trimmed(id);
  if (trimmed.starts_with('[') && IsJson(trimmed)) return IdFromJson(trimmed);
  const bool none =
      std::find(kNoIds.begin(), kNoIds.end(), trimmed) != kNoIds.end() ||
      IsPlaceholder(trimmed);
  return none ? std::string() : std::string(trimmed);
}

std::string IdFromJson(std::string_view json) {
  if (!json.starts_with('[')) {
    std::string unescaped;
    return CleanId(JsonText(json, &unescaped));
  }
  std::string last;
  JsonCursor cursor(json);
  cursor.EnterArray();
  while (cursor.NextElement()) last = CleanId(cursor.ReadStringOrSkip());
  return cursor.failed() ? "" : last;
}

bool IsPlaceholder(std::string_view text) {
  if (text.starts_with(kDropped)) return true;
  return std::find(kRedactions.begin(), kRedactions.end(), Trimmed(text)) !=
         kRedactions.end();
}

// Whether text behind a quotation mark is a redaction and another mark.
bool IsRedactedString(std::string_view rest) {
  return std::any_of(
      kRedactions.begin(), kRedactions.end(), [rest](std::string_view word) {
        return rest.size() > word.size() && rest.front() == word.front() &&
               rest.starts_with(word) && rest[word.size()] == '"';
      });
}

// A redaction inside of JSON is a whole string.
bool IsRedacted(std::string_view text) {
  if (IsPlaceholder(text)) return true;
  size_t quote = text.find('"');
  for (; quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    if (IsRedactedString(text.substr(quote + 1))) return true;
  }
  return false;
}

// Whether the text is JSON is asked last.
bool IsTruncated(std::string_view text) {
  constexpr std::string_view kNote = "[truncated]";
  const std::string_view trimmed = Trimmed(text);
  if (trimmed.size() > kNote.size() && trimmed.ends_with(kNote)) return true;
  if (trimmed.empty() || (trimmed[0] != '{' && trimmed[0] != '[')) return false;
  const bool looks_cut = trimmed.ends_with("...") ||
                         trimmed.ends_with("\xE2\x80\xA6") ||
                         IsLimit(text.size()) || IsLimit(CountCodePoints(text));
  if (!looks_cut) return false;
  JsonCursor cursor(trimmed);
  return !cursor.Skip() && cursor.failed_at_end();
}

std::optional<std::string> CaptureArguments(std::string_view text,
                                            SpanFacts* facts) {
  if (IsRedacted(text)) return std::nullopt;
  if (IsTruncated(text)) {
    ++facts->truncated;
    return std::nullopt;
  }
  constexpr std::string_view kRawKey = "_raw";
  if (text.find(kRawKey) != std::string_view::npos) {
    const auto raw = JsonMember(text, kRawKey);
    auto inside = JsonString(raw.value_or(""));
    if (inside) return inside;
  }
  return std::string(text);
}

std::optional<std::string> CaptureJsonArguments(std::string_view json,
                                                SpanFacts* facts) {
  std::string unescaped;
  return CaptureArguments(
      json.starts_with('"') ? JsonText(json, &unescaped) : json, facts);
}

void SetToolArguments(std::string_view text, SpanFacts* facts) {
  facts->alternatives.clear();
  facts->arguments = CaptureArguments(text, facts);
  if (!facts->arguments) return;
  const std::string_view trimmed = Trimmed(*facts->arguments);
  if (trimmed.empty() || trimmed[0] != '{') return;
  const std::optional<Wrapper> found = ReadWrapper(trimmed);
  if (!found) {
    auto literal = PythonLiteralToJson(trimmed);
    if (literal) AddReading(*std::move(literal), facts);
    return;
  }
  const Wrapper& wrapper = *found;
  AddWrapped(wrapper.inputs, facts);
  AddWrapped(wrapper.input, facts);
  AddWrapped(wrapper.input_str, facts);
  // LangChain's `kwargs` beside `inputs` are its own; empty ones beside
  // positional arguments do not say that there are no arguments.
  const bool langchain = wrapper.inputs || wrapper.input_str;
  const auto only = OnlyElement(wrapper.args.value_or(""));
  const bool positional = wrapper.args && !IsJsonEmpty(*wrapper.args);
  if (!langchain && wrapper.kwargs &&
      !(positional && IsJsonEmpty(*wrapper.kwargs))) {
    AddWrapped(wrapper.kwargs, facts);
  }
  AddWrapped(only, facts);
}

void KeepToolResult(std::string_view text, SpanFacts* facts) {
  if (!facts->wants_result || facts->result || IsPlaceholder(text)) return;
  facts->result = std::string(text);
}

std::string ToolMessageCallId(std::string_view output) {
  if (output.find("tool_call_id") == std::string_view::npos) return "";
  std::string_view json = output;
  // `{"output": …}`, LangChain's `{"lc": 1, "kwargs": …}` and the
  // `{"type": "tool", "data": …}` of its messages around it.
  for (const std::string_view wrapper : {"output", "kwargs", "data"}) {
    const std::string id = IdOfToolMessage(json);
    if (!id.empty()) return id;
    json = JsonMember(json, wrapper).value_or(json);
  }
  return IdOfToolMessage(json);
}

bool IsPendingApproval(std::string_view output) {
  return Trimmed(output).starts_with("FunctionToolResult(");
}

}  // namespace spanlink
