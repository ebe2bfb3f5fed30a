// Signals: the typed facts about a run of an agent that integrations dispatch.
//
// An integration says what it sees ("this answer chose a tool", "this tool
// ran"), each fact by itself and in any order; the trackers in `linker/` put
// them together. Everything but the context is optional in meaning: a producer
// that knows less gets weaker evidence, never an error.
//
// Who sends what, and when:
//
//   SpanStart           a span began (or: its place in the tree became known)
//   ToolCallOutputUsed  once for each tool result in an LLM span's input
//   LlmToolChoice       once for each call in an LLM span's output
//   ToolCall            a tool's span ended: its arguments are known only then
//   Handoff             a handoff's span ended
//   SpanFinish          a span ended; for an LLM span after its uses and
//   choices LlmHook, Annotate   user code around an LLM call wants to tag its
//   span ScopeFinish         nothing more is expected of a trace
//
// Lifetime: the views inside a signal are valid during the dispatch only, and
// nothing keeps them: arguments are hashed, names and ids are copied.
// Thread safety: plain values.
#ifndef SPANLINK_MODEL_SIGNALS_H_
#define SPANLINK_MODEL_SIGNALS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "spanlink/model/span_context.h"

namespace spanlink {

enum class SpanKind : uint8_t {
  kOther,
  kAgent,  // an agent, or a wrapper that repeats what its children did
  kLlm,
  kTool,
  kHandoff,
  kGuardrail,
};

enum class Outcome : uint8_t {
  kOk,
  kFailed,
  kNotExecuted,  // ended without running: the call waits for approval
};

// Where a span stands.
struct SpanRef {
  SpanContext context;
  // nullopt: the parent is not known. All-zero: the span is a root.
  std::optional<SpanId> parent = {};
  // Absent times: the order in which signals arrive stands in.
  std::optional<Time> start = {};
  std::optional<Time> end = {};
  // Parent first, then its parent …: for producers that send no `SpanStart` for
  // the spans above. Wins over `parent` where both are given.
  std::span<const SpanId> ancestors = {};
};

// A span began. Idempotent: a second one fills in what the first left out.
struct SpanStart {
  SpanRef span;
  SpanKind kind = SpanKind::kOther;
  // The tool's name on a tool span, the agent's on an agent span.
  std::string_view name = {};
  // The provider's id of the call that a tool span executes, where known.
  std::string_view tool_call_id = {};
  // The conversation (thread, session) that the trace belongs to.
  std::string_view conversation_id = {};
};

// A span ended. On an LLM span it comes after the span's uses and choices.
struct SpanFinish {
  SpanRef span;
  SpanKind kind = SpanKind::kOther;
  Outcome outcome = Outcome::kOk;
};

// An answer names a tool and arguments: a call. A call is identified by (trace,
// LLM span, index), never by its id alone.
struct LlmToolChoice {
  SpanRef llm;
  uint32_t index = 0;  // position among the calls of the answer, from 0
  // As the provider gave it; may be empty, and may repeat.
  std::string_view tool_call_id = {};
  std::string_view tool_name = {};
  std::string_view tool_version = {};
  // nullopt: not captured (or truncated, or redacted): never matches by
  // arguments. "": the call has none.
  std::optional<std::string_view> arguments = {};
};

// A tool ran, or was asked to and did not (`outcome`).
struct ToolCall {
  SpanRef tool;
  std::string_view tool_call_id = {};
  std::string_view tool_name = {};
  std::optional<std::string_view> arguments = {};  // as in `LlmToolChoice`
  // Up to `kMaxAlternativeArguments` other readings of the same arguments, for
  // dialects that cannot tell a framework's wrapper from the tool's own object
  // (`{"kwargs": …}`). Tried in this order after `arguments`.
  std::span<const std::string_view> alternative_arguments = {};
  SpanKind kind = SpanKind::kTool;  // or kHandoff
  Outcome outcome = Outcome::kOk;
};
inline constexpr size_t kMaxAlternativeArguments = 3;

// The input of an LLM span holds a tool's result.
struct ToolCallOutputUsed {
  SpanRef llm;
  std::string_view tool_call_id = {};
  std::string_view tool_name = {};  // needed where there is no id
  // Position in the input, from 0, among the results with the same id or, where
  // there is none, among the results of the same tool without an id.
  uint32_t ordinal = 0;
  // How the LLM span ended: a failed one does not consume a result.
  Outcome llm_outcome = Outcome::kOk;
};

// Control went from one agent to another. The names are the agents', not the
// tools' that stand for them.
struct Handoff {
  SpanRef span;
  std::string_view from_agent = {};
  // Empty: the handoff failed before it was known.
  std::string_view to_agent = {};
  Outcome outcome = Outcome::kOk;
};

// User code around an LLM call begins or ends. It runs before the LLM span
// starts and after it ended; what the two have in common is the parent.
struct LlmHook {
  enum class Phase : uint8_t { kStart, kEnd };
  SpanRef parent;
  Phase phase = Phase::kStart;
};

// Metadata for an LLM span: addressed by the span itself or, from a hook, by
// its parent.
struct Annotate {
  SpanRef span_or_parent;
  std::string_view key;
  std::string_view value;
};

// Nothing more is expected of a trace. Later signals reopen it for a short
// time.
struct ScopeFinish {
  TraceId scope;
};

using Signal =
    std::variant<SpanStart, SpanFinish, LlmToolChoice, ToolCall,
                 ToolCallOutputUsed, Handoff, LlmHook, Annotate, ScopeFinish>;

// Whatever takes signals: readers emit into one without knowing what is behind.
class SignalSink {
 public:
  virtual ~SignalSink() = default;
  // The views inside `signal` die with the call.
  virtual void OnSignal(const Signal& signal) = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_MODEL_SIGNALS_H_
