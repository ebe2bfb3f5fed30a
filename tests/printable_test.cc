#include "spanlink/viewer/printable.h"

#include <string>

#include "gtest/gtest.h"

namespace spanlink {
namespace {

TEST(PrintableTest, PlainTextStaysAsItIs) {
  EXPECT_EQ(Printable("chat gpt-4o (v2): ok!", 80), "chat gpt-4o (v2): ok!");
  EXPECT_EQ(Printable("", 80), "");
}

TEST(PrintableTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(Printable("a\nb\tc\rd", 80), "a\\nb\\tc\\rd");
  EXPECT_EQ(Printable(std::string("\x1b[31m\0\x7f", 7), 80),
            "\\x1b[31m\\x00\\x7f");
}

TEST(PrintableTest, C1ControlsAreEscaped) {
  // U+009B is a one-character form of ESC [.
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m",
                      80),
            "\\x9b31m");
}

TEST(PrintableTest, BidiAndInvisibleCharactersAreEscaped) {
  EXPECT_EQ(Printable("a\u202e\u2066\u200f\u200b\ufeff\u2028", 80),
            "a\\u202e\\u2066\\u200f\\u200b\\ufeff\\u2028");
  EXPECT_EQ(Printable("\U000e0041", 80), "\\U000e0041");
}

TEST(PrintableTest, BackslashIsDoubledSoThatEscapesAreUnambiguous) {
  EXPECT_EQ(Printable("\\n", 80), "\\\\n");
}

TEST(PrintableTest, InvalidUtf8IsEscapedByteByByte) {
  EXPECT_EQ(Printable("\xff\xc3", 80), "\\xff\\xc3");
  EXPECT_EQ(Printable("\xc0\x80", 80), "\\xc0\\x80");           // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80", 80), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80", 80), "\\xf4\\x90\\x80\\x80");
}

TEST(PrintableTest, ForeignScriptsAreShown) {
  EXPECT_EQ(Printable("Größe 東京 Привет", 80), "Größe 東京 Привет");
}

TEST(PrintableTest, PilesOfCombiningMarksAreEscaped) {
  EXPECT_EQ(Printable("e\u0301", 80), "e\u0301");
  EXPECT_EQ(Printable("e\u0301\u0301\u0301", 80), "e\u0301\u0301\\u0301");
  EXPECT_EQ(Printable("\u0301x", 80), "\\u0301x");  // no letter before it
}

TEST(PrintableTest, LongTextIsCutWithDots) {
  EXPECT_EQ(Printable("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(Printable("abcdefghijk", 10), "abcdefg...");
  EXPECT_EQ(Printable("東京東京東京", 7), "東京...");
}

TEST(PrintableTest, CutsNeverSplitAnEscape) {
  EXPECT_EQ(Printable("ab\x1b\x1b\x1b", 10), "ab\\x1b...");
  EXPECT_EQ(Printable("\x1b\x1b\x1b", 5), "...");
}

TEST(PrintableTest, MegabyteNamesCostOnlyWhatIsShown) {
  const std::string name(size_t{1} << 26, 'x');
  for (int i = 0; i < 10000; ++i) ASSERT_EQ(Printable(name, 20).size(), 20u);
}

TEST(PrintableTest, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(Columns("abc"), 3u);
  EXPECT_EQ(Columns("東京"), 4u);
  EXPECT_EQ(Columns("e\u0301"), 1u);
  EXPECT_EQ(PadTo("東京", 6), "東京  ");
  EXPECT_EQ(PadTo("longer", 3), "longer");
}

}  // namespace
}  // namespace spanlink
