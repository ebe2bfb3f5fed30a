#include "spanlink/pipeline/text_pool.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace spanlink {
namespace {

TEST(TextPoolTest, EqualTextsAreKeptOnce) {
  TextPool pool;
  const std::string_view a = pool.Keep("chat");
  const std::string_view b = pool.Keep("tool");
  EXPECT_EQ(pool.Keep(std::string("chat")).data(), a.data());
  EXPECT_EQ(pool.Keep(std::string("tool")).data(), b.data());
  EXPECT_EQ(pool.Keep("").size(), 0u);
}

TEST(TextPoolTest, TextsStayWhereTheyAre) {
  TextPool pool;
  std::vector<std::string_view> kept;
  for (size_t i = 0; i < 5000; ++i) {
    kept.push_back(pool.KeepOnce(std::string(i % 40, 'x') + "!"));
  }
  kept.push_back(pool.Keep(std::string(100000, 'y')));
  for (size_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(kept[i], std::string(i % 40, 'x') + "!");
  }
  EXPECT_EQ(kept.back(), std::string(100000, 'y'));
}

}  // namespace
}  // namespace spanlink
