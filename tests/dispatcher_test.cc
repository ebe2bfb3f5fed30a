#include "spanlink/dispatch/dispatcher.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace spanlink {
namespace {

// Takes down who was called.
class Log {
 public:
  template <SignalType S = ToolCall>
  Subscription Listen(Dispatcher& dispatcher, const std::string& name) {
    return ListenAs<S>(dispatcher, name, name);
  }
  template <SignalType S = ToolCall>
  Subscription ListenAs(Dispatcher& dispatcher, const std::string& name,
                        const std::string& entry) {
    return dispatcher.Subscribe<S>(
        name, [this, entry](const S&) { entries_.push_back(entry); });
  }
  void Add(const std::string& entry) { entries_.push_back(entry); }
  std::vector<std::string> Take() { return std::exchange(entries_, {}); }

 private:
  std::vector<std::string> entries_;
};

using Entries = std::vector<std::string>;

TEST(DispatcherTest, SignalReachesListenersOfItsTypeWithItsFields) {
  Dispatcher dispatcher;
  std::vector<std::string> names;
  Log log;
  const Subscription tools = dispatcher.Subscribe<ToolCall>(
      "t", [&](const ToolCall& call) { names.emplace_back(call.tool_name); });
  const Subscription choices = log.Listen<LlmToolChoice>(dispatcher, "choices");
  ToolCall call;
  call.tool_name = "search";
  dispatcher.Dispatch(call);
  EXPECT_EQ(names, Entries{"search"});
  EXPECT_EQ(log.Take(), Entries{});
}

TEST(DispatcherTest, SignalIsNotCopied) {
  Dispatcher dispatcher;
  const ToolCall call;
  const ToolCall* seen = nullptr;
  const Subscription listening = dispatcher.Subscribe<ToolCall>(
      "t", [&](const ToolCall& heard) { seen = &heard; });
  dispatcher.Dispatch(call);
  EXPECT_EQ(seen, &call);
}

TEST(DispatcherTest, NobodyListensToAnEmptyOne) {
  const Dispatcher dispatcher;
  EXPECT_FALSE(dispatcher.has_listeners<ToolCall>());
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(dispatcher.listener_failures(), 0);
}

TEST(DispatcherTest, HasListenersIsOfOneType) {
  Dispatcher dispatcher;
  Log log;
  Subscription listening = log.Listen<Handoff>(dispatcher, "a");
  EXPECT_TRUE(dispatcher.has_listeners<Handoff>());
  EXPECT_FALSE(dispatcher.has_listeners<ToolCall>());
  listening.Reset();
  EXPECT_FALSE(dispatcher.has_listeners<Handoff>());
}

TEST(DispatcherTest, DispatchersAreIsolated) {
  Dispatcher one;
  Dispatcher other;
  Log log;
  const Subscription listening = log.Listen(one, "a");
  other.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{});
}

TEST(DispatcherTest, DefaultDispatcherIsOne) {
  Log log;
  const Subscription listening = log.Listen(DefaultDispatcher(), "test");
  DefaultDispatcher().Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"test"});
  EXPECT_EQ(&DefaultDispatcher(), &DefaultDispatcher());
}

TEST(DispatcherTest, ListenersRunInTheOrderOfTheirRegistration) {
  Dispatcher dispatcher;
  Log log;
  const Subscription b = log.Listen(dispatcher, "b");
  Subscription a = log.Listen(dispatcher, "a");
  const Subscription c = log.Listen(dispatcher, "c");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"b", "a", "c"}));
  a.Reset();
  a = log.Listen(dispatcher, "a");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"b", "c", "a"}));
}

TEST(DispatcherTest, SameNameReplacesInPlace) {
  Dispatcher dispatcher;
  Log log;
  const Subscription a = log.Listen(dispatcher, "a");
  const Subscription b = log.ListenAs(dispatcher, "b", "first b");
  const Subscription c = log.Listen(dispatcher, "c");
  const Subscription again = log.ListenAs(dispatcher, "b", "second b");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"a", "second b", "c"}));
}

TEST(DispatcherTest, SubscriptionOfTheReplacedEndsNothing) {
  Dispatcher dispatcher;
  Log log;
  Subscription first = log.ListenAs(dispatcher, "a", "first");
  const Subscription second = log.ListenAs(dispatcher, "a", "second");
  first.Reset();
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"second"});
}

TEST(DispatcherTest, HandleMayBeReassignedToItsReplacement) {
  Dispatcher dispatcher;
  Log log;
  Subscription handle = log.ListenAs(dispatcher, "a", "first");
  handle = log.ListenAs(dispatcher, "a", "second");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"second"});
}

TEST(DispatcherTest, SameNameForAnotherTypeReplacesNothing) {
  Dispatcher dispatcher;
  Log log;
  const Subscription tools = log.ListenAs<ToolCall>(dispatcher, "a", "tool");
  const Subscription finishes =
      log.ListenAs<SpanFinish>(dispatcher, "a", "finish");
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(SpanFinish());
  EXPECT_EQ(log.Take(), (Entries{"tool", "finish"}));
}

TEST(SubscriptionTest, EndsWithItsScope) {
  Dispatcher dispatcher;
  Log log;
  { const Subscription listening = log.Listen(dispatcher, "a"); }
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{});
}

TEST(SubscriptionTest, MoveKeepsTheListener) {
  Dispatcher dispatcher;
  Log log;
  std::optional<Subscription> first = log.Listen(dispatcher, "a");
  Subscription second = std::move(*first);
  first.reset();
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"a"});
  second.Reset();
  second.Reset();
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{});
}

TEST(SubscriptionTest, AssignmentEndsWhatItHeld) {
  Dispatcher dispatcher;
  Log log;
  Subscription listening = log.Listen(dispatcher, "a");
  listening = log.Listen(dispatcher, "b");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"b"});
  listening = Subscription();
  EXPECT_FALSE(dispatcher.has_listeners<ToolCall>());
}

TEST(SubscriptionTest, MayOutliveItsDispatcher) {
  auto dispatcher = std::make_unique<Dispatcher>();
  auto captured = std::make_shared<int>(1);
  Subscription listening = dispatcher->Subscribe<ToolCall>(
      "a", [captured](const ToolCall&) { ++*captured; });
  dispatcher.reset();
  EXPECT_EQ(captured.use_count(), 2);
  listening.Reset();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(SubscriptionTest, CapturesDieWithIt) {
  Dispatcher dispatcher;
  auto captured = std::make_shared<int>(1);
  Subscription listening = dispatcher.Subscribe<ToolCall>(
      "a", [captured](const ToolCall&) { ++*captured; });
  const Subscription replacement =
      dispatcher.Subscribe<ToolCall>("a", [](const ToolCall&) {});
  EXPECT_EQ(captured.use_count(), 2);
  listening.Reset();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(SubscriptionTest, TakesCallablesThatOnlyMove) {
  Dispatcher dispatcher;
  int heard = 0;
  const Subscription listening = dispatcher.Subscribe<ToolCall>(
      "a", [&heard, step = std::make_unique<int>(2)](const ToolCall&) mutable {
        heard += (*step)++;
      });
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(heard, 5);
}

class IndexSink final : public SignalSink {
 public:
  void OnSignal(const Signal& signal) override {
    indices.push_back(signal.index());
  }
  std::vector<size_t> indices;
};

TEST(SubscribeAllTest, HearsEveryTypeAsItsVariant) {
  Dispatcher dispatcher;
  IndexSink sink;
  Subscription listening = dispatcher.SubscribeAll("all", sink);
  dispatcher.Dispatch(SpanStart());
  dispatcher.Dispatch(SpanFinish());
  dispatcher.Dispatch(LlmToolChoice());
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(ToolCallOutputUsed());
  dispatcher.Dispatch(Handoff());
  dispatcher.Dispatch(LlmHook());
  dispatcher.Dispatch(Annotate());
  dispatcher.Dispatch(ScopeFinish());
  EXPECT_EQ(sink.indices, (std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(sink.indices.size(), std::variant_size_v<Signal>);
  listening.Reset();
  dispatcher.Dispatch(ScopeFinish());
  EXPECT_EQ(sink.indices.size(), 9);
}

TEST(SubscribeAllTest, PassesTheFieldsOn) {
  class Sink final : public SignalSink {
   public:
    void OnSignal(const Signal& signal) override {
      arguments = std::get<ToolCall>(signal).arguments.value();
    }
    std::string arguments;
  } sink;
  Dispatcher dispatcher;
  const Subscription listening = dispatcher.SubscribeAll("all", sink);
  ToolCall call;
  call.arguments = "{\"a\":1}";
  dispatcher.Dispatch(call);
  EXPECT_EQ(sink.arguments, "{\"a\":1}");
}

TEST(SubscribeAllTest, SameNameReplacesEveryType) {
  Dispatcher dispatcher;
  IndexSink first;
  IndexSink second;
  const Subscription one = dispatcher.SubscribeAll("engine", first);
  const Subscription two = dispatcher.SubscribeAll("engine", second);
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(Handoff());
  EXPECT_EQ(first.indices.size(), 0);
  EXPECT_EQ(second.indices.size(), 2);
}

TEST(SubscribeAllTest, OneTypeMayBeReplaced) {
  Dispatcher dispatcher;
  IndexSink sink;
  Log log;
  Subscription all = dispatcher.SubscribeAll("engine", sink);
  const Subscription tools = log.Listen(dispatcher, "engine");
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(Handoff());
  EXPECT_EQ(sink.indices, std::vector<size_t>{5});
  all.Reset();
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(Handoff());
  EXPECT_EQ(log.Take(), (Entries{"engine", "engine"}));
  EXPECT_EQ(sink.indices.size(), 1);
}

TEST(DispatcherReentrancyTest, ListenerMayDispatchAnotherSignal) {
  Dispatcher dispatcher;
  Log log;
  const Subscription outer =
      dispatcher.Subscribe<ToolCall>("outer", [&](const ToolCall&) {
        log.Add("before");
        dispatcher.Dispatch(Handoff());
        log.Add("after");
      });
  const Subscription inner = log.Listen<Handoff>(dispatcher, "inner");
  const Subscription last = log.Listen(dispatcher, "last");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"before", "inner", "after", "last"}));
}

// Deeper than a thread has frames of its own.
TEST(DispatcherReentrancyTest, DispatchMayNestDeeply) {
  Dispatcher dispatcher;
  int depth = 0;
  int calls = 0;
  Subscription listening =
      dispatcher.Subscribe<ToolCall>("nest", [&](const ToolCall& call) {
        ++calls;
        if (++depth < 40) dispatcher.Dispatch(call);
        if (depth-- == 40) listening.Reset();
      });
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(calls, 40);
  EXPECT_EQ(depth, 0);
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(calls, 40);
}

TEST(DispatcherReentrancyTest, WhoJoinsInACallHearsTheNextDispatch) {
  Dispatcher dispatcher;
  Log log;
  Subscription joined;
  bool joins = true;
  const Subscription joining =
      dispatcher.Subscribe<ToolCall>("joining", [&](const ToolCall&) {
        log.Add("joining");
        if (!joins) return;
        joined = log.Listen(dispatcher, "joined");
        joins = false;
      });
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"joining"});
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"joining", "joined"}));
}

TEST(DispatcherReentrancyTest, ListenerMayEndItself) {
  Dispatcher dispatcher;
  Log log;
  Subscription once;
  once = dispatcher.Subscribe<ToolCall>("once", [&](const ToolCall&) {
    log.Add("once");
    once.Reset();
  });
  const Subscription last = log.Listen(dispatcher, "last");
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"once", "last", "last"}));
}

// Ends a listener in the innermost of `depth` calls of it, inside of as many of
// another as `others`, and expects what it captured to live until the outermost
// has returned.
void EndInACall(int depth, int others) {
  Dispatcher dispatcher;
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = captured;
  Subscription once;
  bool alive_in_the_outermost = false;
  once = dispatcher.Subscribe<ToolCall>(
      "once", [&, held = std::move(captured)](const ToolCall& call) {
        if (++*held < depth) dispatcher.Dispatch(call);
        once.Reset();
        alive_in_the_outermost = !watched.expired();
      });
  const Subscription other =
      dispatcher.Subscribe<Handoff>("other", [&](const Handoff& handoff) {
        if (--others > 0) {
          dispatcher.Dispatch(handoff);
        } else {
          dispatcher.Dispatch(ToolCall());
        }
      });
  dispatcher.Dispatch(Handoff());
  EXPECT_TRUE(alive_in_the_outermost);
  EXPECT_TRUE(watched.expired());
}

TEST(DispatcherReentrancyTest, CapturesOutliveTheCallThatEndsThem) {
  EndInACall(1, 1);
  EndInACall(3, 1);
}

// Deeper than a thread has frames of its own.
TEST(DispatcherReentrancyTest, CapturesOutliveDeepCallsThatEndThem) {
  EndInACall(40, 1);
  EndInACall(1, 40);
}

TEST(DispatcherReentrancyTest, ListenerMayOwnItsSubscription) {
  Dispatcher dispatcher;
  auto own = std::make_shared<Subscription>();
  const std::weak_ptr<Subscription> watched = own;
  *own = dispatcher.Subscribe<ToolCall>(
      "owner", [own](const ToolCall&) { own->Reset(); });
  own.reset();
  EXPECT_FALSE(watched.expired());
  dispatcher.Dispatch(ToolCall());
  EXPECT_TRUE(watched.expired());
}

TEST(DispatcherReentrancyTest, WhoIsEndedInACallIsNotCalledAgain) {
  Dispatcher dispatcher;
  Log log;
  Subscription later;
  const Subscription ending = dispatcher.Subscribe<ToolCall>(
      "ending", [&](const ToolCall&) { later.Reset(); });
  later = log.Listen(dispatcher, "later");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{});
}

TEST(DispatcherReentrancyTest, WhoIsReplacedInACallStillHearsItsSignal) {
  Dispatcher dispatcher;
  Log log;
  Subscription replacement;
  const Subscription replacing =
      dispatcher.Subscribe<ToolCall>("replacing", [&](const ToolCall&) {
        replacement = log.ListenAs(dispatcher, "a", "second");
      });
  const Subscription a = log.ListenAs(dispatcher, "a", "first");
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), Entries{"first"});
}

#if defined(__cpp_exceptions)
TEST(DispatcherTest, ThrowingListenerIsIsolatedAndCounted) {
  Dispatcher dispatcher;
  Log log;
  const Subscription first = log.Listen(dispatcher, "first");
  const Subscription error = dispatcher.Subscribe<ToolCall>(
      "error", [](const ToolCall&) { throw std::runtime_error("no"); });
  const Subscription number = dispatcher.Subscribe<ToolCall>(
      "number", [](const ToolCall&) { throw 1; });
  const Subscription last = log.Listen(dispatcher, "last");
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(log.Take(), (Entries{"first", "last", "first", "last"}));
  EXPECT_EQ(dispatcher.listener_failures(), 4);
  EXPECT_EQ(dispatcher.diagnostics().count(DiagnosticId::kListenerFailed), 4);
}

// In the innermost of nested calls: `depth` of one dispatcher, then one of
// another.
void ThrowInACall(int depth) {
  Dispatcher outer;
  Dispatcher inner;
  int calls = 0;
  const Subscription nest =
      outer.Subscribe<ToolCall>("nest", [&](const ToolCall& call) {
        (++calls < depth ? outer : inner).Dispatch(call);
      });
  const Subscription error = inner.Subscribe<ToolCall>(
      "error", [](const ToolCall&) { throw std::runtime_error("no"); });
  outer.Dispatch(ToolCall());
  EXPECT_EQ(calls, depth);
  EXPECT_EQ(outer.listener_failures(), 0);
  EXPECT_EQ(inner.listener_failures(), 1);
}

TEST(DispatcherTest, FailureIsCountedWhereItHappens) {
  ThrowInACall(1);
  ThrowInACall(3);
}

// Deeper than a thread has frames of its own.
TEST(DispatcherTest, DeepFailureIsCountedWhereItHappens) { ThrowInACall(40); }

TEST(DispatcherTest, ListenerThatEndsItselfMayThrow) {
  Dispatcher dispatcher;
  auto captured = std::make_shared<int>(1);
  Subscription once;
  once = dispatcher.Subscribe<ToolCall>("once", [&, captured](const ToolCall&) {
    once.Reset();
    throw *captured;
  });
  dispatcher.Dispatch(ToolCall());
  dispatcher.Dispatch(ToolCall());
  EXPECT_EQ(dispatcher.listener_failures(), 1);
  EXPECT_EQ(captured.use_count(), 1);
}
#endif

}  // namespace
}  // namespace spanlink
