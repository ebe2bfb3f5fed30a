// Calls in plain text: what a model wrote instead of a structured call.
//
//   Thought: I need the weather.
//   Action: get_weather
//   Action Input: {"city": "Paris"}
//   Observation: 18 degrees
//
// the form that ReAct prompts ask for, with numbers behind the words, with
// back-ticks around names and fences around arguments; and Python's repr of a
// call, which some instrumentations put into the text.
//
// This is guesswork, and whoever writes a prompt can write such text: nothing
// of it is read unless `SpanFacts::wants_text` asks for it. Calls of ReAct have
// no id, and none is made of their name and arguments.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n).
#ifndef SPANLINK_DIALECTS_TEXT_CALLS_H_
#define SPANLINK_DIALECTS_TEXT_CALLS_H_

#include "spanlink/dialects/span_facts.h"

namespace spanlink {

// Appends to the facts what the texts that were kept say: the calls of an
// answer without structured ones, the results of an input without any.
void ReadTextCalls(SpanFacts* facts);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_TEXT_CALLS_H_
