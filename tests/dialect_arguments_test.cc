#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/python_literal.h"

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Readings(std::string_view text) {
  SpanFacts facts;
  SetToolArguments(text, &facts);
  return facts.alternatives;
}

// What is captured, "(none)" if nothing is.
std::string Captured(std::string_view text) {
  SpanFacts facts;
  return CaptureArguments(text, &facts).value_or("(none)");
}

TEST(ArgumentsTest, PlaceholdersAreNoIds) {
  for (const char* id :
       {"", "  ", "unknown", "<not specified>", " (merged)", "[REDACTED]"}) {
    EXPECT_EQ(CleanId(id), "") << id;
  }
  EXPECT_EQ(CleanId(" call_1\n"), "call_1");
  EXPECT_EQ(CleanId("Unknown Agent"), "Unknown Agent");
}

TEST(ArgumentsTest, RedactedTextIsNotCaptured) {
  for (const char* text :
       {"__REDACTED__", "readacted", "[REDACTED]", " <replaced> ",
        "<not serializable>", "\"[REDACTED]\"", R"({"a":"<replaced>"})"}) {
    EXPECT_EQ(Captured(text), "(none)") << text;
  }
  EXPECT_EQ(Captured("was [REDACTED] by law"), "was [REDACTED] by law");
}

TEST(ArgumentsTest, CutTextIsNotCapturedAndCounted) {
  SpanFacts facts;
  EXPECT_FALSE(CaptureArguments("{\"a\":\"b... [truncated]", &facts));
  EXPECT_EQ(facts.truncated, 1u);
  EXPECT_EQ(Captured("{\"a\":\"b..."), "(none)");
  const std::string open = "{\"a\":\"";
  EXPECT_EQ(Captured(open + std::string(256 - open.size(), 'x')), "(none)");
  EXPECT_EQ(Captured(open + std::string(3000 - open.size(), 'x')), "(none)");
}

TEST(ArgumentsTest, LengthOfALimitMayCountCodePoints) {
  std::string text = "{\"a\":\"";
  while (text.size() < 6 + 2 * (128 - 6)) text += "\xC3\xA9";
  EXPECT_TRUE(IsTruncated(text));
  EXPECT_FALSE(IsTruncated(text + "\xC3\xA9"));
}

TEST(ArgumentsTest, UnfinishedJsonOfAnyOtherLengthIsText) {
  EXPECT_EQ(Captured("{\"a\":\"b"), "{\"a\":\"b");
  const std::string broken = "{\"a\" " + std::string(251, 'x');
  EXPECT_EQ(Captured(broken), broken);
  const std::string whole = "{\"a\":\"" + std::string(248, 'x') + "\"}";
  ASSERT_EQ(whole.size(), 256u);
  EXPECT_EQ(Captured(whole), whole);
}

TEST(ArgumentsTest, RawTextIsTakenOutOfItsObject) {
  EXPECT_EQ(Captured(R"({"_raw": "x\"y"})"), "x\"y");
  EXPECT_EQ(Captured(R"({"_raw": 5})"), R"({"_raw": 5})");
}

TEST(ArgumentsTest, WrappersOfferWhatTheyHold) {
  EXPECT_THAT(Readings(R"({"args":[],"kwargs":{"x":1}})"),
              ElementsAre(R"({"x":1})"));
  EXPECT_THAT(Readings(R"({"input":{"x":1}})"), ElementsAre(R"({"x":1})"));
  EXPECT_THAT(Readings(R"({"input":"{'x': 1}"})"), ElementsAre(R"({"x":1})"));
  EXPECT_THAT(Readings(R"({"args":[{"x":1}],"kwargs":{}})"),
              ElementsAre(R"({"x":1})"));
  EXPECT_THAT(
      Readings(
          R"({"args":["p"],"sanitize_inputs_outputs":false,"kwargs":{"x":1}})"),
      ElementsAre(R"({"x":1})", "p"));
  EXPECT_THAT(Readings(R"({"args":[],"kwargs":{}})"), ElementsAre("{}"));
}

TEST(ArgumentsTest, PositionalArgumentsAreNotTakenForNone) {
  EXPECT_THAT(Readings(R"({"args":["p","q"],"kwargs":{}})"), IsEmpty());
}

TEST(ArgumentsTest, PlainArgumentsHaveOneReading) {
  EXPECT_THAT(Readings(R"({"x":{"input":1}})"), IsEmpty());
  EXPECT_THAT(Readings("[1]"), IsEmpty());
  EXPECT_THAT(Readings("text"), IsEmpty());
  EXPECT_THAT(Readings(""), IsEmpty());
}

TEST(ArgumentsTest, NoMoreReadingsThanTheEngineTries) {
  EXPECT_THAT(Readings(R"({"inputs":1,"input":2,"input_str":"3","args":[4]})"),
              ElementsAre("1", "2", "3"));
}

TEST(ArgumentsTest, ToolMessagesNameTheirCall) {
  EXPECT_EQ(ToolMessageCallId(R"({"content":"","tool_call_id":"a"})"), "a");
  EXPECT_EQ(ToolMessageCallId(
                R"({"output":{"kwargs":{"content":"","tool_call_id":"a"}}})"),
            "a");
  EXPECT_EQ(ToolMessageCallId(
                R"({"type":"tool","data":{"content":"","tool_call_id":"a"}})"),
            "a");
  EXPECT_EQ(ToolMessageCallId(R"({"tool_call_id":"a"})"), "");
  EXPECT_EQ(ToolMessageCallId(R"({"content":"tool_call_id","x":"a"})"), "");
  EXPECT_EQ(ToolMessageCallId("tool_call_id"), "");
}

TEST(PythonLiteralTest, LiteralsBecomeJson) {
  EXPECT_EQ(PythonLiteralToJson("{'a': 1, \"b\": None, 'c': [True, False]}"),
            R"({"a":1,"b":null,"c":[true,false]})");
  EXPECT_EQ(PythonLiteralToJson(" ( 'x' , ) "), R"(["x"])");
  EXPECT_EQ(PythonLiteralToJson("()"), "[]");
  EXPECT_EQ(PythonLiteralToJson("[-1.5e3, 'it\\'s \\x41\\u00e9\\n']"),
            "[-1.5e3,\"it's A\xC3\xA9\\u000a\"]");
}

TEST(PythonLiteralTest, AnythingElseIsRefused) {
  for (const char* text :
       {"", "{", "{'a'}", "{'a': }", "{1: 2}", "['a'", "'a", "'a\\", "Foo(x=1)",
        "{'a': Foo()}", "[1] x", "nan", "--1", "'\\q'", "[,]", "{,}"}) {
    EXPECT_EQ(PythonLiteralToJson(text), std::nullopt) << text;
  }
}

TEST(PythonLiteralTest, DeepNestingIsRefused) {
  EXPECT_TRUE(PythonLiteralToJson(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(PythonLiteralToJson(std::string(100000, '[')));
}

}  // namespace
}  // namespace spanlink
