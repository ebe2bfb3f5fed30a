#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

const std::string kKind = "traceloop.span.kind";

TEST(OpenLlmetryDialectTest, LlmSpanReadsGenAiMessages) {
  Span span(
      "openai.chat",
      {{"llm.is_streaming", "false"},
       {"gen_ai.operation.name", "chat"},
       {"traceloop.association.properties.session_id", "s"},
       {"gen_ai.output.messages",
        R"([{"parts":[{"type":"tool_call","id":"a","name":"f","arguments":{"_raw":"not json"}},)"
        R"({"type":"tool_call","id":"b","name":"g","arguments":{"x":1}}]}])"}});
  EXPECT_EQ(DialectOf(span), "openllmetry");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm conversation=s", "choice 0 a f not json",
                          "choice 1 b g {\"x\":1}", "finish llm ok"));
}

TEST(OpenLlmetryDialectTest, ToolSpanReadsGenAiArgumentsFirst) {
  EXPECT_THAT(
      Signals(Span("f.tool", {{kKind, "tool"},
                              {"gen_ai.operation.name", "execute_tool"},
                              {"gen_ai.tool.name", "f"},
                              {"gen_ai.tool.call.arguments", "{\"x\":1}"},
                              {"traceloop.entity.input", "{\"y\":1}"}})),
      ElementsAre("start tool f", "tool f {\"x\":1} ok", "finish tool ok"));
}

TEST(OpenLlmetryDialectTest, NamesComeFromEntityOrSpan) {
  EXPECT_THAT(Signals(Span("f.tool", {{kKind, "tool"}})),
              Contains("tool f - ok"));
  EXPECT_THAT(Signals(Span("x.tool",
                           {{kKind, "tool"}, {"traceloop.entity.name", "f"}})),
              Contains("tool f - ok"));
  EXPECT_THAT(Signals(Span("Ann.agent", {{kKind, "agent"}})),
              ElementsAre("start agent Ann", "finish agent ok"));
}

TEST(OpenLlmetryDialectTest, HandoffToUnknownHasNoTarget) {
  EXPECT_THAT(
      Signals(Span("A → unknown.handoff",
                   {{kKind, "handoff"},
                    {"gen_ai.operation.name", "handoff"},
                    {"gen_ai.handoff.from_agent", "A"},
                    {"gen_ai.handoff.to_agent", "unknown"}})),
      ElementsAre("start handoff", "handoff A ->  ok", "finish handoff ok"));
}

TEST(OpenLlmetryDialectTest, WorkflowsAndTasksAreOtherSpans) {
  EXPECT_THAT(
      Signals(Span(
          "w.workflow",
          {{kKind, "workflow"},
           {"gen_ai.operation.name", "chat"},
           {"gen_ai.output.messages",
            R"([{"parts":[{"type":"tool_call","id":"a","name":"f"}]}])"}})),
      ElementsAre("start other", "choice 0 a f -", "finish other ok"));
}

TEST(OpenLlmetryDialectTest, LangChainToolMessageGivesTheId) {
  const std::string output =
      R"({"output":{"lc":1,"type":"constructor","kwargs":{"content":"1","tool_call_id":"tooluse_8","status":"success"}},"kwargs":{}})";
  EXPECT_THAT(
      Signals(Span(
          "calculator.tool",
          {{kKind, "tool"},
           {"traceloop.entity.input",
            R"({"input_str":"{'expression': '1'}","tags":[],"inputs":{"expression":"1"},"kwargs":{}})"},
           {"traceloop.entity.output", output}})),
      Contains(
          "tool tooluse_8 calculator "
          R"({"input_str":"{'expression': '1'}","tags":[],"inputs":{"expression":"1"},"kwargs":{}})"
          R"( |{"expression":"1"} ok)"));
}

TEST(OpenLlmetryLegacyDialectTest, LlmSpanReadsNumberedMessages) {
  Span span("openai.chat",
            {{"llm.request.type", "chat"},
             {"gen_ai.prompt.10.role", "tool"},
             {"gen_ai.prompt.10.tool_call_id", "b"},
             {"gen_ai.prompt.2.role", "tool"},
             {"gen_ai.prompt.2.tool_call_id", "a"},
             {"gen_ai.prompt.1.tool_calls.0.id", "a"},
             {"gen_ai.completion.0.role", "assistant"},
             {"gen_ai.completion.0.finish_reason", "tool_calls"},
             {"gen_ai.completion.0.tool_calls.1.name", "g"},
             {"gen_ai.completion.0.tool_calls.0.id", "c"},
             {"gen_ai.completion.0.tool_calls.0.name", "f"},
             {"gen_ai.completion.0.tool_calls.0.arguments", "{\"x\":1}"}});
  EXPECT_EQ(DialectOf(span), "openllmetry_legacy");
  EXPECT_THAT(
      Signals(span),
      ElementsAre("start llm", "use a #0 ok", "use b #0 ok",
                  "choice 0 c f {\"x\":1}", "choice 1 g ", "finish llm ok"));
}

TEST(OpenLlmetryLegacyDialectTest,
     MissingArgumentsAreUnknownWhereSomeWereDropped) {
  EXPECT_THAT(
      Signals(Span("l", {{"gen_ai.completion.0.tool_calls.0.name", "f"}})
                  .DroppedAttributes()),
      Contains("choice 0 f -"));
}

TEST(OpenLlmetryLegacyDialectTest, AnthropicResultsStandInTheContent) {
  EXPECT_THAT(
      Signals(Span(
          "anthropic.chat",
          {{"llm.request.type", "chat"},
           {"gen_ai.prompt.2.role", "user"},
           {"gen_ai.prompt.2.content",
            R"([{"type":"tool_result","tool_use_id":"toolu_1","content":"x"},{"type":"text","text":"go on"}])"}})),
      ElementsAre("start llm", "use toolu_1 #0 ok", "finish llm ok"));
}

TEST(OpenLlmetryLegacyDialectTest, FinishReasonWithoutCallsIsNoted) {
  Span span("openai.chat",
            {{"llm.request.type", "chat"},
             {"gen_ai.completion.0.finish_reason", "tool_calls"}});
  EXPECT_TRUE(span.Facts().says_tool_chosen);
  EXPECT_FALSE(span.Facts().has_output);
}

TEST(OpenLlmetryLegacyDialectTest, EmbeddingsAreNoLlmSpans) {
  EXPECT_THAT(
      Signals(Span("openai.embeddings", {{"llm.request.type", "embedding"},
                                         {"gen_ai.prompt.0.content", "x"}})),
      ElementsAre("start other", "finish other ok"));
}

TEST(OpenLlmetryLegacyDialectTest, ToolSpanReadsItsEntity) {
  EXPECT_THAT(
      Signals(Span("f.tool", {{kKind, "tool"},
                              {"traceloop.entity.name", "f"},
                              {"traceloop.entity.input",
                               R"({"args":[],"kwargs":{"x":1}})"}})
                  .Failed()),
      ElementsAre("start tool f",
                  R"(tool f {"args":[],"kwargs":{"x":1}} |{"x":1} failed)",
                  "finish tool failed"));
}

// Koog writes calls into the content, and results without an id behind them.
TEST(OpenLlmetryDialectTest, KoogsCallsStandInTheContent) {
  const std::string call =
      R"([{"function":{"name":"f","arguments":"{\"x\":1}"},"id":"a","type":"function"}])";
  Span span("llm.chat", {{"gen_ai.operation.name", "chat"},
                         {"gen_ai.prompt.0.role", "user"},
                         {"gen_ai.prompt.0.content", call},
                         {"gen_ai.prompt.2.role", "tool"},
                         {"gen_ai.prompt.2.content", call},
                         {"gen_ai.prompt.3.role", "tool"},
                         {"gen_ai.prompt.3.content", "r"},
                         {"gen_ai.completion.0.finish_reason", "tool_calls"},
                         {"gen_ai.completion.0.content", call},
                         {"gen_ai.completion.1.finish_reason", "stop"},
                         {"gen_ai.completion.1.content", call}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a #0 ok", "choice 0 a f {\"x\":1}",
                          "finish llm ok"));
}

}  // namespace
}  // namespace spanlink::testing
