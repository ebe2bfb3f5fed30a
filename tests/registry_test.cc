#include "spanlink/dialects/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kAnswer =
    R"([{"parts":[{"type":"tool_call","id":"a","name":"f","arguments":{}}]}])";

TEST(RegistryTest, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Dialect* dialect : AllDialects()) {
    EXPECT_TRUE(names.insert(dialect->name()).second) << dialect->name();
  }
}

// Trap 1: an instrumentation of the client and one of the framework write onto
// one span: that is one call.
TEST(RegistryTest, SeveralDialectsOnOneSpanGiveOneCall) {
  Span span(
      "call_llm",
      {{"openinference.span.kind", "LLM"},
       {"llm.output_messages.0.message.tool_calls.0."
        "tool_call.function.name",
        "f"},
       {"gen_ai.operation.name", "chat"},
       {"gen_ai.output.messages", kAnswer},
       {"gcp.vertex.agent.llm_response",
        R"({"content":{"parts":[{"function_call":{"name":"f","args":{}}}]}})"}});
  EXPECT_EQ(DialectOf(span), "openinference");
  EXPECT_THAT(Signals(span),
              ElementsAre("start llm", "choice 0 f {}", "finish llm ok"));
}

TEST(RegistryTest, ADialectAddsWhatAnotherLeftOpen) {
  Span llm(
      "call_llm",
      {{"openinference.span.kind", "LLM"},
       {"llm.output_messages.0.message.content", "done"},
       {"gcp.vertex.agent.session_id", "s1"},
       {"gcp.vertex.agent.llm_request",
        R"({"contents":[{"parts":[{"function_response":{"id":"a","name":"f"}}]}]})"}});
  EXPECT_THAT(Signals(llm), ElementsAre("start llm conversation=s1",
                                        "use a f #0 ok", "finish llm ok"));
  Span tool("execute_tool f", {{"openinference.span.kind", "TOOL"},
                               {"tool.name", "f"},
                               {"gen_ai.operation.name", "execute_tool"},
                               {"gcp.vertex.agent.tool_call_args", "{\"x\":1}"},
                               {"gen_ai.tool.call.id", "a"}});
  EXPECT_THAT(Signals(tool), Contains("tool a f {\"x\":1} ok"));
}

TEST(RegistryTest, TheFirstDialectSaysWhatTheSpanIs) {
  Span span("p", {{"langsmith.span.kind", "prompt"},
                  {"gen_ai.operation.name", "chat"},
                  {"gen_ai.output.messages", kAnswer}});
  EXPECT_EQ(DialectOf(span), "langsmith");
  EXPECT_THAT(Signals(span), ElementsAre("start other", "finish other ok"));
}

TEST(RegistryTest, AFailureThatOneDialectSeesCounts) {
  Span span("f", {{"gen_ai.operation.name", "execute_tool"},
                  {"gen_ai.tool.name", "f"},
                  {"langfuse.observation.level", "ERROR"},
                  {"langfuse.observation.type", "TOOL"}});
  EXPECT_THAT(Signals(span), Contains("tool f - failed"));
}

// Trap 19: scopes and names of spans decide nothing.
TEST(RegistryTest, NamesOfSpansAreNoKeys) {
  for (const char* name : {"execute_tool f", "call_llm", "ai.toolCall",
                           "openai.chat", "handoff to b", "chat m"}) {
    Span span(name, {{"http.request.method", "POST"}});
    EXPECT_EQ(DialectOf(span), "") << name;
    EXPECT_THAT(span.Facts().choices, IsEmpty());
  }
}

}  // namespace
}  // namespace spanlink::testing
