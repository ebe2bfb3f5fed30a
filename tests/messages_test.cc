#include "spanlink/dialects/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Choices(std::string_view json) {
  SpanFacts facts;
  ReadOutputMessages(json, &facts);
  std::vector<std::string> lines;
  for (const ChoiceFact& choice : facts.choices) {
    lines.push_back(choice.id + " " + choice.name + " " +
                    choice.arguments.value_or("-"));
  }
  return lines;
}

std::vector<std::string> Uses(std::string_view json) {
  SpanFacts facts;
  ReadInputMessages(json, &facts);
  std::vector<std::string> lines;
  for (const UseFact& use : facts.uses) lines.push_back(use.id + use.name);
  return lines;
}

// "unreadable/truncated" of an input.
std::string Counts(std::string_view json) {
  SpanFacts facts;
  ReadInputMessages(json, &facts);
  return std::to_string(facts.unreadable) + "/" +
         std::to_string(facts.truncated);
}

TEST(MessagesTest, ContentBlocksAreRead) {
  EXPECT_THAT(
      Choices(
          R"({"role":"assistant","content":[{"type":"text","text":"x"},{"type":"tool_use","id":"a","name":"f","input":{"x": 1}}]})"),
      ElementsAre("a f {\"x\": 1}"));
  EXPECT_THAT(
      Uses(
          R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_result","tool_use_id":"no"}]}]}])"),
      ElementsAre("a"));
}

TEST(MessagesTest, WholeRequestsAndResponsesAreRead) {
  EXPECT_THAT(
      Choices(
          R"({"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}}]})"),
      ElementsAre("a f {}"));
  EXPECT_THAT(Uses(R"({"messages":[{"role":"tool","tool_call_id":"a"}]})"),
              ElementsAre("a"));
  EXPECT_THAT(
      Uses(R"({"input":[{"type":"function_call_output","call_id":"a"}]})"),
      ElementsAre("a"));
}

TEST(MessagesTest, OldFunctionCallIsOneChoice) {
  EXPECT_THAT(Choices(R"([{"function_call":{"name":"f","arguments":"{}"}}])"),
              ElementsAre(" f {}"));
}

TEST(MessagesTest, FieldsComeInAnyOrder) {
  EXPECT_THAT(
      Choices(
          R"([{"parts":[{"arguments":{},"name":"f","id":"a","type":"tool_call"}]}])"),
      ElementsAre("a f {}"));
  EXPECT_THAT(Uses(R"([{"content":"x","tool_call_id":"a","role":"tool"}])"),
              ElementsAre("a"));
}

TEST(MessagesTest, ResultsOfTheOldFunctionRoleGoByName) {
  EXPECT_THAT(Uses(R"([{"role":"function","name":"f","content":"x"}])"),
              ElementsAre("f"));
}

TEST(MessagesTest, WhatAToolReturnedIsNotSearched) {
  EXPECT_THAT(
      Uses(
          R"([{"role":"tool","tool_call_id":"a","content":[{"type":"tool_call_response","id":"no"}]},)"
          R"({"type":"function_call_output","call_id":"b","output":[{"type":"function_call_output","call_id":"no"}]}])"),
      ElementsAre("a", "b"));
}

TEST(MessagesTest, ContentDeepInsideIsNotSearched) {
  std::string json = R"({"type":"tool_call","id":"a","name":"f"})";
  for (int i = 0; i < 20; ++i) json = "[" + json + "]";
  EXPECT_THAT(Choices(json), IsEmpty());
}

TEST(MessagesTest, InvalidUtf8IsNoObstacle) {
  EXPECT_THAT(
      Choices(
          "[{\"content\":\"\xFF\xC0\"},{\"parts\":[{\"type\":\"tool_call\","
          "\"id\":\"a\",\"name\":\"f\xFF\",\"arguments\":{\"x\":\"\xFE\"}}]}]"),
      ElementsAre("a f\xFF {\"x\":\"\xFE\"}"));
}

TEST(MessagesTest, BrokenJsonIsCounted) {
  EXPECT_EQ(Counts("[]"), "0/0");
  EXPECT_EQ(Counts("plain text"), "1/0");
  EXPECT_EQ(Counts("[] []"), "1/0");
  EXPECT_EQ(Counts("[{\"role\":\"us"), "0/1");
  EXPECT_EQ(Counts(""), "0/1");
}

TEST(MessagesTest, WrongTypesAreSurvived) {
  for (const char* json :
       {"5", "\"x\"", "[5,null,\"x\",[],{}]", R"([{"tool_calls":5}])",
        R"([{"tool_calls":[5,{"function":7},{"id":8,"name":[]}]}])",
        R"([{"parts":{"type":5},"content":5,"role":[],"messages":7}])",
        R"([{"type":"tool_call"},{"type":"tool_call_response"}])"}) {
    EXPECT_THAT(Choices(json), IsEmpty()) << json;
    EXPECT_THAT(Uses(json), IsEmpty()) << json;
  }
}

}  // namespace
}  // namespace spanlink
