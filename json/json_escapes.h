// The escapes of JSON strings, read and written.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n). Errors: none; what is no escape stays as it is.
#ifndef SPANLINK_JSON_JSON_ESCAPES_H_
#define SPANLINK_JSON_JSON_ESCAPES_H_

#include <string>
#include <string_view>

namespace spanlink {

// Appends what the inside of a JSON string means. Lone surrogates become
// U+FFFD. `raw` must not be part of `out`.
void UnescapeJson(std::string_view raw, std::string* out);

// Appends `text` as a JSON string with its quotes. Bytes from 0x80 up pass
// through.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace spanlink

#endif  // SPANLINK_JSON_JSON_ESCAPES_H_
