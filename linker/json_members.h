// The members of the objects that a digest is being made of.
//
// Internal to `linker/`. Thread safety: Thread-compatible.
#ifndef SPANLINK_LINKER_JSON_MEMBERS_H_
#define SPANLINK_LINKER_JSON_MEMBERS_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/container/inlined_vector.h"

namespace spanlink::internal {

// (Without initial values: there is room for many of them on the stack.)
struct JsonMember {
  uint64_t key;        // 64 bits of the key's hash: nobody can make keys meet
  uint64_t low, high;  // of the hash of key and value
};

// The members of all objects that are open, inner ones behind outer ones.
// Complexity: O(1), amortised; nothing on the heap for few members.
class JsonMemberStack {
 public:
  JsonMemberStack() = default;
  JsonMemberStack(const JsonMemberStack&) = delete;
  JsonMemberStack& operator=(const JsonMemberStack&) = delete;

  size_t size() const { return static_cast<size_t>(end_ - begin_); }

  void Push(const JsonMember& member) {
    if (ABSL_PREDICT_FALSE(end_ == limit_)) Grow();
    *end_++ = member;
  }
  // Valid until the next `Push`.
  std::span<const JsonMember> From(size_t first) const {
    return {begin_ + first, end_};
  }
  void CutTo(size_t size) { end_ = begin_ + size; }

 private:
  static constexpr size_t kInline = 128;

  ABSL_ATTRIBUTE_NOINLINE void Grow() {
    const size_t count = size();
    std::unique_ptr<JsonMember[]> larger(new JsonMember[2 * count]);
    std::copy(begin_, end_, larger.get());
    grown_ = std::move(larger);
    begin_ = grown_.get();
    end_ = begin_ + count;
    limit_ = begin_ + 2 * count;
  }

  JsonMember inline_[kInline];
  std::unique_ptr<JsonMember[]> grown_;  // null until it is needed
  JsonMember* begin_ = inline_;
  JsonMember* end_ = inline_;
  JsonMember* limit_ = inline_ + kInline;
};

// Calls `drop(i)` for each member that a later one of the same key overrides.
//
// A set of bits, by other bits of the hash than callers look at first, tells
// the few that may have the key of another one; only those are compared. (In a
// table of keys, each would as likely find its place taken as not, which no
// processor foresees.)
// Complexity: O(n), and O(m log m) for m suspects: those whose keys repeat, and
// on average at most n / 64 others.
template <typename Drop>
void DropOverridden(std::span<const JsonMember> members, const Drop& drop) {
  const size_t words = std::bit_ceil(std::max<size_t>(members.size(), 16));
  absl::InlinedVector<uint64_t, 256> bits(words);
  uint64_t* const set = bits.data();  // without a check at every step
  const auto word_of = [=](const JsonMember& member) -> uint64_t& {
    return set[member.key >> 6 & (words - 1)];
  };
  const auto bit_of = [](const JsonMember& member) {
    return uint64_t{1} << (member.key & 63);
  };
  absl::InlinedVector<const JsonMember*, 16> later;
  for (const JsonMember& member : members) {
    uint64_t& word = word_of(member);
    if ((word & bit_of(member)) != 0) later.push_back(&member);
    word |= bit_of(member);
  }
  if (later.empty()) return;

  // Those who were there before the later ones have the same bits.
  std::fill(bits.begin(), bits.end(), 0);
  for (const JsonMember* member : later) word_of(*member) |= bit_of(*member);
  absl::InlinedVector<std::pair<uint64_t, size_t>, 32> suspects;
  for (size_t i = 0; i < members.size(); ++i) {
    if ((word_of(members[i]) & bit_of(members[i])) != 0) {
      suspects.emplace_back(members[i].key, i);
    }
  }
  std::sort(suspects.begin(), suspects.end());
  for (size_t i = 1; i < suspects.size(); ++i) {
    const auto& [key, place] = suspects[i - 1];
    if (key == suspects[i].first) drop(place);
  }
}

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_JSON_MEMBERS_H_
