// What every thread is dispatching at the moment, for those who want to free or
// leave what it uses.
//
// Each thread that dispatches owns a slot with a few frames, one for each
// dispatch inside of another. A frame names the entry of the table of listeners
// at which its dispatch is: a hazard pointer, which other threads read and
// never write. By it they know both that the table is in use and who is being
// called. Threads that find no slot, dispatches nested deeper than a slot has
// frames, and all where there is no `HeavyBarrier`, count themselves in shared
// counters instead (dispatcher.cc): correct, but slower.
//
// Who waits for calls to end looks at the frames again and again: it happens
// seldom, and nobody who dispatches has to tell them.
//
// Lifetime: slots are static and are handed from threads that end to others; a
// dispatch allocates nothing and waits for nothing. In the child of a `fork`
// the calls of the threads that are not there are over; those in shared
// counters are not.
// Thread safety: Thread-safe. No concurrent calls to any function cause a data
// race.
// Complexity: O(1) to enter; O(slots) to look through all of them.
#ifndef SPANLINK_DISPATCH_RUNNING_CALLS_H_
#define SPANLINK_DISPATCH_RUNNING_CALLS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "spanlink/dispatch/memory_barrier.h"

namespace spanlink::internal {

class Listener;
struct Leave;

// Something callable, with its types forgotten.
using Call = void (*)(void* target, const void* signal) noexcept;
using Target = std::unique_ptr<void, void (*)(void*)>;

// One listener in a table; the last entry of a table has no call.
struct Entry {
  Call call;
  void* target;
  Listener* listener;
};
// What is published: the first entry of a table, or null for nobody.
using Published = std::atomic<const Entry*>;

inline constexpr size_t kFrames = 15;
inline constexpr size_t kSlots = 256;

// One dispatch: the entry at which it is. Null: none.
using Frame = std::atomic<const Entry*>;

// Two cache lines, so that a processor that fetches lines in pairs takes no
// other thread's.
struct alignas(128) Slot {
  std::array<Frame, kFrames> frames{};
  std::atomic<bool> owned{false};
};
static_assert(sizeof(Slot) == 128);

// The slot of threads that have none: no frame of it is free.
extern constinit Slot no_slot;

// A call that is counted in the listener's shared counter.
struct SharedCall {
  Listener* listener;
  const SharedCall* outer;
};

struct ThreadCalls {
  Slot* slot = &no_slot;
  bool asked_for_slot = false;
  const SharedCall* shared = nullptr;  // innermost first
  Leave* leaving = nullptr;            // what `DestroyWhenLeft` was asked for
};

// A few words in the block that exists before any thread does: no call into the
// dynamic linker, which might allocate, even in a shared library.
extern constinit thread_local ThreadCalls thread_calls
    __attribute__((tls_model("initial-exec")));

// Must return before the first dispatch that calls a listener.
void PrepareSlots();

// Returns the frame for a dispatch that is not inside of another one of the
// calling thread. If it names something, `FindFrame` must be asked instead; and
// so it must at first. (A counter of frames would do, too, but each dispatch
// would have to wait until the last one's value is back from memory.)
inline Frame& OutermostFrame() { return thread_calls.slot->frames.front(); }

// Returns a frame for any dispatch of the calling thread, or nullptr if it has
// to use the shared counters. The frame is taken once it names something.
Frame* FindFrame();

// Destroys what `DestroyWhenLeft` was given, where the call is over by now.
[[gnu::cold]] void DestroyLeft() noexcept;

// Follows every call, when neither a frame nor a counter shows it any more.
inline void OnCallEnded() {
  if (thread_calls.leaving != nullptr) [[unlikely]]
    DestroyLeft();
}

// Gives a frame back.
inline void LeaveFrame(Frame& frame) {
  frame.store(nullptr, std::memory_order_release);
  OnCallEnded();
}

// Returns the listener of the calling thread's innermost call. REQUIRES: there
// is one.
Listener& InnermostListener();

// Returns what the frames of all threads but the calling one name. It may have
// been freed.
std::vector<const Entry*> EntriesElsewhere();
// Returns what the frames of all threads name. It may have been freed.
std::vector<const Entry*> EntriesEverywhere();
// Returns how many calls of `listener` the calling thread has in the shared
// counter.
size_t SharedCallsHere(const Listener* listener);

// Returns when `runs` returns false, which is asked every now and then: at the
// latest a millisecond after that.
void WaitWhile(const std::function<bool()>& runs);

// Destroys `target` when the calling thread is in no call of `listener` any
// more. `outermost` is its frame that names the first of these calls, or null
// if they are in the shared counter.
void DestroyWhenLeft(const Listener& listener, const Frame* outermost,
                     Target target);

}  // namespace spanlink::internal

#endif  // SPANLINK_DISPATCH_RUNNING_CALLS_H_
