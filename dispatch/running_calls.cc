#include "spanlink/dispatch/running_calls.h"

#include <pthread.h>

#include <algorithm>

#include "spanlink/dispatch/memory_barrier.h"

namespace spanlink::internal {
namespace {

constinit std::array<Slot, kSlots> slots;

constinit pthread_key_t end_key = 0;
constinit std::atomic<bool> end_key_exists{false};

// Destructors of other keys may dispatch still: through shared counters.
void ReleaseSlot(void* slot) {
  thread_calls.slot = nullptr;
  static_cast<Slot*>(slot)->owned.store(false, std::memory_order_release);
}

// In the child of a `fork`, where only the calling thread lives on: what the
// others were dispatching will never end.
void ForgetOtherThreads() {
  for (Slot& slot : slots) {
    if (&slot == thread_calls.slot) continue;
    for (Frame& frame : slot.frames) {
      frame.table.store(nullptr, std::memory_order_relaxed);
      frame.listener.store(nullptr, std::memory_order_relaxed);
    }
    slot.owned.store(false, std::memory_order_release);
  }
}

// Gives slots back when their threads end. A key of the C library, because the
// destructor of a `thread_local` allocates when it is registered. It is deleted
// with the library's code, if that is ever unloaded; threads that come later
// get no slot.
class ThreadEndHook {
 public:
  ThreadEndHook() {
    end_key_exists = pthread_key_create(&end_key, &ReleaseSlot) == 0;
    pthread_atfork(nullptr, nullptr, &ForgetOtherThreads);
  }
  ~ThreadEndHook() {
    if (end_key_exists.exchange(false)) pthread_key_delete(end_key);
  }
};

bool ReleaseAtThreadEnd(Slot* slot) {
  return end_key_exists && pthread_setspecific(end_key, slot) == 0;
}

}  // namespace

constinit thread_local ThreadCalls thread_calls;

void PrepareSlots() {
  if (HasHeavyBarrier()) static ThreadEndHook hook;
}

Slot* ClaimSlot() {
  if (thread_calls.asked_for_slot) return nullptr;
  thread_calls.asked_for_slot = true;
  for (Slot& slot : slots) {
    if (slot.owned.load(std::memory_order_relaxed)) continue;
    if (slot.owned.exchange(true, std::memory_order_acquire)) continue;
    if (ReleaseAtThreadEnd(&slot)) return thread_calls.slot = &slot;
    slot.owned.store(false, std::memory_order_release);
    break;
  }
  return nullptr;
}

Frame* FindNestedFrame(Slot& slot) {
  const auto free = std::ranges::find_if(slot.frames, [](const Frame& frame) {
    return frame.table.load(std::memory_order_relaxed) == nullptr;
  });
  return free == slot.frames.end() ? nullptr : &*free;
}

bool RunsElsewhere(const void* listener) {
  return std::ranges::any_of(slots, [listener](const Slot& slot) {
    return &slot != thread_calls.slot &&
           std::ranges::any_of(slot.frames, [listener](const Frame& frame) {
             return frame.listener.load() == listener;
           });
  });
}

bool RunsHere(const void* listener) {
  if (SharedCallsHere(listener) > 0) return true;
  const Slot* slot = thread_calls.slot;
  return slot != nullptr &&
         std::ranges::any_of(slot->frames, [listener](const Frame& frame) {
           return frame.listener.load(std::memory_order_relaxed) == listener;
         });
}

size_t SharedCallsHere(const void* listener) {
  size_t calls = 0;
  for (const SharedCall* call = thread_calls.shared; call != nullptr;
       call = call->outer) {
    if (call->listener == listener) ++calls;
  }
  return calls;
}

bool IsTableInUse(const void* table) {
  return std::ranges::any_of(slots, [table](const Slot& slot) {
    return std::ranges::any_of(slot.frames, [table](const Frame& frame) {
      return frame.table.load() == table;
    });
  });
}

}  // namespace spanlink::internal
