#include "spanlink/linker/json_scanner.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace spanlink::internal {
namespace {

using namespace std::string_view_literals;

// Returns the value of a text that is one string and nothing else.
std::optional<std::string> StringValue(std::string_view text) {
  JsonScanner scanner(text);
  std::string_view value;
  if (!scanner.TakeString(&value) || !scanner.at_end()) return std::nullopt;
  return std::string(value);
}

// Returns the parts of a text that is one number and nothing else.
std::optional<std::string> NumberParts(std::string_view text) {
  JsonScanner scanner(text);
  JsonNumber n;
  if (!scanner.TakeNumber(&n) || !scanner.at_end()) return std::nullopt;
  std::string parts(n.negative ? "-" : "+");
  parts.append(n.integer).append("|").append(n.fraction).append("|");
  parts.append(n.exponent_negative ? "-" : "+").append(n.exponent);
  return parts;
}

TEST(JsonScannerTest, StringsAreDecoded) {
  EXPECT_EQ(StringValue(R"("")"), "");
  EXPECT_EQ(StringValue(R"("plain")"), "plain");
  EXPECT_EQ(StringValue(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(StringValue(R"("a\u0041b\u00e9\u20AC")"),
            "aAb\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(StringValue(R"("\ud83e\udd16")"), "\xf0\x9f\xa4\x96");
  EXPECT_EQ(StringValue(R"("\u0000")"), "\0"sv);
}

TEST(JsonScannerTest, LoneSurrogatesKeepTheirCodePoint) {
  EXPECT_EQ(StringValue(R"("\ud83ex")"), "\xed\xa0\xbex");
  EXPECT_EQ(StringValue(R"("\udd16")"), "\xed\xb4\x96");
  EXPECT_EQ(StringValue(R"("\ud83e\ud83e\udd16")"),
            "\xed\xa0\xbe\xf0\x9f\xa4\x96");
  EXPECT_EQ(StringValue(R"("\ud83e\n")"), "\xed\xa0\xbe\n");
  EXPECT_EQ(StringValue(R"("\ud83e\u0041")"),
            "\xed\xa0\xbe"
            "A");
}

TEST(JsonScannerTest, BytesThatAreNotUtf8Pass) {
  EXPECT_EQ(StringValue("\"\xff\x80\xc3\""), "\xff\x80\xc3");
}

TEST(JsonScannerTest, BrokenStringsAreRefused) {
  for (const std::string_view text :
       {R"()"sv, R"(")"sv, R"("a)"sv, R"("\)"sv, R"("\")"sv, R"("\x41")"sv,
        R"("\u12")"sv, R"("\u12g4")"sv, R"("\ud83e\u12")"sv, "\"\n\""sv,
        "\"\0\""sv, "\"\\\0\""sv, R"('a')"sv}) {
    EXPECT_EQ(StringValue(text), std::nullopt) << text;
  }
}

TEST(JsonScannerTest, NumbersAreTakenApart) {
  EXPECT_EQ(NumberParts("0"), "+0||+");
  EXPECT_EQ(NumberParts("-120"), "-120||+");
  EXPECT_EQ(NumberParts("0.050"), "+0|050|+");
  EXPECT_EQ(NumberParts("-12.5e+003"), "-12|5|+003");
  EXPECT_EQ(NumberParts("1E-2"), "+1||-2");
}

TEST(JsonScannerTest, BrokenNumbersAreRefused) {
  for (const std::string_view text :
       {""sv, "-"sv, "+1"sv, "01"sv, "-01"sv, ".5"sv, "1."sv, "1.e5"sv, "1e"sv,
        "1e+"sv, "1e-+5"sv, "1e+-5"sv, "0x10"sv, "1_000"sv, "NaN"sv}) {
    EXPECT_EQ(NumberParts(text), std::nullopt) << text;
  }
}

TEST(JsonScannerTest, NothingIsTakenAtTheEnd) {
  JsonScanner scanner("");
  std::string_view value;
  JsonNumber number;
  scanner.SkipSpace();
  EXPECT_TRUE(scanner.at_end());
  EXPECT_EQ(scanner.Peek(), '\0');
  EXPECT_FALSE(scanner.Take('\0'));
  EXPECT_FALSE(scanner.TakeWord("null"));
  EXPECT_FALSE(scanner.TakeNumber(&number));
  EXPECT_FALSE(scanner.TakeString(&value));
}

}  // namespace
}  // namespace spanlink::internal
