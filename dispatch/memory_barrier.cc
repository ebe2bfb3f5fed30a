#include "spanlink/dispatch/memory_barrier.h"

#include <chrono>
#include <thread>

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace spanlink::internal {
namespace {

// Much longer than a processor keeps a store to itself.
constexpr auto kStoresAreOut = std::chrono::milliseconds(20);

#if defined(__linux__) && defined(__NR_membarrier)
bool Membarrier(int command) {
  return syscall(__NR_membarrier, command, 0, 0) == 0;
}
bool RegisterBarrier() {
  return Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}
bool FenceAllThreads() { return Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }
#else
bool RegisterBarrier() { return false; }
bool FenceAllThreads() { return false; }
#endif

}  // namespace

bool HasHeavyBarrier() {
  static const bool has = RegisterBarrier() && FenceAllThreads();
  return has;
}

void HeavyBarrier() {
  if (!HasHeavyBarrier() || FenceAllThreads()) return;
  // A sandbox took the system call away after it had worked.
  std::this_thread::sleep_for(kStoresAreOut);
}

}  // namespace spanlink::internal
