#include "spanlink/dispatch/running_calls.h"

#include <pthread.h>

#include <algorithm>

#include "spanlink/dispatch/memory_barrier.h"

namespace spanlink::internal {
namespace {

constinit std::array<Slot, kSlots> slots;

// Gives slots back when their threads end. A key of the C library, because the
// destructor of a `thread_local` allocates when it is registered. It is deleted
// with the library's code, if that is ever unloaded; threads that come later
// get no slot.
class ThreadEndHook {
 public:
  ThreadEndHook() { alive_ = pthread_key_create(&key_, &ReleaseSlot) == 0; }
  ~ThreadEndHook() {
    if (alive_.exchange(false)) pthread_key_delete(key_);
  }
  static bool Set(Slot* slot) {
    return alive_.load() && pthread_setspecific(key_, slot) == 0;
  }

 private:
  // Destructors of other keys may dispatch still: through shared counters.
  static void ReleaseSlot(void* slot) {
    thread_calls.slot = nullptr;
    static_cast<Slot*>(slot)->owned.store(false, std::memory_order_release);
  }

  static constinit pthread_key_t key_;
  static constinit std::atomic<bool> alive_;
};

constinit pthread_key_t ThreadEndHook::key_ = 0;
constinit std::atomic<bool> ThreadEndHook::alive_{false};

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
    if (ThreadEndHook::Set(&slot)) return thread_calls.slot = &slot;
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
