#include "spanlink/dialects/genai.h"

#include <array>
#include <string>
#include <utility>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/messages.h"

namespace spanlink {
namespace {

constexpr std::string_view kDetails =
    "gen_ai.client.inference.operation.details";

// Returns an attribute of the span or of its event with the details.
const Attribute* FindContent(const FinishedSpan& span, std::string_view key) {
  if (const Attribute* found = span.attributes->Find(key)) return found;
  for (const SpanEvent& event : span.events) {
    if (event.name != kDetails) continue;
    if (const Attribute* found = event.attributes.Find(key)) return found;
  }
  return nullptr;
}

// `name` without the word in front of it: "execute_tool f" -> "f".
std::string_view WithoutPrefix(std::string_view name, std::string_view word) {
  return name.starts_with(word) ? name.substr(word.size()) : name;
}

// Spans without `gen_ai.operation.name`, by what they hold.
SpanKind KindByContent(const FinishedSpan& span) {
  if (span.attributes->Has("gen_ai.tool.name") ||
      span.attributes->Has("gen_ai.tool.call.id")) {
    return SpanKind::kTool;
  }
  if (FindContent(span, "gen_ai.output.messages") != nullptr ||
      FindContent(span, "gen_ai.input.messages") != nullptr) {
    return SpanKind::kLlm;
  }
  return SpanKind::kOther;
}

// The input messages of a tool's span hold the call that it runs.
void ReadCallOfTool(const FinishedSpan& span, SpanFacts* facts) {
  const auto* input = FindContent(span, "gen_ai.input.messages");
  if (input == nullptr || facts->arguments) return;
  SpanFacts call;
  ReadOutputMessages(input->text, &call);
  if (call.choices.size() != 1) return;
  const ChoiceFact& choice = call.choices.front();
  if (facts->tool_call_id.empty()) facts->tool_call_id = choice.id;
  if (choice.arguments) SetToolArguments(*choice.arguments, facts);
}

}  // namespace

SpanKind GenAiOperationKind(std::string_view operation) {
  constexpr std::array<std::pair<std::string_view, SpanKind>, 10> kKinds = {{
      {"chat", SpanKind::kLlm},
      {"generate_content", SpanKind::kLlm},
      {"text_completion", SpanKind::kLlm},
      {"execute_tool", SpanKind::kTool},
      {"invoke_agent", SpanKind::kAgent},
      {"handoff", SpanKind::kHandoff},
      {"agent_handoff", SpanKind::kHandoff},
      {"guardrail_check", SpanKind::kGuardrail},
      {"run_guardrail", SpanKind::kGuardrail},
      {"apply_guardrail", SpanKind::kGuardrail},
  }};
  for (const auto& [name, kind] : kKinds) {
    if (name == operation) return kind;
  }
  return SpanKind::kOther;
}

bool SaysToolChosen(std::string_view finish_reason) {
  for (const std::string_view word :
       {"tool_call", "tool-call", "tool_use", "function_call"}) {
    if (finish_reason.find(word) != std::string_view::npos) return true;
  }
  return false;
}

Outcome OutcomeOf(const FinishedSpan& span, SpanKind kind) {
  const bool ran = kind == SpanKind::kHandoff &&
                   span.status_message.find("Multiple handoffs requested") !=
                       std::string_view::npos;
  return span.failed && !ran ? Outcome::kFailed : Outcome::kOk;
}

void ReadGenAiMessages(const FinishedSpan& span, SpanFacts* facts) {
  // The former pair holds whole messages as JSON, or a plain text.
  const auto find = [&span](std::string_view key, std::string_view former) {
    const Attribute* found = FindContent(span, key);
    if (found != nullptr) return found;
    found = FindContent(span, former);
    const bool json = found != nullptr && !found->text.empty() &&
                      (found->text[0] == '[' || found->text[0] == '{');
    return json ? found : nullptr;
  };
  if (const auto* input = find("gen_ai.input.messages", "gen_ai.prompt")) {
    if (!IsPlaceholder(input->text)) ReadInputMessages(input->text, facts);
  }
  if (const auto* output =
          find("gen_ai.output.messages", "gen_ai.completion")) {
    if (!IsPlaceholder(output->text)) ReadOutputMessages(output->text, facts);
  }
  for (const std::string_view key :
       {"gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"}) {
    const Attribute* reasons = FindContent(span, key);
    facts->says_tool_chosen |=
        reasons != nullptr && SaysToolChosen(reasons->text);
  }
}

void ReadGenAiTool(const FinishedSpan& span, SpanFacts* facts) {
  const AttributeList& attributes = *span.attributes;
  facts->name = attributes.Text("gen_ai.tool.name");
  if (facts->name.empty()) {
    facts->name = WithoutPrefix(span.name, "execute_tool ");
  }
  for (const std::string_view key :
       {"gen_ai.tool.call.id", "gen_ai.tool.call_id"}) {
    if (!facts->tool_call_id.empty()) break;
    facts->tool_call_id = CleanId(attributes.Text(key));
  }
  for (const std::string_view key :
       {"gen_ai.tool.call.arguments", "gen_ai.tool.args"}) {
    const Attribute* arguments = FindContent(span, key);
    if (arguments == nullptr || facts->arguments) continue;
    SetToolArguments(arguments->text, facts);
  }
  ReadCallOfTool(span, facts);
  const auto* result = FindContent(span, "gen_ai.tool.call.result");
  if (result == nullptr) result = FindContent(span, "gen_ai.tool.result");
  if (result == nullptr) return;
  KeepToolResult(result->text, facts);
  if (facts->tool_call_id.empty()) {
    facts->tool_call_id = ToolMessageCallId(result->text);
  }
  if (IsPendingApproval(result->text)) facts->outcome = Outcome::kNotExecuted;
}

void ReadGenAiHandoff(const FinishedSpan& span, SpanFacts* facts) {
  // "unknown" is what instrumentations write that read the target too early.
  facts->from_agent =
      CleanId(span.attributes->Text("gen_ai.handoff.from_agent"));
  facts->to_agent = CleanId(span.attributes->Text("gen_ai.handoff.to_agent"));
}

void ReadGenAiIdentity(const FinishedSpan& span, SpanFacts* facts) {
  facts->agent = span.attributes->Text("gen_ai.agent.name");
  const std::string_view conversation =
      span.attributes->Text("gen_ai.conversation.id");
  // Some writers put the id of the previous response here.
  if (!conversation.starts_with("resp_")) {
    facts->conversation_id = CleanId(conversation);
  }
  if (facts->conversation_id.empty()) {
    facts->conversation_id = CleanId(span.attributes->Text("session.id"));
  }
}

bool GenAiDialect::Recognizes(const FinishedSpan& span) const {
  return span.attributes->Has("gen_ai.operation.name") ||
         KindByContent(span) != SpanKind::kOther;
}

void GenAiDialect::Decode(const FinishedSpan& span, SpanFacts* facts) const {
  const Attribute* operation = span.attributes->Find("gen_ai.operation.name");
  facts->kind = operation != nullptr ? GenAiOperationKind(operation->text)
                                     : KindByContent(span);
  facts->outcome = OutcomeOf(span, facts->kind);
  ReadGenAiIdentity(span, facts);
  switch (facts->kind) {
    case SpanKind::kTool:
      ReadGenAiTool(span, facts);
      return;
    case SpanKind::kHandoff:
      ReadGenAiHandoff(span, facts);
      return;
    case SpanKind::kGuardrail:
      facts->name = span.attributes->Text("gen_ai.guardrail.name");
      return;
    case SpanKind::kAgent:
      facts->name = facts->agent.empty()
                        ? WithoutPrefix(span.name, "invoke_agent ")
                        : facts->agent;
      break;
    case SpanKind::kOther:
      // A step repeats the messages of the LLM span inside it.
      if (operation != nullptr && operation->text == "agent_step") return;
      break;
    default:
      break;
  }
  ReadGenAiMessages(span, facts);
}

ContentKeys GenAiDialect::content_keys() const {
  static constexpr std::string_view kContent[] = {
      "gen_ai.input.messages",
      "gen_ai.input.messages_delta",
      "gen_ai.output.messages",
      "gen_ai.system_instructions",
      "gen_ai.tool.definitions",
      "gen_ai.tool.description",
      "gen_ai.tool.parameters",
      "gen_ai.tool.call.arguments",
      "gen_ai.tool.call.result",
      "gen_ai.tool.args",
      "gen_ai.tool.result",
      "gen_ai.tool.input",
      "gen_ai.tool.output",
      "gen_ai.prompt",
      "gen_ai.completion",
      "gen_ai.response.tool_calls",
      "gen_ai.agent.description",
      "gen_ai.retrieval.*",
      "gen_ai.evaluation.explanation"};
  static constexpr std::string_view kKept[] = {
      "gen_ai.operation.name",
      "gen_ai.provider.name",
      "gen_ai.system",
      "gen_ai.request.model",
      "gen_ai.request.encoding_formats",
      "gen_ai.response.model",
      "gen_ai.response.finish_reason",
      "gen_ai.response.finish_reasons",
      "gen_ai.output.type",
      "gen_ai.agent.name",
      "gen_ai.agent.version",
      "gen_ai.tool.name",
      "gen_ai.tool.type",
      "gen_ai.workflow.name",
      "gen_ai.handoff.from_agent",
      "gen_ai.handoff.to_agent",
      "gen_ai.agent.handoff.source.name",
      "gen_ai.agent.handoff.target.name",
      "gen_ai.transfer.mode",
      "gen_ai.transfer.target.name",
      "gen_ai.transfer.target.type",
      "gen_ai.guardrail.name",
      "gen_ai.evaluation.name",
      "gen_ai.evaluation.score.label",
      "openai.request.service_tier",
      "openai.response.service_tier",
      "openai.response.system_fingerprint",
      "mcp.method.name",
      "mcp.protocol.version",
      "workflow.name",
      "executor.type"};
  return {kContent, kKept};
}

}  // namespace spanlink
