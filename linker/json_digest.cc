#include "spanlink/linker/json_digest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

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
};

// How many bytes stand for themselves in a digest, beside the byte with their
// kind and number. (That it equals a hash is as unlikely as that two hashes
// do.)
constexpr size_t kMaxLiteral = sizeof(Fingerprint) - 1;

// A digest from `text` itself. REQUIRES: at most `kMaxLiteral` bytes.
Fingerprint Literal(uint64_t tag, std::string_view text) {
  const uint64_t kind_and_size = tag << 4 | text.size();
  const std::string_view rest = text.substr(std::min<size_t>(text.size(), 8));
  return {LoadWord(rest) | kind_and_size << 56, LoadWord(text)};
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

// Takes trailing zeros off `digits` and returns how many they were.
int64_t DropTrailingZeros(std::string_view* digits) {
  const size_t kept = digits->find_last_not_of('0') + 1;
  const size_t dropped = digits->size() - kept;
  digits->remove_suffix(dropped);
  return static_cast<int64_t>(dropped);
}

std::string_view WithoutLeadingZeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
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
  int64_t shift = 0;
  for (; digits.back() == '0'; ++shift) digits.remove_suffix(1);
  return ShortNumber(number.negative, {digits, {}, shift}, 0);
}

Fingerprint DigestText(Tag tag, std::string_view text, const HashKey& key) {
  return text.size() <= kMaxLiteral ? Literal(tag, text)
                                    : HashText(tag, text, key);
}

// One member of an object that is still open.
struct Member {
  Fingerprint key;
  Fingerprint value;
  uint32_t position;  // among all members of the open objects

  friend bool operator<(const Member& a, const Member& b) {
    return a.key != b.key ? a.key < b.key : a.position < b.position;
  }
};

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
  // is the number of containers around it.
  bool ReadValue(int depth, Fingerprint* value);
  bool ReadObject(int depth, Fingerprint* value);
  bool ReadMember(int depth);
  bool ReadArray(int depth, Fingerprint* value);
  bool ReadWord(Fingerprint* value);
  // Takes the members from `first` on away, and returns the hash of the object.
  Fingerprint CloseObject(size_t first);
  // What leaves here is a hash, never a literal.
  Fingerprint Hashed(const Fingerprint& scalar) const;

  JsonScanner scanner_;
  const HashKey& key_;
  // Of all open objects, inner ones behind outer ones.
  absl::InlinedVector<Member, 16> members_;
};

bool Digester::ReadValue(int depth, Fingerprint* value) {
  const char c = scanner_.Peek();
  if (c == '"') {
    std::string_view text;
    if (!scanner_.TakeString(&text)) return false;
    *value = DigestText(kString, text, key_);
    return true;
  }
  if (c == '{') return ReadObject(depth, value);
  if (c == '[') return ReadArray(depth, value);
  if (c == '-' || ('0' <= c && c <= '9')) {
    JsonNumber number;
    if (!scanner_.TakeNumber(&number)) return false;
    *value = DigestNumber(number, key_);
    return true;
  }
  return ReadWord(value);
}

bool Digester::ReadObject(int depth, Fingerprint* value) {
  if (depth == kMaxArgumentDepth) return false;
  const size_t first = members_.size();
  scanner_.Take('{');
  scanner_.SkipSpace();
  if (!scanner_.Take('}')) {
    do {
      if (!ReadMember(depth + 1)) return false;
    } while (scanner_.Take(','));
    if (!scanner_.Take('}')) return false;
  }
  *value = CloseObject(first);
  return true;
}

// And the white space around it. While the value is read, inner objects stand
// in `members_`.
bool Digester::ReadMember(int depth) {
  std::string_view text;
  scanner_.SkipSpace();
  if (!scanner_.TakeString(&text)) return false;
  Member member{DigestText(kKey, text, key_), {}, 0};
  scanner_.SkipSpace();
  if (!scanner_.Take(':')) return false;
  scanner_.SkipSpace();
  if (!ReadValue(depth, &member.value)) return false;
  scanner_.SkipSpace();
  member.position = static_cast<uint32_t>(members_.size());
  members_.push_back(member);
  return true;
}

bool Digester::ReadArray(int depth, Fingerprint* value) {
  if (depth == kMaxArgumentDepth) return false;
  KeyedHasher elements(key_, kArray);
  scanner_.Take('[');
  scanner_.SkipSpace();
  if (!scanner_.Take(']')) {
    do {
      Fingerprint element;
      scanner_.SkipSpace();
      if (!ReadValue(depth + 1, &element)) return false;
      elements.Add(element);
      scanner_.SkipSpace();
    } while (scanner_.Take(','));
    if (!scanner_.Take(']')) return false;
  }
  *value = elements.Finish();
  return true;
}

bool Digester::ReadWord(Fingerprint* value) {
  Tag tag = kNull;
  if (scanner_.TakeWord("true")) {
    tag = kTrue;
  } else if (scanner_.TakeWord("false")) {
    tag = kFalse;
  } else if (!scanner_.TakeWord("null")) {
    return false;
  }
  *value = Literal(tag, "");
  return true;
}

Fingerprint Digester::CloseObject(size_t first) {
  Member* const begin = members_.data() + first;
  Member* const end = members_.data() + members_.size();
  std::sort(begin, end);
  KeyedHasher hasher(key_, kObject);
  for (const Member* it = begin; it != end; ++it) {
    const Member* const next = it + 1;
    if (next != end && next->key == it->key) continue;  // the last one wins
    hasher.Add(it->key);
    hasher.Add(it->value);
  }
  members_.resize(first);
  return hasher.Finish();
}

Fingerprint Digester::Hashed(const Fingerprint& scalar) const {
  KeyedHasher hasher(key_, kLoneScalar);
  hasher.Add(scalar);
  return hasher.Finish();
}

}  // namespace

std::optional<Fingerprint> DigestJson(std::string_view text,
                                      const HashKey& key) {
  return Digester(text, key).Run();
}

}  // namespace spanlink::internal
