// Content: what of a span is prompts, answers, arguments and results, for a
// trace that is to go on without them.
//
// Who adds a convention says which of its keys hold content; what nobody knows
// is content if it is a text. So a key that was forgotten, or is new, is taken
// away and not passed on.
//
// Thread safety: thread-safe.
// Complexity: O(n) in the length of a key, times a few dozen patterns.
#ifndef SPANLINK_DIALECTS_CONTENT_H_
#define SPANLINK_DIALECTS_CONTENT_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

// Returns whether a span, or a log record as the only event of a span without
// attributes, is one of GenAI: a dialect recognises it, or one of its keys
// begins with `gen_ai.` or is known to hold content and has a convention's name
// in it (`input` has none).
bool IsGenAi(const FinishedSpan& span);

// Return whether an attribute of a GenAI span, or of its events and log
// records, holds no content. `is_number`: its value is a number or a boolean.
bool IsFreeOfContent(std::string_view key, bool is_number);
bool IsEventFreeOfContent(std::string_view key, bool is_number);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_CONTENT_H_
