#include "spanlink/dialects/text_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spanlink/dialects/registry.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SpanFacts ReadTexts(std::vector<std::string> inputs,
                    std::vector<std::string> outputs) {
  SpanFacts facts;
  facts.kind = SpanKind::kLlm;
  facts.wants_text = true;
  facts.input_texts = std::move(inputs);
  facts.output_texts = std::move(outputs);
  ReadTextCalls(&facts);
  return facts;
}

std::vector<std::string> Choices(const std::string& text) {
  std::vector<std::string> lines;
  for (const ChoiceFact& choice : ReadTexts({}, {text}).choices) {
    lines.push_back(choice.id + "|" + choice.name + "|" +
                    choice.arguments.value_or("-"));
  }
  return lines;
}

std::vector<std::string> Uses(std::vector<std::string> texts) {
  std::vector<std::string> lines;
  for (const UseFact& use : ReadTexts(std::move(texts), {}).uses) {
    lines.push_back(use.id + "|" + use.name);
  }
  return lines;
}

TEST(TextCallsTest, AnActionWithItsInputIsACall) {
  EXPECT_THAT(Choices("Thought: hm\nAction: f\nAction Input: {\"x\": 1}"),
              ElementsAre("|f|{\"x\": 1}"));
  EXPECT_THAT(Choices("Action 1: f\nAction Input 1: {}"), ElementsAre("|f|{}"));
  EXPECT_THAT(Choices("Action 2 : f\nAction 2 Input: {}"),
              ElementsAre("|f|{}"));
}

// W21: several steps in one text are several calls.
TEST(TextCallsTest, W21EveryStepOfATextIsACall) {
  EXPECT_THAT(Choices("Action: f\nAction Input: {\"x\":1}\n"
                      "Action: g\nAction Input: {\"y\":2}\nThought: done"),
              ElementsAre("|f|{\"x\":1}", "|g|{\"y\":2}"));
  EXPECT_THAT(Uses({"Action: f\nAction Input: {}\nObservation: 1\nThought: t\n"
                    "Action: g\nAction Input: {}\nObservation: 2"}),
              ElementsAre("|f", "|g"));
}

// W22: fences, back-ticks, JSON strings, words behind the input.
TEST(TextCallsTest, W22ArgumentsComeOutOfTheirWrapping) {
  for (const char* input :
       {"{\"x\": 1}\n\nThought: more", "```json\n{\"x\": 1}\n```",
        "```\n{\"x\": 1}\n```\nand so on", "```{\"x\": 1}```", "`{\"x\": 1}`",
        "{\"x\": 1}\nObservation: made up", "{\"x\": 1}```",
        "{\"x\": 1} as I said"}) {
    EXPECT_THAT(Choices(std::string("Action: `f`\nAction Input: ") + input),
                ElementsAre("|f|{\"x\": 1}"))
        << input;
  }
  EXPECT_THAT(Choices("Action: **f**\nAction Input: \"hello\""),
              ElementsAre("|f|hello"));
  EXPECT_THAT(Choices("Action: Ask a coworker\nAction Input: hello there\n"),
              ElementsAre("|Ask a coworker|hello there"));
  EXPECT_THAT(Choices("Action: f\nAction Input: {\"x\":\n 1}"),
              ElementsAre("|f|{\"x\":\n 1}"));
}

// W23: no id is made of name and arguments, (ab, c) is not (a, bc).
TEST(TextCallsTest, W23CallsInTextHaveNoId) {
  EXPECT_THAT(Choices("Action: ab\nAction Input: c\n"
                      "Action: a\nAction Input: bc"),
              ElementsAre("|ab|c", "|a|bc"));
  EXPECT_THAT(Uses({"Action: ab\nAction Input: c\nObservation: r"}),
              ElementsAre("|ab"));
}

// What follows an observation in an answer the model made up itself.
TEST(TextCallsTest, AnAnswerEndsBeforeItsObservation) {
  EXPECT_THAT(Choices("Action: f\nAction Input: {}\nObservation: 1\n"
                      "Action: g\nAction Input: {}"),
              ElementsAre("|f|{}"));
}

TEST(TextCallsTest, AnObservationMayBeAMessageOfItsOwn) {
  EXPECT_THAT(Uses({"question", "Action: f\nAction Input: {}", "Observation: 1",
                    "Observation: no"}),
              ElementsAre("|f"));
  EXPECT_THAT(Uses({"Observation: no action before"}), IsEmpty());
}

TEST(TextCallsTest, ActionsWithoutInputAndProseAreNoCalls) {
  EXPECT_THAT(Choices("Action: f"), IsEmpty());
  EXPECT_THAT(Choices("Action Input: {}"), IsEmpty());
  EXPECT_THAT(Choices("My Action: f, Action Input: {}"), IsEmpty());
  EXPECT_THAT(Choices("Actions speak\nAction Inputs: {}"), IsEmpty());
  EXPECT_THAT(
      Choices("Action: " + std::string(200, 'x') + "\nAction Input: {}"),
      IsEmpty());
  EXPECT_THAT(Choices(""), IsEmpty());
}

// Trap 18: an instrumentation that puts the repr of a call into the text.
TEST(TextCallsTest, ReprOfACallIsRead) {
  EXPECT_THAT(
      Choices("[ResponseFunctionToolCall(arguments='{\"x\": \"it\\'s\"}', "
              "call_id='call_1', name='f', type='function_call', id='fc_1'), "
              "ResponseFunctionToolCall(arguments='{}', call_id='call_2', "
              "name='g')]"),
      ElementsAre("call_1|f|{\"x\": \"it's\"}", "call_2|g|{}"));
  EXPECT_THAT(Choices("ResponseFunctionToolCall(name='f"), IsEmpty());
}

TEST(TextCallsTest, StructuredCallsGoFirst) {
  SpanFacts facts;
  facts.kind = SpanKind::kLlm;
  facts.wants_text = true;
  facts.choices.push_back({"a", "f", "{}"});
  facts.uses.push_back({"a", "f"});
  facts.output_texts = {"Action: g\nAction Input: {}"};
  facts.input_texts = {"Action: g\nAction Input: {}\nObservation: 1"};
  ReadTextCalls(&facts);
  EXPECT_EQ(facts.choices.size(), 1u);
  EXPECT_EQ(facts.uses.size(), 1u);
}

// Every dialect keeps the texts, and nobody reads them without being asked.
TEST(TextCallsTest, TextIsReadOnlyWhereAsked) {
  constexpr const char* kText = "Action: f\nAction Input: {}";
  const std::string json =
      R"([{"role":"system","content":"Action: no\nAction Input: no"},)"
      R"({"role":"assistant","content":"Action: f\nAction Input: {}"}])";
  const std::string parts =
      R"([{"role":"assistant","parts":[{"type":"text","content":"Action: f\nAction Input: {}"}]}])";
  const Pairs spans[] = {
      {{"openinference.span.kind", "LLM"},
       {"llm.output_messages.0.message.content", kText}},
      {{"openinference.span.kind", "LLM"},
       {"llm.output_messages.0.message.contents.0.message_content.text",
        kText}},
      {{"openinference.span.kind", "LLM"}, {"output.value", kText}},
      {{"gen_ai.operation.name", "chat"}, {"gen_ai.output.messages", parts}},
      {{"gen_ai.operation.name", "chat"}, {"gen_ai.output.messages", json}},
      {{"llm.request.type", "chat"}, {"gen_ai.completion.0.content", kText}},
      {{"ai.operationId", "ai.generateText.doGenerate"},
       {"ai.response.text", kText}},
      {{"langfuse.observation.type", "generation"},
       {"langfuse.observation.output", kText}}};
  for (const Pairs& pairs : spans) {
    Span span("x", pairs);
    EXPECT_THAT(span.Facts().choices, IsEmpty()) << pairs[0].first;
    EXPECT_THAT(span.Facts().output_texts, IsEmpty());
    SpanFacts facts;
    facts.wants_text = true;
    DecodeSpan(span.Finished(), &facts);
    ASSERT_EQ(facts.choices.size(), 1u) << pairs[0].first;
    EXPECT_EQ(facts.choices[0].name, "f");
  }
}

TEST(TextCallsTest, AFileIsReadSoWhereAsked) {
  const std::string bytes =
      R"([{"id":"p","traceId":"t","type":"AGENT","startTime":"2026-01-01T00:00:00Z"},)"
      R"({"id":"g","traceId":"t","parentObservationId":"p","type":"GENERATION","startTime":"2026-01-01T00:00:01Z","endTime":"2026-01-01T00:00:02Z","output":"Action: f\nAction Input: {\"x\": 1}"},)"
      R"({"id":"s","traceId":"t","parentObservationId":"p","type":"TOOL","name":"f","startTime":"2026-01-01T00:00:03Z","endTime":"2026-01-01T00:00:04Z","input":{"x":1}},)"
      R"({"id":"h","traceId":"t","parentObservationId":"p","type":"GENERATION","startTime":"2026-01-01T00:00:05Z","endTime":"2026-01-01T00:00:06Z","input":[{"role":"user","content":"Action: f\nAction Input: {\"x\": 1}\nObservation: r"}]}])";
  auto plain = TraceFile::Read("FILE", bytes);
  auto react = TraceFile::Read("FILE", bytes, nullptr, {.react = true});
  ASSERT_TRUE(plain.ok() && react.ok());
  plain->Link({});
  react->Link({});
  EXPECT_THAT(plain->links(), IsEmpty());
  EXPECT_EQ(react->links().size(), 2u);
}

}  // namespace
}  // namespace spanlink::testing
