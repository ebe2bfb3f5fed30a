#include "spanlink/linker/keyed_hash.h"

#include <bit>
#include <cstddef>

namespace spanlink::internal {
namespace {

constexpr size_t kWordBytes = 8;

// One step of SplitMix64: a permutation, so different seeds give different
// keys.
uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

uint64_t LoadWord(const char* bytes) {
  uint64_t word = 0;
  for (size_t i = 0; i < kWordBytes; ++i) {
    word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

}  // namespace

HashKey HashKey::FromSeed(uint64_t seed) {
  constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;
  return {Mix(seed + kGamma), Mix(seed + 2 * kGamma)};
}

KeyedHasher::KeyedHasher(const HashKey& key)
    : v0_(key.first ^ 0x736f6d6570736575),
      v1_(key.second ^ 0x646f72616e646f6d ^ 0xee),
      v2_(key.first ^ 0x6c7967656e657261),
      v3_(key.second ^ 0x7465646279746573) {}

void KeyedHasher::Add(std::string_view bytes) {
  while (!bytes.empty() && length_ % kWordBytes != 0) {
    AddByte(static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(1);
  }
  while (bytes.size() >= kWordBytes) {
    Compress(LoadWord(bytes.data()));
    length_ += kWordBytes;
    bytes.remove_prefix(kWordBytes);
  }
  for (const char c : bytes) AddByte(static_cast<unsigned char>(c));
}

void KeyedHasher::AddWord(uint64_t word) {
  if (length_ % kWordBytes == 0) {
    Compress(word);
    length_ += kWordBytes;
    return;
  }
  for (size_t i = 0; i < kWordBytes; ++i) {
    AddByte(static_cast<unsigned char>(word >> (8 * i)));
  }
}

Fingerprint KeyedHasher::Finish() {
  Compress(tail_ | (length_ << 56));
  v2_ ^= 0xee;
  Rounds(4);
  Fingerprint result;
  result.high = v0_ ^ v1_ ^ v2_ ^ v3_;
  v1_ ^= 0xdd;
  Rounds(4);
  result.low = v0_ ^ v1_ ^ v2_ ^ v3_;
  return result;
}

void KeyedHasher::AddByte(unsigned char byte) {
  tail_ |= uint64_t{byte} << (8 * (length_ % kWordBytes));
  ++length_;
  if (length_ % kWordBytes != 0) return;
  Compress(tail_);
  tail_ = 0;
}

void KeyedHasher::Compress(uint64_t word) {
  v3_ ^= word;
  Rounds(2);
  v0_ ^= word;
}

void KeyedHasher::Rounds(int count) {
  for (int i = 0; i < count; ++i) {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }
}

}  // namespace spanlink::internal
