// The words under the table: how much is linked, by which evidence, and what
// was odd about the data.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) for n spans and links.
#ifndef SPANLINK_CLI_SUMMARY_H_
#define SPANLINK_CLI_SUMMARY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "spanlink/cli/terminal.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {

struct LinkCounts {
  size_t executions = 0;  // tool and handoff spans
  size_t chosen = 0;      // of them: with a link to the choosing answer
  size_t used = 0;        // of them: whose result an LLM span is linked to
  size_t guardrails = 0;
  size_t guardrails_linked = 0;
  std::array<size_t, 7> by_evidence{};  // links, by `Evidence`
};

LinkCounts CountLinks(const TraceView& view);

// Says `counts` in sentences.
void RenderCounts(const LinkCounts& counts, const TextSink& write);

// One line for each diagnostic that occurred, the most serious first, with the
// catalogue's sentence. Nothing if there was none.
void RenderDiagnostics(const Diagnostics& diagnostics, const Style& style,
                       const TextSink& write);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_SUMMARY_H_
