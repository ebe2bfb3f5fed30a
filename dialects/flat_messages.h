// FlatMessages: message lists that are spread over numbered attributes, one
// attribute a field: `PREFIX.3.role`, `PREFIX.3.tool_calls.0.name`.
//
// Numbers may have gaps and come in any order; attribute limits take pieces
// away. What is left is sorted by number.
//
// Lifetime: views into the attributes.
// Thread safety: Thread-compatible.
// Complexity: O(n log n) for n attributes with the prefix.
#ifndef SPANLINK_DIALECTS_FLAT_MESSAGES_H_
#define SPANLINK_DIALECTS_FLAT_MESSAGES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/dialect.h"
#include "spanlink/dialects/span_facts.h"

namespace spanlink {

struct FlatCall {
  std::string_view id;
  std::string_view name;
  std::optional<std::string_view> arguments;
};

struct FlatMessage {
  std::string_view role;
  std::string_view content;
  std::string_view tool_call_id;
  std::string_view name;
  std::string_view finish_reason;
  std::map<uint32_t, FlatCall> calls;
  // Calls in the list of contents: a second spelling of `calls`.
  std::map<uint32_t, FlatCall> content_calls;
  // The single call of old answers.
  std::optional<FlatCall> function_call;
};

using FlatMessages = std::map<uint32_t, FlatMessage>;

// Splits `3.rest` into number and rest. Returns nullopt if `text` does not
// begin with a number and a dot.
struct NumberedKey {
  uint32_t number;
  std::string_view rest;
};
std::optional<NumberedKey> SplitNumber(std::string_view text);

// Keeps the text of a message where `facts` want it.
void KeepFlatText(const FlatMessage& message, std::vector<std::string>* texts,
                  const SpanFacts& facts);

// Adds a call to `facts`. `omitted` is what arguments are that the writer left
// out; where attributes were dropped, theirs may have been, and nothing is
// known of them.
void AddFlatChoice(const FlatCall& call, std::string_view omitted,
                   const FinishedSpan& span, SpanFacts* facts);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_FLAT_MESSAGES_H_
