#include "spanlink/dialects/openllmetry.h"

#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/flat_messages.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/json/json_escapes.h"

namespace spanlink {
namespace {

// Empty arguments are left out.
constexpr std::string_view kOmittedArguments = "";

constexpr std::string_view kPrompt = "gen_ai.prompt.";
constexpr std::string_view kCompletion = "gen_ai.completion.";

bool HasAny(const FinishedSpan& span, std::string_view prefix) {
  return !span.attributes->WithPrefix(prefix).empty();
}

bool HasOwnKeys(const FinishedSpan& span) {
  return HasAny(span, "traceloop.") ||
         span.attributes->Has("llm.request.type") ||
         span.attributes->Has("llm.is_streaming");
}

SpanKind KindOf(const FinishedSpan& span) {
  const std::string_view kind = span.attributes->Text("traceloop.span.kind");
  if (kind == "agent") return SpanKind::kAgent;
  if (kind == "tool") return SpanKind::kTool;
  if (kind == "handoff") return SpanKind::kHandoff;
  if (kind == "guardrail") return SpanKind::kGuardrail;
  if (!kind.empty()) return SpanKind::kOther;
  const std::string_view operation =
      span.attributes->Text("gen_ai.operation.name");
  if (!operation.empty()) return GenAiOperationKind(operation);
  const std::string_view request = span.attributes->Text("llm.request.type");
  const bool llm =
      request == "chat" || request == "completion" ||
      (request.empty() && (HasAny(span, kPrompt) || HasAny(span, kCompletion) ||
                           span.attributes->Has("gen_ai.output.messages") ||
                           span.attributes->Has("gen_ai.input.messages")));
  return llm ? SpanKind::kLlm : SpanKind::kOther;
}

// The name of a tool or an agent: by attribute, else the span's own without the
// suffix that says what it is.
std::string EntityName(const FinishedSpan& span, std::string_view key,
                       std::string_view suffix) {
  for (const std::string_view candidate :
       {key, std::string_view("traceloop.entity.name")}) {
    const std::string_view name = span.attributes->Text(candidate);
    if (!name.empty()) return std::string(name);
  }
  const bool has_suffix = span.name.ends_with(suffix);
  return std::string(
      span.name.substr(0, span.name.size() - (has_suffix ? suffix.size() : 0)));
}

void ReadTool(const FinishedSpan& span, SpanFacts* facts) {
  ReadGenAiTool(span, facts);
  facts->name = EntityName(span, "gen_ai.tool.name", ".tool");
  const AttributeList& attributes = *span.attributes;
  const Attribute* input = attributes.Find("traceloop.entity.input");
  if (!attributes.Has("gen_ai.tool.call.arguments") && input != nullptr) {
    SetToolArguments(input->text, facts);
  }
  const std::string_view output = attributes.Text("traceloop.entity.output");
  if (attributes.Has("traceloop.entity.output")) KeepToolResult(output, facts);
  if (facts->tool_call_id.empty()) {
    facts->tool_call_id = ToolMessageCallId(output);
  }
  if (IsPendingApproval(output)) facts->outcome = Outcome::kNotExecuted;
}

void ReadIdentity(const FinishedSpan& span, SpanFacts* facts) {
  ReadGenAiIdentity(span, facts);
  for (const std::string_view key :
       {"traceloop.association.properties.session_id",
        "traceloop.association.properties.thread_id"}) {
    if (!facts->conversation_id.empty()) return;
    facts->conversation_id = CleanId(span.attributes->Text(key));
  }
}

// Reads what both conventions have in common. Returns whether the span may hold
// messages.
bool ReadCommon(const FinishedSpan& span, SpanFacts* facts) {
  facts->kind = KindOf(span);
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadIdentity(span, facts);
  switch (facts->kind) {
    case SpanKind::kTool:
      ReadTool(span, facts);
      return false;
    case SpanKind::kHandoff:
      ReadGenAiHandoff(span, facts);
      return false;
    case SpanKind::kAgent:
      facts->name = EntityName(span, "gen_ai.agent.name", ".agent");
      return true;
    default:
      return true;
  }
}

void SetField(std::string_view key, std::string_view text,
              FlatMessage* message) {
  constexpr std::string_view kCallsPrefix = "tool_calls.";
  if (key == "role") message->role = text;
  if (key == "content") message->content = text;
  if (key == "tool_call_id") message->tool_call_id = text;
  if (key == "name") message->name = text;
  if (key == "finish_reason") message->finish_reason = text;
  if (!key.starts_with(kCallsPrefix)) return;
  const auto number = SplitNumber(key.substr(kCallsPrefix.size()));
  if (!number) return;
  FlatCall& call = message->calls[number->number];
  if (number->rest == "id") call.id = text;
  if (number->rest == "name") call.name = text;
  if (number->rest == "arguments") call.arguments = text;
}

FlatMessages ReadMessages(const FinishedSpan& span, std::string_view prefix) {
  FlatMessages messages;
  for (const Attribute& attribute : span.attributes->WithPrefix(prefix)) {
    const auto key = SplitNumber(attribute.key.substr(prefix.size()));
    if (!key) continue;
    SetField(key->rest, attribute.text, &messages[key->number]);
  }
  return messages;
}

void ReadLegacyOutput(const FinishedSpan& span, SpanFacts* facts) {
  for (const auto& [index, message] : ReadMessages(span, kCompletion)) {
    facts->has_output |= !message.role.empty() || !message.content.empty() ||
                         !message.calls.empty();
    facts->says_tool_chosen |= SaysToolChosen(message.finish_reason);
    KeepFlatText(message, &facts->output_texts, *facts);
    for (const auto& [number, call] : message.calls) {
      AddFlatChoice(call, kOmittedArguments, span, facts);
    }
    // Koog writes the calls into the content.
    if (message.calls.empty() && message.content.starts_with('[') &&
        SaysToolChosen(message.finish_reason)) {
      ReadOutputMessages(message.content, facts);
    }
  }
}

// Anthropic's results stay inside the content, as a list of blocks.
void ReadLegacyInput(const FinishedSpan& span, SpanFacts* facts) {
  std::string without_ids;  // messages of tools, as JSON
  for (const auto& [index, message] : ReadMessages(span, kPrompt)) {
    facts->has_input = true;
    KeepFlatText(message, &facts->input_texts, *facts);
    UseFact use{CleanId(message.tool_call_id), std::string(message.name)};
    const bool result = message.role == "tool" || message.role == "function";
    if (!use.id.empty() || (result && !use.name.empty())) {
      facts->uses.push_back(std::move(use));
    } else if (message.content.starts_with('[') &&
               message.content.find("tool_use_id") != std::string_view::npos) {
      ReadInputMessages(message.content, facts);
    } else if (result) {
      without_ids.append(without_ids.empty() ? "[" : ",");
      without_ids.append("{\"role\":\"tool\",\"content\":");
      AppendJsonString(message.content, &without_ids);
      without_ids.append("}");
    }
  }
  if (!without_ids.empty()) ReadInputMessages(without_ids + "]", facts);
}

}  // namespace

bool OpenLlmetryDialect::Recognizes(const FinishedSpan& span) const {
  return HasOwnKeys(span) && (span.attributes->Has("gen_ai.operation.name") ||
                              span.attributes->Has("gen_ai.input.messages") ||
                              span.attributes->Has("gen_ai.output.messages"));
}

void OpenLlmetryDialect::Decode(const FinishedSpan& span,
                                SpanFacts* facts) const {
  if (ReadCommon(span, facts)) ReadGenAiMessages(span, facts);
}

bool OpenLlmetryLegacyDialect::Recognizes(const FinishedSpan& span) const {
  return HasOwnKeys(span) || HasAny(span, kPrompt) || HasAny(span, kCompletion);
}

void OpenLlmetryLegacyDialect::Decode(const FinishedSpan& span,
                                      SpanFacts* facts) const {
  if (!ReadCommon(span, facts)) return;
  ReadLegacyInput(span, facts);
  ReadLegacyOutput(span, facts);
}

ContentKeys OpenLlmetryDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {"traceloop.entity.input",
                                                  "traceloop.entity.output",
                                                  "traceloop.prompt.*"};
  static constexpr std::string_view kKept[] = {
      "traceloop.span.kind", "traceloop.workflow.name", "traceloop.entity.name",
      "traceloop.entity.path"};
  return {kContent, kKept};
}

ContentKeys OpenLlmetryLegacyDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "gen_ai.prompt.*",
      "gen_ai.completion.*",
      "llm.request.functions.*",
      "llm.headers",
      "llm.prompts",
      "llm.completions",
      "gen_ai.request.structured_output_schema"};
  static constexpr std::string_view kKept[] = {
      "llm.request.type",
      "llm.request.model",
      "llm.response.model",
      "llm.response.finish_reason",
      "llm.response.stop_reason",
      "gen_ai.openai.api_version",
      "gen_ai.openai.system_fingerprint",
      "llm.request.functions.#.name",
      "gen_ai.prompt.#.role",
      "gen_ai.prompt.#.name",
      "gen_ai.prompt.#.tool_calls.#.name",
      "gen_ai.completion.#.role",
      "gen_ai.completion.#.finish_reason",
      "gen_ai.completion.#.tool_calls.#.name"};
  return {kContent, kKept};
}

}  // namespace spanlink
