#include "spanlink/linker/json_digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/base/attributes.h"
#include "spanlink/linker/json_members.h"
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

// The same of what the scanner has looked at: the power of ten, and behind it
// the digits without zeros at either end.
Fingerprint DigestDecimal(const ShortDecimal& decimal) {
  // Zeros are '0' in each byte. Only 0.… begins with some, and has few digits.
  const auto values = [](uint64_t word) { return word & InEachByte(0x0f); };
  const auto leading =
      static_cast<size_t>(std::countr_zero(values(decimal.digits.low)) / 8);
  const uint64_t low = decimal.digits.low >> (8 * leading);
  const uint64_t high = decimal.digits.high;
  const size_t size = decimal.digits.size - leading;
  const auto length = [&](uint64_t word) {
    return (71 - static_cast<size_t>(std::countl_zero(values(word)))) / 8;
  };
  const size_t kept = values(high) != 0 ? 8 + length(high) : length(low);
  const size_t power = size - kept - decimal.fraction;
  const auto [low_mask, high_mask] = plain::kFirstBytes[kept];
  const uint64_t first = low & low_mask;
  return Literal(kNumber + decimal.negative,
                 {(power & 0xff) | first << 8,
                  first >> 56 | (high & high_mask) << 8, kept + 1});
}

// The same of digits alone, at most seven, the first of which is not zero.
Fingerprint DigestNatural(const ShortBytes& digits) {
  const auto zeros =
      static_cast<size_t>(std::countl_zero(digits.low & InEachByte(0x0f)) / 8);
  const size_t kept = 8 - zeros;
  const uint64_t first = digits.low & ~uint64_t{0} >> 8 * zeros;
  return Literal(kNumber, {(digits.size - kept) | first << 8, 0, kept + 1});
}

Fingerprint DigestText(Tag tag, std::string_view text, const HashKey& key) {
  return text.size() <= kMaxLiteral ? Literal(tag, text)
                                    : HashText(tag, text, key);
}

// What the members of an open object come to, in whatever order.
struct MemberSum {
  Fingerprint hashes;
  uint64_t keys = 0;  // a bit for each
  bool keys_meet = false;
};

template <typename Block>
class Digester {
 public:
  Digester(std::string_view text, const HashKey& key)
      : scanner_(text), key_(key) {}

  std::optional<Fingerprint> Run() {
    Place at = scanner_.place();
    at.SkipSpace();
    const bool is_scalar = at.Peek() != '{' && at.Peek() != '[';
    const Fingerprint value = ReadValue(at, 0);
    at.SkipSpace();
    if (value == kBroken || !at.at_end()) return std::nullopt;
    return is_scalar ? Hashed(value) : value;
  }

 private:
  // Where the text is broken. (No literal is zero, and no hash for practical
  // purposes. In registers, unlike a result beside a flag: what is stored in
  // halves and loaded as a whole has to wait.)
  static constexpr Fingerprint kBroken = {0, 0};

  using Place = BasicJsonPlace<Block>;

  // Each reads what it is named after, without white space before it. `depth`
  // is the number of containers around it. What is short, as most is, is read
  // inside of the container's loop, whose place is `at`; the rest is a call of
  // its own, from where `scanner_` stands.
  ABSL_ATTRIBUTE_ALWAYS_INLINE Fingerprint ReadValue(Place& at, int depth);
  ABSL_ATTRIBUTE_NOINLINE Fingerprint ReadObject(int depth);
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool ReadMember(Place& at, int depth,
                                               MemberSum* sum);
  ABSL_ATTRIBUTE_NOINLINE Fingerprint ReadArray(int depth);
  ABSL_ATTRIBUTE_ALWAYS_INLINE Fingerprint ReadString(Place& at, Tag tag);
  ABSL_ATTRIBUTE_NOINLINE Fingerprint ReadLongString(Tag tag);
  ABSL_ATTRIBUTE_ALWAYS_INLINE Fingerprint ReadNumber(Place& at);
  ABSL_ATTRIBUTE_NOINLINE Fingerprint ReadOtherNumber();
  ABSL_ATTRIBUTE_ALWAYS_INLINE Fingerprint ReadName(Place& at);
  // Calls one of those that are calls of their own.
  template <typename Read>
  ABSL_ATTRIBUTE_ALWAYS_INLINE Fingerprint Apart(Place& at, const Read& read) {
    scanner_.GoTo(at);
    const Fingerprint result = read();
    at = scanner_.place();
    return result;
  }
  // Takes the members from `first` on away, and returns the hash of the object.
  Fingerprint CloseObject(size_t first, MemberSum sum);
  // What leaves here is a hash, never a literal.
  Fingerprint Hashed(const Fingerprint& scalar) const;

  BasicJsonScanner<Block> scanner_;
  const HashKey& key_;
  JsonMemberStack members_;
};

template <typename Block>
inline Fingerprint Digester<Block>::ReadValue(Place& at, int depth) {
  const char c = at.Peek();
  if (c == '"') return ReadString(at, kString);
  if (c == '{') return Apart(at, [&] { return ReadObject(depth); });
  if (c == '[') return Apart(at, [&] { return ReadArray(depth); });
  if (c == '-' || ('0' <= c && c <= '9')) return ReadNumber(at);
  return ReadName(at);
}

template <typename Block>
inline Fingerprint Digester<Block>::ReadString(Place& at, Tag tag) {
  ShortBytes bytes;
  if (at.TakeShortString(&bytes)) return Literal(tag, bytes);
  return Apart(at, [&] { return ReadLongString(tag); });
}

template <typename Block>
Fingerprint Digester<Block>::ReadLongString(Tag tag) {
  std::string_view text;
  if (!scanner_.TakeString(&text)) return kBroken;
  return DigestText(tag, text, key_);
}

template <typename Block>
inline Fingerprint Digester<Block>::ReadNumber(Place& at) {
  ShortBytes digits;
  if (at.TakeShortNatural(&digits)) return DigestNatural(digits);
  return Apart(at, [&] { return ReadOtherNumber(); });
}

template <typename Block>
Fingerprint Digester<Block>::ReadOtherNumber() {
  ShortDecimal decimal;
  if (scanner_.TakeShortDecimal(&decimal)) return DigestDecimal(decimal);
  JsonNumber number;
  if (!scanner_.TakeNumber(&number)) return kBroken;
  return DigestNumber(number, key_);
}

template <typename Block>
Fingerprint Digester<Block>::ReadObject(int depth) {
  if (depth == kMaxArgumentDepth) return kBroken;
  Place at = scanner_.place();
  const size_t first = members_.size();
  MemberSum sum;
  at.Take('{');
  at.SkipSpace();
  if (!at.Take('}')) {
    do {
      if (!ReadMember(at, depth + 1, &sum)) return kBroken;
    } while (at.TakeWithSpace(','));
    if (!at.Take('}')) return kBroken;
  }
  scanner_.GoTo(at);
  return CloseObject(first, sum);
}

// While the value is read, inner objects stand in `members_`.
template <typename Block>
inline bool Digester<Block>::ReadMember(Place& at, int depth, MemberSum* sum) {
  const Fingerprint key = ReadString(at, kKey);
  if (key == kBroken || !at.TakeWithSpace(':')) return false;
  const Fingerprint value = ReadValue(at, depth);
  if (value == kBroken) return false;
  KeyedHasher hasher(key_, kMember);
  hasher.Add(key);
  const uint64_t key_hash = hasher.Unsealed().low;
  const uint64_t bit = uint64_t{1} << (key_hash >> 58);
  sum->keys_meet |= (sum->keys & bit) != 0;
  sum->keys |= bit;
  hasher.Add(value);
  const Fingerprint hash = hasher.Unsealed();
  sum->hashes.low += hash.low;
  sum->hashes.high += hash.high;
  members_.Push({key_hash, hash.low, hash.high});
  return true;
}

template <typename Block>
Fingerprint Digester<Block>::ReadArray(int depth) {
  if (depth == kMaxArgumentDepth) return kBroken;
  Place at = scanner_.place();
  KeyedHasher elements(key_, kArray);
  at.Take('[');
  at.SkipSpace();
  if (!at.Take(']')) {
    do {
      const Fingerprint element = ReadValue(at, depth + 1);
      if (element == kBroken) return kBroken;
      elements.Add(element);
    } while (at.TakeWithSpace(','));
    if (!at.Take(']')) return kBroken;
  }
  scanner_.GoTo(at);
  return elements.Finish();
}

template <typename Block>
inline Fingerprint Digester<Block>::ReadName(Place& at) {
  constexpr std::array<Tag, 3> kTags = {kNull, kFalse, kTrue};
  JsonName name = JsonName::kNull;
  if (!at.TakeName(&name)) return kBroken;
  return Literal(kTags[static_cast<size_t>(name)], ShortBytes());
}

template <typename Block>
inline Fingerprint Digester<Block>::CloseObject(size_t first, MemberSum sum) {
  const std::span<const JsonMember> members = members_.From(first);
  size_t count = members.size();
  const auto drop = [&](size_t i) {
    sum.hashes.low -= members[i].low;
    sum.hashes.high -= members[i].high;
    --count;
  };
  if (sum.keys_meet) DropOverridden(members, drop);
  members_.CutTo(first);
  KeyedHasher hasher(key_, kObject | uint64_t{count} << 8);
  hasher.Add(sum.hashes);
  return hasher.Finish();
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
