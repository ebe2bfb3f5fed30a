#include "spanlink/linker/keyed_hash.h"

namespace spanlink::internal {
namespace {

// One step of SplitMix64: a permutation, so different seeds give different
// keys.
uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

HashKey HashKey::FromSeed(uint64_t seed) {
  constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;
  HashKey key;
  for (uint64_t& word : key.words) word = Mix(seed += kGamma);
  return key;
}

}  // namespace spanlink::internal
