// ParkingLot: calls whose trace ended before they were executed or used.
//
// An approval may come after its trace was reported finished, and the next turn
// of a conversation is usually a trace of its own. What may still be needed
// then waits here: by trace, for calls that wait for approval, and by
// conversation and tool call id.
//
// Lifetime: owns what it holds.
// Thread safety: Thread-safe.
// Complexity: O(1) a call; bounded by number and age, the oldest goes first.
#ifndef SPANLINK_LINKER_PARKING_LOT_H_
#define SPANLINK_LINKER_PARKING_LOT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "spanlink/dispatch/mutex.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/handoff_names.h"
#include "spanlink/model/short_text.h"
#include "spanlink/model/span_context.h"
#include "spanlink/model/span_link.h"

namespace spanlink {

struct ParkedCall {
  SpanContext llm;
  uint32_t index = 0;
  ShortText id_text, name_text, version;
  Fingerprint id, name, conversation;
  std::optional<Fingerprint> arguments;
  std::optional<HandoffTarget> handoff;
  bool pending = false;    // waits for approval
  bool contested = false;  // was once one of several for an execution
  bool resumes = false;    // the next scope of the same trace takes it back
  bool used = false;       // a tombstone: later uses are repeats
  uint32_t attempts = 0;
  // The last execution that ran, whose result nobody has used.
  std::optional<SpanContext> execution;
  Evidence evidence = Evidence::kToolCallId;
  bool is_handoff = false;
};

class ParkingLot {
 public:
  ParkingLot(size_t limit, Duration max_age) : limit_(limit), age_(max_age) {}

  // Returns how many calls had to go for it; tombstones go silently.
  size_t Park(ParkedCall call, Time now);

  // Takes out what the next scope of a trace takes back, in the order of
  // parking.
  std::vector<ParkedCall> TakeResuming(const TraceId& trace);

  // Takes out the latest call with this id in this conversation; with
  // `unexecuted` the latest that nothing ran yet.
  std::optional<ParkedCall> Take(const Fingerprint& conversation,
                                 const Fingerprint& id, bool unexecuted);

  // Forgets what is too old.
  void Expire(Time now);

  size_t size() const;

 private:
  using Number = uint64_t;
  struct Slot {
    ParkedCall call;
    Time parked;
  };
  using ConversationKey = std::pair<Fingerprint, Fingerprint>;

  void Erase(Number number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireLocked(Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t limit_;
  const Duration age_;
  mutable Mutex mutex_;
  Number next_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::btree_map<Number, Slot> slots_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<TraceId, std::vector<Number>> resuming_
      ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<ConversationKey, std::vector<Number>> by_conversation_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_PARKING_LOT_H_
