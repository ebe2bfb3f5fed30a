#include "spanlink/otlp/byte_edits.h"

#include <algorithm>

namespace spanlink {

std::string ApplyByteEdits(std::string_view bytes,
                           std::vector<ByteEdit> edits) {
  std::vector<const ByteEdit*> order;
  order.reserve(edits.size());
  size_t size = bytes.size();
  for (const ByteEdit& edit : edits) {
    order.push_back(&edit);
    size += edit.text.size();
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const ByteEdit* a, const ByteEdit* b) {
                     return a->position < b->position;
                   });
  std::string out;
  out.reserve(size);
  size_t done = 0;
  for (const ByteEdit* edit : order) {
    out.append(bytes.substr(done, edit->position - done));
    out.append(edit->text);
    done = edit->position + edit->size;
  }
  out.append(bytes.substr(done));
  return out;
}

}  // namespace spanlink
