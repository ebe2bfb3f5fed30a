// SubgraphWriter: a picture as text, in a language with subgraphs, line by
// line.
//
// A subgraph stands for a lane, and where there are several pictures for each
// of them. Nodes are numbered through all pictures.
//
// Thread safety: Thread-compatible.
// Complexity: O(what is written).
#ifndef SPANLINK_VIEWER_SUBGRAPHS_H_
#define SPANLINK_VIEWER_SUBGRAPHS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "spanlink/viewer/picture.h"

namespace spanlink {

class SubgraphWriter {
 public:
  explicit SubgraphWriter(bool several) : several_(several) {}
  SubgraphWriter(const SubgraphWriter&) = delete;
  SubgraphWriter& operator=(const SubgraphWriter&) = delete;
  virtual ~SubgraphWriter() = default;

  void Write(const Picture& picture);
  std::string Take() && { return std::move(text_); }

 protected:
  // Writes a line, indented by the subgraphs around it.
  void Line(std::string_view line);
  size_t depth_ = 1;
  size_t first_ = 0;  // number of the picture's first node

 private:
  virtual void Open(std::string_view label) = 0;
  virtual void Close() = 0;
  virtual void WriteNode(const Picture& picture, size_t index) = 0;
  virtual void WriteEdge(const PictureEdge& edge) = 0;

  const bool several_;
  std::string text_;
};

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_SUBGRAPHS_H_
