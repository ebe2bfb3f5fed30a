// The memory barrier between those who dispatch, often, and those who change
// what is listened to, seldom.
//
// Both sides store one thing and then load what the other side stores, and at
// least one of them must see the other:
//
//   dispatching thread              changing thread
//   StoreBeforeLoads(cell, value)   other.store(…)
//   other.load(…)                   HeavyBarrier()
//                                   cell.load(…)
//
// A fence on each side would do, and costs the dispatching one more than a
// virtual call does. Linux runs the fence of all threads from one of them
// (membarrier(2)), and `StoreBeforeLoads` is a plain store. Where the kernel
// cannot, the dispatching side has to use atomic read-modify-writes instead.
//
// All other loads and stores of the pattern are sequentially consistent.
// Thread safety: Thread-safe. No concurrent calls to any function cause a data
// race.
#ifndef SPANLINK_DISPATCH_MEMORY_BARRIER_H_
#define SPANLINK_DISPATCH_MEMORY_BARRIER_H_

#include <atomic>

namespace spanlink::internal {

// Returns whether the kernel has the barrier. Only then, and only after this
// has returned, may `StoreBeforeLoads` be used. Asks once.
bool HasHeavyBarrier();

// Some microseconds. Does nothing if there is no heavy barrier.
void HeavyBarrier();

template <typename T>
inline void StoreBeforeLoads(std::atomic<T>& cell, T value) {
  cell.store(value, std::memory_order_release);
  // The compiler is the only one left who could move loads up.
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace spanlink::internal

#endif  // SPANLINK_DISPATCH_MEMORY_BARRIER_H_
