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

// Returns for each span the producer of a link to it that ended last; the span
// itself where there is none.
std::vector<uint32_t> LastProducers(const RunGraph& graph) {
  std::vector<uint32_t> last(graph.spans.size());
  for (uint32_t i = 0; i < last.size(); ++i) last[i] = i;
  for (const GraphLink& link : graph.links) {
    uint32_t& known = last[link.to];
    if (known == link.to || EndOf(graph, known) < EndOf(graph, link.from)) {
      known = link.from;
    }
  }
  return last;
}

}  // namespace

void MarkCriticalPath(RunGraph* graph) {
  std::vector<Moment> ends;
  for (uint32_t i = 0; i < graph->spans.size(); ++i) {
    if (graph->spans[i].IsNode()) ends.push_back(EndOf(*graph, i));
  }
  if (ends.empty()) return;
  std::sort(ends.begin(), ends.end());
  const std::vector<uint32_t> producers = LastProducers(*graph);
  uint32_t at = ends.back().second;
  // Links of odd data may form a circle.
  while (!graph->spans[at].critical) {
    graph->spans[at].critical = true;
    if (producers[at] != at) {
      at = producers[at];
    } else if (const auto start = graph->spans[at].start) {
      const auto next =
          std::lower_bound(ends.begin(), ends.end(), Moment{*start, at});
      if (next != ends.begin()) at = std::prev(next)->second;
    }
  }
}

}  // namespace spanlink
