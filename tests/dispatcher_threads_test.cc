// What the dispatcher promises to threads. Run under ThreadSanitizer too.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/dispatch/memory_barrier.h"
#include "spanlink/dispatch/running_calls.h"

namespace spanlink {
namespace {

// More than threads have slots of their own (dispatch/running_calls.h).
constexpr int kManyThreads = 300;
static_assert(kManyThreads > internal::kSlots);

void YieldForAWhile() {
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
}

template <SignalType S>
void YieldWhileListenedTo(const Dispatcher& dispatcher) {
  while (dispatcher.has_listeners<S>()) std::this_thread::yield();
}

// Runs `threads` threads that all are inside of one listener when its
// subscription is ended; they go on only after it is out of the tables.
void EndWhileRunning(int threads) {
  Dispatcher dispatcher;
  std::latch inside(threads);
  std::atomic<int> returned = 0;
  Subscription listening =
      dispatcher.Subscribe<ToolCall>("slow", [&](const ToolCall&) {
        inside.count_down();
        YieldWhileListenedTo<ToolCall>(dispatcher);
        YieldForAWhile();
        ++returned;
      });
  std::vector<std::jthread> callers;
  for (int i = 0; i < threads; ++i) {
    callers.emplace_back([&] { dispatcher.Dispatch(ToolCall()); });
  }
  inside.wait();
  listening.Reset();
  EXPECT_EQ(returned, threads);
}

TEST(DispatcherThreadsTest, EndWaitsForCallOnAnotherThread) {
  EndWhileRunning(1);
}

TEST(DispatcherThreadsTest, EndWaitsForMoreThreadsThanThereAreSlots) {
  EndWhileRunning(kManyThreads);
}

// Dispatches a `ToolCall` inside of more dispatches than a slot has frames.
class DeepDispatch {
 public:
  explicit DeepDispatch(Dispatcher& dispatcher)
      : dispatcher_(dispatcher),
        nesting_(dispatcher.Subscribe<Handoff>(
            "nesting", [this](const Handoff&) { Run(); })) {}

  void Run() {
    if (depth_++ < internal::kFrames) {
      dispatcher_.Dispatch(Handoff());
    } else {
      dispatcher_.Dispatch(ToolCall());
    }
  }

 private:
  Dispatcher& dispatcher_;
  size_t depth_ = 0;
  const Subscription nesting_;
};

TEST(DispatcherThreadsTest, EndWaitsForDeeplyNestedCall) {
  Dispatcher dispatcher;
  std::latch inside(1);
  std::atomic<bool> returned = false;
  Subscription listening =
      dispatcher.Subscribe<ToolCall>("slow", [&](const ToolCall&) {
        inside.count_down();
        YieldWhileListenedTo<ToolCall>(dispatcher);
        YieldForAWhile();
        returned = true;
      });
  const std::jthread caller([&] { DeepDispatch(dispatcher).Run(); });
  inside.wait();
  listening.Reset();
  EXPECT_TRUE(returned);
}

// Under AddressSanitizer: what a deeply nested dispatch goes through is kept.
TEST(DispatcherThreadsTest, DeeplyNestedDispatchOutlivesChanges) {
  Dispatcher dispatcher;
  Subscription other =
      dispatcher.Subscribe<ToolCall>("other", [](const ToolCall&) {});
  const Subscription ending = dispatcher.Subscribe<ToolCall>(
      "ending", [&](const ToolCall&) { other.Reset(); });
  int calls = 0;
  const Subscription last =
      dispatcher.Subscribe<ToolCall>("last", [&](const ToolCall&) { ++calls; });
  DeepDispatch(dispatcher).Run();
  EXPECT_EQ(calls, 1);
}

TEST(DispatcherThreadsTest, DispatchGivesItsFrameBack) {
  if (!internal::HasHeavyBarrier()) GTEST_SKIP() << "no slots: no membarrier";
  Dispatcher dispatcher;
  const Subscription listening =
      dispatcher.Subscribe<ToolCall>("a", [](const ToolCall&) {});
  dispatcher.Dispatch(ToolCall());
  ASSERT_NE(internal::thread_calls.slot, &internal::no_slot);
  for (const internal::Frame& frame : internal::thread_calls.slot->frames) {
    EXPECT_EQ(frame, nullptr);
  }
}

TEST(DispatcherThreadsTest, SlotsServeThreadsThatComeLater) {
  if (!internal::HasHeavyBarrier()) GTEST_SKIP() << "no slots: no membarrier";
  Dispatcher dispatcher;
  std::atomic<int> calls_in_slots = 0;
  const Subscription listening =
      dispatcher.Subscribe<ToolCall>("count", [&](const ToolCall&) {
        if (internal::thread_calls.slot != &internal::no_slot) ++calls_in_slots;
      });
  for (int i = 0; i < kManyThreads; ++i) {
    std::jthread([&] { dispatcher.Dispatch(ToolCall()); });
  }
  EXPECT_EQ(calls_in_slots, kManyThreads);
}

TEST(DispatcherThreadsTest, EndWaitsForReplacedListener) {
  Dispatcher dispatcher;
  std::latch inside(1);
  std::atomic<bool> go = false;
  std::atomic<bool> returned = false;
  Subscription first =
      dispatcher.Subscribe<ToolCall>("a", [&](const ToolCall&) {
        inside.count_down();
        while (!go) std::this_thread::yield();
        YieldForAWhile();
        returned = true;
      });
  const std::jthread caller([&] { dispatcher.Dispatch(ToolCall()); });
  inside.wait();
  // Does not wait: the first one is still subscribed by its own handle.
  const Subscription second =
      dispatcher.Subscribe<ToolCall>("a", [](const ToolCall&) {});
  EXPECT_FALSE(returned);
  go = true;
  first.Reset();
  EXPECT_TRUE(returned);
}

// Would hang if an end waited for everything that runs.
TEST(DispatcherThreadsTest, EndDoesNotWaitForOtherListeners) {
  Dispatcher dispatcher;
  std::latch inside(1);
  std::latch ended(1);
  std::atomic<int> late_calls = 0;
  const Subscription slow =
      dispatcher.Subscribe<ToolCall>("slow", [&](const ToolCall&) {
        inside.count_down();
        ended.wait();
      });
  Subscription next = dispatcher.Subscribe<ToolCall>(
      "next", [&](const ToolCall&) { ++late_calls; });
  std::jthread caller([&] { dispatcher.Dispatch(ToolCall()); });
  inside.wait();
  next.Reset();
  ended.count_down();
  caller.join();
  EXPECT_EQ(late_calls, 0);
}

TEST(DispatcherThreadsTest, EndDoesNotWaitForOtherDispatchers) {
  Dispatcher busy;
  Dispatcher ending;
  std::latch inside(1);
  std::latch ended(1);
  const Subscription slow =
      busy.Subscribe<ToolCall>("slow", [&](const ToolCall&) {
        inside.count_down();
        ended.wait();
      });
  Subscription other =
      ending.Subscribe<ToolCall>("slow", [](const ToolCall&) {});
  const std::jthread caller([&] { busy.Dispatch(ToolCall()); });
  inside.wait();
  other.Reset();
  ended.count_down();
}

TEST(DispatcherThreadsTest, TwoListenersMayEndThemselvesAtOnce) {
  Dispatcher dispatcher;
  std::barrier both_inside(2);
  Subscription tool;
  Subscription handoff;
  tool = dispatcher.Subscribe<ToolCall>("tool", [&](const ToolCall&) {
    both_inside.arrive_and_wait();
    tool.Reset();
  });
  handoff = dispatcher.Subscribe<Handoff>("handoff", [&](const Handoff&) {
    both_inside.arrive_and_wait();
    handoff.Reset();
  });
  std::jthread one([&] { dispatcher.Dispatch(ToolCall()); });
  std::jthread two([&] { dispatcher.Dispatch(Handoff()); });
  one.join();
  two.join();
  EXPECT_FALSE(dispatcher.has_listeners<ToolCall>());
  EXPECT_FALSE(dispatcher.has_listeners<Handoff>());
}

TEST(DispatcherThreadsTest, WhoEndsItselfWaitsForTheOtherThread) {
  Dispatcher dispatcher;
  std::barrier both_inside(2);
  std::atomic<bool> first = true;
  std::atomic<bool> returned = false;
  bool returned_first = false;
  auto captured = std::make_shared<int>();
  Subscription listening;
  listening =
      dispatcher.Subscribe<ToolCall>("a", [&, captured](const ToolCall&) {
        both_inside.arrive_and_wait();
        if (first.exchange(false)) {
          listening.Reset();
          returned_first = returned;
        } else {
          YieldWhileListenedTo<ToolCall>(dispatcher);
          YieldForAWhile();
          returned = true;
        }
      });
  std::jthread one([&] { dispatcher.Dispatch(ToolCall()); });
  std::jthread two([&] { dispatcher.Dispatch(ToolCall()); });
  one.join();
  two.join();
  EXPECT_TRUE(returned_first);
  EXPECT_EQ(captured.use_count(), 1);
}

// A dispatch takes no lock that a registration holds: a listener's call waits
// here for a registration of another thread, and the other way round.
TEST(DispatcherThreadsTest, RegistrationDoesNotWaitForCalls) {
  Dispatcher dispatcher;
  std::latch inside(1);
  std::latch registered(1);
  const Subscription waiting =
      dispatcher.Subscribe<ToolCall>("waiting", [&](const ToolCall&) {
        inside.count_down();
        registered.wait();
      });
  const std::jthread caller([&] { dispatcher.Dispatch(ToolCall()); });
  inside.wait();
  const Subscription other =
      dispatcher.Subscribe<ToolCall>("other", [](const ToolCall&) {});
  registered.count_down();
}

// Poisoned when it dies, so that a call after the end shows.
struct Canary {
  ~Canary() { alive = false; }
  std::atomic<bool> alive = true;
};

class Churn {
 public:
  // Dispatches until `Stop`.
  void Dispatch() {
    while (!stop_.load(std::memory_order_relaxed)) {
      dispatcher_.Dispatch(ToolCall());
      dispatcher_.Dispatch(Handoff());
    }
  }

  // Registers, replaces and ends listeners, some from inside of calls.
  void Register(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      auto canary = std::make_unique<Canary>();
      Subscription first = Listen(canary.get());
      auto second_canary = std::make_unique<Canary>();
      Subscription second = Listen(second_canary.get());
      const Subscription other = dispatcher_.Subscribe<Handoff>(
          "other",
          [this](const Handoff&) { dispatcher_.Dispatch(ToolCall()); });
      first.Reset();
      canary.reset();
    }
  }
  void Stop() { stop_ = true; }
  uint64_t calls() const { return calls_; }
  uint64_t late_calls() const { return late_calls_; }

 private:
  Subscription Listen(const Canary* canary) {
    return dispatcher_.Subscribe<ToolCall>(
        "canary", [this, canary](const ToolCall&) {
          ++(canary->alive ? calls_ : late_calls_);
        });
  }

  Dispatcher dispatcher_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> calls_ = 0;
  std::atomic<uint64_t> late_calls_ = 0;
};

TEST(DispatcherThreadsTest, NothingIsCalledAfterItsEnd) {
  Churn churn;
  {
    std::vector<std::jthread> dispatching;
    for (int i = 0; i < 3; ++i) {
      dispatching.emplace_back([&churn] { churn.Dispatch(); });
    }
    {
      std::vector<std::jthread> registering;
      for (int i = 0; i < 2; ++i) {
        registering.emplace_back([&churn] { churn.Register(1000); });
      }
    }
    churn.Stop();
  }
  EXPECT_GT(churn.calls(), 0);
  EXPECT_EQ(churn.late_calls(), 0);
}

// A child has none of the threads that were inside of a call at its `fork`.
TEST(DispatcherThreadsTest, EndInAChildDoesNotWaitForThreadsOfTheParent) {
  Dispatcher dispatcher;
  std::latch inside(1);
  std::latch forked(1);
  Subscription listening =
      dispatcher.Subscribe<ToolCall>("slow", [&](const ToolCall&) {
        inside.count_down();
        forked.wait();
      });
  std::jthread caller([&] { dispatcher.Dispatch(ToolCall()); });
  inside.wait();
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);  // ends a child that waits
    listening.Reset();
    _exit(0);
  }
  forked.count_down();
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace spanlink
