// The recorded runs of the OpenAI Agents SDK in ../shared/data/openai_agents.
//
// The events of the spans are what spanlink sees; the `hook_*` lines beside
// them are the answer key. Function spans of the SDK carry no call id, so every
// link to one is inferred.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/test_env.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr size_t kToolSpans = 26;  // with a hook, `no_sensitive_data` apart

// What each recording must give: kind, evidence and how often. Read off the
// recordings themselves, by hand and by a script.
struct Expected {
  const char* file;
  std::vector<std::string> links;
};

const std::vector<std::string> kHandoffAndTools = {
    "handoff_choice handoff", "handoff_result handoff", "tool_choice arguments",
    "tool_choice arguments",  "tool_result arguments",  "tool_result arguments",
};
const std::vector<std::string> kFourTools = {
    "tool_choice arguments", "tool_choice arguments", "tool_choice arguments",
    "tool_choice arguments", "tool_result arguments", "tool_result arguments",
    "tool_result arguments", "tool_result arguments",
};
const std::vector<std::string> kOneTool = {"tool_choice arguments",
                                           "tool_result arguments"};
const std::vector<std::string> kHandoff = {"handoff_choice handoff",
                                           "handoff_result handoff"};
const std::vector<std::string> kToolThenHandoff = {
    "handoff_choice handoff", "handoff_result handoff", "tool_choice arguments",
    "tool_result arguments"};

const Expected kExpected[] = {
    {"agent_as_tool",
     {"tool_choice arguments", "tool_choice arguments", "tool_result arguments",
      "tool_result arguments"}},
    {"auto_previous_response_id", kOneTool},
    {"guardrails",
     {"input_guardrail structure", "output_guardrail structure",
      "tool_choice arguments", "tool_result arguments"}},
    {"handoff_empty_args", kHandoff},
    {"handoff_multiple", kHandoff},
    {"handoff_nested_history", kToolThenHandoff},
    {"handoff_override_input_type",
     {"handoff_choice handoff_remaining", "handoff_result handoff_remaining"}},
    {"handoff_plus_tool_chat", kHandoffAndTools},
    {"handoff_plus_tool_responses", kHandoffAndTools},
    {"handoff_plus_tool_responses_stream", kHandoffAndTools},
    {"handoff_remove_all_tools", kToolThenHandoff},
    {"no_sensitive_data", {}},
    {"parallel_identical_chat", kFourTools},
    {"parallel_identical_chat_stream", kFourTools},
    {"parallel_identical_responses", kFourTools},
    {"reused_call_id_across_turns", kOneTool},
    {"session_two_traces", kOneTool},
    {"tool_not_found", {}},
};

// One recording, read twice: by spanlink and, for the key, as plain JSON.
struct Recording {
  std::vector<json> events;
  std::optional<TraceFile> file;

  std::string NameOf(const SpanContext& context) const {
    const SpanSummary* span = file->Find(context);
    return std::string(span == nullptr ? "?" : span->span_id_text);
  }
};

std::optional<Recording> ReadRecording(const std::string& name) {
  const std::optional<std::string> shared = SharedDir();
  if (!shared) return std::nullopt;
  const std::string path = *shared + "/data/openai_agents/" + name + ".jsonl";
  const std::optional<std::string> bytes = ReadFile(path);
  EXPECT_TRUE(bytes.has_value()) << path;
  if (!bytes) return std::nullopt;
  Recording recording;
  std::istringstream lines(*bytes);
  for (std::string line; std::getline(lines, line);) {
    recording.events.push_back(json::parse(line));
  }
  absl::StatusOr<TraceFile> file = TraceFile::Read(path, *bytes);
  EXPECT_THAT(file, IsOk());
  if (!file.ok()) return std::nullopt;
  recording.file = *std::move(file);
  recording.file->Link(Options());
  return recording;
}

#define SKIP_WITHOUT_SHARED_DATA()                      \
  if (!SharedDir()) {                                   \
    GTEST_SKIP() << "no ../shared beside the checkout"; \
  }                                                     \
  static_assert(true, "")

bool IsLlm(const json& event) {
  return event.value("type", "") == "response" ||
         event.value("type", "") == "generation";
}

// The LLM span that chose what a function span ran is the one LLM span under
// the same parent, its turn.
std::string LlmBeside(const Recording& recording, const std::string& span) {
  std::string parent, llm;
  for (const json& event : recording.events) {
    if (event["ev"] == "span_start" && event["span_id"] == span) {
      parent = event["parent_id"];
    }
  }
  for (const json& event : recording.events) {
    if (event["ev"] != "span_start" || !IsLlm(event)) continue;
    if (event["parent_id"] != parent) continue;
    EXPECT_EQ(llm, "") << "two LLM spans in one turn";
    llm = event["span_id"];
  }
  return llm;
}

// The call ids whose results an LLM span's input holds.
std::set<std::string> ResultsIn(const json& event) {
  std::set<std::string> ids;
  const json& input = event["data"]["input"];
  if (!input.is_array()) return ids;
  for (const json& item : input) {
    const char* key =
        item.value("role", "") == "tool" ? "tool_call_id" : "call_id";
    if (item.value("type", "") != "function_call_output" &&
        item.value("role", "") != "tool") {
      continue;
    }
    ids.insert(item[key].get<std::string>());
  }
  return ids;
}

// The first LLM span of the trace that holds the result of `call_id`.
std::string FirstUser(const Recording& recording, const json& trace,
                      const std::string& call_id) {
  for (const json& event : recording.events) {
    if (event["ev"] != "span_end" || !IsLlm(event)) continue;
    if (event["trace_id"] != trace) continue;
    if (ResultsIn(event).contains(call_id)) return event["span_id"];
  }
  return "";
}

// "CONSUMER<-PRODUCER (id)" of the links of one kind, sorted.
std::vector<std::string> Edges(const Recording& recording, LinkKind kind) {
  std::vector<std::string> edges;
  for (const SpanLink& link : recording.file->links()) {
    if (link.kind != kind) continue;
    edges.push_back(recording.NameOf(link.consumer) + "<-" +
                    recording.NameOf(link.producer) + " (" + link.tool_call_id +
                    ")");
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

// The same from the hooks.
struct Key {
  std::vector<std::string> choices, results;
};

Key KeyOf(const Recording& recording) {
  Key key;
  for (const json& event : recording.events) {
    if (event["ev"] != "hook_tool_start") continue;
    const std::string tool = event["current_span"];
    const std::string id = event["tool_call_id"];
    key.choices.push_back(tool + "<-" + LlmBeside(recording, tool) + " (" + id +
                          ")");
    json trace;
    for (const json& other : recording.events) {
      if (other.value("span_id", "") == tool) trace = other["trace_id"];
    }
    const std::string user = FirstUser(recording, trace, id);
    if (!user.empty())
      key.results.push_back(user + "<-" + tool + " (" + id + ")");
  }
  std::sort(key.choices.begin(), key.choices.end());
  std::sort(key.results.begin(), key.results.end());
  return key;
}

class RecordedRunsTest : public ::testing::TestWithParam<Expected> {};

INSTANTIATE_TEST_SUITE_P(All, RecordedRunsTest, ::testing::ValuesIn(kExpected),
                         [](const auto& info) {
                           return std::string(info.param.file);
                         });

TEST_P(RecordedRunsTest, LinksAreThoseOfTheHooks) {
  SKIP_WITHOUT_SHARED_DATA();
  const auto recording = ReadRecording(GetParam().file);
  ASSERT_TRUE(recording.has_value());
  Key key = KeyOf(*recording);
  if (std::string_view(GetParam().file) == "no_sensitive_data") key = {};
  EXPECT_THAT(Edges(*recording, LinkKind::kToolChoice),
              ElementsAreArray(key.choices));
  EXPECT_THAT(Edges(*recording, LinkKind::kToolResult),
              ElementsAreArray(key.results));
}

TEST_P(RecordedRunsTest, KindsAndEvidence) {
  SKIP_WITHOUT_SHARED_DATA();
  const auto recording = ReadRecording(GetParam().file);
  ASSERT_TRUE(recording.has_value());
  std::vector<std::string> links;
  for (const SpanLink& link : recording->file->links()) {
    links.push_back(std::string(LinkKindName(link.kind)) + " " +
                    std::string(EvidenceName(link.evidence)));
  }
  std::sort(links.begin(), links.end());
  EXPECT_EQ(links, GetParam().links);
}

// Nothing to infer from: no link, even with the weakest evidence.
TEST(RecordedRunsTotalTest, NoContentNoLink) {
  SKIP_WITHOUT_SHARED_DATA();
  auto recording = ReadRecording("no_sensitive_data");
  ASSERT_TRUE(recording.has_value());
  Options options;
  options.min_evidence = Evidence::kOrder;
  recording->file->Link(options);
  EXPECT_THAT(recording->file->links(), IsEmpty());
}

TEST(RecordedRunsTotalTest, EveryHookedToolSpanIsRight) {
  SKIP_WITHOUT_SHARED_DATA();
  size_t right = 0;
  size_t wrong = 0;
  for (const Expected& expected : kExpected) {
    const auto recording = ReadRecording(expected.file);
    ASSERT_TRUE(recording.has_value());
    const std::vector<std::string> key = KeyOf(*recording).choices;
    for (const std::string& edge : Edges(*recording, LinkKind::kToolChoice)) {
      ++(std::binary_search(key.begin(), key.end(), edge) ? right : wrong);
    }
  }
  EXPECT_EQ(right, kToolSpans);
  EXPECT_EQ(wrong, 0u);
}

// The links with spans by kind and position: "tool1<-llm0 tool_choice …".
std::vector<std::string> Shape(const Recording& recording) {
  std::map<SpanContext, std::string> names;
  std::map<SpanKind, int> counts;
  for (const SpanSummary& span : recording.file->spans()) {
    names[span.context] = std::to_string(static_cast<int>(span.kind)) + "#" +
                          std::to_string(counts[span.kind]++);
  }
  std::vector<std::string> shape;
  for (const SpanLink& link : recording.file->links()) {
    shape.push_back(names[link.consumer] + "<-" + names[link.producer] + " " +
                    std::string(LinkKindName(link.kind)) + " " +
                    std::string(EvidenceName(link.evidence)) + " " +
                    link.tool_name + " " + link.tool_call_id);
  }
  std::sort(shape.begin(), shape.end());
  return shape;
}

void ExpectSameShape(const char* one, const char* other) {
  const auto first = ReadRecording(one);
  const auto second = ReadRecording(other);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(Shape(*first).empty());
  EXPECT_EQ(Shape(*first), Shape(*second));
}

// R8
TEST(RecordedRunsTotalTest, ResponsesAndChatGiveTheSameLinks) {
  SKIP_WITHOUT_SHARED_DATA();
  ExpectSameShape("handoff_plus_tool_responses", "handoff_plus_tool_chat");
  ExpectSameShape("parallel_identical_responses", "parallel_identical_chat");
}

// R15
TEST(RecordedRunsTotalTest, StreamsGiveTheSameLinks) {
  SKIP_WITHOUT_SHARED_DATA();
  ExpectSameShape("handoff_plus_tool_responses",
                  "handoff_plus_tool_responses_stream");
  ExpectSameShape("parallel_identical_chat", "parallel_identical_chat_stream");
}

}  // namespace
}  // namespace spanlink::testing
