#include "spanlink/otlp/byte_edits.h"

#include <algorithm>

namespace spanlink {

std::string ApplyByteEdits(std::string_view bytes,
                           std::vector<ByteEdit> edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const ByteEdit& a, const ByteEdit& b) {
                     return a.position < b.position;
                   });
  size_t size = bytes.size();
  for (const ByteEdit& edit : edits) size += edit.text.size();
  std::string out;
  out.reserve(size);
  size_t done = 0;
  for (const ByteEdit& edit : edits) {
    out.append(bytes.substr(done, edit.position - done));
    out.append(edit.text);
    done = edit.position + edit.size;
  }
  out.append(bytes.substr(done));
  return out;
}

}  // namespace spanlink
