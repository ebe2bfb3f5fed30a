#include "spanlink/linker/reused.h"

#include <gtest/gtest.h>

#include "absl/container/flat_hash_map.h"
#include "spanlink/linker/numbered.h"

namespace spanlink {
namespace {

using Table = absl::flat_hash_map<int, int>;

TEST(ReusedTest, LeavesItsMemoryAndNothingElse) {
  Table spare;
  {
    Reused<Table> table(&spare);
    for (int i = 0; i < 500; ++i) table[i] = i;
  }
  EXPECT_GE(spare.capacity(), 500u);
  EXPECT_TRUE(spare.empty());
  const Reused<Table> next(&spare);
  EXPECT_TRUE(next.empty());
  EXPECT_GE(next.capacity(), 500u);
  EXPECT_EQ(spare.capacity(), 0u);
}

TEST(ReusedTest, LargeTablesAreGivenBack) {
  Table spare;
  {
    Reused<Table> table(&spare);
    for (int i = 0; i < 5000; ++i) table[i] = i;
  }
  EXPECT_EQ(spare.capacity(), 0u);
}

TEST(ReusedTest, WithoutSpareItIsATable) {
  Reused<Table> table;
  table[1] = 2;
  EXPECT_EQ(table.at(1), 2);
}

TEST(NumberedSpareTest, ChunksComeBack) {
  Numbered<int>::Spare spare;
  const int* first = nullptr;
  {
    Numbered<int> values(&spare);
    first = &values.Emplace(7);
  }
  Numbered<int> next(&spare);
  EXPECT_EQ(&next.Emplace(8), first);
  EXPECT_EQ(*next.Get(0), 8);
}

}  // namespace
}  // namespace spanlink
