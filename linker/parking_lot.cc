#include "spanlink/linker/parking_lot.h"

#include <algorithm>

namespace spanlink {
namespace {

template <typename Map, typename Key>
void EraseNumber(Map& map, const Key& key, uint64_t number) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  auto& numbers = found->second;
  numbers.erase(std::remove(numbers.begin(), numbers.end(), number),
                numbers.end());
  if (numbers.empty()) map.erase(found);
}

}  // namespace

size_t ParkingLot::Park(ParkedCall call, Time now) {
  MutexLock lock(&mutex_);
  ExpireLocked(now);
  if (limit_ == 0) return call.used ? 0 : 1;
  size_t lost = 0;
  while (slots_.size() >= limit_) {
    lost += slots_.begin()->second.call.used ? 0 : 1;
    Erase(slots_.begin()->first);
  }
  const Number number = next_++;
  if (call.resumes) resuming_[call.llm.trace_id].push_back(number);
  if (call.conversation != Fingerprint{} && !call.id_text.empty()) {
    by_conversation_[{call.conversation, call.id}].push_back(number);
  }
  slots_.emplace(number, Slot{std::move(call), now});
  return lost;
}

std::vector<ParkedCall> ParkingLot::TakeResuming(const TraceId& trace) {
  MutexLock lock(&mutex_);
  std::vector<ParkedCall> calls;
  const auto found = resuming_.find(trace);
  if (found == resuming_.end()) return calls;
  const std::vector<Number> numbers = found->second;
  for (const Number number : numbers) {
    calls.push_back(slots_.at(number).call);
    Erase(number);
  }
  return calls;
}

std::optional<ParkedCall> ParkingLot::Take(const Fingerprint& conversation,
                                           const Fingerprint& id,
                                           bool unexecuted) {
  MutexLock lock(&mutex_);
  const auto found = by_conversation_.find({conversation, id});
  if (found == by_conversation_.end()) return std::nullopt;
  const std::vector<Number>& numbers = found->second;
  for (auto latest = numbers.rbegin(); latest != numbers.rend(); ++latest) {
    const ParkedCall& call = slots_.at(*latest).call;
    const bool is_unexecuted = call.pending || (!call.used && !call.execution);
    if (unexecuted && !is_unexecuted) continue;
    ParkedCall taken = call;
    Erase(*latest);
    return taken;
  }
  return std::nullopt;
}

void ParkingLot::Expire(Time now) {
  MutexLock lock(&mutex_);
  ExpireLocked(now);
}

size_t ParkingLot::size() const {
  MutexLock lock(&mutex_);
  return slots_.size();
}

void ParkingLot::Erase(Number number) {
  const auto slot = slots_.find(number);
  const ParkedCall& call = slot->second.call;
  EraseNumber(resuming_, call.llm.trace_id, number);
  EraseNumber(by_conversation_, ConversationKey{call.conversation, call.id},
              number);
  slots_.erase(slot);
}

void ParkingLot::ExpireLocked(Time now) {
  while (!slots_.empty() && now - slots_.begin()->second.parked > age_) {
    Erase(slots_.begin()->first);
  }
}

}  // namespace spanlink
