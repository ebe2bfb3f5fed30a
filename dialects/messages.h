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
//   content blocks  {"type": "tool_use", "id", "name", "input"},
//                   {"type": "tool_result", "tool_use_id"}
//
// A message, a list of them, and objects that hold them as `messages`,
// `choices`, `message` or (a dump of a response) `output` are read alike. What
// a tool returned is never searched.
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
