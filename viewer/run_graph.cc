#include "spanlink/viewer/run_graph.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "spanlink/viewer/critical_path.h"
#include "spanlink/viewer/printable.h"

namespace spanlink {
namespace {

constexpr size_t kMaxIdColumns = 80;

// Where a span stands: which trace, and which span of it.
struct Place {
  uint32_t trace = 0;
  uint32_t span = 0;
};
using Places = absl::flat_hash_map<SpanContext, Place>;

// Calls of one answer that look the same: the LLM span, the tool, the id.
using PortKey = std::tuple<uint32_t, std::string_view, std::string_view>;
struct Port {
  uint32_t calls = 0;
  uint32_t last = 0;   // of the calls
  bool waits = false;  // it asked for an approval
};

// Returns `time` since `first`, which is no later; they may be far apart.
Duration Since(Time first, Time time) {
  const bool fits = first >= Time() || time <= first + Duration::max();
  return fits ? time - first : Duration::max();
}

// Fills in what spans and links alone say.
class Builder {
 public:
  explicit Builder(std::span<const SpanSummary> trace) : trace_(trace) {
    graph_.id = trace.front().trace_id_text;
    graph_.spans.resize(trace.size());
  }

  void AddSpans(const Places& places) {
    const auto [first, last] = Bounds();
    if (first <= last) graph_.duration = Since(first, last);
    for (size_t i = 0; i < trace_.size(); ++i) {
      const SpanSummary& summary = trace_[i];
      GraphSpan& span = graph_.spans[i];
      span.summary = &summary;
      span.agent = AgentOf(summary);
      if (summary.start) span.start = Since(first, *summary.start);
      if (summary.end) span.end = Since(first, *summary.end);
      if (!summary.parent) continue;
      const auto parent =
          places.find({summary.context.trace_id, *summary.parent});
      if (parent != places.end()) span.parent = parent->second.span;
    }
    CutCircles();
  }

  void AddLink(const SpanLink& link, uint32_t from, uint32_t to) {
    if (!graph_.spans[from].IsNode() || !graph_.spans[to].IsNode()) {
      ++graph_.outside;
      return;
    }
    GraphLink edge{.from = from, .to = to, .link = &link};
    if (IsChoice(link.kind)) {
      edge.call = CallOf(link, from, graph_.spans[to]);
    }
    graph_.links.push_back(edge);
  }

  RunGraph& graph() { return graph_; }

 private:
  // The first and the last moment; in the wrong order if there are no times.
  std::pair<Time, Time> Bounds() const {
    std::pair<Time, Time> bounds = {Time::max(), Time::min()};
    for (const SpanSummary& span : trace_) {
      for (const std::optional<Time>& time : {span.start, span.end}) {
        if (!time) continue;
        bounds.first = std::min(bounds.first, *time);
        bounds.second = std::max(bounds.second, *time);
      }
    }
    return bounds;
  }

  std::optional<uint32_t> AgentOf(const SpanSummary& span) {
    if (span.agent.empty()) return std::nullopt;
    const auto [lane, is_new] = lanes_.try_emplace(
        span.agent, static_cast<uint32_t>(graph_.agents.size()));
    if (is_new) graph_.agents.push_back(span.agent);
    return lane->second;
  }

  // Parents of odd data may form a circle: one of its spans loses its parent.
  void CutCircles() {
    std::vector<uint32_t> walk(trace_.size(), 0);  // the last that came here
    for (uint32_t i = 0; i < trace_.size(); ++i) {
      std::optional<uint32_t> at = i;
      while (at && walk[*at] == 0) {
        walk[*at] = i + 1;
        std::optional<uint32_t>& parent = graph_.spans[*at].parent;
        if (parent && walk[*parent] == i + 1) parent.reset();
        at = parent;
      }
    }
  }

  // A call that is tried again, or was granted, keeps its port where it is
  // clear which call that is.
  uint32_t CallOf(const SpanLink& link, uint32_t llm, const GraphSpan& to) {
    Port& port = ports_[{llm, link.tool_name, link.tool_call_id}];
    const bool again = link.attempt > 1 || port.waits;
    port.waits = to.summary->outcome == Outcome::kNotExecuted;
    if (again && port.calls == 1) return port.last;
    ++port.calls;
    port.last = static_cast<uint32_t>(graph_.calls.size());
    graph_.calls.push_back({llm, link.tool_name, link.tool_call_id});
    return port.last;
  }

  const std::span<const SpanSummary> trace_;
  RunGraph graph_;
  absl::flat_hash_map<std::string_view, uint32_t> lanes_;
  absl::flat_hash_map<PortKey, Port> ports_;
};

Places PlacesOf(std::span<const std::span<const SpanSummary>> traces) {
  Places places;
  for (uint32_t trace = 0; trace < traces.size(); ++trace) {
    for (uint32_t span = 0; span < traces[trace].size(); ++span) {
      places[traces[trace][span].context] = {trace, span};
    }
  }
  return places;
}

void AddLinks(std::span<const SpanLink> links, const Places& places,
              std::vector<Builder>* builders) {
  for (const SpanLink& link : links) {
    const auto to = places.find(link.consumer);
    const auto from = places.find(link.producer);
    const bool has_to = to != places.end();
    const bool has_from = from != places.end();
    if (has_to && has_from && to->second.trace == from->second.trace) {
      (*builders)[to->second.trace].AddLink(link, from->second.span,
                                            to->second.span);
      continue;
    }
    if (has_to) ++(*builders)[to->second.trace].graph().outside;
    if (has_from) ++(*builders)[from->second.trace].graph().outside;
  }
}

void AddExplanations(std::span<const Explanation> explanations,
                     const Places& places, std::vector<Builder>* builders) {
  for (const Explanation& explanation : explanations) {
    for (const SpanSummary* span : explanation.spans) {
      const auto place = places.find(span->context);
      if (place == places.end()) continue;
      RunGraph& graph = (*builders)[place->second.trace].graph();
      graph.spans[place->second.span].unlinked.push_back(&explanation);
    }
  }
}

std::string_view HowMatched(Evidence evidence) {
  switch (evidence) {
    case Evidence::kToolCallId:
      return "both sides carry the same call id";
    case Evidence::kArguments:
      return "same tool, same arguments; equal calls pair in order of start";
    case Evidence::kHandoff:
      return "the name of the agent fits the name of the handoff's tool";
    case Evidence::kStructure:
      return "its place in the tree says it";
    case Evidence::kHandoffRemaining:
      return "the one call of the answer that nothing else claimed";
    case Evidence::kName:
      return "same tool, and only one call it can be";
    case Evidence::kOrder:
      return "same tool, several calls, paired in order";
  }
  return "";
}

}  // namespace

bool IsExact(Evidence evidence) { return evidence <= Evidence::kStructure; }

std::vector<RunGraph> BuildRunGraphs(
    const TraceView& view, std::span<const Explanation> explanations) {
  const std::vector<std::span<const SpanSummary>> traces = ByTrace(view.spans);
  const Places places = PlacesOf(traces);
  std::vector<Builder> builders;
  builders.reserve(traces.size());
  for (const std::span<const SpanSummary> trace : traces) {
    builders.emplace_back(trace).AddSpans(places);
  }
  AddLinks(view.links, places, &builders);
  AddExplanations(explanations, places, &builders);
  std::vector<RunGraph> graphs;
  graphs.reserve(builders.size());
  for (Builder& builder : builders) {
    FindCriticalPath(&builder.graph());
    graphs.push_back(std::move(builder.graph()));
  }
  return graphs;
}

std::string WhyLinked(const SpanLink& link) {
  if (link.evidence == Evidence::kToolCallId) {
    return absl::StrFormat("both sides carry the call id %s",
                           Printable(link.tool_call_id, kMaxIdColumns));
  }
  const std::string_view how = HowMatched(link.evidence);
  if (!IsResult(link.kind)) return std::string(how);
  const bool handoff = link.kind == LinkKind::kHandoffResult;
  return absl::StrFormat("%s; the call is known so: %s",
                         handoff ? "the other agent begins with it"
                                 : "its input holds the result of the call",
                         how);
}

}  // namespace spanlink
