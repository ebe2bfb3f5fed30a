#include "spanlink/linker/json_digest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "spanlink/linker/json_scanner.h"
#include "spanlink/linker/load_word.h"

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

Fingerprint DigestNumber(const JsonNumber& number, const HashKey& key) {
  constexpr size_t kMaxExponentDigits = 18;  // what 63 bits hold, with room
  KeyedHasher hasher(key);
  const PlainNumber plain = Plain(number);
  const std::string_view exponent = WithoutLeadingZeros(number.exponent);
  if (plain.is_zero()) return Literal(kZero, "");
  if (exponent.size() <= kMaxExponentDigits) {
    int64_t power = 0;
    for (const char c : exponent) power = power * 10 + (c - '0');
    if (number.exponent_negative) power = -power;
    if (IsShort(plain, power))
      return ShortNumber(number.negative, plain, power);
    hasher.AddWord(kNumber + number.negative);
    hasher.AddWord(static_cast<uint64_t>(power + plain.shift));
  } else {
    hasher.AddWord(kVastNumber + number.negative +
                   2 * number.exponent_negative);
    hasher.AddWord(static_cast<uint64_t>(plain.shift));
    hasher.AddWord(exponent.size());
    hasher.Add(exponent);
  }
  hasher.Add(plain.integer);
  hasher.Add(plain.fraction);
  return hasher.Finish();
}

Fingerprint DigestText(Tag tag, std::string_view text, const HashKey& key) {
  if (text.size() <= kMaxLiteral) return Literal(tag, text);
  KeyedHasher hasher(key);
  hasher.AddWord(tag);
  hasher.Add(text);
  return hasher.Finish();
}

// One member of an object that is still open.
struct Member {
  Fingerprint key;
  Fingerprint value;
  size_t position = 0;  // among all members of the open objects
};

// An array or object that is still open.
struct Container {
  bool is_object = false;
  size_t first_member = 0;  // of an object: where its members begin
  KeyedHasher elements;     // of an array
};

class Digester {
 public:
  Digester(std::string_view text, const HashKey& key)
      : scanner_(text), key_(key) {}

  std::optional<Fingerprint> Run() {
    scanner_.SkipSpace();
    const bool is_scalar = scanner_.Peek() != '{' && scanner_.Peek() != '[';
    do {
      if (!ReadValue()) return std::nullopt;
    } while (!open_.empty());
    scanner_.SkipSpace();
    if (!scanner_.at_end()) return std::nullopt;
    return is_scalar ? Hashed(value_) : value_;
  }

 private:
  // Reads a scalar or what opens a container, and goes on to where the next
  // value stands: `open_` is empty if there is none.
  bool ReadValue();
  bool ReadScalar();
  bool Open(bool is_object);
  // Reads the key of a member, up to the value.
  bool ReadKey();
  // Puts `value_` into its container, and closes all that end behind it.
  bool Continue();
  // Turns the innermost container into `value_`.
  void Close();
  Fingerprint CloseObject(size_t first_member);
  // What leaves here is a hash, never a literal.
  Fingerprint Hashed(const Fingerprint& scalar) const;

  JsonScanner scanner_;
  const HashKey key_;
  Fingerprint value_;  // the last one that is complete
  absl::InlinedVector<Container, 8> open_;
  // Of all open objects, inner ones behind outer ones. The last member of each
  // but the innermost waits for its value.
  absl::InlinedVector<Member, 16> members_;
};

bool Digester::ReadValue() {
  scanner_.SkipSpace();
  if (scanner_.Take('{')) return Open(true);
  if (scanner_.Take('[')) return Open(false);
  return ReadScalar() && Continue();
}

bool Digester::ReadScalar() {
  const char c = scanner_.Peek();
  if (c == '"') {
    std::string_view text;
    if (!scanner_.TakeString(&text)) return false;
    value_ = DigestText(kString, text, key_);
    return true;
  }
  if (c == '-' || ('0' <= c && c <= '9')) {
    JsonNumber number;
    if (!scanner_.TakeNumber(&number)) return false;
    value_ = DigestNumber(number, key_);
    return true;
  }
  Tag tag = kNull;
  if (scanner_.TakeWord("true")) {
    tag = kTrue;
  } else if (scanner_.TakeWord("false")) {
    tag = kFalse;
  } else if (!scanner_.TakeWord("null")) {
    return false;
  }
  value_ = Literal(tag, "");
  return true;
}

bool Digester::Open(bool is_object) {
  if (open_.size() == kMaxArgumentDepth) return false;
  open_.push_back({is_object, members_.size(), KeyedHasher(key_)});
  if (!is_object) open_.back().elements.AddWord(kArray);
  scanner_.SkipSpace();
  if (scanner_.Take(is_object ? '}' : ']')) {
    Close();
    return Continue();
  }
  return is_object ? ReadKey() : true;
}

bool Digester::ReadKey() {
  std::string_view text;
  scanner_.SkipSpace();
  if (!scanner_.TakeString(&text)) return false;
  members_.push_back({DigestText(kKey, text, key_), {}, members_.size()});
  scanner_.SkipSpace();
  return scanner_.Take(':');
}

bool Digester::Continue() {
  while (!open_.empty()) {
    Container& top = open_.back();
    if (top.is_object) {
      members_.back().value = value_;
    } else {
      top.elements.AddFingerprint(value_);
    }
    scanner_.SkipSpace();
    if (scanner_.Take(',')) return top.is_object ? ReadKey() : true;
    if (!scanner_.Take(top.is_object ? '}' : ']')) return false;
    Close();
  }
  return true;
}

void Digester::Close() {
  Container& top = open_.back();
  value_ =
      top.is_object ? CloseObject(top.first_member) : top.elements.Finish();
  open_.pop_back();
}

Fingerprint Digester::CloseObject(size_t first_member) {
  const auto begin = members_.begin() + static_cast<ptrdiff_t>(first_member);
  std::sort(begin, members_.end(), [](const Member& a, const Member& b) {
    return a.key != b.key ? a.key < b.key : a.position < b.position;
  });
  KeyedHasher hasher(key_);
  hasher.AddWord(kObject);
  for (auto it = begin; it != members_.end(); ++it) {
    const auto next = it + 1;
    if (next != members_.end() && next->key == it->key) continue;
    hasher.AddFingerprint(it->key);
    hasher.AddFingerprint(it->value);
  }
  members_.erase(begin, members_.end());
  return hasher.Finish();
}

Fingerprint Digester::Hashed(const Fingerprint& scalar) const {
  KeyedHasher hasher(key_);
  hasher.AddWord(kLoneScalar);
  hasher.AddFingerprint(scalar);
  return hasher.Finish();
}

}  // namespace

std::optional<Fingerprint> DigestJson(std::string_view text,
                                      const HashKey& key) {
  return Digester(text, key).Run();
}

}  // namespace spanlink::internal
