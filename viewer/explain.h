// Why spans have no link, and what to do about it.
//
// For each tool and handoff span without a link to an answer, for each whose
// result no LLM span is linked to though one could be, and for each LLM span
// whose content is missing or whose calls nobody ran: the first reason that
// holds, in words, and the step that would change it. Spans with the same
// reason stand together.
//
// Lifetime: explanations point into the trace that they explain.
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) for n spans and links.
#ifndef SPANLINK_VIEWER_EXPLAIN_H_
#define SPANLINK_VIEWER_EXPLAIN_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/model/span_link.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink {

struct Explanation {
  std::string_view code;  // stable name of the reason, snake_case
  std::string why;
  std::string what_to_do;
  std::vector<const SpanSummary*> spans;
};

// `view.links` are those that were asked for; `all_links` those that the same
// trace has with `--min-evidence order`.
std::vector<Explanation> Explain(const TraceView& view,
                                 std::span<const SpanLink> all_links);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_EXPLAIN_H_
