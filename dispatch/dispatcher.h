// Dispatcher: the bus on which integrations that know nothing of one another
// meet.
//
// The client library that saw an answer and the agents SDK that ran the tool
// dispatch what they see; a tracker that somebody else installed listens:
//
//   spanlink::Subscription listening =
//       spanlink::DefaultDispatcher().Subscribe<spanlink::ToolCall>(
//           "my-tool-log", [](const spanlink::ToolCall& call) { … });
//   // … anywhere else in the process …
//   spanlink::DefaultDispatcher().Dispatch(spanlink::ToolCall{…});
//
// Listeners run synchronously, on the thread that dispatches, in the order in
// which they were registered. A listener may be called by several threads at
// once. From inside a call it may dispatch, subscribe and unsubscribe, itself
// too: a listener that joins is called from the next dispatch on, one that
// leaves is not called again.
//
// It is not a queue, and keeps nothing: a signal that nobody listens to is
// gone.
//
// Lifetime: a `Subscription` and its `Dispatcher` may be destroyed in either
// order; no dispatch may be running on a `Dispatcher` that is destroyed. What a
// listener captures must live until its `Subscription` is destroyed.
// Thread safety: Thread-safe. No concurrent calls to any method cause a data
// race.
// Complexity: `Dispatch` costs one load without listeners, less than two
// virtual calls a listener otherwise; it never waits, takes no lock, allocates
// nothing, and dispatches of several threads do not slow one another down (the
// first few hundred threads of a process, that is; those beyond share
// counters). `Subscribe` and the end of a subscription are O(listeners of the
// type), some microseconds.
// Errors: none. A listener that throws is stopped there and counted as
// `DiagnosticId::kListenerFailed`; the other listeners still run. Where a
// listener is compiled without exceptions, it must not throw.
#ifndef SPANLINK_DISPATCH_DISPATCHER_H_
#define SPANLINK_DISPATCH_DISPATCHER_H_

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "spanlink/dispatch/memory_barrier.h"
#include "spanlink/dispatch/running_calls.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {

namespace internal {

class Bus;

// The position of `S` among the types of `Signal`; their number for others.
template <typename S, typename... Types>
consteval size_t PositionOf(std::type_identity<std::variant<Types...>>) {
  constexpr std::array<bool, sizeof...(Types)> kSame = {
      std::is_same_v<S, Types>...};
  size_t position = 0;
  while (position < kSame.size() && !kSame[position]) ++position;
  return position;
}
template <typename S>
inline constexpr size_t kSignalIndex =
    PositionOf<S>(std::type_identity<Signal>());
inline constexpr size_t kSignalTypes = std::variant_size_v<Signal>;

// Counts that the calling thread's innermost listener threw.
void OnListenerThrew();

// The core's only `catch`.
template <typename F>
void CallIsolated(const F& call) noexcept {
#if defined(__cpp_exceptions)
  try {
    call();
  } catch (...) {
    OnListenerThrew();
  }
#else
  call();
#endif
}

}  // namespace internal

// One of the structs of model/signals.h.
template <typename S>
concept SignalType = internal::kSignalIndex<S> < internal::kSignalTypes;

// Keeps a listener registered for as long as it lives.
//
// Destruction, and assignment to it, end the registration and wait until calls
// of the listener on other threads have returned, at most a millisecond longer;
// after that nothing that the listener captured is touched. A call of the
// calling thread itself, from inside of which the registration ends, is not
// waited for; what it captured is then destroyed when that call returns. Two
// listeners must not end each other's registrations from two threads at the
// same time: each would wait for the other.
//
// Thread safety: Thread-compatible.
class [[nodiscard]] Subscription {
 public:
  // Holds nothing.
  Subscription() = default;
  Subscription(Subscription&& other) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription();

  // Ends the registration, as destruction does. A second one does nothing.
  void Reset();

 private:
  friend class Dispatcher;
  Subscription(std::shared_ptr<internal::Bus> bus,
               std::shared_ptr<internal::Listener> listener);

  std::shared_ptr<internal::Bus> bus_;
  std::shared_ptr<internal::Listener> listener_;
};

class Dispatcher {
 public:
  // For tests and for isolation; programs meet at `DefaultDispatcher()`.
  Dispatcher();
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Calls every listener of this type of signal.
  template <SignalType S>
  void Dispatch(const S& signal) const noexcept {
    DispatchTo(heard_[internal::kSignalIndex<S>], &signal);
  }

  // Registers `callable`, which takes a `const S&`, under `name`. Where a
  // listener for this type has that name, the new one takes its place in the
  // order; the old one's `Subscription` ends nothing any more but still waits
  // for its running calls.
  template <SignalType S, typename F>
  requires std::invocable < std::decay_t<F>
  &, const S& > [[nodiscard]] Subscription Subscribe(std::string_view name,
                                                     F&& callable) {
    using Callable = std::decay_t<F>;
    internal::Target target(
        new Callable(std::forward<F>(callable)),
        [](void* object) { delete static_cast<Callable*>(object); });
    Calls calls{};
    calls[internal::kSignalIndex<S>] = [](void* object,
                                          const void* signal) noexcept {
      internal::CallIsolated([&] {
        std::invoke(*static_cast<Callable*>(object),
                    *static_cast<const S*>(signal));
      });
    };
    return Register(name, std::move(target), calls);
  }

  // Registers `sink` for the signals of every type, as one listener. `sink`
  // must outlive the result.
  [[nodiscard]] Subscription SubscribeAll(std::string_view name,
                                          SignalSink& sink);

  // Returns whether anybody listens to this type of signal: a producer may save
  // itself the work of making one.
  template <SignalType S>
  bool has_listeners() const {
    return heard_[internal::kSignalIndex<S>].load(std::memory_order_relaxed) !=
           nullptr;
  }

  // How often a listener threw.
  uint64_t listener_failures() const {
    return diagnostics().count(DiagnosticId::kListenerFailed);
  }
  const Diagnostics& diagnostics() const;

 private:
  // What to call for each type of signal; null: not registered for it.
  using Calls = std::array<internal::Call, internal::kSignalTypes>;

  // The usual dispatch: of a thread that is not inside of another one, to one
  // listener. Inline, since one call more would cost as much as all of it.
  void DispatchTo(const internal::Published& heard,
                  const void* signal) const noexcept {
    const internal::Entry* entry = heard.load(std::memory_order_relaxed);
    if (entry == nullptr) return;
    internal::Frame& frame = internal::OutermostFrame();
    if (frame.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
      return DispatchUnusually(heard, signal);
    }
    internal::StoreBeforeLoads(frame, entry);
    if (heard.load() == entry && entry[1].call == nullptr) [[likely]] {
      entry->call(entry->target, signal);
      return internal::LeaveFrame(frame);
    }
    internal::LeaveFrame(frame);
    DispatchUnusually(heard, signal);
  }
  void DispatchUnusually(const internal::Published& heard,
                         const void* signal) const noexcept;
  Subscription Register(std::string_view name, internal::Target target,
                        const Calls& calls);

  const std::shared_ptr<internal::Bus> bus_;
  // Inside of `bus_`: for each type of signal its listeners, null for none.
  const internal::Published* const heard_;
};

// Returns the dispatcher of the process. Never destroyed: it may be used by the
// constructors and destructors of static objects. A process that loads several
// shared objects which each hold a copy of this library has one dispatcher for
// all of them only if they export its symbols.
Dispatcher& DefaultDispatcher();

}  // namespace spanlink

#endif  // SPANLINK_DISPATCH_DISPATCHER_H_
