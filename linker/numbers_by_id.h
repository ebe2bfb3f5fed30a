// NumbersById: the numbers of records by the id that stands in them.
//
// Nearly every id is that of one record: it costs a word in a `NumberIndex`.
// Those of ids that repeat stand in a list.
//
// `Record` has a `number`, by which a `Numbered` knows it, and an `id`.
// Lifetime: `records` and `spare`, in which the index finds its memory and
// leaves it, must outlive it; a record that is added leaves before it goes.
// Thread safety: Thread-compatible. Complexity: expected O(1), and O(n) to
// erase one of n that have its id.
#ifndef SPANLINK_LINKER_NUMBERS_BY_ID_H_
#define SPANLINK_LINKER_NUMBERS_BY_ID_H_

#include <algorithm>
#include <cstdint>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/number_index.h"
#include "spanlink/linker/numbered.h"

namespace spanlink {

template <typename Record>
class NumbersById {
 public:
  using Spare = NumberIndex::Spare;

  NumbersById(const Numbered<Record>* records, Spare* spare)
      : records_(*records), alone_(spare) {}

  bool empty() const { return alone_.empty() && shared_.empty(); }
  bool contains(const Fingerprint& id) const { return !Find(id).empty(); }

  // Returns the numbers in the order in which they were added. Valid until the
  // next change.
  std::span<const uint64_t> Find(const Fingerprint& id) const {
    const uint64_t alone = FindAlone(id);
    if (alone != NumberIndex::kNone) return {&records_.Get(alone)->number, 1};
    const auto found = shared_.find(id);
    if (found == shared_.end()) return {};
    return found->second;
  }

  // Returns whether it is the only one with its id.
  bool Add(const Record& record) {
    const uint64_t other = FindAlone(record.id);
    if (other != NumberIndex::kNone) {
      alone_.Erase(record.id.low, other, HashOf());
      shared_[record.id] = {other, record.number};
      return false;
    }
    const auto shared = shared_.find(record.id);
    if (shared != shared_.end()) {
      shared->second.push_back(record.number);
      return false;
    }
    alone_.Insert(record.id.low, record.number, HashOf());
    return true;
  }

  // Does nothing if it is not there.
  void Erase(const Record& record) {
    if (alone_.Erase(record.id.low, record.number, HashOf())) return;
    const auto found = shared_.find(record.id);
    if (found == shared_.end()) return;
    auto& numbers = found->second;
    numbers.erase(std::remove(numbers.begin(), numbers.end(), record.number),
                  numbers.end());
    if (numbers.empty()) shared_.erase(found);
  }

 private:
  // An id is in one of the two.
  uint64_t FindAlone(const Fingerprint& id) const {
    return alone_.Find(id.low, [&](uint64_t number) {
      return records_.Get(number)->id == id;
    });
  }
  auto HashOf() const {
    return [this](uint64_t number) { return records_.Get(number)->id.low; };
  }

  const Numbered<Record>& records_;
  NumberIndex alone_;
  absl::flat_hash_map<Fingerprint, absl::InlinedVector<uint64_t, 2>> shared_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_NUMBERS_BY_ID_H_
