// `Dispatch` allocates nothing, not even in the first dispatch of a thread.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/tests/allocator_hook.h"

namespace {

constinit thread_local uint64_t allocations = 0;

#ifndef SPANLINK_ALLOCATOR_IS_TAKEN
void* Allocate(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size); memory != nullptr) return memory;
  std::abort();
}
#endif

}  // namespace

#ifdef SPANLINK_ALLOCATOR_IS_TAKEN
constexpr bool kAllocationsAreCounted = false;
#else
constexpr bool kAllocationsAreCounted = true;

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace spanlink {
namespace {

class DispatcherAllocationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kAllocationsAreCounted) GTEST_SKIP() << "the sanitizer allocates";
  }
};

class NopSink final : public SignalSink {
 public:
  void OnSignal(const Signal&) override {}
};

// Returns how often a dispatch of every kind allocates.
uint64_t CountAllocations(const Dispatcher& dispatcher) {
  const uint64_t before = allocations;
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(LlmToolChoice());
  dispatcher.Dispatch(ScopeFinish());
  return allocations - before;
}

TEST_F(DispatcherAllocationTest, RegistrationIsCounted) {
  Dispatcher dispatcher;
  const uint64_t before = allocations;
  const Subscription listening =
      dispatcher.Subscribe<ToolCall>("a", [](const ToolCall&) {});
  EXPECT_GT(allocations, before);
}

TEST_F(DispatcherAllocationTest, DispatchAllocatesNothing) {
  Dispatcher dispatcher;
  EXPECT_EQ(CountAllocations(dispatcher), 0);
  NopSink sink;
  const Subscription all = dispatcher.SubscribeAll("all", sink);
  const Subscription tools =
      dispatcher.Subscribe<ToolCall>("tools", [](const ToolCall&) {});
  EXPECT_EQ(CountAllocations(dispatcher), 0);
}

TEST_F(DispatcherAllocationTest, FirstDispatchOfAThreadAllocatesNothing) {
  Dispatcher dispatcher;
  NopSink sink;
  const Subscription all = dispatcher.SubscribeAll("all", sink);
  uint64_t counted = 1;
  std::jthread([&] { counted = CountAllocations(dispatcher); }).join();
  EXPECT_EQ(counted, 0);
}

TEST_F(DispatcherAllocationTest, NestedDispatchAllocatesNothing) {
  Dispatcher dispatcher;
  int depth = 0;
  const Subscription nest =
      dispatcher.Subscribe<ToolCall>("nest", [&](const ToolCall& call) {
        if (++depth < 20) dispatcher.Dispatch(call);
      });
  EXPECT_EQ(CountAllocations(dispatcher), 0);
  EXPECT_EQ(depth, 20);
}

}  // namespace
}  // namespace spanlink
