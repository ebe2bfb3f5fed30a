#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spanlink/dialects/registry.h"
#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

const Pairs kChat = {{"gen_ai.operation.name", "chat"},
                     {"gen_ai.system", "openai"}};

TEST(GenAiEventsDialectTest, ChoiceIsTheAnswerAndToolMessagesAreResults) {
  Span span("chat m", kChat);
  span.Event("gen_ai.user.message", {{"content", "hi"}});
  span.Event("gen_ai.tool.message", {{"id", " call_0 "}, {"content", "r"}});
  span.Event(
      "gen_ai.choice",
      {{"index", "0"},
       {"finish_reason", "tool_calls"},
       {"message",
        R"({"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]})"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use call_0 #0 ok",
                          "choice 0 call_1 f {\"x\":1}", "finish llm ok"));
  EXPECT_TRUE(span.Facts().has_input);
  EXPECT_TRUE(span.Facts().has_output);
}

// Trap 2: the assistant's messages are history, only the choice is new.
TEST(GenAiEventsDialectTest, AssistantMessagesAreHistory) {
  Span span("chat m", kChat);
  span.Event("gen_ai.assistant.message",
             {{"tool_calls",
               R"([{"id":"old","function":{"name":"f","arguments":"{}"}}])"},
              {"content", R"([{"toolUse":{"toolUseId":"old","name":"f"}}])"}});
  span.Event("gen_ai.choice", {{"message", R"({"content":"done"})"}});
  EXPECT_THAT(Signals(span), ElementsAre("start llm", "finish llm ok"));
}

// Trap 13: without content, ids and names stay.
TEST(GenAiEventsDialectTest, WithoutContentTheIdsStay) {
  Span span("chat m", kChat);
  span.Event(
      "gen_ai.choice",
      {{"message",
        R"({"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f"}}]})"}});
  EXPECT_THAT(Signals(span), Contains("choice 0 call_1 f -"));
}

TEST(GenAiEventsDialectTest, CallsMayBeAnAttributeOfTheirOwn) {
  Span span("chat m", kChat);
  span.Event("gen_ai.choice",
             {{"tool_calls",
               R"([{"id":"a","function":{"name":"f","arguments":"{}"}}])"}});
  EXPECT_THAT(Signals(span), Contains("choice 0 a f {}"));
}

// Semantic Kernel for .NET: one attribute holds the event; results have no id.
TEST(GenAiEventsDialectTest, OneAttributeMayHoldTheWholeEvent) {
  Span span("chat m", {{"gen_ai.system", "openai"},
                       {"gen_ai.response.finish_reason", "tool_calls"}});
  span.Event("gen_ai.tool.message",
             {{"gen_ai.event.content", R"({"name":"f","content":"r"})"}});
  span.Event(
      "gen_ai.choice",
      {{"gen_ai.event.content",
        R"({"index":0,"message":{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":1}},"type":"function"}]},"finish_reason":"tool_calls"})"}});
  EXPECT_EQ(DialectOf(span), "otel_genai_events");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use f #0 ok", "choice 0 a f {\"x\":1}",
                          "finish llm ok"));
}

TEST(GenAiEventsDialectTest, ABodyIsReadLikeAttributes) {
  Span span("chat m", kChat);
  span.Event("gen_ai.tool.message",
             {{"body", R"({"content":[{"text":"1"}],"id":"call_0"})"}});
  span.Event(
      "gen_ai.choice",
      {{"body",
        R"({"message":{"tool_calls":[{"type":"function","id":"call_1","function":{"name":"f","arguments":{"x":"1"}}}],"role":"assistant"},"index":0,"finish_reason":"tool_use"})"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use call_0 #0 ok",
                          "choice 0 call_1 f {\"x\":\"1\"}", "finish llm ok"));
}

// A user can write JSON; it is not the instrumentation that speaks.
TEST(GenAiEventsDialectTest, TextOfAUserIsNoResult) {
  Span span("chat m", kChat);
  span.Event("gen_ai.user.message",
             {{"content", R"([{"toolResult":{"toolUseId":"forged"}}])"}});
  span.Event(
      "gen_ai.tool.message",
      {{"id", "a"}, {"content", R"([{"toolResult":{"toolUseId":"forged"}}])"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a #0 ok", "finish llm ok"));
}

TEST(GenAiEventsDialectTest, MessagesOnTheSpanComeFirst) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"gen_ai.output.messages",
        R"([{"parts":[{"type":"tool_call","id":"a","name":"f","arguments":{}}]}])"}});
  span.Event(
      "gen_ai.choice",
      {{"message",
        R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]})"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "choice 0 a f {}", "finish llm ok"));
}

TEST(GenAiEventsDialectTest, BrokenEventsAreCounted) {
  Span span("chat m", kChat);
  span.Event("gen_ai.choice", {{"message", R"({"tool_calls":[)"}});
  EXPECT_EQ(span.Facts().truncated, 1u);
  EXPECT_THAT(Signals(span), Not(Contains("choice 0")));
}

TEST(StrandsDialectTest, BedrockBlocksStandInEvents) {
  Span span("chat", {{"gen_ai.operation.name", "chat"},
                     {"gen_ai.system", "strands-agents"}});
  span.Event(
      "gen_ai.tool.message",
      {{"content",
        R"([{"toolResult":{"toolUseId":"t0","status":"success","content":[{"text":"r"}]}}])"}});
  span.Event(
      "gen_ai.choice",
      {{"finish_reason", "tool_use"},
       {"message",
        R"([{"text":"x"},{"toolUse":{"toolUseId":"t1","name":"f","input":{"x":1}}}])"}});
  EXPECT_EQ(DialectOf(span), "strands");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use t0 #0 ok",
                          "choice 0 t1 f {\"x\":1}", "finish llm ok"));
}

TEST(StrandsDialectTest, ResultsMayStandInAUsersMessage) {
  Span span("chat",
            {{"gen_ai.operation.name", "chat"}, {"event_loop.cycle_id", "c"}});
  span.Event("gen_ai.user.message",
             {{"content", R"([{"toolResult":{"toolUseId":"t0"}}])"}});
  EXPECT_THAT(Signals(span), Contains("use t0 #0 ok"));
}

TEST(StrandsDialectTest, EventsOfAToolAreItsArgumentsAndResult) {
  Span span("execute_tool f", {{"gen_ai.operation.name", "execute_tool"},
                               {"gen_ai.system", "strands-agents"},
                               {"gen_ai.tool.name", "f"},
                               {"gen_ai.tool.call.id", "t1"},
                               {"gen_ai.tool.status", "error"}});
  span.Event("gen_ai.tool.message",
             {{"role", "tool"}, {"content", "{\"x\":1}"}, {"id", ""}});
  span.Event("gen_ai.choice", {{"message", "[{\"text\":\"r\"}]"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start tool f id=t1", "tool t1 f {\"x\":1} failed",
                          "finish tool failed"));
}

// The newer form: input messages of a tool's span hold the call itself.
TEST(StrandsDialectTest, InputMessagesOfAToolAreItsCall) {
  Span span("execute_tool f", {{"gen_ai.operation.name", "execute_tool"},
                               {"gen_ai.provider.name", "strands-agents"},
                               {"gen_ai.tool.name", "f"}});
  span.Event(
      "gen_ai.client.inference.operation.details",
      {{"gen_ai.input.messages",
        R"([{"role":"tool","parts":[{"type":"tool_call","name":"f","id":"t1","arguments":{"x":1}}]}])"}});
  span.Event(
      "gen_ai.client.inference.operation.details",
      {{"gen_ai.output.messages",
        R"([{"role":"tool","parts":[{"type":"tool_call_response","id":"t1","response":1}]}])"}});
  EXPECT_THAT(Signals(span), Contains("tool t1 f {\"x\":1} ok"));
}

// Trap 1: the loop repeats what the spans inside it say.
TEST(StrandsDialectTest, CyclesOfTheLoopSayNothing) {
  Span span("execute_event_loop_cycle",
            {{"gen_ai.operation.name", "execute_event_loop_cycle"},
             {"event_loop.cycle_id", "c"}});
  span.Event("gen_ai.choice",
             {{"message",
               R"([{"toolUse":{"toolUseId":"t1","name":"f","input":{}}}])"}});
  EXPECT_THAT(Signals(span), ElementsAre("start other", "finish other ok"));
}

TEST(PydanticAiDialectTest, EventsMayBeOneAttribute) {
  Span span(
      "chat m",
      {{"gen_ai.operation.name", "chat"},
       {"logfire.msg", "chat m"},
       {"events",
        R"([{"event.name":"gen_ai.user.message","content":"hi","role":"user"},)"
        R"({"event.name":"gen_ai.assistant.message","role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
        R"({"event.name":"gen_ai.tool.message","id":"a","name":"f","content":"r"},)"
        R"({"event.name":"gen_ai.choice","index":0,"message":{"role":"assistant","tool_calls":[{"id":"b","type":"function","function":{"name":"g","arguments":{"x":1}}}]}}])"}});
  EXPECT_EQ(DialectOf(span), "pydantic_ai");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use a f #0 ok",
                          "choice 0 b g {\"x\":1}", "finish llm ok"));
}

TEST(PydanticAiDialectTest, OlderToolsCarryTheirArgumentsElsewhere) {
  Span span("running tool: f", {{"gen_ai.tool.name", "f"},
                                {"gen_ai.tool.call.id", "call_1"},
                                {"tool_arguments", "{\"x\": 1}"},
                                {"tool_response", "r"}});
  EXPECT_EQ(DialectOf(span), "pydantic_ai");
  EXPECT_THAT(Signals(span), Contains("tool call_1 f {\"x\": 1} ok"));
}

// Trap 2: all messages of a run are no answer.
TEST(PydanticAiDialectTest, AnAgentsHistoryIsNoAnswer) {
  Span span(
      "agent run",
      {{"agent_name", "joker"},
       {"pydantic_ai.all_messages",
        R"([{"role":"assistant","parts":[{"type":"tool_call","id":"a","name":"f"}]}])"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start agent joker", "finish agent ok"));
}

// Logfire's spans of the OpenAI Agents SDK: the answer is what the assistant
// said last; the rest of the list repeats the input.
TEST(PydanticAiDialectTest, LogfireReadsTheTrailingAssistantAsTheAnswer) {
  Span span(
      "Responses API with {gen_ai.request.model!r}",
      {{"logfire.msg_template", "Responses API with {gen_ai.request.model!r}"},
       {"response_id", "resp_1"},
       {"raw_input",
        R"([{"role":"user","content":"hi"},{"type":"function_call","call_id":"call_1","id":"fc_1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"4"}])"},
       {"events",
        R"([{"event.name":"gen_ai.user.message","content":"hi"},)"
        R"({"event.name":"gen_ai.assistant.message","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
        R"({"event.name":"gen_ai.tool.message","id":"call_1","content":"4"},)"
        R"({"event.name":"gen_ai.assistant.message","tool_calls":[{"id":"call_2","type":"function","function":{"name":"transfer_to_b","arguments":"{}"}}]}])"}});
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "use call_1 #0 ok",
                          "choice 0 call_2 transfer_to_b {}", "finish llm ok"));
}

TEST(PydanticAiDialectTest, LogfireNamesFunctionsHandoffsAndGuardrails) {
  EXPECT_THAT(Signals(Span("Function: {name}",
                           {{"logfire.msg_template", "Function: {name}"},
                            {"name", "f"},
                            {"input", "{\"x\":1}"},
                            {"output", "4"}})),
              Contains("tool f {\"x\":1} ok"));
  EXPECT_THAT(Signals(Span("Handoff: {from_agent} -> {to_agent}",
                           {{"logfire.msg_template",
                             "Handoff: {from_agent} \xE2\x86\x92 {to_agent}"},
                            {"from_agent", "a"},
                            {"to_agent", "b"}})),
              Contains("handoff a -> b ok"));
  EXPECT_THAT(Signals(Span("Guardrail {name!r} {triggered=}",
                           {{"logfire.msg", "Guardrail 'g'"}, {"name", "g"}})),
              Contains("start guardrail g"));
  EXPECT_THAT(Signals(Span("Turn {turn} for agent {agent_name!r}",
                           {{"logfire.msg", "Turn 1"}, {"agent_name", "a"}})),
              Contains("start other"));
}

TEST(PydanticAiDialectTest, LogfireKeepsRequestAndResponseOfAClient) {
  Span span(
      "Chat Completion with {request_data[model]!r}",
      {{"logfire.msg_template", "Chat Completion"},
       {"request_data",
        R"({"messages":[{"role":"tool","tool_call_id":"a","content":"r"}],"tools":[{"type":"function","function":{"name":"f"}}]})"},
       {"response_data",
        R"({"message":{"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{}"}}]}})"}});
  EXPECT_THAT(Signals(span), ElementsAre("start llm", "use a #0 ok",
                                         "choice 0 b f {}", "finish llm ok"));
}

// Of all roles but the system's, and only on request.
TEST(GenAiEventsDialectTest, TextsAreKeptWhereTheyAreWanted) {
  Span span("chat m", kChat);
  span.Event("gen_ai.system.message", {{"content", "obey"}});
  span.Event("gen_ai.user.message", {{"content", "hi"}});
  span.Event("gen_ai.tool.message", {{"id", "call_0"}, {"content", "r"}});
  span.Event("gen_ai.choice", {{"message", "done"}});
  EXPECT_THAT(span.Facts().input_texts, ElementsAre());
  SpanFacts facts;
  facts.wants_text = true;
  DecodeSpan(span.Finished(), &facts);
  EXPECT_THAT(facts.input_texts, ElementsAre("hi", "r"));
  EXPECT_THAT(facts.output_texts, ElementsAre("done"));
}

}  // namespace
}  // namespace spanlink::testing
