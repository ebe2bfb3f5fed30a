// The page of the HTML report: what stands before and behind its data.
//
// Lifetime: static.
// Thread safety: constants; thread-safe.
#ifndef SPANLINK_VIEWER_PAGE_TEMPLATE_H_
#define SPANLINK_VIEWER_PAGE_TEMPLATE_H_

#include <string_view>

namespace spanlink {

extern const std::string_view kPageBeforeData;
extern const std::string_view kPageAfterData;

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_PAGE_TEMPLATE_H_
