#include "spanlink/viewer/subgraphs.h"

#include <cstdint>
#include <vector>

namespace spanlink {

void SubgraphWriter::Write(const Picture& picture) {
  if (several_) Open(picture.title);
  const std::vector<std::vector<uint32_t>> lanes = NodesByLane(picture);
  for (size_t i = 0; i < lanes.size(); ++i) {
    const std::string& lane = picture.lanes[i];
    if (!lane.empty()) Open(lane);
    for (const uint32_t node : lanes[i]) WriteNode(picture, node);
    if (!lane.empty()) Close();
  }
  for (const PictureEdge& edge : picture.edges) WriteEdge(edge);
  if (several_) Close();
  first_ += picture.nodes.size();
}

void SubgraphWriter::Line(std::string_view line) {
  text_.append(depth_ * 2, ' ').append(line) += '\n';
}

}  // namespace spanlink
