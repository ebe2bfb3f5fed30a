// Engine: the class to start with.
//
// An `Engine` listens to signals, from a `Dispatcher` or directly, and hands
// out span links:
//
//   spanlink::Engine engine({.on_links = [](std::span<const SpanLink> links) {
//     for (const SpanLink& link : links) Print(link);
//   }});
//   spanlink::Subscription listening =
//       engine.ListenTo(spanlink::DefaultDispatcher());
//   // … any integration in this process dispatches signals …
//   engine.SettleAll();
//
// Lifetime: sinks and subscription in any order; the subscription must be gone
// before the engine is.
// Thread safety: Thread-safe. No concurrent calls to any method cause a data
// race.
#ifndef SPANLINK_LINKER_ENGINE_H_
#define SPANLINK_LINKER_ENGINE_H_

#include <string_view>

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/linker/options.h"
#include "spanlink/linker/tool_call_tracker.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class Engine final : public SignalSink {
 public:
  explicit Engine(Options options);

  // Takes every signal that `dispatcher` carries for as long as the result
  // lives. A second engine that listens under the same name replaces the first.
  [[nodiscard]] Subscription ListenTo(Dispatcher& dispatcher,
                                      std::string_view name = "spanlink");

  // Takes one signal directly.
  void OnSignal(const Signal& signal) override { tracker_.OnSignal(signal); }

  // See `ToolCallTracker`.
  void SettleAll() { tracker_.SettleAll(); }
  void Tick() { tracker_.Tick(); }
  ToolCallTracker::Stats stats() const { return tracker_.stats(); }

  const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  Diagnostics diagnostics_;
  ToolCallTracker tracker_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_ENGINE_H_
