// SettledLinker: links traces that are known as a whole, one after the other.
//
// The rules are those of settled mode, and the links those that a
// `ToolCallTracker` finds. A tracker takes signals of many traces at once, from
// many threads, and keeps what it holds within bounds; a file needs nothing of
// that, and one trace's memory serves the next.
//
// Lifetime: `diagnostics` and the sinks must outlive the linker.
// Thread safety: Thread-compatible.
// Complexity: O(n log n) for a trace of n signals; memory of one trace, and of
// the calls that later ones may run or use.
#ifndef SPANLINK_LINKER_SETTLED_LINKER_H_
#define SPANLINK_LINKER_SETTLED_LINKER_H_

#include <optional>

#include "spanlink/linker/batch.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/options.h"
#include "spanlink/linker/parking_lot.h"
#include "spanlink/linker/scope.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class SettledLinker final : public SignalSink {
 public:
  // `options.mode` is set by the linker. Without a clock nothing ages.
  SettledLinker(Options options, Diagnostics* diagnostics);

  // A trace begins. Traces that may go on one from another come in the order of
  // their starts. REQUIRES: none is open.
  void Begin(const TraceId& trace);
  // Takes one signal of the trace. REQUIRES: its ids are not zero.
  void OnSignal(const Signal& signal) override;
  // Settles the trace and hands out its links, in the order in which their
  // consumers started.
  void Finish();

 private:
  void HandOut();

  const Options options_;
  const Fingerprinter fingerprinter_;
  Diagnostics* const diagnostics_;
  ParkingLot parking_;
  Scope::Spare spare_;
  Batch batch_;
  std::optional<Scope> scope_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_SETTLED_LINKER_H_
