#include "spanlink/dialects/openinference.h"

#include <algorithm>
#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/flat_messages.h"
#include "spanlink/dialects/genai.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/dialects/payload.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

// Writers leave the arguments out when they are `{}`.
constexpr std::string_view kOmittedArguments = "{}";

constexpr std::string_view kHandoffName = "handoff to ";

// BeeAI makes a span of each event of a call: of a tool, `success` (`error`)
// has what it was given and returned, of a model, `start` has the input and
// `success` the answer. The others repeat a part of that or nothing.
bool IsMarker(std::string_view kind, std::string_view target) {
  return target.ends_with(".finish") ||
         (kind == "TOOL" && target.ends_with(".start"));
}

SpanKind KindOf(const AttributeList& attributes) {
  const std::string_view kind = attributes.Text("openinference.span.kind");
  if (IsMarker(kind, attributes.Text("target"))) return SpanKind::kOther;
  if (kind == "LLM") return SpanKind::kLlm;
  if (kind == "TOOL") return SpanKind::kTool;
  if (kind == "AGENT") return SpanKind::kAgent;
  if (kind == "GUARDRAIL") return SpanKind::kGuardrail;
  return SpanKind::kOther;
}

void SetCallField(std::string_view key, std::string_view text, FlatCall* call) {
  if (key == "tool_call.id") call->id = text;
  if (key == "tool_call.function.name") call->name = text;
  if (key == "tool_call.function.arguments") call->arguments = text;
}

// `key` is what follows `message.`.
void SetMessageField(std::string_view key, std::string_view text,
                     FlatMessage* message) {
  constexpr std::string_view kCallsPrefix = "tool_calls.";
  constexpr std::string_view kContentsPrefix = "contents.";
  if (key == "role") {
    message->role = text;
  } else if (key == "content") {
    message->content = text;
  } else if (key == "tool_call_id") {
    message->tool_call_id = text;
  } else if (key == "name") {
    message->name = text;
  } else if (key == "function_call_name") {
    message->function_call.emplace(message->function_call.value_or(FlatCall{}))
        .name = text;
  } else if (key == "function_call_arguments_json") {
    message->function_call.emplace(message->function_call.value_or(FlatCall{}))
        .arguments = text;
  } else if (key.starts_with(kCallsPrefix)) {
    const auto call = SplitNumber(key.substr(kCallsPrefix.size()));
    if (call) SetCallField(call->rest, text, &message->calls[call->number]);
  } else if (key.starts_with(kContentsPrefix)) {
    const auto call = SplitNumber(key.substr(kContentsPrefix.size()));
    if (call && call->rest.starts_with("tool_call.")) {
      SetCallField(call->rest, text, &message->content_calls[call->number]);
    } else if (call && call->rest == "message_content.text") {
      message->content = text;
    }
  }
}

FlatMessages ReadMessages(const AttributeList& attributes,
                          std::string_view prefix) {
  constexpr std::string_view kMessagePrefix = "message.";
  FlatMessages messages;
  for (const Attribute& attribute : attributes.WithPrefix(prefix)) {
    const auto key = SplitNumber(attribute.key.substr(prefix.size()));
    if (!key || !key->rest.starts_with(kMessagePrefix)) continue;
    SetMessageField(key->rest.substr(kMessagePrefix.size()), attribute.text,
                    &messages[key->number]);
  }
  return messages;
}

void ReadOutput(const FinishedSpan& span, SpanFacts* facts) {
  const FlatMessages messages =
      ReadMessages(*span.attributes, "llm.output_messages.");
  facts->has_output = !messages.empty();
  if (messages.empty() && facts->kind == SpanKind::kLlm) {
    ReadPayloadMessages({nullptr, span.attributes->Find("output.value")},
                        facts);
  }
  for (const auto& [index, message] : messages) {
    KeepFlatText(message, &facts->output_texts, *facts);
    const auto& calls = message.calls.size() < message.content_calls.size()
                            ? message.content_calls
                            : message.calls;
    for (const auto& [number, call] : calls)
      AddFlatChoice(call, kOmittedArguments, span, facts);
    if (calls.empty() && message.function_call) {
      AddFlatChoice(*message.function_call, kOmittedArguments, span, facts);
    }
  }
}

// Several results in one message overwrite one another's `tool_call_id`; the
// request in `input.value` has them all.
void ReadRequestResults(const FinishedSpan& span, SpanFacts* facts) {
  const std::string_view request = span.attributes->Text("input.value");
  if (request.find("tool_use_id") == std::string_view::npos &&
      request.find("toolUseId") == std::string_view::npos) {
    return;
  }
  SpanFacts found;
  ReadInputMessages(request, &found);
  if (found.uses.size() > facts->uses.size()) facts->uses = found.uses;
}

void ReadInput(const FinishedSpan& span, SpanFacts* facts) {
  const FlatMessages messages =
      ReadMessages(*span.attributes, "llm.input_messages.");
  facts->has_input = !messages.empty();
  if (messages.empty() && facts->kind == SpanKind::kLlm) {
    ReadPayloadMessages({span.attributes->Find("input.value"), nullptr}, facts);
  }
  for (const auto& [index, message] : messages) {
    KeepFlatText(message, &facts->input_texts, *facts);
    UseFact use{CleanId(message.tool_call_id), std::string(message.name)};
    const bool result = message.role == "tool" || message.role == "function" ||
                        message.role == "tool-response";
    if (!use.id.empty() || (result && !use.name.empty())) {
      facts->uses.push_back(std::move(use));
    }
  }
  ReadRequestResults(span, facts);
}

// `tool.parameters` holds the arguments or their JSON schema.
bool IsSchema(std::string_view json) {
  return JsonMember(json, "properties").has_value() ||
         JsonMember(json, "type") == "\"object\"";
}

void ReadTool(const FinishedSpan& span, SpanFacts* facts) {
  const AttributeList& attributes = *span.attributes;
  facts->name = attributes.Text("tool.name");
  if (facts->name.empty()) facts->name = span.name;
  for (const std::string_view key :
       {"tool.id", "tool_call.id", "gen_ai.tool.call.id"}) {
    if (!facts->tool_call_id.empty()) break;
    facts->tool_call_id = CleanId(attributes.Text(key));
  }
  const std::string_view output = attributes.Text("output.value");
  if (attributes.Has("output.value")) KeepToolResult(output, facts);
  if (facts->tool_call_id.empty()) {
    facts->tool_call_id = ToolMessageCallId(output);
  }
  if (IsPendingApproval(output)) facts->outcome = Outcome::kNotExecuted;
  const Attribute* input = attributes.Find("input.value");
  const Attribute* parameters = attributes.Find("tool.parameters");
  if (input == nullptr && parameters != nullptr &&
      !IsSchema(parameters->text)) {
    input = parameters;
  }
  if (input != nullptr) SetToolArguments(input->text, facts);
}

bool IsHandoff(const FinishedSpan& span) {
  return span.name.starts_with(kHandoffName) &&
         !span.attributes->Has("tool.name");
}

void ReadHandoff(const FinishedSpan& span, SpanFacts* facts) {
  facts->kind = SpanKind::kHandoff;
  facts->outcome = OutcomeOf(span, facts->kind);
  facts->from_agent = CleanId(span.attributes->Text("input.value"));
  facts->to_agent = CleanId(span.attributes->Text("output.value"));
  if (facts->to_agent.empty()) {
    facts->to_agent = CleanId(span.name.substr(kHandoffName.size()));
  }
}

// LangChain's tracer calls every run with "agent" in its name an agent. A tool
// among them has the tool's name or is known by the message that it returns.
// Other agents name the tool that they are about to call.
bool IsToolInDisguise(const FinishedSpan& span) {
  return span.attributes->Text("tool.name") == span.name ||
         !ToolMessageCallId(span.attributes->Text("output.value")).empty();
}

void ReadIdentity(const FinishedSpan& span, SpanFacts* facts) {
  const AttributeList& attributes = *span.attributes;
  facts->agent = attributes.Text("agent.name");
  facts->conversation_id = CleanId(attributes.Text("session.id"));
  const std::string_view metadata = attributes.Text("metadata");
  for (const std::string_view key : {"session_id", "thread_id"}) {
    if (!facts->conversation_id.empty()) return;
    const auto value = JsonMember(metadata, key);
    facts->conversation_id =
        CleanId(JsonString(value.value_or("")).value_or(""));
  }
}

}  // namespace

bool OpenInferenceDialect::Recognizes(const FinishedSpan& span) const {
  return span.attributes->Has("openinference.span.kind");
}

void OpenInferenceDialect::Decode(const FinishedSpan& span,
                                  SpanFacts* facts) const {
  facts->kind = KindOf(*span.attributes);
  if (facts->kind == SpanKind::kAgent && IsToolInDisguise(span)) {
    facts->kind = SpanKind::kTool;
  }
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadIdentity(span, facts);
  if (facts->kind == SpanKind::kTool) {
    IsHandoff(span) ? ReadHandoff(span, facts) : ReadTool(span, facts);
    return;
  }
  if (facts->kind == SpanKind::kAgent || facts->kind == SpanKind::kGuardrail) {
    facts->name = facts->agent.empty() ? span.name : facts->agent;
  }
  if (facts->kind == SpanKind::kOther && span.attributes->Has("target")) return;
  ReadInput(span, facts);
  ReadOutput(span, facts);
}

ContentKeys OpenInferenceDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {"input.value",
                                                  "output.value",
                                                  "llm.input_messages.*",
                                                  "llm.output_messages.*",
                                                  "llm.prompts",
                                                  "llm.prompts.*",
                                                  "llm.choices.*",
                                                  "llm.prompt_template.*",
                                                  "llm.invocation_parameters",
                                                  "llm.function_call",
                                                  "llm.tools",
                                                  "llm.tools.*",
                                                  "tool.description",
                                                  "tool.parameters",
                                                  "tool.json_schema",
                                                  "retrieval.documents.*",
                                                  "reranker.query",
                                                  "reranker.input_documents.*",
                                                  "reranker.output_documents.*",
                                                  "embedding.text",
                                                  "embedding.vector",
                                                  "embedding.embeddings.*",
                                                  "document.content",
                                                  "document.metadata",
                                                  "metadata"};
  static constexpr std::string_view kKept[] = {
      "openinference.span.kind",
      "retrieval.documents.#.document.score",
      "tool.name",
      "agent.name",
      "graph.node.name",
      "llm.model_name",
      "llm.provider",
      "llm.system",
      "embedding.model_name",
      "reranker.model_name",
      "input.mime_type",
      "output.mime_type",
      "target",
      "llm.input_messages.#.message.role",
      "llm.input_messages.#.message.name",
      "llm.input_messages.#.message.function_call_name",
      "llm.input_messages.#.message.tool_calls.#.tool_call.function.name",
      "llm.input_messages.#.message.contents.#.tool_call.function.name",
      "llm.output_messages.#.message.role",
      "llm.output_messages.#.message.name",
      "llm.output_messages.#.message.finish_reason",
      "llm.output_messages.#.message.function_call_name",
      "llm.output_messages.#.message.tool_calls.#.tool_call.function.name",
      "llm.output_messages.#.message.contents.#.tool_call.function.name"};
  return {kContent, kKept};
}

}  // namespace spanlink
