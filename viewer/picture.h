// Picture: what SVG, DOT and Mermaid have in common: which nodes and edges are
// drawn, in which lanes, and with which texts.
//
// All texts are `Printable` and short: a writer has to escape what its own
// syntax means by a character, and nothing else. Everything that a picture says
// it says without colour: what failed or lacks a link has a mark in words.
//
// Lifetime: values.
// Thread safety: a value, never changed; thread-safe.
// Complexity: O(n) for n spans and links of the graphs.
#ifndef SPANLINK_VIEWER_PICTURE_H_
#define SPANLINK_VIEWER_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spanlink/viewer/run_graph.h"

namespace spanlink {

struct PictureNode {
  SpanKind kind = SpanKind::kOther;
  uint32_t lane = 0;      // in `Picture::lanes`
  std::string label;      // what a person calls it
  std::string mark;       // "failed", "? no llm span"; empty: nothing to say
  std::string id;         // of the span
  bool critical = false;  // on the critical path
  std::optional<uint32_t> before;  // the node that it waited for
  std::vector<std::string> ports;  // the calls of an LLM span, as `CallLabel`
};

struct PictureEdge {
  uint32_t from = 0;  // in `Picture::nodes`
  uint32_t to = 0;
  std::optional<uint32_t> port;  // in the ports of `from`
  std::string call;              // the port's text; empty: no port, or no id
  std::string note;              // "attempt 2", "by name"; empty: nothing
  bool exact = true;             // solid; else dashed

  // Both texts.
  std::string label() const;
};

struct Picture {
  std::string title;
  std::vector<std::string> lanes;  // of agents; "": of no known agent
  std::vector<PictureNode> nodes;  // in order of start
  std::vector<PictureEdge> edges;
};

struct Pictures {
  std::vector<Picture> traces;  // those with a node
  size_t left_out = 0;          // nodes beyond the bound
};

// Returns the nodes of each lane.
std::vector<std::vector<uint32_t>> NodesByLane(const Picture& picture);

// Draws the first `max_nodes` nodes.
Pictures BuildPictures(std::span<const RunGraph> graphs, size_t max_nodes);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_PICTURE_H_
