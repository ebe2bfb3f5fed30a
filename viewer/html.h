// The HTML report: one file that needs nothing else, and no network.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_VIEWER_HTML_H_
#define SPANLINK_VIEWER_HTML_H_

#include <string>
#include <string_view>

namespace spanlink {

// `json` is what `ReportJson` returned.
std::string RenderHtml(std::string_view json);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_HTML_H_
