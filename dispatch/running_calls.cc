#include "spanlink/dispatch/running_calls.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace spanlink::internal {

// What waits for the calling thread to leave a listener, which may be gone when
// it has left: only its address is used.
struct Leave {
  const Listener* listener;
  const Frame* outermost;
  const Entry* entry;
  Target target;
  Leave* next;

  bool IsOver() const {
    return (outermost == nullptr || outermost->load() != entry) &&
           SharedCallsHere(listener) == 0;
  }
};

namespace {

constexpr Entry kNobody = {nullptr, nullptr, nullptr};

constinit std::array<Slot, kSlots> slots;

constinit pthread_key_t end_key = 0;
constinit std::atomic<bool> end_key_exists{false};

// Destructors of other keys may dispatch still: through shared counters.
void ReleaseSlot(void* slot) {
  thread_calls.slot = &no_slot;
  static_cast<Slot*>(slot)->owned.store(false, std::memory_order_release);
}

// In the child of a `fork`, where only the calling thread lives on: what the
// others were dispatching will never end.
void ForgetOtherThreads() {
  for (Slot& slot : slots) {
    if (&slot == thread_calls.slot) continue;
    for (Frame& frame : slot.frames) {
      frame.store(nullptr, std::memory_order_relaxed);
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

// Takes a slot for the calling thread if there is one.
void ClaimSlot() {
  if (thread_calls.asked_for_slot) return;
  thread_calls.asked_for_slot = true;
  for (Slot& slot : slots) {
    if (slot.owned.load(std::memory_order_relaxed)) continue;
    if (slot.owned.exchange(true, std::memory_order_acquire)) continue;
    if (ReleaseAtThreadEnd(&slot)) {
      thread_calls.slot = &slot;
    } else {
      slot.owned.store(false, std::memory_order_release);
    }
    return;
  }
}

void AddEntries(const Slot& slot, std::vector<const Entry*>& entries) {
  for (const Frame& frame : slot.frames) {
    const Entry* entry = frame.load();
    if (entry != nullptr) entries.push_back(entry);
  }
}

std::vector<const Entry*> EntriesOfAllBut(const Slot* left_out) {
  std::vector<const Entry*> entries;
  for (const Slot& slot : slots) {
    if (&slot != left_out) AddEntries(slot, entries);
  }
  return entries;
}

}  // namespace

constinit Slot no_slot = {{&kNobody}};
constinit thread_local ThreadCalls thread_calls;

void PrepareSlots() {
  if (HasHeavyBarrier()) static ThreadEndHook hook;
}

Frame* FindFrame() {
  if (thread_calls.slot == &no_slot) ClaimSlot();
  if (thread_calls.slot == &no_slot) return nullptr;
  std::array<Frame, kFrames>& frames = thread_calls.slot->frames;
  const auto free = std::ranges::find_if(
      frames, [](const Frame& frame) { return frame.load() == nullptr; });
  return free == frames.end() ? nullptr : &*free;
}

Listener& InnermostListener() {
  if (thread_calls.shared != nullptr) return *thread_calls.shared->listener;
  const Entry* innermost = nullptr;
  for (const Frame& frame : thread_calls.slot->frames) {
    const Entry* entry = frame.load();
    if (entry == nullptr) break;
    innermost = entry;
  }
  return *innermost->listener;
}

std::vector<const Entry*> EntriesElsewhere() {
  return EntriesOfAllBut(thread_calls.slot);
}

std::vector<const Entry*> EntriesEverywhere() {
  return EntriesOfAllBut(nullptr);
}

size_t SharedCallsHere(const Listener* listener) {
  size_t calls = 0;
  for (const SharedCall* call = thread_calls.shared; call != nullptr;
       call = call->outer) {
    if (call->listener == listener) ++calls;
  }
  return calls;
}

void WaitWhile(const std::function<bool()>& runs) {
  constexpr int kYields = 100;  // most calls take some microseconds
  constexpr std::chrono::microseconds kLongest(1000);
  std::chrono::microseconds pause(10);
  for (int i = 0; runs(); ++i) {
    if (i < kYields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kLongest);
    }
  }
}

void DestroyWhenLeft(const Listener& listener, const Frame* outermost,
                     Target target) {
  const Entry* entry = outermost == nullptr ? nullptr : outermost->load();
  thread_calls.leaving = new Leave{&listener, outermost, entry,
                                   std::move(target), thread_calls.leaving};
}

void DestroyLeft() noexcept {
  Leave** place = &thread_calls.leaving;
  while (*place != nullptr) {
    Leave* const leave = *place;
    if (!leave->IsOver()) {
      place = &leave->next;
      continue;
    }
    *place = leave->next;
    delete leave;
    place = &thread_calls.leaving;  // what was destroyed may have changed it
  }
}

}  // namespace spanlink::internal
