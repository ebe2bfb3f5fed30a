// What every thread is dispatching at the moment, for those who want to free or
// leave what it uses.
//
// Each thread that dispatches owns a slot with a few frames, one for each
// dispatch inside of another. A frame names the table of listeners that its
// dispatch goes through, and the listener that it calls: hazard pointers, which
// other threads read and never write. Threads that find no slot, dispatches
// nested deeper than a slot has frames, and all where there is no
// `HeavyBarrier`, count themselves in shared counters instead (dispatcher.cc):
// correct, but slower.
//
// Lifetime: slots are static and are handed from threads that end to others;
// nothing is allocated and nothing waits. In the child of a `fork` the calls of
// the threads that are not there are over; those in shared counters are not.
// Thread safety: Thread-safe. No concurrent calls to any function cause a data
// race.
// Complexity: O(1) to enter; O(slots) to look through all of them.
#ifndef SPANLINK_DISPATCH_RUNNING_CALLS_H_
#define SPANLINK_DISPATCH_RUNNING_CALLS_H_

#include <array>
#include <atomic>
#include <cstddef>

namespace spanlink::internal {

inline constexpr size_t kFrames = 7;
inline constexpr size_t kSlots = 256;

// One dispatch. Null: none, or between two listeners.
struct Frame {
  std::atomic<const void*> table{nullptr};
  std::atomic<const void*> listener{nullptr};
};

// Two cache lines, so that a processor that fetches lines in pairs takes no
// other thread's.
struct alignas(128) Slot {
  std::array<Frame, kFrames> frames;
  std::atomic<bool> owned{false};
};

// A call that is counted in the listener's shared counter.
struct SharedCall {
  const void* listener;
  const SharedCall* outer;
};

struct ThreadCalls {
  Slot* slot = nullptr;
  bool asked_for_slot = false;
  const SharedCall* shared = nullptr;  // innermost first
};

// A few words in the block that exists before any thread does: no call into the
// dynamic linker, which might allocate, even in a shared library.
extern constinit thread_local ThreadCalls thread_calls
    __attribute__((tls_model("initial-exec")));

// Must return before the first dispatch that calls a listener.
void PrepareSlots();

// Returns the calling thread's slot, or nullptr if there is none for it.
Slot* ClaimSlot();

// Returns a frame for a dispatch inside of another, as `EnterFrame` does.
Frame* FindNestedFrame(Slot& slot);

// Returns a frame for one dispatch of the calling thread, or nullptr if it has
// to use the shared counters. The frame is taken once its `table` is set. (A
// counter of frames would do, too, but each dispatch would have to wait until
// the last one's value is back from memory.)
inline Frame* EnterFrame() {
  Slot* slot = thread_calls.slot;
  if (slot == nullptr) [[unlikely]] {
    slot = ClaimSlot();
    if (slot == nullptr) return nullptr;
  }
  Frame& outermost = slot->frames.front();
  const bool nested =
      outermost.table.load(std::memory_order_relaxed) != nullptr;
  return nested ? FindNestedFrame(*slot) : &outermost;
}
inline void LeaveFrame(Frame* frame) {
  frame->table.store(nullptr, std::memory_order_release);
}

// Returns whether a thread but the calling one is inside of a call of
// `listener`; shared counters not included.
bool RunsElsewhere(const void* listener);
// Returns whether the calling thread is inside of a call of `listener`.
bool RunsHere(const void* listener);
// Returns how many calls of `listener` the calling thread has in the shared
// counter.
size_t SharedCallsHere(const void* listener);
// Returns whether a dispatch goes through `table`; shared counters not
// included.
bool IsTableInUse(const void* table);

}  // namespace spanlink::internal

#endif  // SPANLINK_DISPATCH_RUNNING_CALLS_H_
