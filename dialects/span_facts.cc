#include "spanlink/dialects/span_facts.h"

#include <array>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

namespace spanlink {
namespace {

std::optional<std::string_view> View(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return *text;
}

// Counts how often a text came.
class Counter {
 public:
  uint32_t Next(std::string_view text) {
    for (auto& [known, count] : few_) {
      if (known == text) return count++;
    }
    if (few_.size() == kFew) return many_[text]++;
    few_.emplace_back(text, 1);
    return 0;
  }

 private:
  static constexpr size_t kFew = 8;

  absl::InlinedVector<std::pair<std::string_view, uint32_t>, kFew> few_;
  absl::flat_hash_map<std::string_view, uint32_t> many_;
};

void EmitUses(const SpanFacts& facts, const SpanRef& ref, SignalSink* sink) {
  Counter ids;
  Counter names;
  for (const UseFact& use : facts.uses) {
    if (use.id.empty() && use.name.empty()) continue;
    ToolCallOutputUsed signal;
    signal.llm = ref;
    signal.tool_call_id = use.id;
    signal.tool_name = use.name;
    signal.ordinal = use.id.empty() ? names.Next(use.name) : ids.Next(use.id);
    signal.llm_outcome = facts.outcome;
    sink->OnSignal(signal);
  }
}

void EmitChoices(const SpanFacts& facts, const SpanRef& ref, SignalSink* sink) {
  LlmToolChoice signal;
  signal.llm = ref;
  for (const ChoiceFact& choice : facts.choices) {
    signal.tool_call_id = choice.id;
    signal.tool_name = choice.name;
    signal.arguments = View(choice.arguments);
    sink->OnSignal(signal);
    ++signal.index;
  }
}

void EmitToolCall(const SpanFacts& facts, const SpanRef& ref,
                  SignalSink* sink) {
  std::array<std::string_view, kMaxAlternativeArguments> alternatives;
  size_t count = 0;
  for (const std::string& text : facts.alternatives) {
    if (count < alternatives.size()) alternatives[count++] = text;
  }
  ToolCall signal;
  signal.tool = ref;
  signal.tool_call_id = facts.tool_call_id;
  signal.tool_name = facts.name;
  signal.arguments = View(facts.arguments);
  signal.alternative_arguments = std::span(alternatives).first(count);
  signal.outcome = facts.outcome;
  sink->OnSignal(signal);
}

}  // namespace

void SpanFacts::Clear() {
  kind = SpanKind::kOther;
  outcome = Outcome::kOk;
  finished = true;
  for (std::string* text : {&name, &agent, &conversation_id, &tool_call_id,
                            &from_agent, &to_agent}) {
    text->clear();
  }
  arguments.reset();
  alternatives.clear();
  choices.clear();
  uses.clear();
  output_texts.clear();
  input_texts.clear();
  has_input = has_output = says_tool_chosen = false;
  unreadable = truncated = 0;
}

void SpanFacts::Add(SpanFacts more) {
  if (more.kind != kind) return;
  const std::pair<std::string*, std::string*> texts[] = {
      {&name, &more.name},
      {&agent, &more.agent},
      {&conversation_id, &more.conversation_id},
      {&tool_call_id, &more.tool_call_id},
      {&from_agent, &more.from_agent},
      {&to_agent, &more.to_agent}};
  for (const auto& [mine, other] : texts) {
    if (mine->empty()) *mine = std::move(*other);
  }
  if (!arguments) {
    arguments = std::move(more.arguments);
    alternatives = std::move(more.alternatives);
  }
  // Messages of an agent or of a step are those of the spans inside it.
  const bool reads = kind == SpanKind::kLlm;
  if (reads && choices.empty()) choices = std::move(more.choices);
  if (reads && uses.empty()) uses = std::move(more.uses);
  if (output_texts.empty()) output_texts = std::move(more.output_texts);
  if (input_texts.empty()) input_texts = std::move(more.input_texts);
  if (outcome == Outcome::kOk) outcome = more.outcome;
  has_input |= more.has_input;
  has_output |= more.has_output;
  says_tool_chosen |= more.says_tool_chosen;
  unreadable += more.unreadable;
  truncated += more.truncated;
}

bool SpanFacts::IsComplete() const {
  switch (kind) {
    case SpanKind::kLlm:
      return has_input && has_output;
    case SpanKind::kTool:
      return !tool_call_id.empty() && arguments.has_value();
    case SpanKind::kHandoff:
      return !to_agent.empty();
    default:
      return !name.empty();
  }
}

void EmitSignals(const SpanFacts& facts, const SpanRef& ref, SignalSink* sink) {
  SpanStart start;
  start.span = ref;
  start.kind = facts.kind;
  start.name = facts.name;
  start.tool_call_id = facts.tool_call_id;
  start.conversation_id = facts.conversation_id;
  sink->OnSignal(start);
  if (!facts.finished) return;
  EmitUses(facts, ref, sink);
  EmitChoices(facts, ref, sink);
  if (facts.kind == SpanKind::kTool) {
    EmitToolCall(facts, ref, sink);
  } else if (facts.kind == SpanKind::kHandoff) {
    sink->OnSignal(
        Handoff{ref, facts.from_agent, facts.to_agent, facts.outcome});
  }
  sink->OnSignal(SpanFinish{ref, facts.kind, facts.outcome});
}

}  // namespace spanlink
