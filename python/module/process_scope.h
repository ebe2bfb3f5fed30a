// ProcessScope: makes one scope of all traces, as trackers with one dictionary
// for the process do: `Tracker(scope="process")`, for comparing with those.
//
// Every signal is moved to one trace; a link's ids are translated back. A trace
// that finishes does not finish the scope. Of the spans, the last `kMaxSpans`
// to 2 * `kMaxSpans` are known.
//
// Thread safety: Thread-safe. No concurrent calls to any method cause a data
// race.
#ifndef SPANLINK_PYTHON_MODULE_PROCESS_SCOPE_H_
#define SPANLINK_PYTHON_MODULE_PROCESS_SCOPE_H_

#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "spanlink/dispatch/mutex.h"
#include "spanlink/model/signals.h"

namespace spanlink::python {

class ProcessScope final : public SignalSink {
 public:
  static constexpr size_t kMaxSpans = size_t{1} << 16;

  // `next` must outlive this.
  explicit ProcessScope(SignalSink* next) : next_(next) {}

  void OnSignal(const Signal& signal) override;

  // The span that became `moved`; `moved` itself if it is forgotten.
  SpanContext Original(const SpanContext& moved) const;

 private:
  SpanId MoveSpan(const TraceId& trace, const SpanId& span);
  void MoveRef(SpanRef& ref);

  SignalSink* const next_;
  mutable Mutex mutex_;
  absl::flat_hash_map<SpanId, SpanContext> young_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<SpanId, SpanContext> old_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_PROCESS_SCOPE_H_
