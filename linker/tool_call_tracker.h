// ToolCallTracker: signals in, span links out.
//
// Maps what LLM answers chose (tool name, arguments, tool call id) to the spans
// that executed it and to the LLM spans that read the results, and links
//
//     LLM.output ──> tool.input          (kind tool_choice, on the tool span)
//     tool.output ──> LLM.input          (kind tool_result, on the LLM span)
//
// and likewise handoffs and guardrails. docs/design.md section 5 has the rules;
// `call_book.h` keeps them, for one trace at a time. This class gives every
// trace its book, keeps all of them within `Limits`, and hands links out.
//
// Lifetime: the sinks in `Options` must outlive the tracker. Nothing of a
// signal is kept but ids, names and a keyed hash of the arguments. Thread
// safety: Thread-safe. No concurrent calls to any method cause a data race;
// signals of different traces mostly run in parallel. A sink may call the
// tracker again.
// Complexity: amortised O(log n) a signal for n open calls of one scope and
// tool; O(n log n) when a scope of n signals settles.
// Errors: none. What is wrong with the data is counted in `Diagnostics`.
#ifndef SPANLINK_LINKER_TOOL_CALL_TRACKER_H_
#define SPANLINK_LINKER_TOOL_CALL_TRACKER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "spanlink/linker/options.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class ToolCallTracker final : public SignalSink {
 public:
  // What is kept at the moment. All zero after every scope finished, but for
  // parked calls.
  struct Stats {
    size_t scopes = 0;
    size_t spans = 0;
    size_t calls = 0;  // tombstones of used calls included
    size_t executions = 0;
    size_t uses = 0;
    size_t guardrails = 0;
    size_t annotations = 0;
    size_t parked_calls = 0;

    friend bool operator==(const Stats&, const Stats&) = default;
  };

  // `diagnostics` must outlive the tracker.
  ToolCallTracker(Options options, Diagnostics* diagnostics);
  ~ToolCallTracker() override;
  ToolCallTracker(const ToolCallTracker&) = delete;
  ToolCallTracker& operator=(const ToolCallTracker&) = delete;

  // Takes one signal of any kind and emits what it decides.
  void OnSignal(const Signal& signal) override;

  // Settles every scope, oldest first, and frees it, as `ScopeFinish` of each
  // would. Call it at the end of a file and at shutdown.
  void SettleAll();

  // Settles the scopes that were idle for too long by the engine's clock. Every
  // signal does a constant part of this; a program that falls silent calls it
  // from a timer.
  void Tick();

  Stats stats() const;

 private:
  class Shard;
  struct Shared;

  Shard& ShardOf(const TraceId& trace) const;

  const std::unique_ptr<Shared> shared_;
  const std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_TOOL_CALL_TRACKER_H_
