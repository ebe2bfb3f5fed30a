#include "spanlink/linker/keyed_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace spanlink::internal {
namespace {

const HashKey kKey = HashKey::FromSeed(1);

std::string Counting(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

// The values are those of the same function in Python, whose integers have no
// bounds:
//
//   M = 2**64 - 1
//   fold = lambda a, b: a * b >> 64 ^ a * b & M
//   words = lambda step: [int.from_bytes(step[j:j + 8], "little")
//                         for j in (0, 8)]
//   start = lambda first, k: (first ^ k[0], first ^ k[1])
//   def add(lanes, steps, k):      # k: eight words
//       a, b = lanes
//       for x, y in steps:
//           a, b = fold(x ^ k[2], y ^ a), fold(y ^ k[3], x ^ b)
//       return a, b
//   def hash_text(tag, text, k):
//       n = len(text)
//       lanes = start(tag << 48 ^ n, k)
//       if n >= 256:
//           m = (n - 16) // 32 * 32
//           steps = [words(text[i:i + 16]) for i in range(0, m, 16)]
//           parts = [add(start(1 + i, k), steps[i::2], k) for i in (0, 1)]
//           lanes = add(lanes, parts, k)
//           text = text[m:]
//           n -= m
//       if n > 16:
//           steps = [text[i:i + 16] for i in (*range(0, n - 16, 16), n - 16)]
//       else:
//           steps = [text[:8] + text[-8:] if n >= 8 else text][:n]
//       a, b = add(lanes, map(words, steps), k)
//       return fold(a ^ k[4], b ^ k[5]), fold(b ^ k[6], a ^ k[7])
TEST(KeyedHasherTest, AgreesWithTheSlowFunction) {
  const HashKey key{{1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_EQ(HashText(9, "", key),
            (Fingerprint{0x0048005100000010, 0x007e00510000002d}));
  EXPECT_EQ(HashText(9, Counting(1), key),
            (Fingerprint{0x01c203cc00000032, 0x024903cc00000058}));
  EXPECT_EQ(HashText(9, Counting(8), key),
            (Fingerprint{0x7d082982813ba1a6, 0x92c0d3bf7c4a8939}));
  EXPECT_EQ(HashText(9, Counting(15), key),
            (Fingerprint{0xe19f919a87212e69, 0x66edcf3f9609e3fe}));
  EXPECT_EQ(HashText(9, Counting(16), key),
            (Fingerprint{0x28dd3a8cf57c5581, 0x6542b1bd6944b2a1}));
  EXPECT_EQ(HashText(9, Counting(17), key),
            (Fingerprint{0xc659ba1af79f7561, 0x4e5b2466da2cacdf}));
  EXPECT_EQ(HashText(9, Counting(33), key),
            (Fingerprint{0x9a246f3edeecfe04, 0x48f244ffc377208a}));
  EXPECT_EQ(HashText(9, Counting(256), key),
            (Fingerprint{0x21d676a307ba54b4, 0xee610728eb62a7e5}));
  EXPECT_EQ(HashText(9, Counting(271), key),
            (Fingerprint{0x8201f24369ab738b, 0x5081d0570967b721}));
  EXPECT_EQ(HashText(9, Counting(272), key),
            (Fingerprint{0xf5090df1ac693aa9, 0x069c96917cf146ae}));
  EXPECT_EQ(HashText(9, Counting(273), key),
            (Fingerprint{0x346813a830e65d11, 0xfa1b4f2522f525c8}));
  EXPECT_EQ(HashText(9, Counting(1000), key),
            (Fingerprint{0x8d9baaf3e8679e35, 0xd26239886a430c13}));
  EXPECT_EQ(HashText(9, Counting(63), kKey),
            (Fingerprint{0x7bed4fc17a10fa0b, 0x9a954b27ec7b4090}));
}

TEST(KeyedHasherTest, EveryByteOfALongTextMatters) {
  for (const int size : {255, 256, 257, 319, 320, 1000}) {
    const std::string text = Counting(size);
    std::set<std::pair<uint64_t, uint64_t>> hashes;
    for (size_t i = 0; i < text.size(); ++i) {
      std::string other = text;
      other[i] ^= 1;
      const Fingerprint hash = HashText(1, other, kKey);
      EXPECT_TRUE(hashes.emplace(hash.high, hash.low).second) << i;
    }
  }
}

TEST(KeyedHasherTest, LengthsAndTagsGiveDifferentHashes) {
  std::set<std::pair<uint64_t, uint64_t>> hashes;
  for (const uint64_t tag : {1, 2}) {
    for (size_t size = 0; size < 70; ++size) {
      const Fingerprint hash = HashText(tag, std::string(size, '\0'), kKey);
      EXPECT_TRUE(hashes.emplace(hash.high, hash.low).second) << size;
    }
  }
}

// As above:
//
//   def brief_hash(text, k):
//       n = len(text)
//       lanes = [k[0] ^ n, k[1], k[2], k[3]]
//       def take(steps):
//           for lane, at in enumerate(steps):
//               x, y = words(text[at:at + 16])
//               lanes[lane] = fold(x ^ k[4 + lane], y ^ lanes[lane])
//       for i in range(0, n - 64, 64): take(range(i, i + 64, 16))
//       first = max(n - 64, 0)
//       take((first, first + 16, n - 32, n - 16))
//       return (fold(lanes[0] ^ k[4], lanes[1] ^ k[5]) ^
//               fold(lanes[2] ^ k[6], lanes[3] ^ k[7]))
TEST(BriefHashTest, AgreesWithTheSlowFunction) {
  const HashKey key{{1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_EQ(BriefHash(Counting(32), key), 0x08e38c4eebf6b39d);
  EXPECT_EQ(BriefHash(Counting(33), key), 0x7f645dc00bf3f669);
  EXPECT_EQ(BriefHash(Counting(63), key), 0x72c628e1c067ec91);
  EXPECT_EQ(BriefHash(Counting(64), key), 0x4ab9cf7f8e2760b8);
  EXPECT_EQ(BriefHash(Counting(65), key), 0xba1c3a3cbdf47d21);
  EXPECT_EQ(BriefHash(Counting(128), key), 0x66e2463d97be2842);
  EXPECT_EQ(BriefHash(Counting(129), key), 0xf52efdcdc9f4199b);
  EXPECT_EQ(BriefHash(Counting(200), key), 0x5ef7052d69627ff3);
}

TEST(BriefHashTest, EveryByteMatters) {
  for (const int size : {32, 47, 63, 64, 65, 130, 500}) {
    std::set<uint64_t> hashes;
    for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
      std::string other = Counting(size);
      other[i] ^= 1;
      EXPECT_TRUE(hashes.insert(BriefHash(other, kKey)).second) << i;
    }
  }
}

TEST(KeyedHasherTest, OrderMatters) {
  KeyedHasher ab(kKey, 1);
  ab.Add({1, 2});
  ab.Add({3, 4});
  KeyedHasher ba(kKey, 1);
  ba.Add({3, 4});
  ba.Add({1, 2});
  EXPECT_NE(ab.Finish(), ba.Finish());
}

TEST(KeyedHasherTest, KeysGiveDifferentHashes) {
  EXPECT_NE(HashText(1, "a", HashKey::FromSeed(1)),
            HashText(1, "a", HashKey::FromSeed(2)));
  const HashKey::Words& words = kKey.words;
  EXPECT_EQ(std::set<uint64_t>(words.begin(), words.end()).size(),
            words.size());
}

// Every slice of 32 bits meets as often as chance has it: n²/2 / 2^32 pairs, so
// 128 for 2^20 hashes, give or take six times their root.
void ExpectRandomSlices(const std::vector<Fingerprint>& hashes) {
  const std::array<int, 4> slices = {0, 32, 64, 96};
  for (const int slice : slices) {
    std::vector<uint32_t> parts;
    parts.reserve(hashes.size());
    for (const Fingerprint& hash : hashes) {
      const uint64_t word = slice < 64 ? hash.low : hash.high;
      parts.push_back(static_cast<uint32_t>(word >> slice % 64));
    }
    std::sort(parts.begin(), parts.end());
    int pairs = 0;
    for (size_t i = 1; i < parts.size(); ++i) pairs += parts[i] == parts[i - 1];
    EXPECT_NEAR(pairs, 128, 68) << "bits from " << slice;
  }
}

TEST(KeyedHasherTest, SlicesOfNearTextsLookRandom) {
  std::vector<Fingerprint> hashes;
  for (int i = 0; i < 1 << 20; ++i) {
    hashes.push_back(HashText(1, "{\"n\": " + std::to_string(i) + "}", kKey));
  }
  ExpectRandomSlices(hashes);
}

TEST(KeyedHasherTest, SlicesOfSmallWordsLookRandom) {
  std::vector<Fingerprint> hashes;
  for (uint64_t i = 0; i < 1024; ++i) {
    for (uint64_t j = 0; j < 1024; ++j) {
      KeyedHasher hasher(kKey, 1);
      hasher.Add(i, j);
      hashes.push_back(hasher.Finish());
    }
  }
  ExpectRandomSlices(hashes);
}

TEST(KeyedHasherTest, SlicesOfSingleBitsLookRandom) {
  // Two bits of 1,448: 2^20 pairs, about.
  std::vector<Fingerprint> hashes;
  std::string text(181, '\0');
  for (size_t i = 0; i < 1448; ++i) {
    for (size_t j = 0; j < i; ++j) {
      text[i / 8] ^= static_cast<char>(1 << i % 8);
      text[j / 8] ^= static_cast<char>(1 << j % 8);
      hashes.push_back(HashText(1, text, kKey));
      text[i / 8] ^= static_cast<char>(1 << i % 8);
      text[j / 8] ^= static_cast<char>(1 << j % 8);
    }
  }
  ExpectRandomSlices(hashes);
}

}  // namespace
}  // namespace spanlink::internal
