// The explanations of missing links as text for a person.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_CLI_EXPLANATIONS_H_
#define SPANLINK_CLI_EXPLANATIONS_H_

#include <span>

#include "spanlink/cli/terminal.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {

// Those of one reason stand together, below what to do about it.
void RenderExplanations(std::span<const Explanation> explanations,
                        const TraceView& view, const Style& style,
                        const TextSink& write);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_EXPLANATIONS_H_
