// The data of a report as one JSON object: graphs, times, explanations.
//
// `spanlink view --format json` prints it and the page of the HTML report shows
// it. docs/report.md says what the members mean. The object stands on one line,
// is ASCII, and holds no `<`, `>` or `&`, so that nothing in it can end the
// element of HTML that it stands in. Bytes that are not UTF-8 become U+FFFD;
// names longer than 500 bytes are cut.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(what is written); memory for that and one span.
#ifndef SPANLINK_VIEWER_REPORT_JSON_H_
#define SPANLINK_VIEWER_REPORT_JSON_H_

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "spanlink/pipeline/trace_types.h"
#include "spanlink/viewer/run_graph.h"

namespace spanlink {

struct ReportInfo {
  std::string_view producer;           // the program and its version
  std::span<const std::string> files;  // that were read
  // Contents of spans; none without it, which is the default.
  std::function<SpanContent(const SpanSummary&)> content;
};

std::string ReportJson(std::span<const RunGraph> graphs,
                       const ReportInfo& info);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_REPORT_JSON_H_
