// What went into a tool and came out of it, under the names that others know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/proto/otlp.pb.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr PayloadProfile kBoth = {.semconv = true, .traceloop = true};

std::string Written(const std::string& bytes, const WriteOptions& options) {
  auto file = TraceFile::Read("f", bytes);
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return "";
  file->Link({});
  const auto written = file->Write(options);
  EXPECT_TRUE(written.ok()) << written.status();
  return written.value_or("");
}

std::string WithPayload(const std::string& bytes,
                        const PayloadProfile& profile = kBoth) {
  return Written(bytes, {.tool_payload = profile});
}

json SpansIn(const std::string& text) {
  return json::parse(text)["resourceSpans"][0]["scopeSpans"][0]["spans"];
}

// "key=value" of the attributes that a span has more than it had. Those that it
// had must be what they were.
std::vector<std::string> Added(const json& before, const json& after) {
  std::vector<std::string> added;
  const json had = before.value("attributes", json::array());
  const json has = after.value("attributes", json::array());
  for (size_t i = 0; i < has.size(); ++i) {
    if (i < had.size()) {
      EXPECT_EQ(has[i], had[i]);
    } else {
      added.push_back(has[i]["key"].get<std::string>() + "=" +
                      has[i]["value"]["stringValue"].get<std::string>());
    }
  }
  return added;
}

struct DialectPayload {
  std::string run;
  std::string arguments;
  std::string result;
  bool semconv_is_there = false;
  bool traceloop_is_there = false;
};

void PrintTo(const DialectPayload& payload, std::ostream* out) {
  *out << payload.run;
}

class DialectPayloadTest : public ::testing::TestWithParam<DialectPayload> {};

const char kCity[] = R"({"city": "CANARY-1-city"})";

// R32, R37: the two pairs and nothing else. The third span of a run is a
// tool's.
TEST_P(DialectPayloadTest, ToolHasBothPairs) {
  const DialectPayload& payload = GetParam();
  const std::string bytes = testing::ReadSourceFile(
      absl::StrFormat("tests/testdata/content/%s.json", payload.run));
  const json before = SpansIn(bytes);
  const json after = SpansIn(WithPayload(bytes));
  std::vector<std::string> expected;
  const auto expect = [&](const std::string& semconv,
                          const std::string& traceloop,
                          const std::string& text) {
    if (!payload.semconv_is_there) expected.push_back(semconv + "=" + text);
    if (!payload.traceloop_is_there) expected.push_back(traceloop + "=" + text);
  };
  expect("gen_ai.tool.call.arguments", "traceloop.entity.input",
         payload.arguments);
  expect("gen_ai.tool.call.result", "traceloop.entity.output", payload.result);
  EXPECT_EQ(Added(before[2], after[2]), expected);
  EXPECT_THAT(Added(before[1], after[1]), IsEmpty());
  EXPECT_EQ(WithPayload(WithPayload(bytes)), WithPayload(bytes));
  EXPECT_EQ(WithPayload(bytes, {}), Written(bytes, {}));
}

INSTANTIATE_TEST_SUITE_P(
    Dialects, DialectPayloadTest,
    ::testing::Values(
        DialectPayload{"aws_adot", kCity, R"([{"text": "CANARY-3-result"}])"},
        DialectPayload{"google_adk", kCity, R"({"result": "CANARY-6-result"})"},
        DialectPayload{"langfuse", "{'city': 'CANARY-1-city'}",
                       R"({"content": "CANARY-10-result", "type": "tool", )"
                       R"("name": "weather", "tool_call_id": "call_1"})"},
        DialectPayload{
            "langsmith", R"({"input": {"city": "CANARY-1-city"}})",
            R"({"content": [{"type": "text", "text": "CANARY-6-result"}]})"},
        DialectPayload{
            "mlflow", kCity,
            R"({"content": "CANARY-7-result", "tool_call_id": "call_1"})"},
        DialectPayload{"openinference",
                       R"({"city": "CANARY-1-city", "days": 2})",
                       "CANARY-18-result"},
        DialectPayload{"openllmetry", kCity, "CANARY-9-result", true},
        DialectPayload{"openllmetry_legacy",
                       R"({"args": [], "kwargs": {"city": "CANARY-1-city"}})",
                       "CANARY-10-result", false, true},
        DialectPayload{"otel_genai", R"({"city":"CANARY-1-city","days":2})",
                       "31337", true},
        DialectPayload{"otel_genai_events", kCity, "CANARY-5-result"},
        DialectPayload{"pydantic_ai", kCity, "CANARY-10-result"},
        DialectPayload{"strands", kCity, R"([{"text": "CANARY-6-result"}])"},
        DialectPayload{"vercel_ai", kCity, R"({"r": "CANARY-10-result"})"}),
    [](const auto& info) { return info.param.run; });

// One span with these members.
std::string File(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":)"
         R"("5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
         R"("name":"f",)" +
         members + "}]}]}]}";
}

std::string Attribute(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":)" + value + "}";
}

// A tool of OpenInference with these attributes.
std::string Tool(const std::vector<std::string>& attributes) {
  std::string list =
      Attribute("openinference.span.kind", R"({"stringValue":"TOOL"})");
  for (const std::string& attribute : attributes) list += "," + attribute;
  return File("\"attributes\":[" + list + "]");
}

std::vector<std::string> AddedTo(const std::string& file,
                                 const PayloadProfile& profile = kBoth) {
  return Added(SpansIn(file)[0], SpansIn(WithPayload(file, profile))[0]);
}

// R34.
TEST(ToolPayloadTest, AbsentStaysAbsent) {
  EXPECT_THAT(AddedTo(Tool({})), IsEmpty());
  EXPECT_THAT(AddedTo(Tool({Attribute("input.value", "{}"),
                            Attribute("output.value", "null")})),
              IsEmpty());
}

// R34, and R35: what is no text is JSON.
TEST(ToolPayloadTest, EmptyIsPresent) {
  const auto results = [](const std::string& value) {
    return AddedTo(Tool({Attribute("output.value", value)}), {.semconv = true});
  };
  EXPECT_THAT(results(R"({"stringValue":""})"),
              ElementsAre("gen_ai.tool.call.result="));
  EXPECT_THAT(results(R"({"intValue":"0"})"),
              ElementsAre("gen_ai.tool.call.result=0"));
  EXPECT_THAT(results(R"({"boolValue":false})"),
              ElementsAre("gen_ai.tool.call.result=false"));
  EXPECT_THAT(results(R"({"arrayValue":{"values":[]}})"),
              ElementsAre("gen_ai.tool.call.result=[]"));
  EXPECT_THAT(AddedTo(Tool({Attribute("input.value", R"({"stringValue":""})")}),
                      {.traceloop = true}),
              ElementsAre("traceloop.entity.input="));
}

TEST(ToolPayloadTest, PlaceholderIsNoResult) {
  EXPECT_THAT(AddedTo(Tool({Attribute("output.value",
                                      R"({"stringValue":"__REDACTED__"})")})),
              IsEmpty());
}

// R32.
TEST(ToolPayloadTest, WhatIsThereStaysAndIsTheOther) {
  EXPECT_THAT(
      AddedTo(Tool(
          {Attribute("gen_ai.tool.call.result", R"({"stringValue":"one"})"),
           Attribute("output.value", R"({"stringValue":"two"})")})),
      ElementsAre("traceloop.entity.output=one"));
  EXPECT_THAT(
      AddedTo(Tool({Attribute("traceloop.entity.output", "null"),
                    Attribute("gen_ai.tool.call.result", "{}"),
                    Attribute("output.value", R"({"stringValue":"two"})")})),
      IsEmpty());
}

TEST(ToolPayloadTest, AttributeThatCannotBeReadMayBeOneOfThem) {
  EXPECT_THAT(
      AddedTo(Tool({Attribute("gen_ai.tool.call.result", "5"),
                    Attribute("output.value", R"({"stringValue":"two"})")})),
      IsEmpty());
}

// R36.
TEST(ToolPayloadTest, StrippingWins) {
  const std::string file =
      Tool({Attribute("output.value", R"({"stringValue":"secret"})")});
  EXPECT_EQ(Written(file, {.tool_payload = kBoth, .strip_content = true}),
            Tool({}));
}

// R39. The demo's handoff says who took over; what it was called with, the
// answer.
TEST(ToolPayloadTest, HandoffHasTheArgumentsOfItsCall) {
  const std::string bytes =
      testing::ReadSourceFile("examples/demo/demo.otlp.json");
  const json before = SpansIn(bytes);
  const json after = SpansIn(WithPayload(bytes, {.semconv = true}));
  size_t handoffs = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i]["name"] != "handoff to Trip Planner") continue;
    EXPECT_THAT(Added(before[i], after[i]),
                ElementsAre("gen_ai.tool.call.arguments={}",
                            "gen_ai.tool.call.result=Trip Planner"));
    ++handoffs;
  }
  EXPECT_EQ(handoffs, 1u);
}

TEST(ToolPayloadTest, ProtobufGetsThemBehindItsOwn) {
  oracle::TracesData traces;
  oracle::Span* span =
      traces.add_resource_spans()->add_scope_spans()->add_spans();
  span->set_trace_id("0123456789abcdef");
  span->set_span_id("span0001");
  span->set_name("f");
  const auto add = [span](const std::string& key, const std::string& text) {
    oracle::KeyValue* pair = span->add_attributes();
    pair->set_key(key);
    pair->mutable_value()->set_string_value(text);
  };
  add("openinference.span.kind", "TOOL");
  add("input.value", "{}");
  add("output.value", std::string(300, 'x'));
  span->add_events()->set_name("e");
  const std::string bytes = traces.SerializeAsString();
  add("gen_ai.tool.call.arguments", "{}");
  add("traceloop.entity.input", "{}");
  add("gen_ai.tool.call.result", std::string(300, 'x'));
  add("traceloop.entity.output", std::string(300, 'x'));
  EXPECT_EQ(WithPayload(bytes), traces.SerializeAsString());
}

}  // namespace
}  // namespace spanlink
