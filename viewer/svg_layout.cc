#include "spanlink/viewer/svg_layout.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "spanlink/viewer/printable.h"

namespace spanlink {
namespace {

constexpr int kColumnGap = 40;
constexpr int kRowGap = 12;
constexpr int kLanePadding = 12;
constexpr int kLaneHeading = 20;
constexpr int kLaneGap = 10;
constexpr int kBoxPadding = 8;  // above and below a node's text

// Nodes become ready when all before them have their column.
class ColumnFinder {
 public:
  explicit ColumnFinder(const Picture& picture)
      : next_(picture.nodes.size()),
        waits_for_(picture.nodes.size()),
        columns_(picture.nodes.size()),
        placed_(picture.nodes.size()) {
    for (const PictureEdge& edge : picture.edges) Add(edge.from, edge.to);
    for (uint32_t i = 0; i < picture.nodes.size(); ++i) {
      const std::optional<uint32_t> before = picture.nodes[i].before;
      if (waits_for_[i] == 0 && before) Add(*before, i);
    }
  }

  std::vector<int> Run() && {
    for (uint32_t i = 0; i < next_.size(); ++i) {
      if (waits_for_[i] == 0) PlaceFrom(i);
    }
    // What is left is in a circle or behind one: begin with the earliest.
    for (uint32_t i = 0; i < next_.size(); ++i) PlaceFrom(i);
    return std::move(columns_);
  }

 private:
  void Add(uint32_t from, uint32_t to) {
    next_[from].push_back(to);
    ++waits_for_[to];
  }

  void PlaceFrom(uint32_t node) {
    std::vector<uint32_t> ready = {node};
    while (!ready.empty()) {
      const uint32_t at = ready.back();
      ready.pop_back();
      if (placed_[at]) continue;
      placed_[at] = true;
      for (const uint32_t to : next_[at]) {
        if (placed_[to]) continue;
        columns_[to] = std::max(columns_[to], columns_[at] + 1);
        if (--waits_for_[to] == 0) ready.push_back(to);
      }
    }
  }

  std::vector<std::vector<uint32_t>> next_;
  std::vector<uint32_t> waits_for_;
  std::vector<int> columns_;
  std::vector<bool> placed_;
};

int WidthOf(const PictureNode& node) {
  size_t columns = std::max(Columns(node.label), Columns(node.mark));
  for (const std::string& port : node.ports) {
    columns = std::max(columns, Columns(port));
  }
  return static_cast<int>(columns) * kColumnPixels + 2 * kNodePadding;
}

int HeightOf(const PictureNode& node) {
  const int lines = HeadLines(node) + static_cast<int>(node.ports.size());
  return lines * kLinePixels + 2 * kBoxPadding;
}

// Returns where each column begins, and where the last one ends.
std::vector<int> ColumnEdges(const std::vector<int>& columns,
                             const std::vector<Box>& nodes) {
  std::vector<int> edges;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto after = static_cast<size_t>(columns[i]) + 1;
    if (edges.size() <= after) edges.resize(after + 1, 0);
    edges[after] = std::max(edges[after], nodes[i].width + kColumnGap);
  }
  if (!edges.empty()) edges[0] = kLanePadding;
  for (size_t i = 1; i < edges.size(); ++i) edges[i] += edges[i - 1];
  return edges;
}

// Stacks the nodes of a lane whose upper edge is at `top`; returns its height.
int PlaceLane(const std::vector<uint32_t>& lane,
              const std::vector<int>& columns, int top,
              std::vector<Box>* nodes) {
  absl::flat_hash_map<int, int> heights;  // of the columns
  int highest = 0;
  for (const uint32_t i : lane) {
    int& height = heights[columns[i]];
    (*nodes)[i].y = height;
    height += (*nodes)[i].height + kRowGap;
    highest = std::max(highest, height);
  }
  for (const uint32_t i : lane) {
    (*nodes)[i].y += top + (highest - heights[columns[i]]) / 2;
  }
  return highest - kRowGap;
}

}  // namespace

int HeadLines(const PictureNode& node) { return node.mark.empty() ? 1 : 2; }

std::vector<int> ColumnsOfNodes(const Picture& picture) {
  return ColumnFinder(picture).Run();
}

Layout LayOut(const Picture& picture) {
  Layout layout;
  for (const PictureNode& node : picture.nodes) {
    layout.nodes.push_back({0, 0, WidthOf(node), HeightOf(node)});
  }
  const std::vector<int> columns = ColumnsOfNodes(picture);
  const std::vector<int> edges = ColumnEdges(columns, layout.nodes);
  if (edges.empty()) return layout;
  for (size_t i = 0; i < layout.nodes.size(); ++i) {
    const auto column = static_cast<size_t>(columns[i]);
    const int room = edges[column + 1] - edges[column] - kColumnGap;
    layout.nodes[i].x = edges[column] + (room - layout.nodes[i].width) / 2;
  }
  layout.width = edges.back() - kColumnGap + kLanePadding;
  int top = 0;
  for (const std::vector<uint32_t>& lane : NodesByLane(picture)) {
    const int height =
        PlaceLane(lane, columns, top + kLaneHeading + kLanePadding,
                  &layout.nodes) +
        kLaneHeading + 2 * kLanePadding;
    layout.lanes.push_back({0, top, layout.width, height});
    top += height + kLaneGap;
  }
  layout.height = top - kLaneGap;
  return layout;
}

}  // namespace spanlink
