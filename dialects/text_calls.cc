#include "spanlink/dialects/text_calls.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/python_literal.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

// Longer texts are no names of tools.
constexpr size_t kLongestName = 128;

constexpr std::string_view kSpace = " \t\r\n";

std::string_view Trimmed(std::string_view text, std::string_view around) {
  const size_t begin = text.find_first_not_of(around);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(around) - begin + 1);
}

void SkipNumber(std::string_view* text) {
  const size_t end = text->find_first_not_of(" 0123456789");
  text->remove_prefix(std::min(end, text->size()));
}

bool Skip(std::string_view word, std::string_view* text) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  return true;
}

enum class Mark : uint8_t { kNone, kAction, kInput, kObservation, kOther };

// Returns what a line begins, and takes that off.
Mark TakeMark(std::string_view* line) {
  std::string_view rest = Trimmed(*line, " \t*");
  Mark mark = Mark::kNone;
  if (Skip("Action", &rest)) {
    SkipNumber(&rest);
    const bool input = Skip("Input", &rest);
    if (input) SkipNumber(&rest);
    mark = input ? Mark::kInput : Mark::kAction;
  } else if (Skip("Observation", &rest)) {
    SkipNumber(&rest);
    mark = Mark::kObservation;
  } else if (Skip("Thought", &rest) || Skip("Final Answer", &rest)) {
    SkipNumber(&rest);
    mark = Mark::kOther;
  }
  if (mark == Mark::kNone || !Skip(":", &rest)) return Mark::kNone;
  *line = rest;
  return mark;
}

struct Section {
  Mark mark = Mark::kNone;
  std::string_view text;  // up to the next mark
};

std::vector<Section> Split(std::string_view text) {
  std::vector<Section> sections;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    const Mark mark = TakeMark(&line);
    if (mark != Mark::kNone) {
      sections.push_back({mark, line});
    } else if (!sections.empty()) {
      std::string_view& last = sections.back().text;
      const auto size = static_cast<size_t>(text.data() + end - last.data());
      last = std::string_view(last.data(), size);
    }
    begin = end + 1;
  }
  return sections;
}

// A name in back-ticks, quotes or stars is the name.
std::string NameIn(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view name = Trimmed(line, " \t\r`\"'*");
  return name.size() > kLongestName ? "" : std::string(name);
}

std::string_view WithoutFence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  const size_t open = text.find(kFence);
  if (open != 0) return text.substr(0, open);
  const size_t line = std::min(text.find('\n'), text.size());
  const size_t close = text.find(kFence, kFence.size());
  if (close == std::string_view::npos) return text.substr(line);
  // "```{…}```" has no line of its own for the language.
  const size_t begin = line < close ? line : kFence.size();
  return text.substr(begin, close - begin);
}

// Takes JSON out of the words around it; a string is what it holds.
std::string ArgumentsIn(std::string_view text) {
  std::string_view inside = Trimmed(text, kSpace);
  inside = Trimmed(Trimmed(WithoutFence(inside), kSpace), "`");
  JsonCursor cursor(inside);
  if (!inside.empty() && (inside[0] == '{' || inside[0] == '[')) {
    if (const auto value = cursor.ReadRaw()) return std::string(*value);
  }
  if (auto string = JsonString(inside)) return *std::move(string);
  return std::string(inside);
}

// What the model wrote behind "Observation:" it made up.
void ReadActions(std::string_view text, SpanFacts* facts) {
  ChoiceFact choice;
  for (const Section& section : Split(text)) {
    if (section.mark == Mark::kObservation) return;
    if (section.mark == Mark::kAction) choice.name = NameIn(section.text);
    if (section.mark != Mark::kInput || choice.name.empty()) continue;
    choice.arguments = CaptureArguments(ArgumentsIn(section.text), facts);
    facts->choices.push_back(std::exchange(choice, {}));
  }
}

// An observation may stand in a message of its own.
void ReadObservations(std::string_view text, std::string* action,
                      SpanFacts* facts) {
  for (const Section& section : Split(text)) {
    if (section.mark == Mark::kAction) *action = NameIn(section.text);
    if (section.mark != Mark::kObservation || action->empty()) continue;
    facts->uses.push_back({"", std::exchange(*action, "")});
  }
}

// Returns the string behind `key=` in a repr.
std::optional<std::string> ReprField(std::string_view text,
                                     std::string_view key) {
  const size_t at = text.find(std::string(key) + "='");
  if (at == std::string_view::npos) return std::nullopt;
  const size_t begin = at + key.size() + 1;
  size_t end = begin + 1;
  while (end < text.size() && text[end] != '\'') {
    end += text[end] == '\\' ? 2 : 1;
  }
  if (end >= text.size()) return std::nullopt;
  const auto json = PythonLiteralToJson(text.substr(begin, end + 1 - begin));
  return json ? JsonString(*json) : std::nullopt;
}

void ReadReprCalls(std::string_view text, SpanFacts* facts) {
  constexpr std::string_view kCall = "ResponseFunctionToolCall(";
  size_t at = text.find(kCall);
  while (at != std::string_view::npos) {
    const size_t next = text.find(kCall, at + kCall.size());
    const std::string_view one = text.substr(at, next - at);
    const auto name = ReprField(one, "name");
    if (name) {
      ChoiceFact choice;
      choice.name = *name;
      choice.id = CleanId(ReprField(one, "call_id").value_or(""));
      choice.arguments = ReprField(one, "arguments");
      facts->choices.push_back(std::move(choice));
    }
    at = next;
  }
}

}  // namespace

void ReadTextCalls(SpanFacts* facts) {
  if (!facts->wants_text || facts->kind != SpanKind::kLlm) return;
  if (facts->choices.empty()) {
    for (const std::string& text : facts->output_texts) {
      ReadReprCalls(text, facts);
      if (facts->choices.empty()) ReadActions(text, facts);
    }
  }
  if (!facts->uses.empty()) return;
  std::string action;
  for (const std::string& text : facts->input_texts) {
    ReadObservations(text, &action, facts);
  }
}

}  // namespace spanlink
