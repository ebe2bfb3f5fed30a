// RunGraph: one linked trace as a graph, which every picture is drawn from.
//
// A node is a span of an LLM, a tool, a handoff or a guardrail; agents and
// other spans are kept, as parents and for a time line, but not drawn. An edge
// is a link. A call is the port of an LLM span at which the edges of that call
// begin: attempts of one call share it.
//
// The critical path is the chain of nodes that led to the end of the trace. It
// begins with the node that ended last. Before a node comes, of the nodes that
// its links point at, the one that ended last; where it has no link, the node
// that ended last before it started: what it waited for, as far as one can see.
//
// Lifetime: views; the `TraceView` and the explanations must outlive it.
// Thread safety: a value, never changed; thread-safe.
// Complexity: O(n log n) for n spans and links.
#ifndef SPANLINK_VIEWER_RUN_GRAPH_H_
#define SPANLINK_VIEWER_RUN_GRAPH_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/model/span_link.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink {

struct GraphSpan {
  const SpanSummary* summary = nullptr;
  std::optional<uint32_t> parent;  // in `RunGraph::spans`; never in a circle
  std::optional<uint32_t> agent;   // in `RunGraph::agents`
  // Since the trace's start.
  std::optional<Duration> start;
  std::optional<Duration> end;
  std::optional<uint32_t> before;  // the node that this one waited for
  bool critical = false;           // on the critical path
  std::vector<const Explanation*> unlinked;

  bool IsNode() const {
    return summary->kind != SpanKind::kOther &&
           summary->kind != SpanKind::kAgent;
  }
  bool failed() const { return summary->outcome == Outcome::kFailed; }
};

// A call of an answer that somebody ran.
struct GraphCall {
  uint32_t llm = 0;       // in `RunGraph::spans`
  std::string_view tool;  // the name by which the model called it
  std::string_view id;    // of the provider; empty: none
};

struct GraphLink {
  uint32_t from = 0;             // the producer, in `RunGraph::spans`
  uint32_t to = 0;               // the consumer
  std::optional<uint32_t> call;  // in `RunGraph::calls`; of choices only
  const SpanLink* link = nullptr;
};

struct RunGraph {
  std::string_view id;  // as the file has it
  std::optional<Duration> duration;
  std::vector<std::string_view> agents;  // in order of their first spans
  std::vector<GraphSpan> spans;          // in order of start
  std::vector<GraphCall> calls;  // of an LLM span in order of the executions
  std::vector<GraphLink> links;  // in the order of the trace
  // Links with the other end in another trace or in none of the file, and such
  // between spans that are no nodes.
  uint32_t outside = 0;
};

// The evidence leaves no doubt: ids, arguments, a place or name that is unique.
bool IsExact(Evidence evidence);

// Returns one graph a trace, in order. `explanations` are those of `view`.
std::vector<RunGraph> BuildRunGraphs(const TraceView& view,
                                     std::span<const Explanation> explanations);

// Returns a sentence without a full stop: how the link is known.
std::string WhyLinked(const SpanLink& link);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_RUN_GRAPH_H_
