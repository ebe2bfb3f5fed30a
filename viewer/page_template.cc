#include "spanlink/viewer/page_template.h"

namespace spanlink {

// A place holder: viewer/page makes the page.
extern const std::string_view kPageBeforeData =
    "<!doctype html>\n<meta charset=\"utf-8\">\n<title>spanlink</title>\n"
    "<script type=\"application/json\" id=\"spanlink-data\">";
extern const std::string_view kPageAfterData = "</script>\n";

}  // namespace spanlink
