// Where the nodes of a picture stand: time goes from left to right, lanes lie
// below one another.
//
// A node's column is the length of the longest path of edges to it; one without
// edges stands behind the node that it waited for. Nodes of one lane and column
// are stacked in order of start, around the middle of the lane.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) for n nodes and edges.
#ifndef SPANLINK_VIEWER_SVG_LAYOUT_H_
#define SPANLINK_VIEWER_SVG_LAYOUT_H_

#include <vector>

#include "spanlink/viewer/picture.h"

namespace spanlink {

// In pixels.
struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

struct Layout {
  std::vector<Box> nodes;
  std::vector<Box> lanes;
  int width = 0;
  int height = 0;
};

// Measures of texts.
inline constexpr int kColumnPixels = 7;
inline constexpr int kLinePixels = 16;
inline constexpr int kNodePadding = 12;

// Returns how many lines of text stand above the ports.
int HeadLines(const PictureNode& node);

// Returns the column of each node. Edges in a circle, which only odd data has,
// are followed as far as they can be.
std::vector<int> ColumnsOfNodes(const Picture& picture);

Layout LayOut(const Picture& picture);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_SVG_LAYOUT_H_
