// Text of strangers, made fit for a terminal or a picture.
//
// Names in a trace are chosen by whoever wrote it. Printed as they are, they
// could move the cursor, change colours, reverse the reading direction or fill
// the screen. `Printable` shows every such character as an escape (`\n`,
// `\x1b`, `\u202e`), a byte that is not UTF-8 as `\xff`, and cuts what is too
// long. A backslash is doubled, so that no name can look like another's escape.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(what is printed), however long the text is.
#ifndef SPANLINK_VIEWER_PRINTABLE_H_
#define SPANLINK_VIEWER_PRINTABLE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace spanlink {

// Returns at most `max_columns` columns (at least 3) of `text`; what was cut
// ends in "...".
std::string Printable(std::string_view text, size_t max_columns);

// Returns how many columns a terminal needs for what `Printable` returned: two
// for East Asian and emoji characters, none for combining marks.
size_t Columns(std::string_view printable);

// Returns `printable` with spaces up to `columns`.
std::string PadTo(std::string printable, size_t columns);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_PRINTABLE_H_
