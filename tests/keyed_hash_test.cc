#include "spanlink/linker/keyed_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace spanlink::internal {
namespace {

// The key 00 01 … 0f, as in the published vectors.
constexpr HashKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string Counting(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

Fingerprint Hash(std::string_view bytes) {
  KeyedHasher hasher(kKey);
  hasher.Add(bytes);
  return hasher.Finish();
}

// The values are what `openssl mac -macopt size:16 SipHash` prints.
TEST(KeyedHasherTest, AgreesWithSipHash128) {
  EXPECT_EQ(Hash(""), (Fingerprint{0xe6a825ba047f81a3, 0x930255c71472f66d}));
  EXPECT_EQ(Hash(Counting(1)),
            (Fingerprint{0x44af996bd8c187da, 0x45fc229b11597634}));
  EXPECT_EQ(Hash(Counting(15)),
            (Fingerprint{0x11a8b03399e99354, 0xd9c3cf970fec087e}));
  EXPECT_EQ(Hash(Counting(16)),
            (Fingerprint{0xbb54b067caa4e26e, 0x77052385bf1533fd}));
  EXPECT_EQ(Hash(Counting(63)),
            (Fingerprint{0x4a83502f77d15051, 0x7cbd3f979a063e50}));
}

TEST(KeyedHasherTest, QuickHasherIsSipHash13) {
  EXPECT_EQ(QuickHasher(kKey).Finish(),
            (Fingerprint{0xbea58827b2bc7ee7, 0x013030dd6adb62fd}));
  QuickHasher hasher(kKey);
  hasher.Add(Counting(63));
  EXPECT_EQ(hasher.Finish(),
            (Fingerprint{0x6f42fe4ee300584c, 0xad6052a70a6b9f07}));
}

TEST(KeyedHasherTest, PiecesHashLikeTheWhole) {
  const std::string bytes = Counting(40);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    KeyedHasher hasher(kKey);
    hasher.Add(bytes.substr(0, cut));
    hasher.Add("");
    hasher.Add(bytes.substr(cut));
    EXPECT_EQ(hasher.Finish(), Hash(bytes)) << cut;
  }
}

TEST(KeyedHasherTest, WordsAreEightBytesAtAnyPosition) {
  for (const int before : {0, 3, 8}) {
    KeyedHasher hasher(kKey);
    hasher.Add(Counting(before));
    hasher.AddWord(0x4847464544434241);
    hasher.Add("xy");
    EXPECT_EQ(hasher.Finish(), Hash(Counting(before) + "ABCDEFGHxy"));
  }
}

TEST(KeyedHasherTest, KeysGiveDifferentHashes) {
  KeyedHasher one(HashKey::FromSeed(1));
  KeyedHasher two(HashKey::FromSeed(2));
  EXPECT_NE(one.Finish(), two.Finish());
  EXPECT_NE(HashKey::FromSeed(1).first, HashKey::FromSeed(1).second);
}

}  // namespace
}  // namespace spanlink::internal
