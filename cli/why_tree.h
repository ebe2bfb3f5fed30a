// The chain of causes behind a span, as an indented tree that goes back in
// time: what it read, who chose that, what those had read ….
//
// Besides links the tree takes steps along the span tree, and says so: between
// a tool and the LLM spans that ran inside it (an agent that is used as a
// tool), and from an agent or workflow to the last answer below it. A span that
// occurs again is named and not repeated, so cycles end and the tree has at
// most one line a link.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) for n spans and links; no recursion.
#ifndef SPANLINK_CLI_WHY_TREE_H_
#define SPANLINK_CLI_WHY_TREE_H_

#include "spanlink/cli/terminal.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {

// `target` is one of `view.spans`.
void RenderWhy(const TraceView& view, const SpanSummary& target,
               const Style& style, const TextSink& write);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_WHY_TREE_H_
