// Understood: the dialects and the formats of files that spanlink reads, for
// people.
//
// Thread safety: thread-safe.
#ifndef SPANLINK_PIPELINE_UNDERSTOOD_H_
#define SPANLINK_PIPELINE_UNDERSTOOD_H_

#include <span>
#include <string_view>
#include <vector>

namespace spanlink {

struct FileFormatNotes {
  std::string_view name;
  std::string_view told_by;  // how its content is told from others
  std::string_view links;    // where links are written; "" if nowhere
};

struct KnownDialect {
  std::string_view name;
  std::string_view keys;   // that it is recognised by
  std::string_view calls;  // where it finds the calls of an answer
  std::string_view tools;  // what it reads of a tool's span
};

// Returns the dialects in the order in which a span is shown to them.
std::vector<KnownDialect> KnownDialects();

// Returns the formats in the order in which a file's content is asked.
std::span<const FileFormatNotes> FileFormats();

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_UNDERSTOOD_H_
