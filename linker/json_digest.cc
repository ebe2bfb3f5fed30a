#include "spanlink/linker/json_digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/base/attributes.h"
#include "absl/container/inlined_vector.h"
#include "spanlink/linker/json_scanner.h"
#include "spanlink/model/load_word.h"

namespace spanlink::internal {
namespace {

// The first word of whatever is hashed says what it is, so that values of
// different kinds never meet. `DigestNumber` adds to `kNumber` and
// `kVastNumber`. All fit into half a byte.
enum Tag : uint64_t {
  kNull = 1,
  kFalse,
  kTrue,
  kString,
  kKey,
  kArray,
  kObject,
  kZero,
  kNumber,
  kVastNumber = kNumber + 2,
  kLoneScalar = kVastNumber + 4,
  kMember,
};

// How many bytes stand for themselves in a digest, beside the byte with their
// kind and number. (That it equals a hash is as unlikely as that two hashes
// do.)
constexpr size_t kMaxLiteral = ShortBytes::kMax;
static_assert(kMaxLiteral == sizeof(Fingerprint) - 1);

// A digest from bytes themselves.
Fingerprint Literal(uint64_t tag, const ShortBytes& bytes) {
  const uint64_t kind_and_size = tag << 4 | bytes.size;
  return {bytes.high | kind_and_size << 56, bytes.low};
}
// REQUIRES: at most `kMaxLiteral` bytes.
Fingerprint Literal(uint64_t tag, std::string_view text) {
  const std::string_view rest = text.substr(std::min<size_t>(text.size(), 8));
  return Literal(tag, {LoadWord(text), LoadWord(rest), text.size()});
}

// A number without the freedom of its spelling: digits without a zero at either
// end, times ten to the power of `shift` and of the written exponent.
struct PlainNumber {
  std::string_view integer;
  std::string_view fraction;
  int64_t shift = 0;

  bool is_zero() const { return integer.empty() && fraction.empty(); }
  size_t digits() const { return integer.size() + fraction.size(); }
};

// Takes trailing zeros off `digits` and returns how many they were. (There are
// few, mostly: the library's searches cost more than they do.)
int64_t DropTrailingZeros(std::string_view* digits) {
  int64_t dropped = 0;
  for (; !digits->empty() && digits->back() == '0'; ++dropped) {
    digits->remove_suffix(1);
  }
  return dropped;
}

std::string_view WithoutLeadingZeros(std::string_view digits) {
  while (!digits.empty() && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

PlainNumber Plain(const JsonNumber& number) {
  PlainNumber plain{number.integer, number.fraction, 0};
  DropTrailingZeros(&plain.fraction);
  plain.shift = -static_cast<int64_t>(plain.fraction.size());
  if (plain.fraction.empty()) plain.shift = DropTrailingZeros(&plain.integer);
  plain.integer = WithoutLeadingZeros(plain.integer);
  if (plain.integer.empty()) {
    plain.fraction = WithoutLeadingZeros(plain.fraction);
  }
  return plain;
}

// Whether the digits and, in one byte, the power of ten fit into a literal.
bool IsShort(const PlainNumber& plain, int64_t power) {
  const int64_t shift = power + plain.shift;
  return plain.digits() < kMaxLiteral && static_cast<int8_t>(shift) == shift;
}

Fingerprint ShortNumber(bool negative, const PlainNumber& plain,
                        int64_t power) {
  std::array<char, kMaxLiteral> bytes;
  bytes[0] = static_cast<char>(power + plain.shift);
  const auto end = std::copy(
      plain.fraction.begin(), plain.fraction.end(),
      std::copy(plain.integer.begin(), plain.integer.end(), bytes.begin() + 1));
  return Literal(kNumber + negative,
                 {bytes.data(), static_cast<size_t>(end - bytes.begin())});
}

Fingerprint DigestOddNumber(const JsonNumber& number, const HashKey& key) {
  constexpr size_t kMaxExponentDigits = 18;  // what 63 bits hold, with room
  const PlainNumber plain = Plain(number);
  const std::string_view exponent = WithoutLeadingZeros(number.exponent);
  if (plain.is_zero()) return Literal(kZero, "");
  const auto begin = [&](uint64_t tag, int64_t power) {
    KeyedHasher hasher(key, tag);
    hasher.Add(static_cast<uint64_t>(power), plain.digits());
    return hasher;
  };
  const auto finish = [&](KeyedHasher& hasher) {
    hasher.Add(std::string(plain.integer).append(plain.fraction));
    return hasher.Finish();
  };
  if (exponent.size() > kMaxExponentDigits) {
    KeyedHasher hasher =
        begin(kVastNumber + number.negative + 2 * number.exponent_negative,
              plain.shift);
    hasher.Add(HashText(kVastNumber, exponent, key));
    return finish(hasher);
  }
  int64_t power = 0;
  for (const char c : exponent) power = power * 10 + (c - '0');
  if (number.exponent_negative) power = -power;
  if (IsShort(plain, power)) return ShortNumber(number.negative, plain, power);
  KeyedHasher hasher = begin(kNumber + number.negative, power + plain.shift);
  return finish(hasher);
}

// Most numbers are integers of a few digits, which the grammar writes without
// zeros before them.
Fingerprint DigestNumber(const JsonNumber& number, const HashKey& key) {
  std::string_view digits = number.integer;
  if (!number.fraction.empty() || !number.exponent.empty() ||
      digits.size() >= kMaxLiteral || digits == "0") {
    return DigestOddNumber(number, key);
  }
  const int64_t shift = DropTrailingZeros(&digits);
  return ShortNumber(number.negative, {digits, {}, shift}, 0);
}

// The same of an integer that the scanner has looked at: the power of ten, and
// behind it the digits without zeros at their end.
Fingerprint DigestInteger(const ShortInteger& integer) {
  // Zeros are '0' in each byte; the first digit is none.
  const auto [low, high, size] = integer.digits;
  const auto length = [](uint64_t word) {
    const uint64_t values = word & InEachByte(0x0f);
    return (71 - static_cast<size_t>(std::countl_zero(values))) / 8;
  };
  const bool ends_high = (high & InEachByte(0x0f)) != 0;
  const size_t kept = ends_high ? 8 + length(high) : length(low);
  const auto [low_mask, high_mask] = plain::kFirstBytes[kept];
  const uint64_t first = low & low_mask;
  return Literal(kNumber + integer.negative,
                 {(size - kept) | first << 8,
                  first >> 56 | (high & high_mask) << 8, kept + 1});
}

Fingerprint DigestText(Tag tag, std::string_view text, const HashKey& key) {
  return text.size() <= kMaxLiteral ? Literal(tag, text)
                                    : HashText(tag, text, key);
}

// One member of an object that is still open.
struct Member {
  Fingerprint key;
  Fingerprint hash;  // of key and value
};

// Returns whether two keys are equal, or nearly so. That is quadratic: of more
// than a few members it says so without a look.
bool MayRepeat(std::span<const Member> members) {
  constexpr size_t kFew = 12;
  if (members.size() > kFew) return true;
  bool may = false;
  for (size_t i = 1; i < members.size(); ++i) {
    const uint64_t low = members[i].key.low;
    for (size_t j = 0; j < i; ++j) may |= members[j].key.low == low;
  }
  return may;
}

template <typename Block>
class Digester {
 public:
  Digester(std::string_view text, const HashKey& key)
      : scanner_(text), key_(key) {}

  std::optional<Fingerprint> Run() {
    scanner_.SkipSpace();
    const bool is_scalar = scanner_.Peek() != '{' && scanner_.Peek() != '[';
    Fingerprint value;
    if (!ReadValue(0, &value)) return std::nullopt;
    scanner_.SkipSpace();
    if (!scanner_.at_end()) return std::nullopt;
    return is_scalar ? Hashed(value) : value;
  }

 private:
  // Each reads what it is named after, without white space before it. `depth`
  // is the number of containers around it. What is short, as most is, is read
  // inside of the container's loop; the rest is a call of its own.
  bool ReadValue(int depth, Fingerprint* value);
  ABSL_ATTRIBUTE_NOINLINE bool ReadObject(int depth, Fingerprint* value);
  bool ReadMember(int depth);
  ABSL_ATTRIBUTE_NOINLINE bool ReadArray(int depth, Fingerprint* value);
  bool ReadString(Tag tag, Fingerprint* value);
  ABSL_ATTRIBUTE_NOINLINE bool ReadLongString(Tag tag, Fingerprint* value);
  bool ReadNumber(Fingerprint* value);
  ABSL_ATTRIBUTE_NOINLINE bool ReadOtherNumber(Fingerprint* value);
  ABSL_ATTRIBUTE_NOINLINE bool ReadWord(Fingerprint* value);
  // Takes the members from `first` on away, and returns the hash of the object.
  Fingerprint CloseObject(size_t first);
  // Calls `drop(i)` for each of the members that a later one of the same key
  // overrides.
  template <typename Drop>
  void DropDuplicates(std::span<const Member> members, const Drop& drop) const;
  // What leaves here is a hash, never a literal.
  Fingerprint Hashed(const Fingerprint& scalar) const;

  BasicJsonScanner<Block> scanner_;
  const HashKey& key_;
  // Of all open objects, inner ones behind outer ones.
  absl::InlinedVector<Member, 64> members_;
};

template <typename Block>
inline bool Digester<Block>::ReadValue(int depth, Fingerprint* value) {
  const char c = scanner_.Peek();
  if (c == '"') return ReadString(kString, value);
  if (c == '{') return ReadObject(depth, value);
  if (c == '[') return ReadArray(depth, value);
  if (c == '-' || ('0' <= c && c <= '9')) return ReadNumber(value);
  return ReadWord(value);
}

template <typename Block>
inline bool Digester<Block>::ReadString(Tag tag, Fingerprint* value) {
  ShortBytes bytes;
  if (!scanner_.TakeShortString(&bytes)) return ReadLongString(tag, value);
  *value = Literal(tag, bytes);
  return true;
}

template <typename Block>
bool Digester<Block>::ReadLongString(Tag tag, Fingerprint* value) {
  std::string_view text;
  if (!scanner_.TakeString(&text)) return false;
  *value = DigestText(tag, text, key_);
  return true;
}

template <typename Block>
inline bool Digester<Block>::ReadNumber(Fingerprint* value) {
  ShortInteger integer;
  if (!scanner_.TakeShortInteger(&integer)) return ReadOtherNumber(value);
  *value = DigestInteger(integer);
  return true;
}

template <typename Block>
bool Digester<Block>::ReadOtherNumber(Fingerprint* value) {
  JsonNumber number;
  if (!scanner_.TakeNumber(&number)) return false;
  *value = DigestNumber(number, key_);
  return true;
}

template <typename Block>
bool Digester<Block>::ReadObject(int depth, Fingerprint* value) {
  if (depth == kMaxArgumentDepth) return false;
  const size_t first = members_.size();
  scanner_.Take('{');
  scanner_.SkipSpace();
  if (!scanner_.Take('}')) {
    do {
      if (!ReadMember(depth + 1)) return false;
    } while (scanner_.TakeWithSpace(','));
    if (!scanner_.Take('}')) return false;
  }
  *value = CloseObject(first);
  return true;
}

// While the value is read, inner objects stand in `members_`.
template <typename Block>
inline bool Digester<Block>::ReadMember(int depth) {
  Fingerprint key, value;
  if (!ReadString(kKey, &key)) return false;
  if (!scanner_.TakeWithSpace(':')) return false;
  if (!ReadValue(depth, &value)) return false;
  KeyedHasher hasher(key_, kMember);
  hasher.Add(key);
  hasher.Add(value);
  members_.push_back({key, hasher.Unsealed()});
  return true;
}

template <typename Block>
bool Digester<Block>::ReadArray(int depth, Fingerprint* value) {
  if (depth == kMaxArgumentDepth) return false;
  KeyedHasher elements(key_, kArray);
  scanner_.Take('[');
  scanner_.SkipSpace();
  if (!scanner_.Take(']')) {
    do {
      Fingerprint element;
      if (!ReadValue(depth + 1, &element)) return false;
      elements.Add(element);
    } while (scanner_.TakeWithSpace(','));
    if (!scanner_.Take(']')) return false;
  }
  *value = elements.Finish();
  return true;
}

template <typename Block>
bool Digester<Block>::ReadWord(Fingerprint* value) {
  Tag tag = kNull;
  if (scanner_.TakeWord("true")) {
    tag = kTrue;
  } else if (scanner_.TakeWord("false")) {
    tag = kFalse;
  } else if (!scanner_.TakeWord("null")) {
    return false;
  }
  *value = Literal(tag, ShortBytes());
  return true;
}

// The sum of the members' hashes does not depend on their order.
template <typename Block>
Fingerprint Digester<Block>::CloseObject(size_t first) {
  const std::span<const Member> members(members_.data() + first,
                                        members_.size() - first);
  size_t count = members.size();
  Fingerprint sum;
  for (const Member& member : members) {
    sum.low += member.hash.low;
    sum.high += member.hash.high;
  }
  const auto drop = [&](size_t i) {
    sum.low -= members[i].hash.low;
    sum.high -= members[i].hash.high;
    --count;
  };
  if (MayRepeat(members)) DropDuplicates(members, drop);
  members_.erase(members_.begin() + static_cast<ptrdiff_t>(first),
                 members_.end());
  KeyedHasher hasher(key_, kObject | uint64_t{count} << 8);
  hasher.Add(sum);
  return hasher.Finish();
}

template <typename Block>
template <typename Drop>
void Digester<Block>::DropDuplicates(std::span<const Member> members,
                                     const Drop& drop) const {
  // A table with the last member of each key, by its number + 1.
  const size_t mask = std::bit_ceil(2 * members.size()) - 1;
  absl::InlinedVector<uint32_t, 512> table(mask + 1);
  uint32_t* const last = table.data();  // without a check at every step
  for (size_t i = 0; i < members.size(); ++i) {
    KeyedHasher hasher(key_, kKey);  // nobody can make keys meet here
    hasher.Add(members[i].key);
    size_t at = hasher.Unsealed().low & mask;
    while (last[at] != 0 && members[last[at] - 1].key != members[i].key) {
      at = (at + 1) & mask;
    }
    if (last[at] != 0) drop(last[at] - 1);
    last[at] = static_cast<uint32_t>(i + 1);
  }
}

template <typename Block>
Fingerprint Digester<Block>::Hashed(const Fingerprint& scalar) const {
  KeyedHasher hasher(key_, kLoneScalar);
  hasher.Add(scalar);
  return hasher.Finish();
}

}  // namespace

std::optional<Fingerprint> DigestJson(std::string_view text, const HashKey& key,
                                      Blocks blocks) {
  if (blocks == Blocks::kPortable) {
    return Digester<PortableBlock>(text, key).Run();
  }
  return Digester<SimdBlock>(text, key).Run();
}

}  // namespace spanlink::internal
