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

// W20: a tool of free text is called with text and not with an object.
TEST(MessagesTest, W20CallsOfFreeTextToolsAndTheirResultsAreRead) {
  EXPECT_THAT(
      Choices(
          R"([{"type":"custom_tool_call","call_id":"a","name":"f","input":"4 + 4"}])"),
      ElementsAre("a f 4 + 4"));
  EXPECT_THAT(
      Uses(
          R"([{"type":"custom_tool_call_output","call_id":"a","output":"8"}])"),
      ElementsAre("a"));
}

TEST(MessagesTest, BedrockBlocksAreRead) {
  EXPECT_THAT(
      Choices(
          R"([{"text":"x"},{"toolUse":{"toolUseId":"a","name":"f","input":{"x":1}}}])"),
      ElementsAre("a f {\"x\":1}"));
  EXPECT_THAT(
      Uses(
          R"([{"role":"user","content":[{"toolResult":{"toolUseId":"a","status":"success","content":[{"toolResult":{"toolUseId":"no"}}]}}]}])"),
      ElementsAre("a"));
}

TEST(MessagesTest, GeminiPartsAreRead) {
  EXPECT_THAT(
      Choices(
          R"({"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"x":1}}},)"
          R"({"function_call":{"id":"a","name":"g","args":{}}}]}}]})"),
      ElementsAre(" f {\"x\":1}", "a g {}"));
  EXPECT_THAT(
      Uses(
          R"({"contents":[{"parts":[{"function_call":{"id":"no","name":"no"}}]},)"
          R"({"parts":[{"function_response":{"id":"a","name":"g","response":{}}},{"functionResponse":{"name":"f"}}]}]})"),
      ElementsAre("ag", "f"));
}

TEST(MessagesTest, VercelCallsAndResultsAreRead) {
  EXPECT_THAT(
      Choices(
          R"([{"toolCallType":"function","toolCallId":"a","toolName":"f","args":"{\"x\":1}"},)"
          R"({"toolCallId":"b","toolName":"g","input":"{}"},{"type":"tool-call","toolCallId":"c","toolName":"h","input":{"y":2}}])"),
      ElementsAre("a f {\"x\":1}", "b g {}", "c h {\"y\":2}"));
  EXPECT_THAT(
      Uses(
          R"([{"role":"assistant","content":[{"type":"tool-call","toolCallId":"no","toolName":"f"}]},)"
          R"({"role":"tool","content":[{"type":"tool-result","toolCallId":"a","toolName":"f","output":{"type":"json"}}]}])"),
      ElementsAre("af"));
}

TEST(MessagesTest, LangChainMessagesAreRead) {
  constexpr std::string_view kCall =
      R"("tool_calls":[{"name":"f","args":{"x":1},"id":"a","type":"tool_call"}])";
  for (const std::string& json :
       {"{\"type\":\"ai\",\"content\":\"\"," + std::string(kCall) + "}",
        "{\"lc\":1,\"type\":\"constructor\",\"id\":[\"AIMessage\"],\"kwargs\":"
        "{" +
            std::string(kCall) + "}}",
        "{\"generations\":[[{\"message\":{\"lc\":1,\"type\":\"constructor\","
        "\"kwargs\":{" +
            std::string(kCall) + "}}}]]}",
        "{\"type\":\"ai\",\"data\":{" + std::string(kCall) + "}}"}) {
    EXPECT_THAT(Choices(json), ElementsAre("a f {\"x\":1}")) << json;
  }
  EXPECT_THAT(
      Choices(
          R"({"role":"assistant","tool_calls":[],"additional_kwargs":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}})"),
      ElementsAre("a f {}"));
  EXPECT_THAT(
      Uses(
          R"([[{"lc":1,"type":"constructor","kwargs":{"content":"r","name":"f","tool_call_id":"a"}}]])"),
      ElementsAre("af"));
}

TEST(MessagesTest, DatadogMessagesAreRead) {
  EXPECT_THAT(
      Choices(
          R"([{"role":"assistant","tool_calls":[{"name":"f","arguments":{"x":1},"tool_id":"a","type":"function"}]}])"),
      ElementsAre("a f {\"x\":1}"));
  EXPECT_THAT(
      Uses(
          R"([{"role":"user","tool_results":[{"name":"f","result":"r","tool_id":"a"},{"tool_id":"b"}]},{"role":"tool","tool_id":"c"}])"),
      ElementsAre("af", "b", "c"));
}

TEST(MessagesTest, ACallThatTheContentRepeatsIsOne) {
  EXPECT_THAT(
      Choices(
          R"({"content":[{"toolUse":{"toolUseId":"a","name":"f","input":{}}},{"type":"tool_use","id":"a","name":"f"}],)"
          R"("tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]})"),
      ElementsAre("a f {}"));
}

TEST(MessagesTest, DefinitionsOfToolsAreNoCalls) {
  EXPECT_THAT(
      Choices(
          R"([{"role":"tool","content":{"type":"function","function":{"name":"f","parameters":{}}}}])"),
      IsEmpty());
  EXPECT_THAT(
      Uses(
          R"([{"role":"tool","content":{"type":"function","function":{"name":"f","parameters":{}}}}])"),
      IsEmpty());
}

TEST(MessagesTest, ResultsFollowTheirCallsWhereTheyHaveNoId) {
  EXPECT_THAT(
      Uses(
          R"([{"role":"tool","content":"[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"id\":\"a\"}]"},{"role":"tool","content":"r"},)"
          R"({"role":"tool","content":[{"function":{"name":"g","arguments":{}},"id":"b"}]},{"role":"tool","content":"r"},{"role":"tool","content":"r"}])"),
      ElementsAre("a", "b"));
  EXPECT_THAT(
      Choices(
          R"([{"role":"assistant","finish_reason":"tool_calls","content":"[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"id\":\"a\"}]"},)"
          R"({"role":"assistant","finish_reason":"stop","content":"[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"id\":\"no\"}]"}])"),
      ElementsAre("a f {}"));
}

// LangGraph's JavaScript writes the tool's name where the role belongs.
TEST(MessagesTest, AToolMaySpeakInItsOwnName) {
  EXPECT_THAT(
      Uses(
          R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}]},)"
          R"({"role":"f","content":"r"},{"role":"g","content":"no"},{"role":"f","content":"r"},{"role":"f","content":"no"}])"),
      ElementsAre("af", "bf"));
}

// The Agent Framework writes [run id, call id].
TEST(MessagesTest, AnIdMayBeTheLastOfAList) {
  EXPECT_THAT(
      Choices(
          R"([{"type":"tool_call","id":["run_1","call_1"],"name":"f","arguments":{}}])"),
      ElementsAre("call_1 f {}"));
  EXPECT_THAT(
      Uses(R"([{"type":"tool_call_response","id":["run_1","call_1"]}])"),
      ElementsAre("call_1"));
}

TEST(MessagesTest, HistoryOfCallsIsNoUse) {
  EXPECT_THAT(
      Uses(
          R"([{"type":"tool_call","id":"a","tool_call_id":"a"},{"toolUse":{"toolUseId":"b"}}])"),
      IsEmpty());
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
