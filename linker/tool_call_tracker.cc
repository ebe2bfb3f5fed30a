// Scopes are spread over shards by their trace id; a shard has the lock, the
// scopes and the order in which they were last heard of. What a signal decides
// is collected under the lock and handed to the sinks after it.
#include "spanlink/linker/tool_call_tracker.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/base/attributes.h"
#include "absl/container/flat_hash_map.h"
#include "spanlink/dispatch/mutex.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/parking_lot.h"
#include "spanlink/linker/scope.h"

namespace spanlink {
namespace {

constexpr size_t kMaxShards = 16;
// How many idle scopes one signal looks for: enough to keep up.
constexpr int kExpiredPerSignal = 2;

// For ages a clock will do that is some milliseconds late and costs next to
// nothing.
Time SystemNow() {
#if defined(CLOCK_REALTIME_COARSE)
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0) {
    return Time(std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec));
  }
#endif
  return std::chrono::time_point_cast<Duration>(
      std::chrono::system_clock::now());
}

// No more than there may be scopes, so that each shard's part of a limit is
// whole.
size_t ShardsFor(const Limits& limits) {
  return std::clamp<size_t>(std::min(limits.scopes, limits.spans), 1,
                            kMaxShards);
}

Options Complete(Options options) {
  if (!options.clock) options.clock = SystemNow;
  return options;
}

const SpanRef* RefOf(const Signal& signal) {
  struct Visitor {
    const SpanRef* operator()(const SpanStart& s) const { return &s.span; }
    const SpanRef* operator()(const SpanFinish& s) const { return &s.span; }
    const SpanRef* operator()(const LlmToolChoice& s) const { return &s.llm; }
    const SpanRef* operator()(const ToolCall& s) const { return &s.tool; }
    const SpanRef* operator()(const ToolCallOutputUsed& s) const {
      return &s.llm;
    }
    const SpanRef* operator()(const Handoff& s) const { return &s.span; }
    const SpanRef* operator()(const LlmHook& s) const { return &s.parent; }
    const SpanRef* operator()(const Annotate& s) const {
      return &s.span_or_parent;
    }
    const SpanRef* operator()(const ScopeFinish&) const { return nullptr; }
  };
  return std::visit(Visitor(), signal);
}

}  // namespace

// What all shards share. Immutable, but for what has a lock of its own.
struct ToolCallTracker::Shared {
  Shared(Options given, Diagnostics* counted)
      : options(Complete(std::move(given))),
        fingerprinter(options.seed),
        diagnostics(counted),
        shards(ShardsFor(options.limits)),
        scopes_per_shard(options.limits.scopes / shards),
        items_per_shard(options.limits.spans / shards),
        parking(options.limits.parked_calls, options.limits.parked_age) {}

  void Report(DiagnosticId id, SpanContext span, Batch& batch) const {
    diagnostics->Count(id);
    if (options.on_diagnostics) batch.events.push_back({id, span});
  }

  // REQUIRES: no lock is held.
  void HandOut(const Batch& batch) const {
    if (!batch.is_empty()) CallSinks(batch);
  }

  void CallSinks(const Batch& batch) const {
    if (!batch.links.empty() && options.on_links) options.on_links(batch.links);
    if (!batch.events.empty()) options.on_diagnostics(batch.events);
    if (batch.annotations.empty() || !options.on_annotations) return;
    std::vector<Annotation> annotations;
    annotations.reserve(batch.annotations.size());
    for (const Batch::BoundAnnotation& bound : batch.annotations) {
      annotations.push_back({bound.llm, bound.key, bound.value});
    }
    options.on_annotations(annotations);
  }

  CallBook::Context context() {
    return {&options, &fingerprinter, diagnostics, &parking};
  }

  const Options options;
  const Fingerprinter fingerprinter;
  Diagnostics* const diagnostics;
  const size_t shards;
  const size_t scopes_per_shard;
  const size_t items_per_shard;
  ParkingLot parking;
};

class ToolCallTracker::Shard {
 public:
  explicit Shard(Shared* shared) : shared_(*shared) {}

  void OnSignal(const Signal& signal, const TraceId& trace, Batch& batch) {
    MutexLock lock(&mutex_);
    const Time now = shared_.options.clock();
    Entry& entry = Find(trace, batch);
    entry.last_signal = now;
    entry.scope.OnSignal(signal, batch);
    CountItems(entry);
    KeepWithinBounds(now, entry, batch);
  }

  void Finish(const TraceId& trace, Batch& batch) {
    MutexLock lock(&mutex_);
    const auto found = entries_.find(trace);
    if (found == entries_.end()) return;
    SettleScope(found->second, batch);
    ended_.insert_or_assign(trace, shared_.options.clock());
    ForgetEnded();
  }

  // Settles scopes until none is idle for too long.
  void Tick(Batch& batch) {
    MutexLock lock(&mutex_);
    SettleIdle(shared_.options.clock(), entries_.size(), batch);
    ForgetEnded();
  }

  // The scopes with what they settle by.
  void AppendScopes(std::vector<std::tuple<int64_t, TraceId, Shard*>>& scopes) {
    MutexLock lock(&mutex_);
    for (const auto& [trace, entry] : entries_) {
      scopes.emplace_back((*entry)->scope.start_ns(), trace, this);
    }
  }

  void AddTo(Stats& stats) const {
    MutexLock lock(&mutex_);
    stats.scopes += entries_.size();
    for (const auto& [trace, entry] : entries_) {
      const Scope& scope = (*entry)->scope;
      stats.spans += scope.tree().size();
      stats.calls += scope.calls().calls();
      stats.executions += scope.calls().executions();
      stats.uses += scope.calls().uses();
      stats.guardrails += scope.guardrails().size();
      stats.annotations += scope.annotations().size();
    }
  }

 private:
  struct Entry {
    Entry(const TraceId& trace, Shared& shared, Scope::Spare* spare,
          Batch& batch)
        : scope(trace, shared.context(), spare, batch) {}
    Scope scope;
    size_t items = 0;  // that `items_` holds of it
    Time last_signal;
    bool reopened = false;
  };
  // The nodes of the list stay, empty, when their scopes go.
  using Entries = std::list<std::optional<Entry>>;
  static constexpr size_t kMostUnused = 16;

  Entry& Find(const TraceId& trace, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Signals of one trace often follow one another.
    const bool is_last =
        !by_age_.empty() && by_age_.back()->scope.trace() == trace;
    return is_last ? *by_age_.back() : FindOrAdd(trace, batch);
  }

  ABSL_ATTRIBUTE_NOINLINE Entry& FindOrAdd(const TraceId& trace, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto [found, is_new] = entries_.try_emplace(trace);
    if (!is_new) {
      by_age_.splice(by_age_.end(), by_age_, found->second);
      return *by_age_.back();
    }
    if (unused_.empty()) unused_.emplace_back();
    by_age_.splice(by_age_.end(), unused_, unused_.begin());
    found->second = std::prev(by_age_.end());
    Entry& entry = by_age_.back().emplace(trace, shared_, &spare_, batch);
    entry.reopened = ended_.erase(trace) > 0;
    return entry;
  }

  void CountItems(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    items_ -= entry.items;
    entry.items = entry.scope.size();
    items_ += entry.items;
  }

  void SettleScope(Entries::iterator place, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Entry& entry = **place;
    items_ -= entry.items;
    entry.scope.Settle(batch);
    entries_.erase(TraceId(entry.scope.trace()));
    place->reset();
    unused_.splice(unused_.end(), by_age_, place);
    if (unused_.size() > kMostUnused) unused_.pop_back();
  }

  void KeepWithinBounds(Time now, const Entry& current, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t scopes = shared_.scopes_per_shard;
    const size_t items = shared_.items_per_shard;
    const bool keep_current = scopes > 0 && items > 0;
    while (!by_age_.empty() && (entries_.size() > scopes || items_ > items) &&
           !(keep_current && &*by_age_.front() == &current)) {
      shared_.Report(DiagnosticId::kEvictedScope,
                     {by_age_.front()->scope.trace(), {}}, batch);
      SettleScope(by_age_.begin(), batch);
    }
    SettleIdle(now, kExpiredPerSignal, batch);
  }

  void SettleIdle(Time now, size_t at_most, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const Limits& limits = shared_.options.limits;
    while (at_most-- > 0 && !by_age_.empty()) {
      const Entry& oldest = *by_age_.front();
      const Duration idle = now - oldest.last_signal;
      if (idle <= (oldest.reopened ? limits.reopened_idle : limits.idle))
        return;
      SettleScope(by_age_.begin(), batch);
    }
  }

  // Traces that were reported finished, to know a late signal as such.
  void ForgetEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const Limits& limits = shared_.options.limits;
    if (ended_.size() <= shared_.scopes_per_shard + 1) return;
    const Time now = shared_.options.clock();
    absl::erase_if(ended_, [&](const auto& entry) {
      return now - entry.second > limits.reopened_idle;
    });
    if (ended_.size() > shared_.scopes_per_shard + 1) ended_.clear();
  }

  Shared& shared_;
  mutable Mutex mutex_;
  size_t items_ ABSL_GUARDED_BY(mutex_) = 0;
  Scope::Spare spare_ ABSL_GUARDED_BY(mutex_);  // outlives the scopes
  absl::flat_hash_map<TraceId, Entries::iterator> entries_
      ABSL_GUARDED_BY(mutex_);
  Entries by_age_ ABSL_GUARDED_BY(mutex_);  // oldest signal first
  Entries unused_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<TraceId, Time> ended_ ABSL_GUARDED_BY(mutex_);
};

ToolCallTracker::ToolCallTracker(Options options, Diagnostics* diagnostics)
    : shared_(std::make_unique<Shared>(std::move(options), diagnostics)),
      shards_([this] {
        std::vector<std::unique_ptr<Shard>> shards;
        for (size_t i = 0; i < shared_->shards; ++i) {
          shards.push_back(std::make_unique<Shard>(shared_.get()));
        }
        return shards;
      }()) {}

ToolCallTracker::~ToolCallTracker() = default;

// By the id alone, so that what a limit takes away is the same in every run.
ToolCallTracker::Shard& ToolCallTracker::ShardOf(const TraceId& trace) const {
  // Every bit counts in the upper half of the product (2^64 by the golden
  // ratio), whose share of 2^32 is the shard's.
  const auto [first, second] = trace.words();
  const uint64_t mixed = (first ^ std::rotl(second, 32)) * 0x9e3779b97f4a7c15;
  return *shards_[(mixed >> 32) * shared_->shards >> 32];
}

void ToolCallTracker::OnSignal(const Signal& signal) {
  Batch batch;
  if (const auto* finish = std::get_if<ScopeFinish>(&signal)) {
    ShardOf(finish->scope).Finish(finish->scope, batch);
  } else {
    const SpanContext& context = RefOf(signal)->context;
    if (context.trace_id.is_zero() || context.span_id.is_zero()) {
      shared_->Report(DiagnosticId::kMalformedSignal, context, batch);
    } else {
      ShardOf(context.trace_id).OnSignal(signal, context.trace_id, batch);
    }
  }
  shared_->HandOut(batch);
}

void ToolCallTracker::SettleAll() {
  std::vector<std::tuple<int64_t, TraceId, Shard*>> scopes;
  for (const auto& shard : shards_) shard->AppendScopes(scopes);
  std::sort(scopes.begin(), scopes.end());
  for (const auto& [start, trace, shard] : scopes) {
    Batch batch;
    shard->Finish(trace, batch);
    shared_->HandOut(batch);
  }
}

void ToolCallTracker::Tick() {
  for (const auto& shard : shards_) {
    Batch batch;
    shard->Tick(batch);
    shared_->HandOut(batch);
  }
  shared_->parking.Expire(shared_->options.clock());
}

ToolCallTracker::Stats ToolCallTracker::stats() const {
  Stats stats;
  for (const auto& shard : shards_) shard->AddTo(stats);
  stats.parked_calls = shared_->parking.size();
  return stats;
}

}  // namespace spanlink
