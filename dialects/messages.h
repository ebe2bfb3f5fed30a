// Chat messages as JSON: which tools an answer chose, which results an input
// holds.
//
// One reader for the shapes that providers and conventions use, told apart by
// their keys, because frameworks put one inside another:
//
//   GenAI parts     {"type": "tool_call", "id", "name", "arguments"},
//                   {"type": "tool_call_response", "id", "response"}
//   chat            {"tool_calls": [{"id", "function": {…}}]},
//                   {"role": "tool", "tool_call_id"}
//   Responses       {"type": "function_call", "call_id", "name", "arguments"},
//                   {"type": "function_call_output", "call_id"}
//   Anthropic       {"type": "tool_use", "id", "name", "input"},
//                   {"type": "tool_result", "tool_use_id"}
//   Bedrock         {"toolUse": {"toolUseId", "name", "input"}},
//                   {"toolResult": {"toolUseId"}}
//   Gemini          {"function_call": {"id", "name", "args"}},
//                   {"function_response": {"id", "name"}}, in camelCase, too
//   Vercel          {"toolCallId", "toolName", "input" or "args"},
//                   {"type": "tool-result", "toolCallId", "toolName"}
//   LangChain       {"tool_calls": [{"id", "name", "args"}]}, or the same
//   inside
//                   `additional_kwargs`, `kwargs` (its constructors) or `data`
//   Datadog         {"tool_calls": [{"tool_id", "name", "arguments"}]},
//                   {"tool_results": [{"tool_id", "name"}]}
//   Koog            {"role": "tool", "content": "[{\"id\", \"function\"}]"} and
//                   the result in the message after it
//
// A message, a list of them, and objects that hold them as `messages`,
// `choices`, `message`, `contents`, `candidates`, `generations` or (a dump of a
// response) `output` are read alike. A message that lists its calls and repeats
// them in its content has them once. What a tool returned is never searched.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for the bounded number of levels that messages have.
// Errors: text that is no JSON is counted in the facts, as cut where it ends
// too early; what stands before the error is used.
#ifndef SPANLINK_DIALECTS_MESSAGES_H_
#define SPANLINK_DIALECTS_MESSAGES_H_

#include <string_view>

#include "spanlink/dialects/span_facts.h"

namespace spanlink {

// Appends the calls that an answer chose.
void ReadOutputMessages(std::string_view json, SpanFacts* facts);

// Appends the results that an input holds. History that an SDK wrote into a
// message as numbered lines of JSON (`nest_handoff_history`) is read, too.
void ReadInputMessages(std::string_view json, SpanFacts* facts);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_MESSAGES_H_
