// The graphs of traces in DOT, the language of Graphviz.
//
// LLM spans are ellipses, tools boxes, handoffs arrows (`cds`), guardrails
// hexagons; what has a mark has a double outline. A cluster is an agent, in a
// cluster for each trace where there are several. Thick outlines are the
// critical path.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for n nodes and edges.
#ifndef SPANLINK_VIEWER_DOT_H_
#define SPANLINK_VIEWER_DOT_H_

#include <string>

#include "spanlink/viewer/picture.h"

namespace spanlink {

std::string RenderDot(const Pictures& pictures);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_DOT_H_
