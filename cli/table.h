// The table that `spanlink link` shows on a terminal: each tool and handoff
// span, who chose it, by which evidence, and who used its result.
//
// Names are made fit for a terminal (`printable.h`); prompts, arguments and
// results are not in the trace's summary and cannot appear. Columns that do not
// fit are cut, the widest first.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) time for n spans and links; memory for one trace.
#ifndef SPANLINK_CLI_TABLE_H_
#define SPANLINK_CLI_TABLE_H_

#include <span>
#include <string>

#include "spanlink/cli/terminal.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {

// One block a trace: rows in order of start, grouped by agent, then the
// guardrails. A trace without any of them has no block. `files` are the names
// of those that were read together: several have a heading each, with the spans
// that are in that file below it.
void RenderTable(const TraceView& view, const Terminal& terminal,
                 std::span<const std::string> files, const TextSink& write);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_TABLE_H_
