#include "spanlink/dispatch/dispatcher.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "spanlink/dispatch/memory_barrier.h"
#include "spanlink/dispatch/mutex.h"
#include "spanlink/dispatch/running_calls.h"

// How it works.
//
// For each type of signal there is one immutable `Table` of listeners, behind
// an atomic pointer. A change copies it, publishes the copy and retires the old
// one. A dispatch names the table that it goes through, and each listener while
// it calls it, in a frame that others can read (running_calls.h). Hence:
//
// - A retired table is freed when no frame names it.
// - A listener leaves by being taken out of the tables, marked `removed` and
//   then waited for: whoever dispatches first names the listener and then looks
//   at the mark, so after the barrier either the frame shows the call or the
//   call does not happen.
//
// Only changes lock and wait; a dispatch does neither.

namespace spanlink {
namespace internal {

class Listener {
 public:
  Listener(std::string_view name, Target target, Diagnostics* diagnostics)
      : name_(name), target_(std::move(target)), diagnostics_(diagnostics) {}

  const std::string& name() const { return name_; }
  void* target() const { return target_.get(); }
  bool removed() const { return removed_.load(); }
  std::atomic<uint32_t>& shared_calls() { return shared_calls_; }

  // Follows a call that threw.
  void OnThrown() { diagnostics_->Count(DiagnosticId::kListenerFailed); }

  // Returns when no call runs but the calling thread's own, and none will.
  // Destroys the target, or lets the last of these calls do it.
  // REQUIRES: no table that is published holds the listener.
  void RemoveAndWait();

  // Follows every call, or attempt of one, of a listener that is `removed`.
  void OnCallOfRemovedEnded();

 private:
  bool OthersRun() const {
    return RunsElsewhere(this) || shared_calls_.load() != SharedCallsHere(this);
  }

  const std::string name_;
  Target target_;
  Diagnostics* const diagnostics_;
  std::atomic<bool> removed_{false};
  std::atomic<uint32_t> shared_calls_{0};
  // Counts ended calls once the listener is removed; waited on.
  std::atomic<uint32_t> ended_{0};
  // The thread that removed the listener from inside of a call of it.
  std::atomic<const ThreadCalls*> remover_{nullptr};
};

void Listener::RemoveAndWait() {
  removed_.store(true);
  HeavyBarrier();
  while (true) {
    const uint32_t ended = ended_.load();
    if (!OthersRun()) break;
    ended_.wait(ended);
  }
  if (RunsHere(this)) {
    remover_.store(&thread_calls, std::memory_order_relaxed);
  } else {
    target_.reset();
  }
}

void Listener::OnCallOfRemovedEnded() {
  ended_.fetch_add(1);
  ended_.notify_all();
  if (remover_.load(std::memory_order_relaxed) == &thread_calls &&
      !RunsHere(this)) {
    target_.reset();
  }
}

namespace {

struct Entry {
  Call call;
  void* target;
  Listener* listener;
};

struct Registration {
  // Keeps the mark readable for as long as a dispatch may look at it.
  std::shared_ptr<Listener> listener;
  Call call;
};
using Registrations = std::vector<Registration>;

// Immutable. What is published are the entries, which end with one that has no
// call, and never start with it.
class Table {
 public:
  explicit Table(Registrations registrations)
      : registrations_(std::move(registrations)) {
    for (const auto& [listener, call] : registrations_) {
      entries_.push_back({call, listener->target(), listener.get()});
    }
    entries_.push_back({nullptr, nullptr, nullptr});
  }
  const Registrations& registrations() const { return registrations_; }
  const Entry* entries() const { return entries_.data(); }

 private:
  const Registrations registrations_;
  std::vector<Entry> entries_;
};

// The core's only `catch`.
inline void CallIsolated(const Entry& entry, const void* signal) {
#if defined(__cpp_exceptions)
  try {
    entry.call(entry.target, signal);
  } catch (...) {
    entry.listener->OnThrown();
  }
#else
  entry.call(entry.target, signal);
#endif
}

// A dispatch with a frame of its own.
class FramedDispatch {
 public:
  explicit FramedDispatch(Frame* frame) : frame_(frame) {}
  ~FramedDispatch() { LeaveFrame(frame_); }

  const void* Protect(const std::atomic<const void*>& published) {
    const void* table = published.load();
    while (true) {
      StoreBeforeLoads(frame_->table, table);
      const void* again = published.load();
      if (again == table) return table;
      table = again;
    }
  }
  void Begin(Listener* listener) {
    StoreBeforeLoads<const void*>(frame_->listener, listener);
  }
  void End(Listener*) {
    StoreBeforeLoads<const void*>(frame_->listener, nullptr);
  }

 private:
  Frame* const frame_;
};

// A dispatch that counts itself where all others without a frame do.
class CountedDispatch {
 public:
  explicit CountedDispatch(std::atomic<uint32_t>& dispatches)
      : dispatches_(dispatches) {
    dispatches_.fetch_add(1);
  }
  ~CountedDispatch() { dispatches_.fetch_sub(1); }

  const void* Protect(const std::atomic<const void*>& published) {
    return published.load();
  }
  void Begin(Listener* listener) {
    call_ = {listener, thread_calls.shared};
    thread_calls.shared = &call_;
    listener->shared_calls().fetch_add(1);
  }
  void End(Listener* listener) {
    thread_calls.shared = call_.outer;
    listener->shared_calls().fetch_sub(1);
  }

 private:
  std::atomic<uint32_t>& dispatches_;
  SharedCall call_{nullptr, nullptr};
};

template <typename D>
inline void CallAll(D& dispatch, const std::atomic<const void*>& published,
                    const void* signal) {
  const auto* entry = static_cast<const Entry*>(dispatch.Protect(published));
  if (entry == nullptr) return;
  do {
    dispatch.Begin(entry->listener);
    if (!entry->listener->removed()) [[likely]] {
      CallIsolated(*entry, signal);
    }
    dispatch.End(entry->listener);
    if (entry->listener->removed()) [[unlikely]] {
      entry->listener->OnCallOfRemovedEnded();
    }
    ++entry;
  } while (entry->call != nullptr);
}

}  // namespace

// The state of a dispatcher, shared with its subscriptions.
class Bus {
 public:
  using Calls = std::array<Call, kSignalTypes>;
  using Heard = std::array<std::atomic<const void*>, kSignalTypes>;

  const Heard& heard() const { return heard_; }
  Diagnostics& diagnostics() { return diagnostics_; }

  void Dispatch(size_t type, const void* signal) {
    if (Frame* frame = EnterFrame(); frame != nullptr) [[likely]] {
      FramedDispatch dispatch(frame);
      CallAll(dispatch, heard_[type], signal);
    } else {
      DispatchCounted(type, signal);
    }
  }
  void DispatchCounted(size_t type, const void* signal);

  void Add(std::shared_ptr<Listener> listener, const Calls& calls)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(Listener& listener) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void TakeOut(const Listener& listener) ABSL_LOCKS_EXCLUDED(mutex_);
  Registrations RegistrationsOf(size_t type) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish(size_t type, Registrations registrations)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FreeUnusedTables() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The entries of `tables_`; stored to with `mutex_` held.
  Heard heard_{};
  std::atomic<uint32_t> counted_dispatches_{0};
  Diagnostics diagnostics_;

  Mutex mutex_;
  std::array<std::unique_ptr<const Table>, kSignalTypes> tables_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<const Table>> retired_ ABSL_GUARDED_BY(mutex_);
};

// Not inline: the registers that it needs are not saved for the usual case.
[[gnu::noinline]] void Bus::DispatchCounted(size_t type, const void* signal) {
  CountedDispatch dispatch(counted_dispatches_);
  CallAll(dispatch, heard_[type], signal);
}

void Bus::Add(std::shared_ptr<Listener> listener, const Calls& calls) {
  PrepareSlots();
  MutexLock lock(&mutex_);
  for (size_t type = 0; type < calls.size(); ++type) {
    if (calls[type] == nullptr) continue;
    Registrations registrations = RegistrationsOf(type);
    const auto same_name = std::ranges::find_if(
        registrations, [&listener](const Registration& registration) {
          return registration.listener->name() == listener->name();
        });
    if (same_name == registrations.end()) {
      registrations.push_back({listener, calls[type]});
    } else {
      *same_name = {listener, calls[type]};
    }
    Publish(type, std::move(registrations));
  }
  FreeUnusedTables();
}

void Bus::Remove(Listener& listener) {
  TakeOut(listener);
  listener.RemoveAndWait();
  MutexLock lock(&mutex_);
  FreeUnusedTables();
}

void Bus::TakeOut(const Listener& listener) {
  const auto is_of_listener = [&listener](const Registration& registration) {
    return registration.listener.get() == &listener;
  };
  MutexLock lock(&mutex_);
  for (size_t type = 0; type < tables_.size(); ++type) {
    Registrations registrations = RegistrationsOf(type);
    if (std::erase_if(registrations, is_of_listener) > 0) {
      Publish(type, std::move(registrations));
    }
  }
}

Registrations Bus::RegistrationsOf(size_t type) const {
  return tables_[type] == nullptr ? Registrations()
                                  : tables_[type]->registrations();
}

void Bus::Publish(size_t type, Registrations registrations) {
  std::unique_ptr<const Table> table;
  if (!registrations.empty()) {
    table = std::make_unique<const Table>(std::move(registrations));
  }
  heard_[type].store(table == nullptr ? nullptr : table->entries());
  std::swap(tables_[type], table);
  if (table != nullptr) retired_.push_back(std::move(table));
}

// The barrier comes after the publication of what replaced the tables, all of
// them: none can be retired while the lock is held. Those that are in use stay
// until the next change.
void Bus::FreeUnusedTables() {
  HeavyBarrier();
  if (counted_dispatches_.load() > 0) return;
  std::erase_if(retired_, [](const std::unique_ptr<const Table>& table) {
    return !IsTableInUse(table->entries());
  });
}

}  // namespace internal

Subscription::Subscription(std::shared_ptr<internal::Bus> bus,
                           std::shared_ptr<internal::Listener> listener)
    : bus_(std::move(bus)), listener_(std::move(listener)) {}

Subscription::~Subscription() { Reset(); }

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  Subscription ended(std::move(*this));
  bus_ = std::move(other.bus_);
  listener_ = std::move(other.listener_);
  return *this;
}

// Empties the handle first: what the listener captured may hold the handle.
void Subscription::Reset() {
  const std::shared_ptr<internal::Bus> bus = std::move(bus_);
  const std::shared_ptr<internal::Listener> listener = std::move(listener_);
  if (listener != nullptr) bus->Remove(*listener);
}

Dispatcher::Dispatcher()
    : bus_(std::make_shared<internal::Bus>()), heard_(bus_->heard().data()) {}

Dispatcher::~Dispatcher() = default;

const Diagnostics& Dispatcher::diagnostics() const {
  return bus_->diagnostics();
}

void Dispatcher::DispatchTo(size_t type, const void* signal) const noexcept {
  bus_->Dispatch(type, signal);
}

Subscription Dispatcher::Register(std::string_view name,
                                  internal::Target target, const Calls& calls) {
  auto listener = std::make_shared<internal::Listener>(name, std::move(target),
                                                       &bus_->diagnostics());
  bus_->Add(listener, calls);
  return Subscription(bus_, std::move(listener));
}

namespace {

template <typename S>
void CallSink(void* sink, const void* signal) {
  static_cast<SignalSink*>(sink)->OnSignal(*static_cast<const S*>(signal));
}

template <typename... Types>
constexpr std::array<internal::Call, sizeof...(Types)> CallsOfSink(
    std::type_identity<std::variant<Types...>>) {
  return {&CallSink<Types>...};
}

}  // namespace

Subscription Dispatcher::SubscribeAll(std::string_view name, SignalSink& sink) {
  return Register(name, internal::Target(&sink, [](void*) {}),
                  CallsOfSink(std::type_identity<Signal>()));
}

Dispatcher& DefaultDispatcher() {
  static Dispatcher* const dispatcher = new Dispatcher;
  return *dispatcher;
}

}  // namespace spanlink
