#include "spanlink/linker/json_scanner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/linker/text_block.h"
#include "spanlink/model/load_word.h"

namespace spanlink::internal {
namespace {

using namespace std::string_view_literals;

// Returns the value of a text that is one string and nothing else.
template <typename Block = SimdBlock>
std::optional<std::string> StringValue(std::string_view text) {
  BasicJsonScanner<Block> scanner(text);
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
  JsonName name;
  scanner.SkipSpace();
  EXPECT_TRUE(scanner.at_end());
  EXPECT_EQ(scanner.Peek(), '\0');
  EXPECT_FALSE(scanner.Take('\0'));
  EXPECT_FALSE(scanner.TakeName(&name));
  EXPECT_FALSE(scanner.TakeNumber(&number));
  EXPECT_FALSE(scanner.TakeString(&value));
}

// Every byte at every place, behind plain bytes and before bytes of all kinds.
TEST(TextBlockTest, BothBlocksSeeTheSame) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t place = 0; place < kTwoBlocks; ++place) {
      std::string text(kTwoBlocks, 'p');
      text[place] = static_cast<char>(byte);
      for (size_t i = place + 1; i < text.size(); ++i) {
        text[i] = static_cast<char>(byte + 31 * static_cast<int>(i));
      }
      EXPECT_EQ(PortableBlock::CountPlain(text.data()),
                SimdBlock::CountPlain(text.data()));
      EXPECT_EQ(PortableBlock::CountPlainInTwo(text.data()),
                SimdBlock::CountPlainInTwo(text.data()));
    }
  }
}

// Bytes of all kinds side by side, and those that differ in one bit: behind a
// mark, an inexact test would take the next byte for one, too.
TEST(TextBlockTest, EveryByteThatIsNotPlainIsMarked) {
  const auto expect_marks = [](auto byte_at) {
    std::string text;
    uint64_t marks = 0;
    for (size_t i = 0; i < kMarked; ++i) {
      const size_t byte = byte_at(i) % 256;
      const bool is_plain = byte >= 0x20 && byte != '"' && byte != '\\';
      text += static_cast<char>(byte);
      marks |= uint64_t{!is_plain} << i;
    }
    EXPECT_EQ(SimdBlock::MarkOthers(text.data()), marks);
    EXPECT_EQ(PortableBlock::MarkOthers(text.data()), marks);
  };
  for (size_t first = 0; first < 256; ++first) {
    expect_marks([first](size_t i) { return first + 47 * i * i; });
    expect_marks([first](size_t i) { return first ^ (i % 2); });
  }
}

TEST(TextBlockTest, PlainBytesEndAtQuotesBackslashesAndControls) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string text(kTwoBlocks, 'p');
    text[20] = static_cast<char>(byte);
    const bool ends = byte < 0x20 || byte == '"' || byte == '\\';
    EXPECT_EQ(SimdBlock::CountPlainInTwo(text.data()), ends ? 20u : 32u);
  }
}

// Exactly as long as they are: what lies behind is not looked at.
TEST(TextBlockTest, PlainBytesOfTextsOfAnyLength) {
  for (size_t size = 0; size <= 3 * kTwoBlocks; ++size) {
    std::vector<char> bytes(size, 'p');
    const std::string_view text(bytes.data(), size);
    EXPECT_EQ(CountPlainBytes<SimdBlock>(text), size);
    EXPECT_EQ(CountPlainBytes<PortableBlock>(text), size);
    for (size_t place = 0; place < size; ++place) {
      bytes[place] = "\"\\\n"[place % 3];
      EXPECT_EQ(CountPlainBytes<SimdBlock>(text), place);
      EXPECT_EQ(CountPlainBytes<PortableBlock>(text), place);
      bytes[place] = 'p';
    }
  }
}

TEST(JsonScannerTest, ShortStringsAreTakenAsBytes) {
  const std::string rest(16, ' ');
  for (size_t size = 0; size <= 16; ++size) {
    const std::string value = std::string("abcdefghijklmnop").substr(0, size);
    const std::string text = '"' + value + '"' + rest;
    JsonScanner scanner(text);
    ShortBytes bytes;
    ASSERT_EQ(scanner.TakeShortString(&bytes), size < 16) << size;
    if (size == 16) continue;
    EXPECT_EQ(bytes.size, size);
    EXPECT_EQ(bytes.low, LoadWord(value));
    EXPECT_EQ(bytes.high, size < 8 ? 0 : LoadWord(value.substr(8)));
    EXPECT_EQ(scanner.Peek(), ' ');
  }
}

// Of 16 bytes, with one that ends plain text before, at and behind the quote.
template <typename Block>
void ExpectCountsUpToQuote() {
  for (const char other : {'\\', '\n', '"'}) {
    for (size_t quote = 0; quote <= kBlock; ++quote) {
      for (size_t place = 0; place < kBlock; ++place) {
        std::string text(kBlock, 'p');
        text[place] = other;
        if (quote < kBlock) text[quote] = '"';
        const bool is_plain = place >= quote || other == '"';
        const size_t expected = other == '"' ? std::min(quote, place) : quote;
        EXPECT_EQ(Block::CountUpToQuote(text.data()),
                  is_plain ? expected : kBlock)
            << text;
      }
    }
  }
}

TEST(JsonScannerTest, BytesUpToQuoteAreCounted) {
  ExpectCountsUpToQuote<SimdBlock>();
  ExpectCountsUpToQuote<PortableBlock>();
}

TEST(JsonScannerTest, ShortNaturalsAreTaken) {
  for (const std::string digits : {"1", "10", "907", "1234567", "9000000"}) {
    for (const std::string behind : {",", "}", " ", "x", "/", ":", "\x80"}) {
      const std::string text = digits + behind + "        ";
      JsonScanner scanner(text);
      ShortBytes bytes;
      ASSERT_TRUE(scanner.TakeShortNatural(&bytes)) << text;
      EXPECT_EQ(bytes.size, digits.size());
      EXPECT_EQ(bytes.low, LoadWord(digits));
      EXPECT_EQ(bytes.high, 0);
      EXPECT_EQ(scanner.Peek(), behind[0]);
    }
  }
  for (const std::string_view text :
       {"0        "sv, "01       "sv, "-1       "sv, "a        "sv,
        "1.5      "sv, "1e5      "sv, "1E5      "sv, "12345678 "sv,
        "1       "sv}) {
    JsonScanner scanner(text);
    ShortBytes bytes;
    EXPECT_FALSE(scanner.TakeShortNatural(&bytes)) << text;
    EXPECT_EQ(scanner.Peek(), text[0]);
  }
}

TEST(JsonScannerTest, WhatIsNoShortTokenIsNotTaken) {
  for (const std::string_view text :
       {R"("abc)"sv, R"("abc")"sv, R"("a\nb"                )"sv,
        R"("abcdefghijklmnopqrstu")"sv, "\"a\n\"                 "sv,
        "x                   "sv}) {
    JsonScanner scanner(text);
    ShortBytes bytes;
    EXPECT_FALSE(scanner.TakeShortString(&bytes)) << text;
    EXPECT_EQ(scanner.Peek(), text[0]);
  }
  for (const std::string_view text : {"01          "sv,
                                      "0           "sv,
                                      "-           "sv,
                                      "a           "sv,
                                      "12e3        "sv,
                                      "12E3        "sv,
                                      "1.5e3       "sv,
                                      "1.5E3       "sv,
                                      "1.5.5       "sv,
                                      "1.          "sv,
                                      ".5          "sv,
                                      "1.-5        "sv,
                                      "00.5        "sv,
                                      "01.5        "sv,
                                      "0.0         "sv,
                                      "-0.000      "sv,
                                      "0.12345678          "sv,
                                      "12345678.5          "sv,
                                      "123456789.5         "sv,
                                      "123456789012345     "sv,
                                      "1234567890123456789"sv,
                                      "123456789"sv,
                                      "12345678"sv,
                                      "1.5     "sv,
                                      "12"sv}) {
    JsonScanner scanner(text);
    ShortDecimal decimal;
    EXPECT_FALSE(scanner.TakeShortDecimal(&decimal)) << text;
    EXPECT_EQ(scanner.Peek(), text[0]);
  }
}

TEST(JsonScannerTest, ShortDecimalsAreTaken) {
  for (const std::string digits :
       {"1", "10", "907", "1234567", "12345678", "123456789", "90000000000000",
        "1.5", "0.5", "0.0000001", "1234567.1234567", "1234567.1", "10.0"}) {
    for (const std::string sign : {"", "-"}) {
      const std::string text = sign + digits + ",                ";
      JsonScanner scanner(text);
      ShortDecimal decimal;
      ASSERT_TRUE(scanner.TakeShortDecimal(&decimal)) << text;
      const size_t point = std::min(digits.find('.'), digits.size());
      std::string both = digits.substr(0, point);
      if (point < digits.size()) both += digits.substr(point + 1);
      EXPECT_EQ(decimal.negative, !sign.empty());
      EXPECT_EQ(decimal.fraction, both.size() - point);
      EXPECT_EQ(decimal.digits.size, both.size());
      EXPECT_EQ(decimal.digits.low, LoadWord(both));
      EXPECT_EQ(decimal.digits.high,
                both.size() < 8 ? 0 : LoadWord(both.substr(8)));
      EXPECT_EQ(scanner.Peek(), ',');
    }
  }
}

TEST(JsonScannerTest, NamesAreTaken) {
  const auto name_of = [](std::string_view text) -> std::optional<JsonName> {
    JsonScanner scanner(text);
    JsonName name;
    if (!scanner.TakeName(&name)) return std::nullopt;
    EXPECT_TRUE(scanner.at_end() || scanner.Peek() == ',') << text;
    return name;
  };
  EXPECT_EQ(name_of("null"), JsonName::kNull);
  EXPECT_EQ(name_of("false"), JsonName::kFalse);
  EXPECT_EQ(name_of("true"), JsonName::kTrue);
  EXPECT_EQ(name_of("null, and more"), JsonName::kNull);
  EXPECT_EQ(name_of("false, and more"), JsonName::kFalse);
  EXPECT_EQ(name_of("true, and more"), JsonName::kTrue);
  for (const std::string_view text :
       {"nul"sv, "fals"sv, "tru"sv, "falsy, and more"sv, "True, and more"sv,
        "nuLL, and more"sv, "xnull"sv, "0"sv}) {
    EXPECT_EQ(name_of(text), std::nullopt) << text;
  }
}

// Escapes of each kind at every place of a block, and behind them others.
TEST(JsonScannerTest, EscapesAreDecodedWhereverTheyStand) {
  constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
      {R"(\n)", "\n"},
      {R"(\")", "\""},
      {R"(\\)", "\\"},
      {R"(\u0041)", "A"},
      {R"(\u20AC)", "\xe2\x82\xac"},
      {R"(\ud83e\udd16)", "\xf0\x9f\xa4\x96"},
      {R"(\ud83e)", "\xed\xa0\xbe"}};
  for (const auto& [escape, meaning] : kEscapes) {
    for (size_t before = 0; before <= 2 * kMarked; ++before) {
      for (const size_t behind : {0, 1, 33, 200}) {
        std::string text = "\"\\t";
        std::string value = "\t";
        for (int i = 0; i < 2; ++i) {
          text.append(before, 'b').append(escape).append(behind, 'p');
          value.append(before, 'b').append(meaning).append(behind, 'p');
        }
        // Two halves of a pair are one character.
        if (escape == R"(\ud83e)" && before + behind == 0) continue;
        EXPECT_EQ(StringValue<SimdBlock>(text + '"'), value);
        EXPECT_EQ(StringValue<PortableBlock>(text + '"'), value);
        EXPECT_EQ(StringValue(text), std::nullopt);
        EXPECT_EQ(StringValue(text + '\\'), std::nullopt);
        EXPECT_EQ(StringValue(text + R"(\x)" + std::string(200, 'p') + '"'),
                  std::nullopt);
      }
    }
  }
}

// More than fits into the scanner itself.
TEST(JsonScannerTest, LongStringsWithEscapesAreDecoded) {
  std::string text = "\"";
  std::string value;
  for (int i = 0; i < 3000; ++i) {
    text += i % 3 == 0 ? "\\n" : "plain";
    value += i % 3 == 0 ? "\n" : "plain";
  }
  EXPECT_EQ(StringValue(text + '"'), value);
  EXPECT_EQ(StringValue(text), std::nullopt);
}

}  // namespace
}  // namespace spanlink::internal
