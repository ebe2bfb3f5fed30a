// NumberIndex: finds numbered records by a key that stands in the records.
//
// An open-addressing table (linear probing, deletion by moving back) of one
// word a record: its number and some bits of the key's hash, by which nearly
// every other record is told apart without a look at it. A hash map would hold
// the key once more, and emptying it costs a step a record; this is emptied in
// one stroke.
//
// The caller hashes, with a hash that nobody outside can foresee, and knows the
// records. Lifetime: `spare`, in which the table finds its memory and leaves
// it, must outlive it. Thread safety: Thread-compatible.
// Complexity: expected O(1); 11 to 21 bytes a record. In a table of millions
// the place says most of what the tag does, and more records are looked at in
// vain. Numbers are below 2^42-1: days of a trace at full speed.
#ifndef SPANLINK_LINKER_NUMBER_INDEX_H_
#define SPANLINK_LINKER_NUMBER_INDEX_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/attributes.h"
#include "spanlink/linker/reused.h"

namespace spanlink {

class NumberIndex {
 public:
  static constexpr uint64_t kNone = ~uint64_t{0};
  using Spare = std::vector<uint64_t>;

  explicit NumberIndex(Spare* spare = nullptr) : places_(spare) {
    places_.resize(places_.capacity());
  }

  bool empty() const { return count_ == 0; }

  // Returns the number with this hash for which `is_it` returns true.
  template <typename IsIt>
  uint64_t Find(uint64_t hash, IsIt is_it) const {
    if (places_.empty()) return kNone;
    const size_t mask = places_.size() - 1;
    for (size_t at = hash & mask; places_[at] != 0; at = (at + 1) & mask) {
      if (TagOf(places_[at]) != TagOfHash(hash)) continue;
      const uint64_t number = NumberOf(places_[at]);
      if (is_it(number)) return number;
    }
    return kNone;
  }

  // Adds a number that is not there. `hash_of` gives the hash of those that
  // are.
  template <typename HashOf>
  void Insert(uint64_t hash, uint64_t number, HashOf hash_of) {
    if (4 * (count_ + 1) > 3 * places_.size()) Grow(hash_of);
    Put(hash & (places_.size() - 1), PlaceOf(hash, number));
    ++count_;
  }

  // Returns whether the number was there, with this hash.
  template <typename HashOf>
  bool Erase(uint64_t hash, uint64_t number, HashOf hash_of) {
    if (count_ == 0) return false;
    const size_t mask = places_.size() - 1;
    size_t gap = hash & mask;
    while (places_[gap] != PlaceOf(hash, number)) {
      if (places_[gap] == 0) return false;
      gap = (gap + 1) & mask;
    }
    // What stands behind the gap, and was pushed over it, moves into it. Nobody
    // can foresee which: there is no branch.
    for (size_t at = (gap + 1) & mask; places_[at] != 0; at = (at + 1) & mask) {
      const size_t home = HomeOf(places_[at], hash_of);
      const bool moves = ((at - home) & mask) >= ((at - gap) & mask);
      places_[gap] = places_[moves ? at : gap];
      gap = moves ? at : gap;
    }
    places_[gap] = 0;
    --count_;
    return true;
  }

 private:
  static constexpr int kNumberBits = 42;
  static constexpr size_t kFewest = 8;

  // A place is 0, or one more than a number below the lowest bits of the hash.
  static uint64_t TagOf(uint64_t place) { return place >> kNumberBits; }
  static uint64_t TagOfHash(uint64_t hash) { return TagOf(PlaceOf(hash, 0)); }
  static uint64_t PlaceOf(uint64_t hash, uint64_t number) {
    return hash << kNumberBits | (number + 1);
  }
  static uint64_t NumberOf(uint64_t place) {
    return (place & ((uint64_t{1} << kNumberBits) - 1)) - 1;
  }

  // Returns where the search for the record of a place begins. Mostly the tag
  // tells, without a look at the record, which may be far away.
  template <typename HashOf>
  size_t HomeOf(uint64_t place, HashOf hash_of) const {
    const size_t mask = places_.size() - 1;
    const bool tag_tells = mask >> (64 - kNumberBits) == 0;
    return (tag_tells ? TagOf(place) : hash_of(NumberOf(place))) & mask;
  }

  void Put(size_t home, uint64_t place) {
    const size_t mask = places_.size() - 1;
    while (places_[home] != 0) home = (home + 1) & mask;
    places_[home] = place;
  }

  // Not inlined: happens rarely, and `Insert` often.
  template <typename HashOf>
  ABSL_ATTRIBUTE_NOINLINE void Grow(HashOf hash_of) {
    std::vector<uint64_t> old(std::max(kFewest, 2 * places_.size()));
    old.swap(places_);
    for (const uint64_t place : old) {
      if (place != 0) Put(HomeOf(place, hash_of), place);
    }
  }

  size_t count_ = 0;
  Reused<std::vector<uint64_t>> places_;  // as many as a power of two
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_NUMBER_INDEX_H_
