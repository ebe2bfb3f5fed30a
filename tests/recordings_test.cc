// Runs of the real OpenAI Agents SDK, recorded event by event. What lifecycle
// hooks said (`hook_tool_start`: which call a span executed) is the answer key;
// the reader never sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/json/json_cursor.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

using ::testing::IsEmpty;

// The calls that hooks saw, by span.
using Calls = std::map<std::string, std::string>;

std::string Member(std::string_view json, std::string_view key) {
  return JsonString(JsonMember(json, key).value_or("")).value_or("");
}

Calls ReadHooks(const std::string& bytes) {
  Calls calls;
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    if (Member(line, "ev") != "hook_tool_start") continue;
    calls[Member(line, "current_span")] = Member(line, "tool_call_id");
  }
  return calls;
}

TraceFile Link(const std::string& name, std::string bytes) {
  auto file = TraceFile::Read(name, std::move(bytes));
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) file = TraceFile::Read(name, "{}");
  file->Link({});
  return *std::move(file);
}

// The calls that tool spans are linked to.
Calls LinkedCalls(const TraceFile& file) {
  Calls calls;
  for (const SpanLink& link : file.links()) {
    if (link.kind != LinkKind::kToolChoice) continue;
    const std::string tool(file.Find(link.consumer)->span_id_text);
    calls[tool] = link.tool_call_id;
  }
  return calls;
}

size_t Count(const TraceFile& file, LinkKind kind) {
  size_t count = 0;
  for (const SpanLink& link : file.links()) count += link.kind == kind ? 1 : 0;
  return count;
}

class RecordingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto shared = testing::SharedDir();
    if (!shared) {
      GTEST_SKIP() << "no shared data beside this checkout: 18 recordings of "
                      "the OpenAI Agents SDK are not tested";
    }
    folder_ = *shared + "/data/openai_agents/";
  }

  std::string Bytes(const std::string& name) const {
    const auto bytes = testing::ReadFile(folder_ + name + ".jsonl");
    EXPECT_TRUE(bytes.has_value()) << name;
    return bytes.value_or("");
  }
  TraceFile Linked(const std::string& name) const {
    return Link(name, Bytes(name));
  }

  std::string folder_;
};

// R1, R5, R16: every tool span that a hook saw has its own call.
TEST_F(RecordingsTest, ToolSpansGetTheCallsThatHooksSaw) {
  size_t spans = 0;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().stem().string();
    ++files;
    if (name == "no_sensitive_data") continue;
    const std::string bytes = Bytes(name);
    const Calls hooks = ReadHooks(bytes);
    EXPECT_EQ(LinkedCalls(Link(name, bytes)), hooks) << name;
    spans += hooks.size();
  }
  EXPECT_EQ(files, 18u);
  EXPECT_EQ(spans, 26u);
}

// R23: where nothing was recorded nothing is made up.
TEST_F(RecordingsTest, NothingIsInferredFromNothing) {
  const TraceFile file = Linked("no_sensitive_data");
  EXPECT_THAT(file.links(), IsEmpty());
  EXPECT_FALSE(file.spans().empty());
}

// R8, R15: the way in which the model was called does not matter.
TEST_F(RecordingsTest, EveryModelClassGivesTheSameLinks) {
  for (const auto& names : std::vector<std::vector<std::string>>{
           {"parallel_identical_responses", "parallel_identical_chat",
            "parallel_identical_chat_stream"},
           {"handoff_plus_tool_responses", "handoff_plus_tool_chat",
            "handoff_plus_tool_responses_stream"}}) {
    std::set<std::multiset<std::pair<LinkKind, std::string>>> different;
    for (const std::string& name : names) {
      const TraceFile file = Linked(name);
      std::multiset<std::pair<LinkKind, std::string>> links;
      for (const SpanLink& link : file.links()) {
        links.emplace(link.kind, link.tool_call_id);
      }
      different.insert(std::move(links));
    }
    EXPECT_EQ(different.size(), 1u) << names[0];
  }
}

// R9-R13: every handoff is chosen once and leads to one first answer.
TEST_F(RecordingsTest, HandoffsLinkInBothDirections) {
  for (const char* name :
       {"handoff_empty_args", "handoff_multiple", "handoff_nested_history",
        "handoff_override_input_type", "handoff_plus_tool_chat",
        "handoff_plus_tool_responses", "handoff_plus_tool_responses_stream",
        "handoff_remove_all_tools"}) {
    const TraceFile file = Linked(name);
    EXPECT_EQ(Count(file, LinkKind::kHandoffChoice), 1u) << name;
    EXPECT_EQ(Count(file, LinkKind::kHandoffResult), 1u) << name;
  }
}

TEST_F(RecordingsTest, GuardrailsLinkOnBothSides) {
  const TraceFile file = Linked("guardrails");
  EXPECT_EQ(Count(file, LinkKind::kInputGuardrail), 1u);
  EXPECT_EQ(Count(file, LinkKind::kOutputGuardrail), 1u);
}

// The run in examples/demo, as events and as spans of an instrumentation.
TEST(DemoTraceTest, BothRecordingsGiveTheSameLinks) {
  std::vector<std::multiset<std::pair<LinkKind, std::string>>> both;
  for (const char* name : {"demo.events.jsonl", "demo.otlp.json"}) {
    const TraceFile file = Link(
        name, testing::ReadSourceFile(std::string("examples/demo/") + name));
    auto& links = both.emplace_back();
    for (const SpanLink& link : file.links()) {
      links.emplace(link.kind, link.tool_call_id);
    }
  }
  EXPECT_EQ(both[0], both[1]);
  EXPECT_GE(both[0].size(), 16u);
}

TEST(DemoTraceTest, LinkedTraceLinksToItself) {
  const std::string bytes =
      testing::ReadSourceFile("examples/demo/demo.otlp.json");
  const auto once = Link("demo", bytes).Write({});
  ASSERT_TRUE(once.ok());
  EXPECT_NE(*once, bytes);
  EXPECT_EQ(Link("demo", *once).Write({}).value_or(""), *once);
}

}  // namespace
}  // namespace spanlink
