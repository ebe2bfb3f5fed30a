// ByteEdit: a place in a file where other bytes are to stand.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_OTLP_BYTE_EDITS_H_
#define SPANLINK_OTLP_BYTE_EDITS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spanlink {

// Replaces `size` bytes at `position` by `text`.
struct ByteEdit {
  size_t position = 0;
  size_t size = 0;
  std::string text;
};

// Returns `bytes` with the edits, which may come in any order. Insertions at
// one place keep theirs. REQUIRES: no byte is replaced twice.
// Complexity: O(bytes + edits log edits).
std::string ApplyByteEdits(std::string_view bytes, std::vector<ByteEdit> edits);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_BYTE_EDITS_H_
