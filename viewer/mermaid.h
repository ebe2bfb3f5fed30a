// The graphs of traces as a Mermaid flowchart, for READMEs and pull requests.
//
// LLM spans are round, tools boxes, handoffs slanted, guardrails hexagons. A
// subgraph is an agent, in a subgraph for each trace where there are several.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for n nodes and edges.
#ifndef SPANLINK_VIEWER_MERMAID_H_
#define SPANLINK_VIEWER_MERMAID_H_

#include <string>

#include "spanlink/viewer/picture.h"

namespace spanlink {

std::string RenderMermaid(const Pictures& pictures);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_MERMAID_H_
