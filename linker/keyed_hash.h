// KeyedHasher: 128 bits of what is fed, under a key that nobody outside knows.
//
// Two lanes, each of which multiplies 16 bytes, hidden behind the key, into
// what it holds, and folds the product (128 bits) to a word: the step of wyhash
// and of the hash tables of Go and Rust. It is no signature, and need not be:
// no hash ever leaves the process. Who chooses texts but knows neither key nor
// hashes makes two of them collide by chance only, about 2^-64 after 2^32
// texts. A step takes two multiplications, which run side by side, and most of
// what is hashed is one or two steps. Of a long text every second step goes to
// another pair of lanes, as each waits for the product before it.
//
// Every hash begins with a word that says what follows and, where that may
// vary, how much: values of different kinds never meet.
//
// Internal to `linker/`; inline, as most of what is hashed is a few words.
// Thread safety: Thread-compatible.
// Complexity: O(n), constant memory.
#ifndef SPANLINK_LINKER_KEYED_HASH_H_
#define SPANLINK_LINKER_KEYED_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/numeric/int128.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/model/load_word.h"

namespace spanlink::internal {

inline uint64_t WordAt(const char* bytes) {
  return LoadWord({bytes, sizeof(uint64_t)});
}
// The product of two words, folded to one.
inline uint64_t Fold(uint64_t a, uint64_t b) {
  const absl::uint128 product = absl::uint128(a) * b;
  return absl::Uint128High64(product) ^ absl::Uint128Low64(product);
}

class KeyedHasher {
 public:
  // The first word that is fed. `key` must outlive the hasher.
  KeyedHasher(const HashKey& key, uint64_t first)
      : KeyedHasher(key.words, first) {}

  void Add(uint64_t first, uint64_t second) {
    lanes_[0] = Fold(first ^ key_[2], second ^ lanes_[0]);
    lanes_[1] = Fold(second ^ key_[3], first ^ lanes_[1]);
  }
  void Add(const Fingerprint& value) { Add(value.low, value.high); }

  // Adds bytes as they are. The caller sees to it that their number is known:
  // what is no whole step is padded with zeros, or with bytes before it.
  void Add(std::string_view bytes) {
    if (bytes.size() >= kLong) bytes.remove_prefix(AddParts(bytes));
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    if (bytes.size() > kStep) {
      for (; end - at > static_cast<ptrdiff_t>(kStep); at += kStep) {
        Add(WordAt(at), WordAt(at + kWord));
      }
      Add(WordAt(end - kStep), WordAt(end - kWord));
    } else if (bytes.size() >= kWord) {
      Add(WordAt(at), WordAt(end - kWord));
    } else if (!bytes.empty()) {
      Add(LoadWord(bytes), 0);
    }
  }

  // Returns what is less mixed than the hash: to become part of another one.
  Fingerprint Unsealed() const { return {lanes_[0], lanes_[1]}; }

  // Returns the hash of all that was added.
  Fingerprint Finish() const {
    return {Fold(lanes_[0] ^ key_[4], lanes_[1] ^ key_[5]),
            Fold(lanes_[1] ^ key_[6], lanes_[0] ^ key_[7])};
  }

 private:
  static constexpr size_t kWord = sizeof(uint64_t);
  static constexpr size_t kStep = 2 * kWord;
  static constexpr size_t kLong = 256;

  KeyedHasher(const HashKey::Words& key, uint64_t first)
      : key_(key), lanes_{first ^ key_[0], first ^ key_[1]} {}

  // Takes the steps of a long text in turn into two hashers of their own, which
  // do not wait for one another, and adds what they hold. Returns how many
  // bytes that were; at least one step is left.
  size_t AddParts(std::string_view bytes) {
    KeyedHasher even(key_, 1);
    KeyedHasher odd(key_, 2);
    const char* at = bytes.data();
    const char* const end =
        at + (bytes.size() - kStep) / (2 * kStep) * 2 * kStep;
    for (; at != end; at += 2 * kStep) {
      even.Add(WordAt(at), WordAt(at + kWord));
      odd.Add(WordAt(at + kStep), WordAt(at + kStep + kWord));
    }
    Add(even.lanes_[0], even.lanes_[1]);
    Add(odd.lanes_[0], odd.lanes_[1]);
    return static_cast<size_t>(end - bytes.data());
  }

  const HashKey::Words& key_;
  uint64_t lanes_[2];
};

// The hash of one text of the kind `tag`, less than 2^16.
inline Fingerprint HashText(uint64_t tag, std::string_view text,
                            const HashKey& key) {
  KeyedHasher hasher(key, tag << 48 ^ text.size());
  hasher.Add(text);
  return hasher.Finish();
}

// 64 bits of a text, at half the price: enough to tell it from a few others,
// not from all that there were. Each step of 16 bytes goes to one of four lanes
// in turn; the last four end with the text, and take some of it again.
// REQUIRES: at least 32 bytes.
inline uint64_t BriefHash(std::string_view text, const HashKey& key) {
  constexpr size_t kStep = 2 * sizeof(uint64_t);
  constexpr size_t kTurn = 4 * kStep;
  const HashKey::Words& k = key.words;
  uint64_t a = k[0] ^ text.size(), b = k[1], c = k[2], d = k[3];
  const auto take_turn = [&](const char* first, const char* third) {
    const auto take = [](const char* step, uint64_t word, uint64_t& lane) {
      lane = Fold(WordAt(step) ^ word, WordAt(step + kStep / 2) ^ lane);
    };
    take(first, k[4], a);
    take(first + kStep, k[5], b);
    take(third, k[6], c);
    take(third + kStep, k[7], d);
  };
  const char* at = text.data();
  size_t left = text.size();
  for (; left > kTurn; at += kTurn, left -= kTurn)
    take_turn(at, at + kTurn / 2);
  const char* const end = at + left;
  const bool is_short = text.size() < kTurn;
  take_turn(is_short ? at : end - kTurn, end - kTurn / 2);
  return Fold(a ^ k[4], b ^ k[5]) ^ Fold(c ^ k[6], d ^ k[7]);
}

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_KEYED_HASH_H_
