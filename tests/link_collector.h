// LinkCollector: a tracker whose links are kept, for tests that dispatch by
// hand or from several threads.
//
// Thread safety: Thread-safe, but for `links`, which may be called once nobody
// dispatches any more.
#ifndef SPANLINK_TESTS_LINK_COLLECTOR_H_
#define SPANLINK_TESTS_LINK_COLLECTOR_H_

#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "spanlink/linker/options.h"
#include "spanlink/linker/tool_call_tracker.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"

namespace spanlink::testing {

class LinkCollector {
 public:
  explicit LinkCollector(Options options)
      : tracker_(WithSink(std::move(options)), &diagnostics_) {}

  void Dispatch(const std::vector<Signal>& signals) {
    for (const Signal& signal : signals) tracker_.OnSignal(signal);
  }

  ToolCallTracker& tracker() { return tracker_; }
  const Diagnostics& diagnostics() const { return diagnostics_; }
  const std::vector<SpanLink>& links() const { return links_; }

 private:
  Options WithSink(Options options) {
    options.on_links = [this](std::span<const SpanLink> links) {
      const std::lock_guard lock(mutex_);
      links_.insert(links_.end(), links.begin(), links.end());
    };
    return options;
  }

  std::mutex mutex_;
  std::vector<SpanLink> links_;
  Diagnostics diagnostics_;
  ToolCallTracker tracker_;
};

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_LINK_COLLECTOR_H_
