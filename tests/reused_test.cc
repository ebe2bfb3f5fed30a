#include "spanlink/linker/reused.h"

#include <gtest/gtest.h>

#include "absl/container/flat_hash_map.h"
#include "spanlink/linker/numbered.h"

namespace spanlink {
namespace {

using Table = absl::flat_hash_map<int, int>;

TEST(ReusedTest, LeavesItsMemoryAndNothingElse) {
  for (const size_t entries : {50, 500}) {
    Table spare;
    {
      Reused<Table> table(&spare);
      for (size_t i = 0; i < entries; ++i) table[static_cast<int>(i)] = 1;
    }
    EXPECT_GE(spare.capacity(), entries);
    EXPECT_TRUE(spare.empty());
    const Reused<Table> next(&spare);
    EXPECT_TRUE(next.empty());
    EXPECT_GE(next.capacity(), entries);
    EXPECT_EQ(spare.capacity(), 0u);
  }
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

// Across the border of a chunk, too.
TEST(NumberedTest, NewestGoesAndItsNumberComesAgain) {
  Numbered<int> values;
  for (int i = 0; i < 40; ++i) {
    values.Emplace(-1);
    values.PopNewest();
    EXPECT_EQ(values.Get(values.last()), nullptr);
    EXPECT_EQ(values.Emplace(i), i);
    EXPECT_EQ(values.last(), static_cast<uint64_t>(i) + 1);
    if (i % 3 == 2) values.PopOldest();
  }
  for (uint64_t i = values.first(); i < values.last(); ++i) {
    EXPECT_EQ(*values.Get(i), static_cast<int>(i));
  }
}

}  // namespace
}  // namespace spanlink
