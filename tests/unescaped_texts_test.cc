#include "spanlink/otlp/unescaped_texts.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "spanlink/json/json_escapes.h"

namespace spanlink {
namespace {

std::string Message(size_t number) {
  return R"({\"text\":\")" + std::to_string(number) +
         std::string(UnescapedTexts::kMinSize, 'x') + R"(\\n\"})";
}

std::string Expected(std::string_view raw) {
  std::string text;
  UnescapeJson(raw, &text);
  return text;
}

TEST(UnescapedTextsTest, GrowingTextsAreUnescaped) {
  UnescapedTexts texts;
  std::string history = Message(0);
  for (size_t i = 1; i < 6; ++i) {
    const std::string raw = "[" + history + "]";
    std::string_view text;
    ASSERT_TRUE(texts.Unescape(raw, &text));
    EXPECT_EQ(text, Expected(raw));
    texts.Release();
    history += "," + Message(i);
  }
}

TEST(UnescapedTextsTest, EscapesAcrossTheEndAreUnescapedWhole) {
  const std::string begin = "[" + Message(0);
  UnescapedTexts texts;
  for (const std::string_view end :
       {R"(\\])", R"(\\n])", R"(\u00])", R"(\u0041])", R"(\ud83e])",
        R"(\ud83e\udd16])", R"(\u00}])", R"(\u00}41])", R"(\}])", R"(\}n])",
        "]", R"(,\"\"])"}) {
    const std::string raw = begin + std::string(end);
    std::string_view text;
    ASSERT_TRUE(texts.Unescape(raw, &text));
    EXPECT_EQ(text, Expected(raw)) << end;
    texts.Release();
  }
}

TEST(UnescapedTextsTest, TextsInUseAreLeftAlone) {
  const std::string one = "[" + Message(0) + "]";
  const std::string two = "[" + Message(0) + "," + Message(1) + "]";
  UnescapedTexts texts;
  std::string_view first, second;
  ASSERT_TRUE(texts.Unescape(one, &first));
  ASSERT_TRUE(texts.Unescape(two, &second));
  EXPECT_EQ(first, Expected(one));
  EXPECT_EQ(second, Expected(two));
}

TEST(UnescapedTextsTest, MoreTextsThanPlacesAreTheCallers) {
  UnescapedTexts texts;
  size_t kept = 0;
  for (size_t i = 0; i < 100; ++i) {
    std::string_view text;
    if (texts.Unescape("[" + Message(i) + "]", &text)) ++kept;
  }
  EXPECT_GT(kept, 1u);
  EXPECT_LT(kept, 100u);
}

}  // namespace
}  // namespace spanlink
