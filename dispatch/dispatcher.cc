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
// one. A dispatch names the entry of the table at which it is in a frame that
// others can read (running_calls.h), and then looks whether the table is still
// the published one. Hence:
//
// - A retired table is freed when no frame names an entry of it.
// - A listener leaves by being taken out of the tables, marked `removed` and
//   then waited for: whoever dispatches first names the entry and then looks at
//   what is published, so after the barrier either the frame shows the call, or
//   the dispatch sees that something changed and looks at the mark.
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
  std::atomic<uint32_t>& shared_calls() { return shared_calls_; }

  // Whether it left: it must not be called any more.
  bool removed() const { return removed_.load(); }
  void MarkRemoved() { removed_.store(true); }
  // REQUIRES: it is called no more, but for calls that run.
  Target TakeTarget() { return std::move(target_); }

  // Follows a call that threw.
  void OnThrown() { diagnostics_->Count(DiagnosticId::kListenerFailed); }

 private:
  const std::string name_;
  Target target_;
  Diagnostics* const diagnostics_;
  std::atomic<bool> removed_{false};
  std::atomic<uint32_t> shared_calls_{0};
};

namespace {

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

  // Returns whether `entry` is the address of one of this table, of `listener`
  // or, if that is null, of anybody.
  bool Holds(const Entry* entry, const Listener* listener) const {
    return std::ranges::any_of(entries_, [&](const Entry& own) {
      return &own == entry && (listener == nullptr || own.listener == listener);
    });
  }

 private:
  const Registrations registrations_;
  std::vector<Entry> entries_;
};

// Calls all listeners that are published.
void CallInFrame(Frame& frame, const Published& published, const void* signal) {
  const Entry* latest = published.load();
  const Entry* first;
  do {
    first = latest;
    StoreBeforeLoads(frame, first);
    latest = published.load();
  } while (latest != first);
  if (first == nullptr) return;
  first->call(first->target, signal);
  for (const Entry* entry = first + 1; entry->call != nullptr; ++entry) {
    StoreBeforeLoads(frame, entry);
    if (published.load() != first) [[unlikely]] {
      OnCallEnded();
      if (entry->listener->removed()) continue;
    }
    entry->call(entry->target, signal);
  }
  LeaveFrame(frame);
}

// A call of a dispatch that has no frame.
void CallCounted(const Entry& entry, const void* signal) {
  Listener& listener = *entry.listener;
  const SharedCall call = {&listener, thread_calls.shared};
  thread_calls.shared = &call;
  listener.shared_calls().fetch_add(1);
  if (!listener.removed()) entry.call(entry.target, signal);
  thread_calls.shared = call.outer;
  listener.shared_calls().fetch_sub(1);
  OnCallEnded();
}

}  // namespace

void OnListenerThrew() { InnermostListener().OnThrown(); }

// The state of a dispatcher, shared with its subscriptions.
class Bus {
 public:
  using Calls = std::array<Call, kSignalTypes>;
  using Heard = std::array<Published, kSignalTypes>;

  const Heard& heard() const { return heard_; }
  Diagnostics& diagnostics() { return diagnostics_; }

  // A dispatch without a frame: counts itself where all of them do.
  void DispatchCounted(const Published& published, const void* signal);

  void Add(std::shared_ptr<Listener> listener, const Calls& calls)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns when no call of `listener` runs but the calling thread's own, and
  // none will. Destroys what it calls, or lets the last of these calls do it.
  void Remove(Listener& listener) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void TakeOut(const Listener& listener) ABSL_LOCKS_EXCLUDED(mutex_);
  Registrations RegistrationsOf(size_t type) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish(size_t type, Registrations registrations)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool RunsElsewhere(Listener& listener) ABSL_LOCKS_EXCLUDED(mutex_);
  const Frame* FindFrameOf(const Listener& listener)
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsOf(const Entry* entry, const Listener& listener) const
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

void Bus::DispatchCounted(const Published& published, const void* signal) {
  counted_dispatches_.fetch_add(1);
  const Entry* entry = published.load();
  for (; entry != nullptr && entry->call != nullptr; ++entry) {
    CallCounted(*entry, signal);
  }
  counted_dispatches_.fetch_sub(1);
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
  listener.MarkRemoved();
  HeavyBarrier();
  WaitWhile([&] { return RunsElsewhere(listener); });
  const Frame* outermost = FindFrameOf(listener);
  if (outermost != nullptr || SharedCallsHere(&listener) > 0) {
    DestroyWhenLeft(listener, outermost, listener.TakeTarget());
  } else {
    listener.TakeTarget();
  }
  MutexLock lock(&mutex_);
  FreeUnusedTables();
}

bool Bus::RunsElsewhere(Listener& listener) {
  if (listener.shared_calls().load() != SharedCallsHere(&listener)) return true;
  MutexLock lock(&mutex_);
  for (const Entry* entry : EntriesElsewhere()) {
    if (IsOf(entry, listener)) return true;
  }
  return false;
}

// Returns the calling thread's first frame that names `listener`, or nullptr.
const Frame* Bus::FindFrameOf(const Listener& listener) {
  MutexLock lock(&mutex_);
  for (const Frame& frame : thread_calls.slot->frames) {
    if (IsOf(frame.load(), listener)) return &frame;
  }
  return nullptr;
}

// What a frame names may be of another dispatcher, or have been freed: it is
// only compared.
bool Bus::IsOf(const Entry* entry, const Listener& listener) const {
  const auto holds = [&](const std::unique_ptr<const Table>& table) {
    return table != nullptr && table->Holds(entry, &listener);
  };
  return std::ranges::any_of(tables_, holds) ||
         std::ranges::any_of(retired_, holds);
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
  const std::vector<const Entry*> entries = EntriesEverywhere();
  std::erase_if(retired_, [&](const std::unique_ptr<const Table>& table) {
    return std::ranges::none_of(entries, [&](const Entry* entry) {
      return table->Holds(entry, nullptr);
    });
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

void Dispatcher::DispatchUnusually(const internal::Published& heard,
                                   const void* signal) const noexcept {
  if (internal::Frame* frame = internal::FindFrame(); frame != nullptr) {
    internal::CallInFrame(*frame, heard, signal);
  } else {
    bus_->DispatchCounted(heard, signal);
  }
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
void CallSink(void* sink, const void* signal) noexcept {
  internal::CallIsolated([&] {
    static_cast<SignalSink*>(sink)->OnSignal(*static_cast<const S*>(signal));
  });
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
