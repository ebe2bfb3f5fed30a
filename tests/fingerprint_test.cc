#include "spanlink/linker/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace spanlink {
namespace {

using namespace std::string_view_literals;

Fingerprint Print(std::string_view arguments) {
  return Fingerprinter(7).Of("tool", arguments);
}

// All texts are spellings of one value.
void ExpectOne(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    EXPECT_EQ(Print(text), Print(*texts.begin()))
        << text << " and " << *texts.begin();
  }
}

// No two texts are spellings of one value.
void ExpectAllDifferent(std::initializer_list<std::string_view> texts) {
  for (auto a = texts.begin(); a != texts.end(); ++a) {
    for (auto b = a + 1; b != texts.end(); ++b) {
      EXPECT_NE(Print(*a), Print(*b)) << *a << " and " << *b;
    }
  }
}

std::string Repeat(std::string_view text, size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) result.append(text);
  return result;
}

// Returns `text` as a JSON string.
std::string Quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

TEST(FingerprinterTest, SpaceBetweenTokensDoesNotMatter) {
  ExpectOne({R"({"a":[1,{"b":null}],"c":""})",
             " {\t\"a\" :\r\n[ 1 , { \"b\" : null } ] ,\"c\": \"\" } \n",
             "{\"a\":  [1,  {\"b\": \tnull}],\n\n\"c\":   \"\"}"});
  ExpectAllDifferent({R"({"a":"b c"})", R"({"a":"bc"})", R"({"a":"b  c"})",
                      R"({"a":" b c"})", R"({"a ":"b c"})"});
}

TEST(FingerprinterTest, OrderOfKeysDoesNotMatter) {
  ExpectOne(
      {R"({"a":1,"b":{"x":[1,2],"y":2}})", R"({"b":{"y":2,"x":[1,2]},"a":1})"});
  ExpectAllDifferent({R"({"a":1,"b":2})", R"({"a":2,"b":1})", R"({"a":1})",
                      R"({"a":1,"b":2,"c":3})", R"({"ab":12})"});
}

TEST(FingerprinterTest, OrderOfElementsMatters) {
  ExpectAllDifferent({"[1,2]", "[2,1]", "[1,2,2]", "[[1],2]", "[[1,2]]",
                      "[1,[2]]", "[12]", "[]", "[[]]", "[[],[]]", "[null]"});
}

TEST(FingerprinterTest, LevelsDoNotMix) {
  ExpectAllDifferent({R"({"a":{"b":1},"c":2})", R"({"a":{"b":1,"c":2}})",
                      R"({"a":{},"b":1,"c":2})", R"([{"a":1},{"b":2}])",
                      R"([{"a":1,"b":2}])", R"(["a",1,"b",2])",
                      R"({"a":["b",1]})", R"({"a":[],"b":1})"});
}

TEST(FingerprinterTest, EscapesDoNotMatter) {
  ExpectOne({"{\"k\u00e9y\":\"a/\U0001F916\"}",
             R"({"k\u00e9y":"a\/\ud83e\udd16"})",
             R"({"\u006b\u00E9\u0079":"\u0061\u002f\uD83E\uDD16"})"});
  ExpectOne({R"("\n\t\"\\")", R"("\u000a\u0009\u0022\u005c")"});
  ExpectAllDifferent({R"("\n")", R"("\\n")", R"("n")", R"("\u000b")"});
  ExpectAllDifferent({R"("é")", R"("e\u0301")", R"("e")"});
}

TEST(FingerprinterTest, SpellingOfNumbersDoesNotMatter) {
  ExpectOne({"1", "1.0", "1e0", "10e-1", "0.1e1", "1.000E+000", "0.001e3",
             "1000000e-6"});
  ExpectOne({"-1500", "-1.5e3", "-15E+2", "-1500.00", "-0.00015e7"});
  ExpectOne({"0.05", "5e-2", "0.0500", "50e-3", "0.5e-0001"});
  ExpectAllDifferent({"1", "-1", "10", "0.1", "11", "1.1", "1.01", "0",
                      "1e1000", "1e-1000", "100"});
}

// With room behind them: then integers are read at once.
TEST(FingerprinterTest, SpellingOfIntegersDoesNotMatter) {
  const Fingerprinter prints(1);
  const auto of = [&](const std::string& number) {
    return prints.OfArguments("[" + number + ", \"and some text\"]");
  };
  for (const std::string number :
       {"1", "90", "1000", "1234567", "12345678", "10000000", "20100",
        "87654320", "123456789", "100000000", "1732000000", "1234567890100",
        "90000000000000", "12345678901234", "123456789012345",
        "1234567890123456"}) {
    for (const char* sign : {"", "-"}) {
      EXPECT_EQ(of(sign + number), of(sign + number + ".0")) << number;
      EXPECT_EQ(of(sign + number), of(sign + number + "e0")) << number;
      EXPECT_NE(of(sign + number), of(sign + number + "0")) << number;
      EXPECT_NE(of(sign + number), of(sign + number + "1")) << number;
    }
    EXPECT_NE(of(number), of("-" + number));
  }
}

TEST(FingerprinterTest, SpellingOfDecimalsDoesNotMatter) {
  const Fingerprinter prints(1);
  const auto of = [&](const std::string& number) {
    return prints.OfArguments("[" + number + ", \"and some text\"]");
  };
  for (const std::string number :
       {"0.5", "1.5", "10.5", "100.01", "0.05", "0.001", "0.0000001", "7.1",
        "1234567.1234567", "0.1234567", "1234567.1", "12.25", "1.05"}) {
    const size_t point = number.find('.');
    const std::string digits =
        number.substr(0, point) + number.substr(point + 1);
    const size_t leading =
        std::min(digits.find_first_not_of('0'), digits.size());
    const std::string scientific =
        digits.substr(leading) + "e-" + std::to_string(digits.size() - point);
    for (const std::string sign : {"", "-"}) {
      EXPECT_EQ(of(sign + number), of(sign + number + "0")) << number;
      EXPECT_EQ(of(sign + number), of(sign + number + "0000000000")) << number;
      EXPECT_EQ(of(sign + number), of(sign + number + "e0")) << number;
      EXPECT_EQ(of(sign + number), of(sign + scientific)) << number;
      EXPECT_NE(of(sign + number), of(sign + number + "1")) << number;
      EXPECT_NE(of(sign + number), of(sign + digits.substr(leading))) << number;
      EXPECT_NE(of(sign + number), of(sign + "9" + number)) << number;
      EXPECT_NE(of(sign + number), of(sign + "0" + number)) << number;
    }
    EXPECT_NE(of(number), of("-" + number));
  }
  EXPECT_EQ(of("0.0"), of("0"));
  EXPECT_EQ(of("-0.000"), of("0"));
}

TEST(FingerprinterTest, ZeroHasNoSignAndNoSize) {
  ExpectOne({"0", "-0", "0.0", "-0.000", "0e7", "0E-99999999999999999999999",
             "0.00e99999999999999999999999"});
}

TEST(FingerprinterTest, LargeIntegersAreExact) {
  ExpectAllDifferent({"9007199254740992", "9007199254740993",
                      "9007199254740994", "-9007199254740993"});
  ExpectAllDifferent({"18446744073709551615", "18446744073709551616",
                      "18446744073709551617", "1844674407370955161"});
  ExpectOne({"18446744073709551617", "18446744073709551617.0",
             "1.8446744073709551617e19"});
}

TEST(FingerprinterTest, DecimalsAreExact) {
  ExpectAllDifferent({"0.1", "0.10000000000000000555", "0.10000000000000001"});
  ExpectOne({"1e400", "10e399", "0.1e401"});
  ExpectAllDifferent({"1e400", "1e401", "1e-400"});
}

TEST(FingerprinterTest, HugeExponentsCostNothing) {
  const std::string nines = Repeat("9", 1000000);
  ExpectOne({"1e999999999999999999", "1.0e0999999999999999999"});
  ExpectOne({"1e99999999999999999999", "1.0E+0099999999999999999999"});
  ExpectAllDifferent({"1e99999999999999999999", "1e-99999999999999999999",
                      "-1e99999999999999999999", "1e99999999999999999998",
                      "11e99999999999999999999", "2e99999999999999999999",
                      "1.1e99999999999999999999"});
  // They differ by 2^64.
  ExpectAllDifferent({"1e1", "1e18446744073709551617"});
  EXPECT_EQ(Print("1e" + nines), Print("1.0e+0" + nines));
  EXPECT_NE(Print("1e" + nines), Print("1e-" + nines));
}

TEST(FingerprinterTest, KindsOfValuesDiffer) {
  ExpectAllDifferent({"1", "true", "\"1\"", "\"true\"", "[1]", R"({"1":1})"});
  ExpectAllDifferent({"0", "false", "\"0\"", "null", "[]", "\"false\""});
  ExpectAllDifferent({R"({"a":1})", R"({"a":true})", R"({"a":"1"})",
                      R"({"a":null})", R"({"a":[1]})", R"({"a":{}})"});
}

TEST(FingerprinterTest, NoArgumentsAreOneValue) {
  ExpectOne({"", "{}", "null", "\"\"", " \t\r\n", " { \n } ", "\n null ",
             R"("{}")", R"(" { } ")", R"("  ")", "```json\n{}\n```",
             "```\n```"});
  ExpectAllDifferent({"", "[]", "0", "false", "\"null\"", "{\"\":null}", "{",
                      "nul", "\"\"\"\"", "{}{}"});
}

TEST(FingerprinterTest, NestedEmptyValuesDiffer) {
  ExpectAllDifferent({R"({"a":""})", R"({"a":{}})", R"({"a":null})",
                      R"({"a":[]})", R"({"a":" "})", "{}"});
  ExpectAllDifferent({R"([""])", "[{}]", "[null]", "[]"});
}

// Large objects look for duplicates in another way than small ones.
TEST(FingerprinterTest, LastDuplicateKeyWinsAmongMany) {
  for (const int keys : {11, 12, 13, 100, 1000}) {
    std::string members, repeated;
    for (int i = 0; i < keys; ++i) {
      const std::string key = "\"key" + std::to_string(i) + "\": ";
      members += (i > 0 ? ", " : "") + key + std::to_string(i);
      repeated += key + "0, " + key + "[], ";
    }
    const Fingerprinter prints(1);
    EXPECT_EQ(prints.OfArguments("{" + repeated + members + "}"),
              prints.OfArguments("{" + members + "}"))
        << keys;
    EXPECT_NE(prints.OfArguments("{" + members + ", \"key3\": 4}"),
              prints.OfArguments("{" + members + "}"))
        << keys;
  }
}

TEST(FingerprinterTest, LastDuplicateKeyWins) {
  ExpectOne({R"({"a":3,"b":2})", R"({"a":1,"b":2,"a":3})",
             R"({"a":1,"a":2,"b":9,"\u0061":3,"b":2})"});
  EXPECT_NE(Print(R"({"a":1,"a":3})"), Print(R"({"a":3,"a":1})"));
  ExpectOne({R"({"o":{"x":1}})", R"({"o":{"x":2,"y":3},"o":{"x":1}})"});
}

TEST(FingerprinterTest, StringThatHoldsAnObjectIsTheObject) {
  const std::string object = R"({"a":"b\"c","n":[1.0]})";
  const std::string twice = Quote(Quote(object));
  ExpectOne({object, Quote(object), " " + Quote(" " + object + " "), twice,
             Quote(Quote(twice)), R"("\u007b\"a\":\"b\\\"c\",\"n\":[1]}")"});
}

TEST(FingerprinterTest, FifthStringAroundAnObjectIsAString) {
  const std::string object = R"({"a":1})";
  const std::string four = Quote(Quote(Quote(Quote(object))));
  EXPECT_EQ(Print(four), Print(object));
  EXPECT_NE(Print(Quote(four)), Print(object));
}

TEST(FingerprinterTest, OtherStringsStayStrings) {
  ExpectAllDifferent({"[1]", R"("[1]")", "1", R"("1")", R"("{")", "{",
                      R"("{\"a\":1} x")", R"({"a":1})", R"("\"a\"")", R"("a")",
                      "a", R"("null")"});
}

TEST(FingerprinterTest, NestedStringThatHoldsAnObjectStaysAString) {
  EXPECT_NE(Print(R"({"a":"{\"b\":1}"})"), Print(R"({"a":{"b":1}})"));
  EXPECT_NE(Print(R"(["{\"b\":1}"])"), Print(R"([{"b":1}])"));
}

TEST(FingerprinterTest, CodeFenceIsTakenOff) {
  ExpectOne({R"({"a":1})", "```json\n{\"a\":1}\n```", "```\n{\"a\": 1}```",
             " ````JSON \r\n{\n\"a\":1}\r\n````\n", "~~~\n{\"a\":1}\n~~~"});
  ExpectOne({"ls -la", "```sh\nls -la\n```"});
  ExpectOne({"", "{}", "```\n\n```", "~~~~\n\n~~~~"});
}

TEST(FingerprinterTest, WhatIsNoFenceStays) {
  ExpectAllDifferent({R"({"a":1})", "```json\n{\"a\":1}", "``\n{\"a\":1}\n``",
                      "{\"a\":1}\n```", "````\n{\"a\":1}\n```",
                      "```\n{\"a\":1}\n~~~", "```\n{\"a\":1}\n```\n```\n```",
                      "```a`b\n{\"a\":1}\n```", "`{\"a\":1}`"});
  ExpectAllDifferent({"ls\n```\nrm", "```\nls\n```\nrm\n```"});
  ExpectAllDifferent({"", "```", "~~~", "``````", "`"});
}

TEST(FingerprinterTest, TextThatIsNotJsonIsComparedTrimmed) {
  ExpectOne({"SELECT 1", "  SELECT 1\n"});
  ExpectAllDifferent({"SELECT 1", "SELECT  1", "select 1", "\"SELECT 1\""});
  ExpectAllDifferent({R"({"a":1,})", R"({"a":1})", R"({a:1})", R"({'a':1})",
                      R"({"a":1)", R"({"a" 1})", R"({"a":01})", R"({"a":+1})",
                      R"({"a":1 "b":2})", R"({"a":1}})", R"({"a":NaN})",
                      R"({"a":1,"a"})", R"({"a":.5})", R"({,"a":1})"});
  EXPECT_NE(Print(R"({"a":1,})"), Print(R"({"a": 1,})"));
}

TEST(FingerprinterTest, TrailingTextIsNotIgnored) {
  ExpectAllDifferent({"1", "1 2", "1,", "true", "truex", "[1]", "[1]]",
                      R"("a")", R"("a" "a")", "null", "nullx", "null null"});
}

TEST(FingerprinterTest, ControlCharactersInStringsAreNotJson) {
  EXPECT_NE(Print("{\"a\":\"x\ny\"}"), Print(R"({"a":"x\ny"})"));
  EXPECT_NE(Print("{\"a\":\"x\ny\"}"), Print("{ \"a\":\"x\ny\"}"));
}

TEST(FingerprinterTest, NulIsAByteLikeAnyOther) {
  EXPECT_NE(Print("a\0b"sv), Print("a"));
  EXPECT_NE(Print("a\0b"sv), Print("a\0c"sv));
  EXPECT_NE(Print("{}\0"sv), Print("{}"));
  EXPECT_NE(Print("\0"sv), Print(""));
  EXPECT_NE(Print(R"("a\u0000b")"), Print(R"("a\u0000c")"));
}

TEST(FingerprinterTest, InvalidUtf8StandsForItself) {
  ExpectOne({"{\"a\":\"\xff\"}", "{ \"a\" : \"\xff\" }"});
  ExpectAllDifferent({"{\"a\":\"\xff\"}", "{\"a\":\"\xfe\"}",
                      "{\"a\":\"\xc3\"}", "{\"a\":\"\xc3\xa9\"}",
                      "{\"a\":\"\xef\xbf\xbd\"}", "{\"a\":\"\"}", "\xff",
                      "\xfe"});
}

TEST(FingerprinterTest, LoneSurrogatesStandForThemselves) {
  ExpectOne({R"({"a":"\ud83e"})", R"({ "a":"\uD83E"})"});
  ExpectAllDifferent({R"(["\ud83e"])", R"(["\udd16"])", R"(["\ud83e\udd16"])",
                      R"(["\udd16\ud83e"])", R"(["\ufffd"])", R"(["?"])"});
}

TEST(FingerprinterTest, DepthBeyondTheBoundIsText) {
  for (const auto& brackets : {std::pair("[", "]"), {R"({"a":)", "}"}}) {
    const auto nest = [&](size_t depth, const std::string& inside) {
      return Repeat(brackets.first, depth) + inside +
             Repeat(brackets.second, depth);
    };
    EXPECT_EQ(Print(nest(kMaxArgumentDepth, "1")),
              Print(nest(kMaxArgumentDepth, " 1.0 ")));
    EXPECT_NE(Print(nest(kMaxArgumentDepth + 1, "1")),
              Print(nest(kMaxArgumentDepth + 1, "1.0")));
    EXPECT_EQ(Print(nest(kMaxArgumentDepth + 1, "1")),
              Print(nest(kMaxArgumentDepth + 1, "1") + " "));
  }
}

// RFC 8259 has no such mark. (Found by the fuzzer, whose oracle skips it.)
TEST(FingerprinterTest, ByteOrderMarkMakesItText) {
  const std::string mark = "\xef\xbb\xbf";
  ExpectAllDifferent({mark + R"({"a": 1})", mark + R"({"a":1})", R"({"a":1})",
                      mark + R"("\"9}}")", R"("\"9}}")"});
}

TEST(FingerprinterTest, BottomlessNestingIsText) {
  EXPECT_NE(Print(Repeat("[", 1000000)), Print(Repeat("[", 1000001)));
  EXPECT_NE(Print(Repeat(R"({"a":)", 1000000)), Print(""));
  EXPECT_NE(Print(Repeat("\"\\", 1000000)), Print(""));
}

TEST(FingerprinterTest, TextBeyondTheBoundIsNotParsed) {
  const std::string filler(kMaxArgumentBytes, 'x');
  EXPECT_EQ(Print("[\"" + filler + "\"]"), Print(" [\"" + filler + "\"] "));
  EXPECT_NE(Print("[\"" + filler + "\"]"), Print("[ \"" + filler + "\"]"));
  const std::string_view fits = std::string_view(filler).substr(8);
  const std::string tight = "[\"" + std::string(fits) + "\"]";
  const std::string loose = "[ \"" + std::string(fits) + "\" ]";
  EXPECT_EQ(Print(tight), Print(loose));
}

TEST(FingerprinterTest, ManyKeysInAnyOrder) {
  constexpr int kKeys = 2000;
  std::string up;
  std::string down;
  for (int i = 0; i < kKeys; ++i) {
    const auto member = [](int key) {
      return ",\"k" + std::to_string(key) + "\":" + std::to_string(key);
    };
    up += member(i);
    down += member(kKeys - 1 - i);
  }
  EXPECT_EQ(Print("{" + up.substr(1) + "}"), Print("{" + down.substr(1) + "}"));
  EXPECT_NE(Print("{" + up.substr(1) + "}"),
            Print("{" + down.substr(1) + ",\"k7\":8}"));
}

TEST(FingerprinterTest, ToolNameCounts) {
  const Fingerprinter prints(7);
  EXPECT_EQ(prints.Of("f", "{}"), prints.Of("f", ""));
  EXPECT_NE(prints.Of("f", "{}"), prints.Of("g", "{}"));
  EXPECT_NE(prints.Of("f", "{}"), prints.Of("F", "{}"));
  EXPECT_NE(prints.Of("f", "x"), prints.Of("fx", ""));
  EXPECT_NE(prints.Of("", "x"), prints.Of("x", ""));
}

TEST(FingerprinterTest, SeedKeysTheHash) {
  EXPECT_EQ(Fingerprinter(1).Of("f", "x"), Fingerprinter(1).Of("f", "x"));
  EXPECT_NE(Fingerprinter(1).Of("f", "x"), Fingerprinter(2).Of("f", "x"));
  EXPECT_NE(Fingerprinter(1).Of("f", "{}"), Fingerprinter(2).Of("f", "{}"));
  EXPECT_NE(Fingerprinter(1).OfText("f"), Fingerprinter(2).OfText("f"));
}

TEST(FingerprinterTest, NamesAreHashedAsTheyAre) {
  const Fingerprinter prints(7);
  EXPECT_EQ(prints.OfText("call_1"), prints.OfText("call_1"));
  EXPECT_NE(prints.OfText("call_1"), prints.OfText("call_1 "));
  EXPECT_NE(prints.OfText("1"), prints.OfText("1.0"));
  EXPECT_NE(prints.OfText(""), prints.OfText("{}"));
  EXPECT_NE(prints.OfText("f"), prints.Of("f", ""));
}

}  // namespace
}  // namespace spanlink
