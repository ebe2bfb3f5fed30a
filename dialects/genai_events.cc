#include "spanlink/dialects/genai_events.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

constexpr std::string_view kChoice = "gen_ai.choice";
constexpr std::string_view kToolMessage = "gen_ai.tool.message";
constexpr std::string_view kSystemMessage = "gen_ai.system.message";
constexpr std::string_view kAssistantMessage = "gen_ai.assistant.message";

bool IsMessage(std::string_view name) {
  return name.starts_with("gen_ai.") && name.ends_with(".message");
}

bool IsStructure(std::string_view text) {
  return !text.empty() && (text.front() == '[' || text.front() == '{');
}

// An event's body as JSON, where one attribute holds it; "" elsewhere.
std::string_view BodyOf(const SpanEvent& event) {
  for (const std::string_view key : {"gen_ai.event.content", "body"}) {
    const std::string_view body = event.attributes.Text(key);
    if (IsStructure(body)) return body;
  }
  return {};
}

// A field of an event's body as text.
std::string FieldOf(const SpanEvent& event, std::string_view key) {
  const std::string_view body = BodyOf(event);
  if (body.empty()) return std::string(event.attributes.Text(key));
  const std::string_view value = JsonMember(body, key).value_or("");
  if (value == "null") return "";
  return JsonString(value).value_or(std::string(value));
}

bool HasField(const SpanEvent& event, std::string_view key) {
  const std::string_view body = BodyOf(event);
  return body.empty() ? event.attributes.Has(key)
                      : JsonMember(body, key).value_or("null") != "null";
}

void AddUse(std::string id, std::string name, SpanFacts* facts) {
  if (id.empty() && name.empty()) return;
  facts->uses.push_back({std::move(id), std::move(name)});
}

// A text that no reader of messages keeps.
void KeepText(std::string text, std::vector<std::string>* texts) {
  if (!text.empty()) texts->push_back(std::move(text));
}

void ReadChoiceEvent(const SpanEvent& event, SpanFacts* facts) {
  facts->has_output = true;
  facts->says_tool_chosen |= SaysToolChosen(FieldOf(event, "finish_reason"));
  if (const std::string_view body = BodyOf(event); !body.empty()) {
    ReadOutputMessages(body, facts);
    return;
  }
  const std::string_view message = event.attributes.Text("message");
  const std::string_view calls = event.attributes.Text("tool_calls");
  if (IsStructure(message)) {
    ReadOutputMessages(message, facts);
  } else if (facts->wants_text) {
    KeepText(std::string(message), &facts->output_texts);
  }
  if (IsStructure(calls) && facts->choices.empty()) {
    ReadOutputMessages("{\"tool_calls\":" + std::string(calls) + "}", facts);
  }
}

// What a tool returned is not searched for ids, unless the event has none.
void ReadToolEvent(const SpanEvent& event, SpanFacts* facts) {
  facts->has_input = true;
  std::string id = CleanId(FieldOf(event, "id"));
  std::string content = FieldOf(event, "content");
  if (id.empty() && IsStructure(content)) {
    ReadInputMessages(content, facts);
  } else {
    AddUse(std::move(id), FieldOf(event, "name"), facts);
    if (facts->wants_text) KeepText(std::move(content), &facts->input_texts);
  }
}

void ReadMessageEvent(const SpanEvent& event, EventText text,
                      SpanFacts* facts) {
  facts->has_input = true;
  const std::string_view content = event.attributes.Text("content");
  const bool blocks = text == EventText::kBlocks &&
                      event.name != kAssistantMessage &&
                      content.find("toolResult") != std::string_view::npos;
  if (blocks) {
    ReadInputMessages(content, facts);
  } else if (facts->wants_text && event.name != kSystemMessage) {
    KeepText(FieldOf(event, "content"), &facts->input_texts);
  }
}

bool HasMessages(const FinishedSpan& span) {
  return std::any_of(span.events.begin(), span.events.end(),
                     [](const SpanEvent& event) {
                       return event.name == kChoice || IsMessage(event.name);
                     });
}

struct ListedEvent {
  std::string name;
  std::string_view json;
};

std::vector<ListedEvent> ReadList(std::string_view json, SpanFacts* facts) {
  std::vector<ListedEvent> events;
  JsonCursor cursor(json);
  if (cursor.EnterArray()) {
    while (cursor.NextElement()) {
      const std::string_view event = cursor.ReadRaw().value_or("");
      events.push_back({JsonString(JsonMember(event, "event.name").value_or(""))
                            .value_or(""),
                        event});
    }
  } else {
    ++facts->unreadable;
  }
  if (cursor.failed()) {
    ++(cursor.failed_at_end() ? facts->truncated : facts->unreadable);
  }
  return events;
}

}  // namespace

bool GenAiEventsDialect::Recognizes(const FinishedSpan& span) const {
  return HasMessages(span);
}

void GenAiEventsDialect::Decode(const FinishedSpan& span,
                                SpanFacts* facts) const {
  if (facts->kind == SpanKind::kOther) {
    const Attribute* operation = span.attributes->Find("gen_ai.operation.name");
    facts->kind = operation == nullptr ? SpanKind::kLlm
                                       : GenAiOperationKind(operation->text);
  }
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  if (facts->kind == SpanKind::kTool) {
    ReadGenAiTool(span, facts);
    ReadGenAiToolEvents(span, facts);
  } else {
    ReadGenAiEvents(span, EventText::kPlain, facts);
  }
}

ContentKeys GenAiEventsDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {"gen_ai.event.content"};
  static constexpr std::string_view kKeptInEvents[] = {
      "event.name", "role", "name", "id", "finish_reason"};
  return {kContent, {}, kKeptInEvents};
}

void ReadGenAiEvents(const FinishedSpan& span, EventText text,
                     SpanFacts* facts) {
  for (const SpanEvent& event : span.events) {
    if (event.name == kChoice) {
      ReadChoiceEvent(event, facts);
    } else if (event.name == kToolMessage) {
      ReadToolEvent(event, facts);
    } else if (IsMessage(event.name)) {
      ReadMessageEvent(event, text, facts);
    }
  }
}

void ReadGenAiToolEvents(const FinishedSpan& span, SpanFacts* facts) {
  for (const SpanEvent& event : span.events) {
    if (event.name == kChoice && HasField(event, "message")) {
      KeepToolResult(FieldOf(event, "message"), facts);
    }
    if (event.name != kToolMessage) continue;
    if (facts->tool_call_id.empty()) {
      facts->tool_call_id = CleanId(FieldOf(event, "id"));
    }
    const std::string content = FieldOf(event, "content");
    if (!facts->arguments && !content.empty()) {
      SetToolArguments(content, facts);
    }
  }
}

void ReadGenAiEventList(std::string_view json, SpanFacts* facts) {
  const std::vector<ListedEvent> events = ReadList(json, facts);
  const bool has_choice =
      std::any_of(events.begin(), events.end(),
                  [](const ListedEvent& e) { return e.name == kChoice; });
  size_t answer = events.size();
  while (!has_choice && answer > 0 &&
         events[answer - 1].name == kAssistantMessage) {
    --answer;
  }
  for (size_t i = 0; i < events.size(); ++i) {
    const auto& [name, event] = events[i];
    if (name == kChoice || i >= answer) {
      ReadOutputMessages(event, facts);
      continue;
    }
    facts->has_input = true;
    if (facts->wants_text && name != kSystemMessage) {
      const auto content = JsonMember(event, "content").value_or("");
      KeepText(JsonString(content).value_or(std::string(content)),
               &facts->input_texts);
    }
    if (name != kToolMessage) continue;
    AddUse(IdFromJson(JsonMember(event, "id").value_or("")),
           JsonString(JsonMember(event, "name").value_or("")).value_or(""),
           facts);
  }
}

}  // namespace spanlink
