#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(GenAiDialectTest, LlmSpanEmitsUsesThenChoices) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.conversation.id", "c1"},
       {"gen_ai.input.messages",
        R"([{"role":"user","parts":[{"type":"text","content":"hi"}]},)"
        R"({"role":"assistant","parts":[{"type":"tool_call","id":"old","name":"f","arguments":"{}"}]},)"
        R"({"role":"tool","parts":[{"type":"tool_call_response","id":"old","response":{"id":"no","type":"tool_call_response"}}]}])"},
       {"gen_ai.output.messages",
        R"([{"role":"assistant","parts":[{"type":"text","content":"t"},)"
        R"({"type":"tool_call","id":" a ","name":"f","arguments":"{\"x\":1.0}"},)"
        R"({"type":"tool_call","id":null,"name":"g","arguments":{"y": 12345678901234567890123}},)"
        R"({"type":"tool_call","id":"c","name":"h"}],"finish_reason":"tool_call"}])"}});
  EXPECT_EQ(DialectOf(span), "otel_genai");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm conversation=c1", "use old #0 ok",
                          "choice 0 a f {\"x\":1.0}",
                          "choice 1 g {\"y\": 12345678901234567890123}",
                          "choice 2 c h -", "finish llm ok"));
}

TEST(GenAiDialectTest, StructuredMessagesAreRead) {
  Span span("chat m", {{"gen_ai.operation.name", "chat"}});
  span.Structured(
      {{"gen_ai.output.messages",
        R"([{"parts":[{"type":"tool_call","id":"a","name":"f","arguments":{"x":1}}]}])"}});
  EXPECT_THAT(Signals(span), Contains("choice 0 a f {\"x\":1}"));
}

TEST(GenAiDialectTest, MessagesMayStandOnASpanEvent) {
  Span span("chat m", {{"gen_ai.operation.name", "chat"}});
  span.Event(
      "gen_ai.client.inference.operation.details",
      {{"gen_ai.output.messages",
        R"([{"parts":[{"type":"tool_call","id":"a","name":"f","arguments":{}}]}])"}});
  span.Event("other", {{"gen_ai.input.messages", "broken"}});
  EXPECT_THAT(Signals(span), Contains("choice 0 a f {}"));
  EXPECT_EQ(span.Facts().unreadable, 0u);
}

TEST(GenAiDialectTest, ResponseResultAndContentAreResults) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.input.messages",
        R"([{"role":"user","parts":[{"type":"tool_call_response","id":"a","result":"r"},)"
        R"({"type":"tool_call_response","id":"b","content":"r"}]},)"
        R"({"role":"tool","tool_call_id":"c","content":"r"}])"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a #0 ok", "use b #0 ok",
                          "use c #0 ok", "finish llm ok"));
}

TEST(GenAiDialectTest, RepeatedResultsAreCounted) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.input.messages",
        R"([{"parts":[{"type":"tool_call_response","id":"a"},{"type":"tool_call_response","id":"a"},)"
        R"({"type":"tool_call_response","id":"unknown","name":"f"},{"type":"tool_call_response","name":"f"},)"
        R"({"type":"tool_call_response"}]}])"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a #0 ok", "use a #1 ok",
                          "use f #0 ok", "use f #1 ok", "finish llm ok"));
}

TEST(GenAiDialectTest, ResultsInAnAnswerAreNotUses) {
  Span span("chat m",
            {{"gen_ai.operation.name", "chat"},
             {"gen_ai.output.messages",
              R"([{"parts":[{"type":"tool_call","id":"a","name":"f"},)"
              R"({"type":"tool_call_response","id":"a","response":1},)"
              R"({"type":"server_tool_call","id":"s","name":"web"}]}])"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "choice 0 a f -", "finish llm ok"));
}

TEST(GenAiDialectTest, FailedLlmSpanSaysSoOnItsUses) {
  Span span("chat m",
            {{"gen_ai.operation.name", "generate_content"},
             {"gen_ai.input.messages",
              R"([{"parts":[{"type":"tool_call_response","id":"a"}]}])"}});
  EXPECT_THAT(Signals(span.Failed()),
              ElementsAre("start llm", "use a #0 failed", "finish llm failed"));
}

TEST(GenAiDialectTest, ToolSpanEmitsItsCall) {
  Span span("execute_tool f", {{"gen_ai.operation.name", "execute_tool"},
                               {"gen_ai.tool.name", "f"},
                               {"gen_ai.tool.call.id", "call_1"},
                               {"gen_ai.tool.call.arguments", "{\"a\":1}"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start tool f id=call_1",
                          "tool call_1 f {\"a\":1} ok", "finish tool ok"));
}

TEST(GenAiDialectTest, ToolSpanMayLackEverythingButItsName) {
  EXPECT_THAT(
      Signals(
          Span("execute_tool f", {{"gen_ai.operation.name", "execute_tool"},
                                  {"gen_ai.tool.call.id", "<not specified>"}})
              .Failed()),
      ElementsAre("start tool f", "tool f - failed", "finish tool failed"));
  EXPECT_THAT(Signals(Span("f", {{"gen_ai.tool.name", "g"}})),
              ElementsAre("start tool g", "tool g - ok", "finish tool ok"));
}

TEST(GenAiDialectTest, IdOfTheToolMessageServesWhereTheSpanHasNone) {
  EXPECT_THAT(Signals(Span("execute_tool f",
                           {{"gen_ai.operation.name", "execute_tool"},
                            {"gen_ai.tool.call.result",
                             R"({"content":"r","tool_call_id":"toolu_1"})"}})),
              Contains("tool toolu_1 f - ok"));
}

TEST(GenAiDialectTest, AgentSpanKeepsItsMessages) {
  EXPECT_THAT(
      Signals(Span(
          "invoke_agent a",
          {{"gen_ai.operation.name", "invoke_agent"},
           {"gen_ai.output.messages",
            R"([{"parts":[{"type":"tool_call","id":"a","name":"f"}]}])"}})),
      ElementsAre("start agent a", "choice 0 a f -", "finish agent ok"));
}

TEST(GenAiDialectTest, ContribHandoffsAndGuardrailsAreRead) {
  EXPECT_THAT(
      Signals(Span("agent_handoff", {{"gen_ai.operation.name", "agent_handoff"},
                                     {"gen_ai.handoff.from_agent", "A"},
                                     {"gen_ai.handoff.to_agent", "B"}})),
      ElementsAre("start handoff", "handoff A -> B ok", "finish handoff ok"));
  EXPECT_THAT(Signals(Span("g", {{"gen_ai.operation.name", "guardrail_check"},
                                 {"gen_ai.guardrail.name", "polite"}})),
              ElementsAre("start guardrail polite", "finish guardrail ok"));
}

TEST(GenAiDialectTest, ResponseIdsAreNoConversations) {
  EXPECT_THAT(Signals(Span("chat", {{"gen_ai.operation.name", "chat"},
                                    {"gen_ai.conversation.id", "resp_1"},
                                    {"session.id", "s"}})),
              Contains("start llm conversation=s"));
}

TEST(GenAiDialectTest, FormerPairHoldsWholeMessages) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.prompt",
        R"([{"role":"tool","parts":[{"type":"tool_call_response","id":"a"}]}])"},
       {"gen_ai.completion", "plain text"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a #0 ok", "finish llm ok"));
  EXPECT_EQ(span.Facts().unreadable, 0u);
}

TEST(GenAiDialectTest, FinishReasonWithoutContentIsNoted) {
  Span span("chat m", {{"gen_ai.operation.name", "chat"}});
  span.Structured({{"gen_ai.response.finish_reasons", R"(["tool_calls"])"}});
  EXPECT_TRUE(span.Facts().says_tool_chosen);
  EXPECT_FALSE(span.Facts().has_output);
}

TEST(GenAiDialectTest, CutMessagesAreUsedUpToTheCut) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.output.messages",
        R"([{"parts":[{"type":"tool_call","id":"a","name":"f"}]},{"parts":[{"type":"tool_c)"}});
  EXPECT_THAT(Signals(span), Contains("choice 0 a f -"));
  EXPECT_EQ(span.Facts().truncated, 1u);
  EXPECT_EQ(span.Facts().unreadable, 0u);
}

TEST(GenAiDialectTest, RedactedMessagesAreAbsentRedactedContentIsNot) {
  Span all("chat m", {{"gen_ai.operation.name", "chat"},
                      {"gen_ai.output.messages", "readacted"}});
  EXPECT_FALSE(all.Facts().has_output);
  EXPECT_EQ(all.Facts().unreadable, 0u);
  Span some(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.output.messages",
        R"([{"parts":[{"type":"text","content":"[REDACTED]"},{"type":"tool_call","id":"a","name":"f"}]}])"}});
  EXPECT_THAT(Signals(some), Contains("choice 0 a f -"));
}

TEST(GenAiDialectTest, OtherOperationsAreOtherSpans) {
  EXPECT_THAT(
      Signals(Span("embeddings m", {{"gen_ai.operation.name", "embeddings"}})),
      ElementsAre("start other", "finish other ok"));
  Span http("GET /", {{"http.request.method", "GET"}});
  EXPECT_EQ(DialectOf(http), "");
}

TEST(GenAiDialectTest, OlderSpellingsOfAToolsKeysAreRead) {
  EXPECT_THAT(Signals(Span("tool_call", {{"gen_ai.tool.name", "f"},
                                         {"gen_ai.tool.call_id", "a"},
                                         {"gen_ai.tool.args", "{}"}})),
              Contains("tool a f {} ok"));
}

// The Agent Framework writes [run id, call id].
TEST(GenAiDialectTest, TheLastOfSeveralIdsIsTheCalls) {
  Span text("execute_tool f",
            {{"gen_ai.operation.name", "execute_tool"},
             {"gen_ai.tool.name", "f"},
             {"gen_ai.tool.call.id", R"(["run_1", "call_1"])"}});
  EXPECT_EQ(text.Facts().tool_call_id, "call_1");
  Span list("execute_tool f", {{"gen_ai.operation.name", "execute_tool"}});
  list.Structured({{"gen_ai.tool.call.id", R"(["run_1","call_1"])"}});
  EXPECT_EQ(list.Facts().tool_call_id, "call_1");
}

// Trap 1: a step of Vercel's version 7 repeats the LLM span inside it.
TEST(GenAiDialectTest, StepsOfAnAgentSayNothing) {
  Span span("step 1",
            {{"gen_ai.operation.name", "agent_step"},
             {"gen_ai.output.messages",
              R"([{"parts":[{"type":"tool_call","id":"a","name":"f"}]}])"}});
  EXPECT_THAT(Signals(span), ElementsAre("start other", "finish other ok"));
}

TEST(GenAiDialectTest, AFinishReasonMayBeAllThatIsLeft) {
  for (const char* key :
       {"gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"}) {
    for (const char* reason :
         {R"(["tool_calls"])", "tool_use", R"(["tool-calls"])"}) {
      Span span("chat m", {{"gen_ai.operation.name", "chat"}, {key, reason}});
      EXPECT_TRUE(span.Facts().says_tool_chosen) << key << " " << reason;
    }
  }
}

}  // namespace
}  // namespace spanlink::testing
