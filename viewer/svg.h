// The graphs of traces as one SVG, in lanes of agents, from left to right.
//
// LLM spans are round, tools boxes, handoffs arrows, guardrails hexagons, which
// a legend says. At the right edge of an LLM span stand the ids of its calls,
// and the edges begin there. Text is dark or light as the reader's system is.
// Several traces stand below one another, each under its heading.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) for n nodes and edges.
#ifndef SPANLINK_VIEWER_SVG_H_
#define SPANLINK_VIEWER_SVG_H_

#include <string>

#include "spanlink/viewer/picture.h"

namespace spanlink {

std::string RenderSvg(const Pictures& pictures);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_SVG_H_
