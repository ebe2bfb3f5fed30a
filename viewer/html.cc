#include "spanlink/viewer/html.h"

#include "spanlink/viewer/page_template.h"

namespace spanlink {

std::string RenderHtml(std::string_view json) {
  std::string page;
  page.reserve(kPageBeforeData.size() + json.size() + kPageAfterData.size());
  page.append(kPageBeforeData).append(json).append(kPageAfterData);
  return page;
}

}  // namespace spanlink
