// R6: producers that know nothing of one another meet on the default
// dispatcher, where a third party listens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "spanlink/dispatch/dispatcher.h"
#include "spanlink/linker/engine.h"
#include "spanlink/model/span_context.h"
#include "spanlink/model/span_link.h"
#include "spanlink/tests/r6_agents_integration.h"
#include "spanlink/tests/r6_chat_integration.h"

namespace spanlink {
namespace {

using ::testing::UnorderedElementsAre;

class IndependentProducersTest : public ::testing::Test {
 protected:
  SpanContext Span(std::string_view name) const {
    return {trace_, HashSpanId(name)};
  }

  // Links that are handed out, from any thread.
  Options Collect() {
    Options options;
    options.on_links = [this](std::span<const SpanLink> links) {
      const std::lock_guard lock(mutex_);
      links_.insert(links_.end(), links.begin(), links.end());
    };
    return options;
  }

  SpanLink ChoiceLink() const {
    SpanLink link;
    link.consumer = Span("tool");
    link.producer = Span("first answer");
    link.kind = LinkKind::kToolChoice;
    link.evidence = Evidence::kArguments;
    link.tool_name = "get_weather";
    link.tool_call_id = "call_7";
    return link;
  }

  // As weak as the execution that it goes through.
  SpanLink ResultLink() const {
    SpanLink link = ChoiceLink();
    link.consumer = Span("second answer");
    link.producer = Span("tool");
    link.kind = LinkKind::kToolResult;
    return link;
  }

  void AnswerWithCall() const {
    chat_client::OnCompletion(
        {.span = Span("first answer"),
         .parent = agent_,
         .tool_message_ids = {},
         .calls = {{"call_7", "get_weather", "{\"city\": \"Paris\"}"}}});
  }
  void RunTool() const {
    agents_sdk::FunctionSpan tool(Span("tool"), agent_, "get_weather");
    tool.End("{\"city\":\"Paris\"}");
  }
  void AnswerFromResult() const {
    chat_client::OnCompletion({.span = Span("second answer"),
                               .parent = agent_,
                               .tool_message_ids = {"call_7"},
                               .calls = {}});
  }

  const TraceId trace_ = HashTraceId("a run");
  const SpanId agent_ = HashSpanId("agent");
  std::mutex mutex_;
  std::vector<SpanLink> links_;
};

TEST_F(IndependentProducersTest, ThirdPartyLinksThem) {
  Engine engine(Collect());
  const Subscription listening = engine.ListenTo(DefaultDispatcher());
  AnswerWithCall();
  RunTool();
  AnswerFromResult();
  EXPECT_THAT(links_, UnorderedElementsAre(ChoiceLink(), ResultLink()));
  engine.SettleAll();
  EXPECT_EQ(links_.size(), 2);
  EXPECT_EQ(DefaultDispatcher().listener_failures(), 0);
}

TEST_F(IndependentProducersTest, ProducersMayRunOnDifferentThreads) {
  Engine engine(Collect());
  const Subscription listening = engine.ListenTo(DefaultDispatcher());
  std::jthread([this] { AnswerWithCall(); }).join();
  std::jthread([this] { RunTool(); }).join();
  std::jthread([this] { AnswerFromResult(); }).join();
  EXPECT_THAT(links_, UnorderedElementsAre(ChoiceLink(), ResultLink()));
}

TEST_F(IndependentProducersTest, SecondEngineOfTheNameReplacesTheFirst) {
  Engine first({});
  Engine second(Collect());
  const Subscription replaced = first.ListenTo(DefaultDispatcher());
  const Subscription listening = second.ListenTo(DefaultDispatcher());
  AnswerWithCall();
  RunTool();
  EXPECT_THAT(links_, UnorderedElementsAre(ChoiceLink()));
  EXPECT_EQ(first.stats(), ToolCallTracker::Stats());
}

TEST_F(IndependentProducersTest, NobodyHearsThemAfterwards) {
  Engine engine(Collect());
  engine.ListenTo(DefaultDispatcher()).Reset();
  AnswerWithCall();
  RunTool();
  EXPECT_EQ(engine.stats(), ToolCallTracker::Stats());
  EXPECT_FALSE(DefaultDispatcher().has_listeners<ToolCall>());
}

}  // namespace
}  // namespace spanlink
