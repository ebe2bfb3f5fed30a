// Python literals as JSON.
//
// Frameworks put `str(arguments)` on spans: `{'a': 1, 'b': None}`. This turns
// such a text into the JSON of the same value.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n); nesting deeper than `kMaxPythonDepth` is refused.
#ifndef SPANLINK_DIALECTS_PYTHON_LITERAL_H_
#define SPANLINK_DIALECTS_PYTHON_LITERAL_H_

#include <optional>
#include <string>
#include <string_view>

namespace spanlink {

inline constexpr int kMaxPythonDepth = 64;

// Returns the JSON of a dict, list, tuple, string, number, True, False or None;
// nullopt if the text is anything else, e.g. holds the repr of an object.
std::optional<std::string> PythonLiteralToJson(std::string_view text);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_PYTHON_LITERAL_H_
