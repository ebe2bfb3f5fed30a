#include "spanlink/linker/number_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace spanlink {
namespace {

// Records whose key is also what they are hashed by, in some way.
class Records {
 public:
  explicit Records(uint64_t (*hash)(uint64_t), NumberIndex::Spare* spare)
      : hash_(hash), index_(spare) {}

  uint64_t Find(uint64_t key) const {
    return index_.Find(hash_(key),
                       [&](uint64_t number) { return keys_[number] == key; });
  }
  void Add(uint64_t key) {
    keys_.push_back(key);
    index_.Insert(hash_(key), keys_.size() - 1,
                  [this](uint64_t number) { return hash_(keys_[number]); });
  }
  // Returns whether it was there.
  bool Erase(uint64_t key, uint64_t number) {
    return index_.Erase(hash_(key), number,
                        [this](uint64_t other) { return hash_(keys_[other]); });
  }
  size_t size() const { return keys_.size(); }

 private:
  uint64_t (*hash_)(uint64_t);
  NumberIndex index_;
  std::vector<uint64_t> keys_;
};

class NumberIndexTest
    : public testing::TestWithParam<uint64_t (*)(uint64_t key)> {};

TEST_P(NumberIndexTest, DoesWhatAMapDoes) {
  NumberIndex::Spare spare;
  Records records(GetParam(), &spare);
  std::map<uint64_t, uint64_t> model;
  std::mt19937_64 random(7);
  for (int step = 0; step < 20'000; ++step) {
    // Grows, and shrinks again, more than once.
    const bool grows = step / 1000 % 2 == 0;
    const uint64_t key = random() % 500;
    const auto known = model.find(key);
    if (known == model.end()) {
      EXPECT_EQ(records.Find(key), NumberIndex::kNone);
      if (!grows && random() % 4 != 0) continue;
      model[key] = records.size();
      records.Add(key);
    } else {
      EXPECT_EQ(records.Find(key), known->second);
      if (grows && random() % 4 != 0) continue;
      EXPECT_TRUE(records.Erase(key, known->second));
      EXPECT_FALSE(records.Erase(key, known->second));
      EXPECT_FALSE(records.Erase(key, records.size()));
      model.erase(known);
    }
  }
  for (uint64_t key = 0; key < 500; ++key) {
    const auto known = model.find(key);
    EXPECT_EQ(records.Find(key),
              known == model.end() ? NumberIndex::kNone : known->second);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Hashes, NumberIndexTest,
    testing::Values([](uint64_t key) { return key * 0x9e3779b97f4a7c15; },
                    [](uint64_t key) { return key; },        // runs of places
                    [](uint64_t key) { return key / 16; },   // and of hashes
                    [](uint64_t key) { return key << 48; },  // all in one place
                    [](uint64_t) { return uint64_t{5}; }));

// So many that the tag does not tell any more where a record belongs.
TEST(NumberIndexManyTest, FindsWhatStandsBehindAnErasedPlace) {
  constexpr uint64_t kCount = uint64_t{13} << 18;  // of 2^23 places
  const auto hash = [](uint64_t key) {
    return (key * 0x9e3779b97f4a7c15) >> 30;
  };
  Records records(hash, nullptr);
  for (uint64_t key = 0; key < kCount; ++key) records.Add(key);
  for (uint64_t key = 0; key < kCount; key += 3) {
    ASSERT_TRUE(records.Erase(key, key));
  }
  for (uint64_t key = 0; key < kCount; ++key) {
    ASSERT_EQ(records.Find(key), key % 3 == 0 ? NumberIndex::kNone : key);
  }
}

TEST(NumberIndexSpareTest, LeavesItsMemoryAndNothingElse) {
  NumberIndex::Spare spare;
  const auto hash = [](uint64_t key) { return key * 0x9e3779b97f4a7c15; };
  {
    Records records(hash, &spare);
    for (uint64_t key = 0; key < 300; ++key) records.Add(key);
  }
  EXPECT_EQ(spare.capacity(), 512u);
  Records records(hash, &spare);
  EXPECT_EQ(spare.capacity(), 0u);
  for (uint64_t key = 0; key < 300; ++key) {
    EXPECT_EQ(records.Find(key), NumberIndex::kNone);
  }
  records.Add(3);
  EXPECT_EQ(records.Find(3), 0u);
}

}  // namespace
}  // namespace spanlink
