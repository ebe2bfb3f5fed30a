// Which attributes of a GenAI span hold content.
#include "spanlink/dialects/content.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "spanlink/dialects/registry.h"
#include "spanlink/tests/dialect_testing.h"

namespace spanlink {
namespace {

using testing::Span;

bool TextStays(std::string_view key) {
  return IsFreeOfContent(key, /*is_number=*/false);
}

TEST(ContentTest, NamesIdsKindsModelsAndReasonsStay) {
  for (const std::string_view key :
       {"gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.operation.name",
        "gen_ai.request.model", "gen_ai.response.finish_reasons",
        "gen_ai.conversation.id", "session.id", "traceloop.entity.name",
        "openinference.span.kind", "llm.model_name", "ai.toolCall.name",
        "ai.telemetry.metadata.sessionId", "langfuse.observation.type",
        "llm.output_messages.12.message.tool_calls.0.tool_call.function.name",
        "llm.output_messages.0.message.tool_calls.0.tool_call.id",
        "gen_ai.completion.0.finish_reason"}) {
    EXPECT_TRUE(TextStays(key)) << key;
  }
}

TEST(ContentTest, MessagesArgumentsResultsAndDefinitionsGo) {
  for (const std::string_view key :
       {"gen_ai.input.messages", "gen_ai.system_instructions",
        "gen_ai.tool.definitions", "gen_ai.tool.description",
        "gen_ai.tool.call.arguments", "traceloop.entity.output",
        "llm.output_messages.0.message.content",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function."
        "arguments",
        "gen_ai.prompt.0.content", "ai.response.text", "input.value",
        "exception.message", "exception.stacktrace", "otel.status_description",
        "logfire.msg", "metadata", "", "acme"}) {
    EXPECT_FALSE(TextStays(key)) << key;
  }
}

TEST(ContentTest, NumberStandsForDigits) {
  EXPECT_TRUE(TextStays("gen_ai.prompt.10.role"));
  EXPECT_FALSE(TextStays("gen_ai.prompt.x.role"));
  EXPECT_FALSE(TextStays("gen_ai.prompt..role"));
  EXPECT_FALSE(TextStays("gen_ai.prompt.10.roles"));
  EXPECT_FALSE(TextStays("gen_ai.prompt.10"));
}

TEST(ContentTest, CountsStayAndContentThatIsANumberGoes) {
  EXPECT_TRUE(IsFreeOfContent("gen_ai.usage.input_tokens", true));
  EXPECT_TRUE(IsFreeOfContent("acme.score", true));
  EXPECT_FALSE(IsFreeOfContent("gen_ai.tool.call.result", true));
  EXPECT_FALSE(IsFreeOfContent("gen_ai.completion.0.content", true));
}

TEST(ContentTest, EventsKeepTheirOwnNamesAndIds) {
  EXPECT_TRUE(IsEventFreeOfContent("id", false));
  EXPECT_TRUE(IsEventFreeOfContent("role", false));
  EXPECT_FALSE(IsFreeOfContent("role", false));
  EXPECT_FALSE(IsEventFreeOfContent("content", false));
  EXPECT_FALSE(IsEventFreeOfContent("body", false));
}

// A list that is meant to let something through does.
TEST(ContentTest, WhatADialectKeepsStays) {
  for (const Dialect* dialect : AllDialects()) {
    for (std::string_view pattern : dialect->content_keys().kept) {
      std::string key(pattern);
      for (char& c : key) c = c == '#' ? '7' : c;
      EXPECT_TRUE(TextStays(key)) << dialect->name() << " " << key;
    }
    for (std::string_view pattern : dialect->content_keys().content) {
      std::string key(pattern);
      for (char& c : key) c = c == '*' ? '7' : c;
      EXPECT_FALSE(IsFreeOfContent(key, true)) << dialect->name() << " " << key;
    }
  }
}

TEST(ContentTest, SpansOfNoConventionAreNoneOfGenAi) {
  EXPECT_FALSE(IsGenAi(Span("GET", {{"http.method", "GET"}}).Finished()));
  EXPECT_FALSE(IsGenAi(Span("f", {{"input", "x"}}).Event("e", {}).Finished()));
  EXPECT_TRUE(IsGenAi(Span("f", {{"gen_ai.prompt", "x"}}).Finished()));
  EXPECT_TRUE(
      IsGenAi(Span("f", {}).Event("gen_ai.system.message", {}).Finished()));
  EXPECT_TRUE(
      IsGenAi(Span("f", {}).Event("e", {{"gen_ai.prompt", "x"}}).Finished()));
}

}  // namespace
}  // namespace spanlink
