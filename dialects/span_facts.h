// SpanFacts: what a dialect found out about one finished span.
//
// A dialect fills the facts from attributes; `EmitSignals` turns them into
// signals in the one order that the engine expects: the span's start, the
// results that its input holds, the calls that its answer chose, what it
// executed, its end.
//
// Lifetime: values; facts hold arguments and are thrown away after emitting.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_DIALECTS_SPAN_FACTS_H_
#define SPANLINK_DIALECTS_SPAN_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/model/signals.h"

namespace spanlink {

class MessageMemo;

// A call in an answer.
struct ChoiceFact {
  std::string id;  // empty: none
  std::string name;
  std::optional<std::string> arguments;  // as in `LlmToolChoice`
};

// A tool's result in an input.
struct UseFact {
  std::string id;  // empty: none
  std::string name;
};

struct SpanFacts {
  SpanKind kind = SpanKind::kOther;
  Outcome outcome = Outcome::kOk;
  bool finished = true;         // false: only its start is known
  std::string name;             // of the tool, the agent or the guardrail
  std::string agent;            // that the span says it belongs to
  std::string conversation_id;  // empty: none
  std::string tool_call_id;     // of a tool span; empty: none
  std::optional<std::string> arguments;   // of a tool span
  std::vector<std::string> alternatives;  // other readings of `arguments`
  std::string from_agent;                 // of a handoff
  std::string to_agent;
  std::vector<ChoiceFact> choices;
  std::vector<UseFact> uses;

  // The input (the answer) of an LLM span was captured at all.
  bool has_input = false;
  bool has_output = false;
  // The answer says that it chose a tool.
  bool says_tool_chosen = false;
  // Messages or arguments that could not be read, and such that were cut.
  uint32_t unreadable = 0;
  uint32_t truncated = 0;

  // Texts of messages, kept where `wants_text` asks for them: see text_calls.h.
  std::vector<std::string> output_texts;
  std::vector<std::string> input_texts;
  bool wants_text = false;
  // Of the spans that were read before; nullptr: none is asked.
  MessageMemo* memo = nullptr;

  // Back to the beginning, with memory kept and what is wanted as it is.
  void Clear();

  // Takes over what `more`, of the same span in another convention, knows and
  // these facts do not. Facts of another kind of span are not believed.
  void Add(SpanFacts more);
  // Nothing that links rest on is missing.
  bool IsComplete() const;
};

// Dispatches the facts about the span at `ref`. Whether the ids are from the
// provider is the dialect's business: empty ones are sent as none.
void EmitSignals(const SpanFacts& facts, const SpanRef& ref, SignalSink* sink);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_SPAN_FACTS_H_
