#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

const std::string kKind = "openinference.span.kind";
const std::string kOut = "llm.output_messages.";
const std::string kIn = "llm.input_messages.";

TEST(OpenInferenceDialectTest, LlmSpanEmitsUsesThenChoices) {
  Span span("ChatCompletion",
            {{kKind, "LLM"},
             {"session.id", "s1"},
             {kIn + "1.message.role", "user"},
             {kIn + "3.message.role", "tool"},
             {kIn + "3.message.tool_call_id", "old"},
             {kIn + "2.message.tool_calls.0.tool_call.id", "old"},
             {kOut + "0.message.role", "assistant"},
             {kOut + "0.message.tool_calls.0.tool_call.id", "a"},
             {kOut + "0.message.tool_calls.0.tool_call.function.name", "f"},
             {kOut + "0.message.tool_calls.0.tool_call.function.arguments",
              "{\"x\":1}"}});
  EXPECT_EQ(DialectOf(span), "openinference");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm conversation=s1", "use old #0 ok",
                          "choice 0 a f {\"x\":1}", "finish llm ok"));
}

TEST(OpenInferenceDialectTest, SparseNumbersSortAsNumbers) {
  Pairs attributes = {{kKind, "LLM"}};
  for (const std::string i : {"10", "2"}) {
    for (const std::string j : {"11", "3"}) {
      attributes.push_back(
          {kOut + i + ".message.tool_calls." + j + ".tool_call.function.name",
           "f" + i + "_" + j});
    }
  }
  EXPECT_THAT(
      Signals(Span("l", attributes)),
      ElementsAre("start llm", "choice 0 f2_3 {}", "choice 1 f2_11 {}",
                  "choice 2 f10_3 {}", "choice 3 f10_11 {}", "finish llm ok"));
}

TEST(OpenInferenceDialectTest, OmittedArgumentsAreEmptyUnlessDropped) {
  const Pairs attributes = {
      {kKind, "LLM"},
      {kOut + "0.message.tool_calls.0.tool_call.function.name", "f"}};
  EXPECT_THAT(Signals(Span("l", attributes)), Contains("choice 0 f {}"));
  EXPECT_THAT(Signals(Span("l", attributes).DroppedAttributes()),
              Contains("choice 0 f -"));
}

TEST(OpenInferenceDialectTest, CallsInContentsAreReadOnce) {
  const Pairs contents = {
      {kKind, "LLM"},
      {kOut + "0.message.contents.1.message_content.type", "tool_use"},
      {kOut + "0.message.contents.1.tool_call.id", "a"},
      {kOut + "0.message.contents.1.tool_call.function.name", "f"},
      {kOut + "0.message.contents.0.message_content.type", "text"}};
  EXPECT_THAT(Signals(Span("l", contents)),
              ElementsAre("start llm", "choice 0 a f {}", "finish llm ok"));
  Pairs both = contents;
  both.push_back({kOut + "0.message.tool_calls.0.tool_call.id", "a"});
  both.push_back(
      {kOut + "0.message.tool_calls.0.tool_call.function.name", "f"});
  EXPECT_THAT(Signals(Span("l", both)),
              ElementsAre("start llm", "choice 0 a f {}", "finish llm ok"));
}

TEST(OpenInferenceDialectTest, OldFunctionCallIsAChoiceWithoutId) {
  EXPECT_THAT(
      Signals(Span("l", {{kKind, "LLM"},
                         {kOut + "0.message.function_call_name", "f"},
                         {kOut + "0.message.function_call_arguments_json",
                          "{\"x\":1}"}})),
      Contains("choice 0 f {\"x\":1}"));
}

TEST(OpenInferenceDialectTest, ResultsWithoutIdGoByName) {
  EXPECT_THAT(Signals(Span("l", {{kKind, "LLM"},
                                 {kIn + "0.message.role", "tool"},
                                 {kIn + "0.message.name", "f"},
                                 {kIn + "1.message.role", "user"},
                                 {kIn + "1.message.name", "bob"}})),
              ElementsAre("start llm", "use f #0 ok", "finish llm ok"));
}

TEST(OpenInferenceDialectTest, RequestHasTheResultsThatOverwroteOneAnother) {
  EXPECT_THAT(
      Signals(Span(
          "l",
          {{kKind, "LLM"},
           {kIn + "0.message.role", "user"},
           {kIn + "0.message.tool_call_id", "b"},
           {"input.value",
            R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"},)"
            R"({"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"y"}]}]}]})"}})),
      ElementsAre("start llm", "use a #0 ok", "use b #0 ok", "finish llm ok"));
}

TEST(OpenInferenceDialectTest, ToolSpanEmitsItsCall) {
  EXPECT_THAT(
      Signals(Span("f", {{kKind, "TOOL"},
                         {"tool.name", "f"},
                         {"input.value", "{\"x\":1}"},
                         {"output.value", "r"}})),
      ElementsAre("start tool f", "tool f {\"x\":1} ok", "finish tool ok"));
}

TEST(OpenInferenceDialectTest, ToolSpanCarriesItsIdUnderSeveralKeys) {
  EXPECT_THAT(Signals(Span("f", {{kKind, "TOOL"}, {"tool.id", "a"}})),
              Contains("tool a f - ok"));
  EXPECT_THAT(Signals(Span("f", {{kKind, "TOOL"}, {"tool_call.id", "b"}})),
              Contains("tool b f - ok"));
  EXPECT_THAT(
      Signals(Span(
          "f", {{kKind, "TOOL"},
                {"output.value",
                 R"({"content":"r","tool_call_id":"c","status":"success"})"}})),
      Contains("tool c f - ok"));
}

TEST(OpenInferenceDialectTest, ToolParametersServeUnlessTheyAreASchema) {
  EXPECT_THAT(
      Signals(Span("f", {{kKind, "TOOL"}, {"tool.parameters", "{\"x\":1}"}})),
      Contains("tool f {\"x\":1} ok"));
  EXPECT_THAT(
      Signals(Span("f", {{kKind, "TOOL"},
                         {"tool.parameters",
                          R"({"type":"object","properties":{"x":{}}})"}})),
      Contains("tool f - ok"));
  EXPECT_THAT(Signals(Span("f", {{kKind, "TOOL"},
                                 {"input.value", "{\"y\":2}"},
                                 {"tool.parameters", "{\"x\":1}"}})),
              Contains("tool f {\"y\":2} ok"));
}

TEST(OpenInferenceDialectTest, PendingApprovalDidNotRun) {
  EXPECT_THAT(
      Signals(Span("f", {{kKind, "TOOL"},
                         {"output.value", "FunctionToolResult(tool=...)"}})),
      Contains("finish tool not_executed"));
}

TEST(OpenInferenceDialectTest, HandoffIsAToolSpanByItsName) {
  EXPECT_THAT(Signals(Span("handoff to Bob", {{kKind, "TOOL"},
                                              {"input.value", "Ann"},
                                              {"output.value", "Bob"}})),
              ElementsAre("start handoff", "handoff Ann -> Bob ok",
                          "finish handoff ok"));
  EXPECT_THAT(Signals(Span("handoff to Bob", {{kKind, "TOOL"}})),
              Contains("handoff  -> Bob ok"));
  EXPECT_THAT(Signals(Span("handoff to Bob",
                           {{kKind, "TOOL"}, {"tool.name", "handoff to Bob"}})),
              Contains("tool handoff to Bob - ok"));
}

TEST(OpenInferenceDialectTest, SeveralHandoffsRequestedIsNoFailure) {
  const Pairs attributes = {{kKind, "TOOL"}, {"output.value", "Bob"}};
  EXPECT_THAT(Signals(Span("handoff to Bob", attributes)
                          .Failed("Multiple handoffs requested: …")),
              Contains("finish handoff ok"));
  EXPECT_THAT(Signals(Span("handoff to Bob", attributes).Failed("boom")),
              Contains("finish handoff failed"));
}

TEST(OpenInferenceDialectTest, AgentsAndChainsKeepTheirMessages) {
  EXPECT_THAT(
      Signals(Span(
          "run",
          {{kKind, "AGENT"},
           {"agent.name", "Ann"},
           {kOut + "0.message.tool_calls.0.tool_call.function.name", "f"}})),
      ElementsAre("start agent Ann", "choice 0 f {}", "finish agent ok"));
  EXPECT_THAT(Signals(Span("chain", {{kKind, "CHAIN"},
                                     {kIn + "0.message.tool_call_id", "a"}})),
              ElementsAre("start other", "use a #0 ok", "finish other ok"));
}

TEST(OpenInferenceDialectTest, AgentThatReturnsAToolMessageIsATool) {
  EXPECT_THAT(Signals(Span("route_to_agent",
                           {{kKind, "AGENT"},
                            {"input.value", "{'agent_name': 'bob'}"},
                            {"output.value",
                             R"({"content":"ok","tool_call_id":"toolu_2"})"}})),
              Contains("tool toolu_2 route_to_agent {'agent_name': 'bob'} "
                       "|{\"agent_name\":\"bob\"} ok"));
}

TEST(OpenInferenceDialectTest, GuardrailsAreRead) {
  EXPECT_THAT(Signals(Span("polite", {{kKind, "GUARDRAIL"}})),
              ElementsAre("start guardrail polite", "finish guardrail ok"));
}

TEST(OpenInferenceDialectTest, MetadataNamesTheConversation) {
  EXPECT_THAT(Signals(Span("l", {{kKind, "LLM"},
                                 {"metadata", R"({"thread_id":"t1","x":1})"}})),
              Contains("start llm conversation=t1"));
}

TEST(OpenInferenceDialectTest, RedactedArgumentsAreNotCaptured) {
  EXPECT_THAT(
      Signals(Span("f", {{kKind, "TOOL"}, {"input.value", "__REDACTED__"}})),
      Contains("tool f - ok"));
}

TEST(OpenInferenceDialectTest, MalformedKeysAreIgnored) {
  EXPECT_THAT(
      Signals(Span("l", {{kKind, "LLM"},
                         {kOut + "x.message.role", "a"},
                         {kOut + "99999999999.message.role", "a"},
                         {kOut + "0", "a"},
                         {kOut + "0.message.tool_calls.tool_call.id", "a"},
                         {kOut + "0.message.tool_calls.0", "a"},
                         {kOut + "0.message.tool_calls.1.tool_call.id", " "}})),
      ElementsAre("start llm", "finish llm ok"));
}

// Some writers leave the answer in `output.value` alone.
TEST(OpenInferenceDialectTest, WholeInputsAndOutputsAreReadWhereMessagesLack) {
  Span span(
      "invoke",
      {{"openinference.span.kind", "LLM"},
       {"input.value",
        R"([{"role":"tool","parts":[{"type":"tool_call_response","id":"a"}]}])"},
       {"output.value",
        R"({"choices":[{"message":{"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{}"}}]}}]})"}});
  EXPECT_THAT(Signals(span), ElementsAre("start llm", "use a #0 ok",
                                         "choice 0 b f {}", "finish llm ok"));
}

// Trap 1: chains hold the messages of what is inside them.
TEST(OpenInferenceDialectTest, ValuesOfChainsAreNotSearched) {
  Span span(
      "LangGraph",
      {{"openinference.span.kind", "CHAIN"},
       {"input.value", R"({"messages":[{"role":"tool","tool_call_id":"a"}]})"},
       {"output.value",
        R"({"messages":[{"tool_calls":[{"id":"b","name":"f","args":{}}]}]})"}});
  EXPECT_THAT(Signals(span), ElementsAre("start other", "finish other ok"));
}

// Trap 14: BeeAI writes a span for each event of a call.
TEST(OpenInferenceDialectTest, OneOfTheEventsOfACallIsTheTool) {
  for (const char* target : {"tool.f.start", "tool.f.finish"}) {
    EXPECT_THAT(Signals(Span(target, {{"openinference.span.kind", "TOOL"},
                                      {"target", target},
                                      {"tool.parameters", "{}"}})),
                ElementsAre("start other", "finish other ok"));
  }
  EXPECT_THAT(
      Signals(Span("tool.f.success-1", {{"openinference.span.kind", "TOOL"},
                                        {"target", "tool.f.success"},
                                        {"tool.parameters", "{\"x\":1}"}})),
      Contains("tool tool.f.success-1 {\"x\":1} ok"));
}

// BeeAI's agents name the tool that they are about to call.
TEST(OpenInferenceDialectTest, AnAgentThatNamesAToolIsNone) {
  EXPECT_THAT(Signals(Span("agent.react.update-1",
                           {{"openinference.span.kind", "AGENT"},
                            {"tool.name", "f"},
                            {"tool.parameters", "{}"}})),
              Contains("start agent agent.react.update-1"));
}

}  // namespace
}  // namespace spanlink::testing
