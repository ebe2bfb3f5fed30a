#include "spanlink/dialects/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AttributeList Sealed(std::initializer_list<Attribute> attributes) {
  AttributeList list;
  for (const Attribute& attribute : attributes) list.Add(attribute);
  list.Seal();
  return list;
}

std::vector<std::string> Keys(const AttributeList& list,
                              std::string_view prefix) {
  std::vector<std::string> keys;
  for (const Attribute& attribute : list.WithPrefix(prefix)) {
    keys.emplace_back(attribute.key);
  }
  return keys;
}

TEST(AttributeListTest, FindsByKey) {
  const AttributeList list = Sealed({{"b", AttributeType::kString, "2"},
                                     {"a", AttributeType::kScalar, "1"},
                                     {"n", AttributeType::kNull, ""}});
  EXPECT_EQ(list.Text("a"), "1");
  EXPECT_EQ(list.Find("b")->type, AttributeType::kString);
  EXPECT_EQ(list.Find("c"), nullptr);
  EXPECT_EQ(list.Find("n"), nullptr);
  EXPECT_EQ(list.Text("c"), "");
}

// Letters that are not among the keys are answered without a search.
TEST(AttributeListTest, EveryFirstCharacterIsFound) {
  for (int c = 1; c < 256; ++c) {
    const std::string key = std::string(1, static_cast<char>(c)) + ".k";
    AttributeList list = Sealed({{"z", AttributeType::kString, "1"},
                                 {"", AttributeType::kString, "2"},
                                 {key, AttributeType::kString, "3"}});
    EXPECT_EQ(list.Text(key), "3") << c;
    EXPECT_EQ(list.Text("z"), "1");
    EXPECT_EQ(list.Text(""), "2");
    EXPECT_THAT(Keys(list, key.substr(0, 2)), ElementsAre(key));
    list.Clear();
    list.Seal();
    EXPECT_EQ(list.Find(key), nullptr);
    EXPECT_THAT(Keys(list, ""), IsEmpty());
  }
}

TEST(AttributeListTest, LastOfEqualKeysWins) {
  const AttributeList list = Sealed({{"a", AttributeType::kString, "1"},
                                     {"b", AttributeType::kString, "x"},
                                     {"a", AttributeType::kString, "2"},
                                     {"a", AttributeType::kString, "3"}});
  EXPECT_EQ(list.Text("a"), "3");
  EXPECT_THAT(Keys(list, ""), ElementsAre("a", "b"));
}

TEST(AttributeListTest, PrefixesGiveSortedRanges) {
  const AttributeList list = Sealed({{"m.2", AttributeType::kString, ""},
                                     {"n", AttributeType::kString, ""},
                                     {"m.10", AttributeType::kString, ""},
                                     {"m", AttributeType::kString, ""},
                                     {"l.1", AttributeType::kString, ""}});
  EXPECT_THAT(Keys(list, "m."), ElementsAre("m.10", "m.2"));
  EXPECT_THAT(Keys(list, "x"), IsEmpty());
}

TEST(AttributeListTest, ClearedListIsEmpty) {
  AttributeList list = Sealed({{"a", AttributeType::kString, "1"}});
  list.Clear();
  list.Seal();
  EXPECT_THAT(Keys(list, ""), IsEmpty());
}

}  // namespace
}  // namespace spanlink
