#include "spanlink/linker/json_members.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "gtest/gtest.h"

namespace spanlink::internal {
namespace {

std::vector<size_t> Overridden(const std::vector<uint64_t>& keys) {
  std::vector<JsonMember> members;
  for (const uint64_t key : keys) members.push_back({key, 0, 0});
  std::vector<size_t> dropped;
  DropOverridden(members, [&](size_t i) { dropped.push_back(i); });
  std::sort(dropped.begin(), dropped.end());
  return dropped;
}

// The same by a map.
std::vector<size_t> OverriddenByMap(const std::vector<uint64_t>& keys) {
  std::map<uint64_t, size_t> last;
  std::vector<size_t> dropped;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto [found, is_new] = last.try_emplace(keys[i], i);
    if (!is_new) dropped.push_back(found->second);
    found->second = i;
  }
  std::sort(dropped.begin(), dropped.end());
  return dropped;
}

TEST(JsonMembersTest, LastOfEachKeyStays) {
  EXPECT_EQ(Overridden({}), std::vector<size_t>());
  EXPECT_EQ(Overridden({7}), std::vector<size_t>());
  EXPECT_EQ(Overridden({7, 8}), std::vector<size_t>());
  EXPECT_EQ(Overridden({7, 7}), std::vector<size_t>({0}));
  EXPECT_EQ(Overridden({7, 8, 7, 8, 9, 7}), std::vector<size_t>({0, 1, 2}));
}

// Keys that differ in the upper bits alone have one bit in the set.
TEST(JsonMembersTest, OtherKeysOfOneBitStay) {
  constexpr uint64_t kUpper = uint64_t{1} << 40;
  EXPECT_EQ(Overridden({5, 5 + kUpper}), std::vector<size_t>());
  EXPECT_EQ(Overridden({5, 5 + kUpper, 6, 5}), std::vector<size_t>({0}));
  EXPECT_EQ(Overridden({5 + kUpper, 5, 6, 5}), std::vector<size_t>({1}));
}

TEST(JsonMembersTest, ManyKeysAreToldApart) {
  uint64_t random = 1;
  for (const size_t count : {15, 16, 17, 130, 300, 5000}) {
    for (const uint64_t different : {count / 2, 2 * count, count * count}) {
      std::vector<uint64_t> keys;
      for (size_t i = 0; i < count; ++i) {
        random = random * 6364136223846793005 + 1442695040888963407;
        keys.push_back((random >> 33) % different * 0x9e3779b97f4a7c15);
      }
      EXPECT_EQ(Overridden(keys), OverriddenByMap(keys))
          << count << " of " << different;
    }
  }
}

TEST(JsonMembersTest, InnerMembersStandBehindOuterOnes) {
  JsonMemberStack stack;
  constexpr size_t kOuter = 100, kInner = 1000;  // more than are inline
  for (size_t i = 0; i < kOuter; ++i) stack.Push({i, 0, 0});
  for (size_t i = 0; i < kInner; ++i) stack.Push({kOuter + i, 1, 2});
  ASSERT_EQ(stack.size(), kOuter + kInner);
  const auto inner = stack.From(kOuter);
  ASSERT_EQ(inner.size(), kInner);
  for (size_t i = 0; i < kInner; ++i) {
    EXPECT_EQ(inner[i].key, kOuter + i);
    EXPECT_EQ(inner[i].low, 1);
    EXPECT_EQ(inner[i].high, 2);
  }
  stack.CutTo(kOuter);
  stack.Push({7, 0, 0});
  EXPECT_EQ(stack.From(kOuter - 1)[0].key, kOuter - 1);
  EXPECT_EQ(stack.From(kOuter)[0].key, 7);
}

}  // namespace
}  // namespace spanlink::internal
