#include "spanlink/viewer/critical_path.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace spanlink {
namespace {

// When a node was over; of two at the same time the one that started later. A
// node without times is over before all others.
using Moment = std::pair<Duration, uint32_t>;

Moment EndOf(const RunGraph& graph, uint32_t node) {
  const GraphSpan& span = graph.spans[node];
  const auto end = span.end ? span.end : span.start;
  return {end.value_or(Duration::min()), node};
}

void FollowLinks(RunGraph* graph) {
  for (const GraphLink& link : graph->links) {
    std::optional<uint32_t>& before = graph->spans[link.to].before;
    if (!before || EndOf(*graph, *before) < EndOf(*graph, link.from)) {
      before = link.from;
    }
  }
}

// `ends` are those of all nodes, in order.
void FollowTimes(const std::vector<Moment>& ends, RunGraph* graph) {
  for (const Moment& end : ends) {
    GraphSpan& span = graph->spans[end.second];
    if (span.before || !span.start) continue;
    const auto next = std::lower_bound(ends.begin(), ends.end(),
                                       Moment{*span.start, end.second});
    if (next != ends.begin()) span.before = std::prev(next)->second;
  }
}

}  // namespace

void FindCriticalPath(RunGraph* graph) {
  std::vector<Moment> ends;
  for (uint32_t i = 0; i < graph->spans.size(); ++i) {
    if (graph->spans[i].IsNode()) ends.push_back(EndOf(*graph, i));
  }
  std::sort(ends.begin(), ends.end());
  FollowLinks(graph);
  FollowTimes(ends, graph);
  std::optional<uint32_t> at;
  if (!ends.empty()) at = ends.back().second;
  // Links of odd data may form a circle.
  while (at && !graph->spans[*at].critical) {
    graph->spans[*at].critical = true;
    at = graph->spans[*at].before;
  }
}

}  // namespace spanlink
