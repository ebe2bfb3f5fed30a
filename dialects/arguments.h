// Ids and arguments as frameworks write them, and what they mean.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) in the length of the text.
#ifndef SPANLINK_DIALECTS_ARGUMENTS_H_
#define SPANLINK_DIALECTS_ARGUMENTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/span_facts.h"

namespace spanlink {

// Returns the id without white space around it; "" if it is a placeholder that
// stands for "no id" (`unknown`, `<not specified>`, `(merged)`). Of a JSON list
// of ids, which some frameworks write, the last one: the call's.
std::string CleanId(std::string_view id);
// The same from a JSON value: a string holds the id.
std::string IdFromJson(std::string_view json);

// Returns whether all of a content was replaced by a placeholder before it was
// recorded.
bool IsPlaceholder(std::string_view text);
// Returns whether that happened to all of it or to a string inside its JSON.
bool IsRedacted(std::string_view text);

// Returns whether text was cut by an attribute limit: it says so at its end, or
// it is JSON that stops in the middle at a length that limits have. JSON that a
// model left unfinished at any other length is text like any other.
bool IsTruncated(std::string_view text);

// Returns a call's arguments as they were captured; nullopt if they were not
// (`facts` counts what was cut). `{"_raw": text}` is the text.
std::optional<std::string> CaptureArguments(std::string_view text,
                                            SpanFacts* facts);
// The same from a JSON value: a string holds the text, anything else is it.
std::optional<std::string> CaptureJsonArguments(std::string_view json,
                                                SpanFacts* facts);

// Sets the arguments of a tool span and offers other readings of them: what is
// inside a framework's wrapper (`{"args": […], "kwargs": {…}}`, `{"input": …}`,
// `{"input_str": …, "inputs": {…}}`), and Python's spelling as JSON.
void SetToolArguments(std::string_view text, SpanFacts* facts);

// Keeps what a tool returned where `facts` want it and have nothing yet. A
// placeholder is no result.
void KeepToolResult(std::string_view text, SpanFacts* facts);

// Returns the id of the call in a LangChain `ToolMessage`, plain or serialised,
// that a tool's output holds; "" if it is none.
std::string ToolMessageCallId(std::string_view output);

// Returns whether a tool's output is the SDK's note that the call waits for
// approval.
bool IsPendingApproval(std::string_view output);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_ARGUMENTS_H_
