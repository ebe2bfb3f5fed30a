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
    first_letters_ |= BitOf(attribute.key);
  }
  // Sorts. REQUIRES: called after the last `Add` and before any look-up. The
  // last of equal keys wins.
  void Seal();

  // Returns nullptr if there is none, or if it is null.
  const Attribute* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // Returns "" if there is none.
  std::string_view Text(std::string_view key) const;
  // Returns all whose key begins with `prefix`, sorted by key.
  std::span<const Attribute> WithPrefix(std::string_view prefix) const;

 private:
  // Whether a key may begin with the letter: most questions are about keys that
  // a span has nothing of.
  static uint32_t BitOf(std::string_view key) {
    return key.empty() ? ~uint32_t{0} : uint32_t{1} << (key.front() & 31);
  }

  std::vector<Attribute> attributes_;
  uint32_t first_letters_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_ATTRIBUTES_H_
