// OpenCalls: the calls that an execution may still run, by a key and in order.
//
// Mostly one call of a key is open: it costs a word in a `NumberIndex`. Those
// that share a key stand in order; few of them in a short sorted list, and only
// what is more than `kFew` in a tree.
//
// Lifetime: `calls` and `spare`, in which it finds its memory and leaves it,
// must outlive it; a call that is in here leaves before it goes or its place in
// the order changes. Thread safety: Thread-compatible.
// Complexity: O(log n) a change for n calls that share their keys, and to find
// the first one of a visit.
#ifndef SPANLINK_LINKER_OPEN_CALLS_H_
#define SPANLINK_LINKER_OPEN_CALLS_H_

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/container/btree_set.h"
#include "spanlink/linker/call_records.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/moment.h"
#include "spanlink/linker/number_index.h"
#include "spanlink/linker/numbered.h"
#include "spanlink/linker/reused.h"

namespace spanlink {

class OpenCalls {
  // Read backwards from an execution's start: latest answer first, in the order
  // of the answer.
  struct OpenCall {
    Fingerprint key;
    SortKey answer;
    uint32_t reversed_index;
    CallNumber call;

    friend auto operator<=>(const OpenCall&, const OpenCall&) = default;
  };

 public:
  // What a call is found by.
  using KeyOf = Fingerprint (*)(const BookedCall& call);
  struct Spare {
    NumberIndex::Spare alone;
    std::vector<OpenCall> few;
  };

  OpenCalls(const Numbered<BookedCall>* calls, KeyOf key_of, Spare* spare)
      : calls_(*calls),
        key_of_(key_of),
        alone_(&spare->alone),
        few_(&spare->few) {}

  // Does nothing if it is there.
  void Insert(const BookedCall& call) {
    const Hash hash_of{this};
    const Fingerprint key = key_of_(call);
    if (!IsShared(key)) {
      const CallNumber other = FindAlone(key);
      if (other == call.number) return;
      if (other == NumberIndex::kNone) {
        alone_.Insert(key.low, call.number, hash_of);
        return;
      }
      alone_.Erase(key.low, other, hash_of);
      InsertShared(OpenOf(*calls_.Get(other)));
    }
    InsertShared(OpenOf(call));
  }

  // Does nothing if it is not there.
  void Erase(const BookedCall& call) {
    const bool was_alone =
        alone_.Erase(key_of_(call).low, call.number, Hash{this});
    if (!was_alone && has_shared()) EraseShared(OpenOf(call));
  }

  // Visits the calls of a key whose answers are not later than `last`, the
  // latest first, until `visit` returns false.
  template <typename Visit>
  void VisitBackwards(const Fingerprint& key, const SortKey& last,
                      Visit visit) const {
    const CallNumber alone = FindAlone(key);
    if (alone == NumberIndex::kNone) {
      if (has_shared()) VisitShared(key, last, visit);
    } else if (AnswerOf(*calls_.Get(alone)) <= last) {
      visit(alone);
    }
  }

 private:
  static constexpr size_t kFew = 16;

  static SortKey AnswerOf(const BookedCall& call) {
    return SortKey(call.start, call.llm);
  }
  OpenCall OpenOf(const BookedCall& call) const {
    return {key_of_(call), AnswerOf(call), ~call.index, call.number};
  }
  // By which the index finds a call's place.
  struct Hash {
    const OpenCalls* calls;
    uint64_t operator()(CallNumber number) const {
      return calls->key_of_(*calls->calls_.Get(number)).low;
    }
  };
  // A key is alone or shared.
  CallNumber FindAlone(const Fingerprint& key) const {
    return alone_.Find(key.low, [&](CallNumber call) {
      calls_.Prefetch(call);  // who finds it looks at all of it
      return key_of_(*calls_.Get(call)) == key;
    });
  }

  bool has_shared() const { return !few_.empty() || !many_.empty(); }
  bool IsShared(const Fingerprint& key) const {
    bool is_shared = false;
    if (has_shared()) {
      VisitShared(key, SortKey::Last(), [&](CallNumber) {
        is_shared = true;
        return false;
      });
    }
    return is_shared;
  }

  void InsertShared(const OpenCall& call) {
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

  void EraseShared(const OpenCall& call) {
    if (!many_.empty()) {
      many_.erase(call);
      return;
    }
    const auto found = std::find(few_.begin(), few_.end(), call);
    if (found != few_.end()) few_.erase(found);
  }

  template <typename Visit>
  void VisitShared(const Fingerprint& key, const SortKey& last,
                   Visit visit) const {
    const OpenCall end = {key, last, std::numeric_limits<uint32_t>::max(),
                          kNobody};
    const auto each = [&](const auto& calls, auto it) {
      while (it != calls.begin() && (--it)->key == key && visit(it->call)) {
      }
    };
    if (many_.empty()) {
      each(few_, std::upper_bound(few_.begin(), few_.end(), end));
    } else {
      each(many_, many_.upper_bound(end));
    }
  }

  const Numbered<BookedCall>& calls_;
  const KeyOf key_of_;
  NumberIndex alone_;
  // Of those that share a key. One of the two is empty.
  Reused<std::vector<OpenCall>> few_;
  absl::btree_set<OpenCall> many_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_OPEN_CALLS_H_
