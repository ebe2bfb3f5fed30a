// KeyedHasher: SipHash-2-4 with a result of 128 bits, fed piece by piece.
//
// Chosen because it is a keyed function made for texts that strangers choose:
// who does not know the key cannot predict a value and so cannot make two texts
// collide but by chance, 2^-64 after 2^32 texts. It is published, small, and
// has test vectors. What is fed is one sequence of bytes; callers that feed
// several fields begin with a word that says what follows and keep every field
// but the last at a fixed or a stated length.
//
// Internal to `linker/`. Thread safety: Thread-compatible.
// Complexity: O(n), constant memory.
#ifndef SPANLINK_LINKER_KEYED_HASH_H_
#define SPANLINK_LINKER_KEYED_HASH_H_

#include <cstdint>
#include <string_view>

#include "spanlink/linker/fingerprint.h"

namespace spanlink::internal {

struct HashKey {
  uint64_t first = 0;
  uint64_t second = 0;

  // Spreads a seed over a whole key.
  static HashKey FromSeed(uint64_t seed);
};

class KeyedHasher {
 public:
  explicit KeyedHasher(const HashKey& key);

  // Adds bytes as they are.
  void Add(std::string_view bytes);
  // Adds 8 bytes, least significant first.
  void AddWord(uint64_t word);
  void AddFingerprint(const Fingerprint& value) {
    AddWord(value.high);
    AddWord(value.low);
  }

  // Returns the hash of all that was added. Call it once.
  Fingerprint Finish();

 private:
  void AddByte(unsigned char byte);
  void Compress(uint64_t word);
  void Rounds(int count);

  uint64_t v0_, v1_, v2_, v3_;
  uint64_t length_ = 0;
  uint64_t tail_ = 0;  // the bytes since the last whole word
};

}  // namespace spanlink::internal

#endif  // SPANLINK_LINKER_KEYED_HASH_H_
