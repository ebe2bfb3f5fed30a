// The dialects of single frameworks: Vercel's AI SDK, Google's ADK, LangSmith,
// Langfuse, MLflow, AWS's distribution of OpenTelemetry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(VercelDialectTest, StepsOfTheModelAreLlmSpans) {
  Span span(
      "ai.streamText.doStream",
      {{"ai.operationId", "ai.streamText.doStream"},
       {"gen_ai.request.model", "m"},
       {"ai.telemetry.metadata.sessionId", "s1"},
       {"ai.response.finishReason", "tool-calls"},
       {"ai.prompt.messages",
        R"([{"role":"tool","content":[{"type":"tool-result","toolCallId":"a","toolName":"f","output":{"type":"json","value":{}}}]}])"},
       {"ai.response.toolCalls",
        R"([{"type":"tool-call","toolCallId":"b","toolName":"g","input":{"x":1}}])"}});
  EXPECT_EQ(DialectOf(span), "vercel_ai");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm conversation=s1", "use a f #0 ok",
                          "choice 0 b g {\"x\":1}", "finish llm ok"));
}

TEST(VercelDialectTest, ToolCallsHaveTheirId) {
  Span span("ai.toolCall", {{"ai.operationId", "ai.toolCall"},
                            {"ai.toolCall.name", "f"},
                            {"ai.toolCall.id", "a"},
                            {"ai.toolCall.args", "{\"x\":1}"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start tool f id=a", "tool a f {\"x\":1} ok",
                          "finish tool ok"));
}

// Trap 1: the loop repeats the last step; it is an agent, not a model's call.
TEST(VercelDialectTest, TheLoopIsAnAgent) {
  Span span("ai.generateText",
            {{"ai.operationId", "ai.generateText"},
             {"ai.telemetry.functionId", "planner"},
             {"ai.prompt", R"({"prompt":"hi"})"},
             {"ai.response.toolCalls",
              R"([{"toolCallId":"b","toolName":"g","input":"{}"}])"}});
  EXPECT_THAT(Signals(span), ElementsAre("start agent planner",
                                         "choice 0 b g {}", "finish agent ok"));
}

TEST(VercelDialectTest, WithoutContentTheFinishReasonIsLeft) {
  Span span("ai.generateText.doGenerate",
            {{"ai.operationId", "ai.generateText.doGenerate"},
             {"ai.response.finishReason", "tool-calls"}});
  EXPECT_TRUE(span.Facts().says_tool_chosen);
  EXPECT_FALSE(span.Facts().has_output);
}

TEST(VercelDialectTest, EmbeddingsAreNoLlmSpans) {
  EXPECT_THAT(Signals(Span("ai.embed.doEmbed",
                           {{"ai.operationId", "ai.embed.doEmbed"}})),
              Contains("start other"));
}

TEST(GoogleAdkDialectTest, RequestAndResponseAreReadFromTheLlmSpan) {
  Span span(
      "call_llm",
      {{"gcp.vertex.agent.session_id", "s1"},
       {"gcp.vertex.agent.llm_request",
        R"({"model":"m","config":{"tools":[{"function_declarations":[{"name":"f"}]}]},"contents":[{"role":"model","parts":[{"function_call":{"id":"a","name":"f","args":{}}}]},{"role":"user","parts":[{"function_response":{"id":"a","name":"f","response":{"result":1}}}]}]})"},
       {"gcp.vertex.agent.llm_response",
        R"({"content":{"role":"model","parts":[{"function_call":{"args":{"x":1},"name":"g"}}]}})"}});
  EXPECT_EQ(DialectOf(span), "google_adk");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm conversation=s1", "use a f #0 ok",
                          "choice 0 g {\"x\":1}", "finish llm ok"));
}

TEST(GoogleAdkDialectTest, ToolSpansHaveArgumentsOfTheirOwn) {
  Span span("execute_tool f", {{"gen_ai.operation.name", "execute_tool"},
                               {"gen_ai.tool.name", "f"},
                               {"gen_ai.tool.call.id", "adk-1"},
                               {"gcp.vertex.agent.tool_call_args", "{}"},
                               {"gcp.vertex.agent.llm_request", "{}"},
                               {"gcp.vertex.agent.llm_response", "{}"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start tool f id=adk-1", "tool adk-1 f {} ok",
                          "finish tool ok"));
}

// Trap 13: with capture off braces are all that is left.
TEST(GoogleAdkDialectTest, BracesAreNoContent) {
  Span span("call_llm", {{"gcp.vertex.agent.llm_request", "{}"},
                         {"gcp.vertex.agent.llm_response", "{}"}});
  const SpanFacts facts = span.Facts();
  EXPECT_EQ(facts.kind, SpanKind::kLlm);
  EXPECT_FALSE(facts.has_input);
  EXPECT_FALSE(facts.has_output);
}

// Trap 14: one more span for all calls of an answer together.
TEST(GoogleAdkDialectTest, MergedToolsAreNoTool) {
  Span span("execute_tool (merged tools)",
            {{"gen_ai.operation.name", "execute_tool"},
             {"gen_ai.tool.name", "(merged tools)"},
             {"gen_ai.tool.call.id", "event-1"},
             {"gcp.vertex.agent.tool_call_args", "N/A"}});
  EXPECT_THAT(Signals(span), ElementsAre("start other", "finish other ok"));
}

TEST(GoogleAdkDialectTest, PlaceholdersAreNoArguments) {
  Span span("execute_tool f",
            {{"gen_ai.operation.name", "execute_tool"},
             {"gen_ai.tool.name", "f"},
             {"gen_ai.tool.call.id", "<not specified>"},
             {"gcp.vertex.agent.tool_call_args", "<not serializable>"}});
  EXPECT_THAT(Signals(span), Contains("tool f - ok"));
}

TEST(LangSmithDialectTest, WholeInputsAndOutputsAreMessages) {
  Span span(
      "turn",
      {{"langsmith.span.kind", "llm"},
       {"gen_ai.operation.name", "chat"},
       {"langsmith.metadata.thread_id", "t1"},
       {"langsmith.trace.session_id", "project"},
       {"gen_ai.prompt",
        R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]})"},
       {"gen_ai.completion",
        R"({"content":[{"type":"tool_use","id":"b","name":"f","input":{"x":1}}],"role":"assistant"})"}});
  EXPECT_EQ(DialectOf(span), "langsmith");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm conversation=t1", "use a #0 ok",
                          "choice 0 b f {\"x\":1}", "finish llm ok"));
}

TEST(LangSmithDialectTest, ToolsAreWrappedAndHaveNoId) {
  Span span("f", {{"langsmith.span.kind", "tool"},
                  {"gen_ai.operation.name", "execute_tool"},
                  {"gen_ai.prompt", R"({"input":{"x":1}})"},
                  {"gen_ai.completion",
                   R"({"output":{"content":"r","tool_call_id":"a"}})"}});
  EXPECT_THAT(Signals(span),
              Contains("tool a f {\"input\":{\"x\":1}} |{\"x\":1} ok"));
}

// Runs of prompts say that they chat.
TEST(LangSmithDialectTest, TheKindOfTheRunDecides) {
  EXPECT_THAT(Signals(Span("p", {{"langsmith.span.kind", "prompt"},
                                 {"gen_ai.operation.name", "chat"}})),
              Contains("start other"));
  EXPECT_THAT(
      Signals(Span(
          "c", {{"langsmith.span.kind", "chain"},
                {"gen_ai.completion",
                 R"({"tool_calls":[{"id":"a","function":{"name":"f"}}]})"}})),
      ElementsAre("start other", "finish other ok"));
}

TEST(LangfuseDialectTest, GenerationsHoldMessages) {
  Span span(
      "ChatOpenAI",
      {{"langfuse.observation.type", "generation"},
       {"langfuse.observation.input",
        R"([{"role":"tool","tool_call_id":"a","content":"r"}])"},
       {"langfuse.observation.output",
        R"({"role":"assistant","content":"","additional_kwargs":{"tool_calls":[{"id":"b","function":{"arguments":"{}","name":"f"},"type":"function"}]}})"}});
  EXPECT_EQ(DialectOf(span), "langfuse");
  EXPECT_THAT(Signals(span), ElementsAre("start llm", "use a #0 ok",
                                         "choice 0 b f {}", "finish llm ok"));
}

// Trap 6: a span that returns a ToolMessage is a tool, with the message's id.
TEST(LangfuseDialectTest, WhatReturnsAToolMessageIsATool) {
  Span span(
      "Web-Search",
      {{"langfuse.observation.type", "span"},
       {"langfuse.observation.input", "{'query': 'x'}"},
       {"langfuse.observation.output",
        R"({"content":"r","type":"tool","name":"Web-Search","tool_call_id":"a"})"}});
  EXPECT_THAT(
      Signals(span),
      Contains("tool a Web-Search {'query': 'x'} |{\"query\":\"x\"} ok"));
}

// Trap 1: nodes of a graph repeat what is inside them.
TEST(LangfuseDialectTest, OtherSpansSayNothing) {
  Span span(
      "tools",
      {{"langfuse.observation.type", "span"},
       {"langfuse.observation.input",
        R"({"messages":[{"tool_calls":[{"id":"a","name":"f","args":{}}]}]})"},
       {"langfuse.observation.output",
        R"({"messages":[{"content":"r","tool_call_id":"a"}]})"}});
  EXPECT_THAT(Signals(span), ElementsAre("start other", "finish other ok"));
}

TEST(LangfuseDialectTest, LevelsSayWhatFailed) {
  EXPECT_THAT(Signals(Span("f", {{"langfuse.observation.type", "TOOL"},
                                 {"langfuse.observation.level", "ERROR"}})),
              Contains("tool f - failed"));
}

TEST(MlflowDialectTest, ValuesStandInQuotes) {
  Span llm(
      "Completions",
      {{"mlflow.spanType", "\"CHAT_MODEL\""},
       {"mlflow.trace.session", "\"s1\""},
       {"mlflow.spanInputs",
        R"({"messages":[{"role":"tool","tool_call_id":"a"}]})"},
       {"mlflow.spanOutputs",
        R"({"choices":[{"message":{"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{}"}}]}}]})"}});
  EXPECT_EQ(DialectOf(llm), "mlflow");
  EXPECT_THAT(Signals(llm),
              ElementsAre("start llm conversation=s1", "use a #0 ok",
                          "choice 0 b f {}", "finish llm ok"));
  EXPECT_THAT(Signals(Span("f", {{"mlflow.spanType", "\"TOOL\""},
                                 {"mlflow.spanInputs", "{\"x\": 1}"}})),
              Contains("tool f {\"x\": 1} ok"));
}

// Trap 2: history stands among the outputs; what was produced is a `message`.
TEST(AdotDialectTest, OnlyMessagesAreProduced) {
  Span span("chat", {{"aws.genai.span_kind", "LLM"}});
  span.Event(
      "strands.telemetry.tracer",
      {{"body",
        R"({"input":{"messages":[{"role":"tool","content":{"content":"[{\"toolResult\":{\"toolUseId\":\"a\"}}]"}}]},)"
        R"("output":{"messages":[{"role":"assistant","content":{"content":"[{\"toolUse\":{\"toolUseId\":\"a\",\"name\":\"f\",\"input\":{}}}]"}},)"
        R"({"role":"assistant","content":{"message":"[{\"toolUse\":{\"toolUseId\":\"b\",\"name\":\"f\",\"input\":{\"x\":1}}}]","finish_reason":"tool_use"}}]}})"}});
  EXPECT_EQ(DialectOf(span), "aws_adot");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a #0 ok", "choice 0 b f {\"x\":1}",
                          "finish llm ok"));
}

TEST(AdotDialectTest, AToolsInputIsItsArguments) {
  Span strands("execute_tool f", {{"gen_ai.operation.name", "execute_tool"},
                                  {"gen_ai.tool.name", "f"}});
  strands.Event(
      "strands.telemetry.tracer",
      {{"body",
        R"({"input":{"messages":[{"role":"tool","content":{"content":"{\"x\":1}","role":"tool","id":"a"}}]},"output":{"messages":[]}})"}});
  EXPECT_THAT(Signals(strands), Contains("tool a f {\"x\":1} ok"));
  Span lang_chain("f.tool", {{"traceloop.span.kind", "tool"},
                             {"traceloop.entity.name", "f"}});
  lang_chain.Event(
      "opentelemetry.instrumentation.langchain",
      {{"body",
        R"({"input":{"messages":[{"role":"unknown","content":"{\"inputs\":{\"x\":1}}"}]},)"
        R"("output":{"messages":[{"role":"unknown","content":"{\"output\":{\"kwargs\":{\"content\":\"1\",\"tool_call_id\":\"a\"}}}"}]}})"}});
  EXPECT_THAT(Signals(lang_chain),
              Contains("tool a f {\"inputs\":{\"x\":1}} |{\"x\":1} ok"));
}

}  // namespace
}  // namespace spanlink::testing
