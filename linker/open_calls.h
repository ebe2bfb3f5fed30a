// OpenCalls: the calls that an execution may still run, in order.
//
// Few calls are open at a time in most runs: those stand in a short sorted
// list, and only what is more than `kFew` goes into a tree.
//
// Lifetime: owns what it holds; `spare`, in which the short list finds its
// memory and leaves it, must outlive it. Thread safety: Thread-compatible.
// Complexity: O(log n) a change, and to find the first one of a visit.
#ifndef SPANLINK_LINKER_OPEN_CALLS_H_
#define SPANLINK_LINKER_OPEN_CALLS_H_

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "spanlink/linker/call_records.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/moment.h"
#include "spanlink/linker/reused.h"

namespace spanlink {

// Read backwards from an execution's start: latest answer first, in the order
// of the answer.
struct OpenCall {
  Fingerprint key;
  SortKey answer;
  uint32_t reversed_index;
  CallNumber call;

  friend auto operator<=>(const OpenCall&, const OpenCall&) = default;
};

class OpenCalls {
 public:
  explicit OpenCalls(std::vector<OpenCall>* spare = nullptr) : few_(spare) {}

  // Does nothing if it is there.
  void Insert(const OpenCall& call) {
    if (few_.size() == kFew) {
      many_.insert(few_.begin(), few_.end());
      few_.clear();
    }
    if (!many_.empty()) {
      many_.insert(call);
      return;
    }
    auto place = few_.end();
    while (place != few_.begin() && call < place[-1]) --place;
    if (place == few_.begin() || place[-1] != call) few_.insert(place, call);
  }

  // Does nothing if it is not there.
  void Erase(const OpenCall& call) {
    if (!many_.empty()) {
      many_.erase(call);
      return;
    }
    const auto found = std::find(few_.begin(), few_.end(), call);
    if (found != few_.end()) few_.erase(found);
  }

  // Visits those that are not greater than `last`, the greatest first, until
  // `visit` returns false.
  template <typename Visit>
  void VisitBackwards(const OpenCall& last, Visit visit) const {
    const auto each = [&](const auto& calls, auto it) {
      while (it != calls.begin() && visit(*--it)) continue;
    };
    if (many_.empty()) {
      each(few_, std::upper_bound(few_.begin(), few_.end(), last));
    } else {
      each(many_, many_.upper_bound(last));
    }
  }

 private:
  static constexpr size_t kFew = 16;

  // One of the two is empty.
  Reused<std::vector<OpenCall>> few_;
  absl::btree_set<OpenCall> many_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_OPEN_CALLS_H_
