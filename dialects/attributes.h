// AttributeList: the attributes of a finished span, as every dialect sees them,
// whatever file or protocol they came in.
//
// Lifetime: views; whoever fills the list keeps the texts alive.
// Thread safety: Thread-compatible.
// Complexity: `Seal` O(n log n), `Find` O(log n), `WithPrefix` O(log n).
#ifndef SPANLINK_DIALECTS_ATTRIBUTES_H_
#define SPANLINK_DIALECTS_ATTRIBUTES_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace spanlink {

enum class AttributeType : uint8_t {
  kNull,
  kString,
  kScalar,  // a number, a boolean, bytes: `text` as it was written
  kJson,    // a structured value, as JSON text
};

struct Attribute {
  std::string_view key;
  AttributeType type = AttributeType::kNull;
  std::string_view text;
};

class AttributeList {
 public:
  void Clear();
  void Add(const Attribute& attribute) {
    attributes_.push_back(attribute);
    beginnings_ |= BeginningOf(attribute.key);
    keys_ |= BitOf(attribute.key);
  }
  // Sorts. REQUIRES: called after the last `Add` and before any look-up. The
  // last of equal keys wins.
  void Seal();

  // Returns nullptr if there is none, or if it is null.
  const Attribute* Find(std::string_view key) const {
    return (keys_ & BitOf(key)) == 0 ? nullptr : Search(key);
  }
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // Returns "" if there is none.
  std::string_view Text(std::string_view key) const;
  // Returns all whose key begins with `prefix`, sorted by key.
  std::span<const Attribute> WithPrefix(std::string_view prefix) const {
    const uint64_t beginning = BeginningOf(prefix);
    const bool may_be = beginning == 0 || (beginnings_ & beginning) != 0;
    return may_be ? SearchPrefix(prefix) : std::span<const Attribute>();
  }

 private:
  const Attribute* Search(std::string_view key) const;
  std::span<const Attribute> SearchPrefix(std::string_view prefix) const;
  // Of a few, the one that is asked for is found by looking at each.
  static constexpr size_t kFew = 24;
  // Most questions are about keys that a span has nothing of: a bit each tells
  // what keys begin with, and what they end with and how long they are.
  static constexpr size_t kBeginning = 8;
  static uint64_t BeginningOf(std::string_view key) {
    if (key.size() < kBeginning) return 0;
    const auto last = static_cast<uint8_t>(key[kBeginning - 1]);
    return uint64_t{1} << ((static_cast<uint8_t>(key[0]) + 5 * last) % 64);
  }
  static uint64_t BitOf(std::string_view key) {
    if (key.empty()) return ~uint64_t{0};
    const auto last = static_cast<uint8_t>(key.back());
    return uint64_t{1} << ((last + 11 * key.size()) % 64);
  }

  std::vector<Attribute> attributes_;
  uint64_t beginnings_ = 0;
  uint64_t keys_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_ATTRIBUTES_H_
