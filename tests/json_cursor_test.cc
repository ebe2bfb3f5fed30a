#include "spanlink/json/json_cursor.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/json/json_escapes.h"

namespace spanlink {
namespace {

std::string Unescaped(std::string_view json) {
  return JsonString(json).value_or("(none)");
}

// Position and expectation of the failure to skip `text`.
std::string SkipFailure(std::string_view text) {
  JsonCursor cursor(text);
  if (cursor.Skip()) return "(none)";
  return std::to_string(cursor.position()) + " " +
         std::string(cursor.expected());
}

TEST(JsonCursorTest, MembersComeInOrderWithExactText) {
  JsonCursor cursor(R"( {"a" : 1.0, "b":{"c":[1, 2]} , "d":"x\ny"} )");
  std::string_view key;
  std::vector<std::string> seen;
  ASSERT_TRUE(cursor.EnterObject());
  while (cursor.NextMember(&key)) {
    const std::string name(key);
    seen.push_back(name + "=" + std::string(cursor.ReadRaw().value_or("?")));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a=1.0", "b={\"c\":[1, 2]}",
                                            "d=\"x\\ny\""}));
  EXPECT_FALSE(cursor.failed());
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(JsonCursorTest, EnterLeavesOtherTypesAlone) {
  JsonCursor cursor("[1]");
  EXPECT_FALSE(cursor.EnterObject());
  EXPECT_FALSE(cursor.failed());
  EXPECT_EQ(cursor.ReadRaw(), "[1]");
}

TEST(JsonCursorTest, KeysAreUnescaped) {
  EXPECT_EQ(JsonMember(R"({"\u0061\"":5})", "a\""), "5");
}

TEST(JsonCursorTest, LastOfEqualKeysWins) {
  EXPECT_EQ(JsonMember(R"({"a":1,"a":2})", "a"), "2");
  EXPECT_EQ(JsonMember(R"({"a":1})", "b"), std::nullopt);
  EXPECT_EQ(JsonMember("[1]", "b"), std::nullopt);
}

TEST(JsonCursorTest, StringsAreUnescaped) {
  EXPECT_EQ(Unescaped(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Unescaped(R"("\u00e9\u20ac")"), "\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(Unescaped(R"("\ud83e\udd16")"), "\xF0\x9F\xA4\x96");
}

TEST(JsonCursorTest, LoneSurrogatesAreReplaced) {
  EXPECT_EQ(Unescaped(R"("\ud83e!")"), "\xEF\xBF\xBD!");
  EXPECT_EQ(Unescaped(R"("\ud83e\u0041")"),
            "\xEF\xBF\xBD"
            "A");
}

TEST(JsonCursorTest, LowSurrogatesInFrontAreReplaced) {
  EXPECT_EQ(Unescaped(R"("\udc00!")"), "\xEF\xBF\xBD!");
  EXPECT_EQ(Unescaped(R"("\udc00\ud83e\udd16")"),
            "\xEF\xBF\xBD\xF0\x9F\xA4\x96");
}

// Runs of backslashes of every length, at every place of a block of 64 bytes.
TEST(JsonCursorTest, EveryOtherBackslashEscapes) {
  for (size_t before = 0; before < 130; ++before) {
    for (size_t slashes = 0; slashes < 70; ++slashes) {
      const std::string inside =
          std::string(before, 'x') + std::string(slashes, '\\');
      const size_t end = inside.size() + (slashes % 2 == 0 ? 2 : 4);
      const std::string text = "\"" + inside + "\"y\" z";
      JsonCursor cursor(text);
      ASSERT_TRUE(cursor.Skip());
      ASSERT_EQ(cursor.position(), end) << before << " " << slashes;
    }
  }
}

// A text of which no two parts are alike.
std::string Counted(size_t size) {
  std::string text;
  for (int i = 100; text.size() < size; ++i) text += std::to_string(i);
  return text.substr(0, size);
}

// In the middle of a block of 64 bytes, across its end, and in the rest that is
// less than one.
TEST(JsonCursorTest, EscapesMeanTheSameWhereverTheyStand) {
  const std::pair<std::string_view, std::string_view> escapes[] = {
      {R"(\n)", "\n"},
      {R"(\\)", "\\"},
      {R"(\\\")", "\\\""},
      {R"(\u00e9)", "\xC3\xA9"},
      {R"(\ud83e)", "\xEF\xBF\xBD"},
      {R"(\ud83e\udd16)", "\xF0\x9F\xA4\x96"},
      {R"(\x)", R"(\x)"},
      {R"(\u12)", R"(\u12)"},
  };
  for (const auto& [escape, meaning] : escapes) {
    for (size_t before = 0; before < 140; ++before) {
      for (const size_t behind : {0, 31, 60, 200}) {
        const std::string head = Counted(before);
        const std::string tail = "|" + Counted(behind);
        std::string text = "kept";
        UnescapeJson(head + std::string(escape) + tail, &text);
        ASSERT_EQ(text, "kept" + head + std::string(meaning) + tail);
      }
    }
  }
}

TEST(JsonCursorTest, ManyEscapesInABlockAreAllUnescaped) {
  std::string text, raw, meaning;
  for (size_t i = 0; i < 100; ++i) {
    const std::string plain = Counted(i * 7 % 45);
    raw += plain + R"(\"\\)";
    meaning += plain + "\"\\";
  }
  UnescapeJson(raw, &text);
  EXPECT_EQ(text, meaning);
}

TEST(JsonCursorTest, TextsStandInPlaceOrAreUnescaped) {
  std::string scratch;
  EXPECT_EQ(JsonText(R"("plain")", &scratch), "plain");
  EXPECT_EQ(JsonText(R"("\u00e9\n")", &scratch), "\xC3\xA9\n");
  EXPECT_EQ(JsonText("[1]", &scratch), "");
  EXPECT_EQ(JsonText("", &scratch), "");
}

TEST(JsonCursorTest, WhatIsNoEscapeStays) {
  EXPECT_EQ(Unescaped(R"("\x \u12")"), "\\x \\u12");
  EXPECT_EQ(Unescaped("\"\xFF\x01\""), "\xFF\x01");
}

TEST(JsonCursorTest, QuoteBehindEvenBackslashesEndsTheString) {
  EXPECT_EQ(Unescaped(R"("a\\")"), "a\\");
  EXPECT_EQ(SkipFailure(R"("a\")"), "4 the closing quote of a string");
}

TEST(JsonCursorTest, FailuresSayWhereAndWhat) {
  EXPECT_EQ(SkipFailure(""), "0 a JSON value");
  EXPECT_EQ(SkipFailure("{\"a\" 1}"), "5 `:`");
  EXPECT_EQ(SkipFailure("{\"a\":1 2}"), "7 `,` or `}`");
  EXPECT_EQ(SkipFailure("[1 2]"), "3 `,` or `]`");
  EXPECT_EQ(SkipFailure("[1,]"), "3 a JSON value");
  EXPECT_EQ(SkipFailure("{a:1}"), "1 a key in quotes");
  EXPECT_EQ(SkipFailure("[-]"), "2 a digit");
  EXPECT_EQ(SkipFailure("[nul]"), "1 a JSON value");
}

TEST(JsonCursorTest, CutTextFailsAtItsEnd) {
  const std::string_view whole = R"({"a":[1,{"b":"c\"d"},true,-1.5e+3]})";
  for (size_t size = 1; size < whole.size(); ++size) {
    JsonCursor cursor(whole.substr(0, size));
    EXPECT_FALSE(cursor.Skip()) << size;
    EXPECT_TRUE(cursor.failed_at_end()) << size;
  }
  EXPECT_TRUE(IsJson(whole));
}

TEST(JsonCursorTest, NothingIsReadAfterAFailure) {
  JsonCursor cursor("[1 2]");
  std::string_view key;
  ASSERT_TRUE(cursor.EnterArray());
  ASSERT_TRUE(cursor.NextElement());
  ASSERT_TRUE(cursor.Skip());
  EXPECT_FALSE(cursor.NextElement());
  EXPECT_FALSE(cursor.NextElement());
  EXPECT_FALSE(cursor.Skip());
  EXPECT_FALSE(cursor.EnterArray());
  EXPECT_FALSE(cursor.NextMember(&key));
  EXPECT_EQ(cursor.position(), 3u);
}

TEST(JsonCursorTest, DepthIsNoProblem) {
  const std::string deep =
      std::string(1 << 20, '[') + std::string(1 << 20, ']');
  EXPECT_TRUE(IsJson(deep));
  EXPECT_FALSE(IsJson(std::string(1 << 20, '[')));
}

TEST(JsonCursorTest, WrittenStringsReadBack) {
  const std::string text = "\"\\/\n\t\x01 \xC3\xA9\xFF";
  std::string json;
  AppendJsonString(text, &json);
  EXPECT_EQ(json, "\"\\\"\\\\/\\u000a\\u0009\\u0001 \xC3\xA9\xFF\"");
  EXPECT_EQ(Unescaped(json), text);
}

}  // namespace
}  // namespace spanlink
