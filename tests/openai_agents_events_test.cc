#include "spanlink/dialects/openai_agents_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "spanlink/tests/dialect_testing.h"

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using testing::Signals;

// An event about span `id` of type `type`, at second `second`; `rest` are
// further members with their comma.
std::string Event(const std::string& ev, const std::string& id,
                  const std::string& type, int second, const std::string& data,
                  const std::string& rest = "") {
  const std::string time =
      "\"2026-01-02T03:04:" + std::to_string(10 + second) + ".5+00:00\"";
  return R"({"ev":")" + ev + R"(","trace_id":"trace_1","span_id":")" + id +
         R"(","parent_id":"span_p","type":")" + type + R"(","started_at":)" +
         time + (ev == "span_end" ? ",\"ended_at\":" + time : "") +
         ",\"data\":" + data + rest + "}\n";
}

std::string End(const std::string& type, const std::string& data,
                const std::string& rest = "") {
  return Event("span_end", "span_1", type, 0, data, rest);
}

AgentsRecording ReadOk(std::string_view bytes) {
  const auto result = ReadAgentsRecording("f", bytes);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : AgentsRecording{};
}

// The signals of a span, by default the first.
std::vector<std::string> Decoded(const std::string& bytes,
                                 std::string_view span_id = "") {
  const AgentsRecording recording = ReadOk(bytes);
  for (const RecordedSpan& span : recording.spans) {
    if (!span_id.empty() && span.span_id != span_id) continue;
    SpanFacts facts;
    std::string name;
    DecodeRecordedSpan(bytes, span, &facts, &name);
    return Signals(facts);
  }
  return {};
}

TEST(OpenAiAgentsEventsTest, ResponseSpanEmitsUsesThenChoices) {
  EXPECT_THAT(
      Decoded(End(
          "response",
          R"({"input":[{"role":"user","content":"hi"},)"
          R"({"type":"function_call","call_id":"c0","name":"f","arguments":"{}","id":"fc_0"},)"
          R"({"type":"function_call_output","call_id":"c0","output":"[{\"type\":\"function_call\"}]"}],)"
          R"("response":{"object":"response","output":[{"type":"message","content":[]},)"
          R"({"type":"function_call","call_id":"c1","id":"fc_1","name":"f","arguments":"{\"q\":1}"},)"
          R"({"type":"function_call","call_id":"c2","id":"fc_2","name":"g","namespace":"ns","arguments":""},)"
          R"({"type":"function_call","call_id":"c3","name":"h","namespace":"h","arguments":"{}"}]}})")),
      ElementsAre("start llm", "use c0 #0 ok", "choice 0 c1 f {\"q\":1}",
                  "choice 1 c2 ns.g ", "choice 2 c3 h {}", "finish llm ok"));
}

TEST(OpenAiAgentsEventsTest, GenerationSpanReadsChatMessages) {
  EXPECT_THAT(
      Decoded(End(
          "generation",
          R"({"input":[{"role":"assistant","content":null,"tool_calls":[{"id":"c0","function":{"name":"f"}}]},)"
          R"({"role":"tool","tool_call_id":"c0","content":"r"}],)"
          R"("output":[{"role":"assistant","content":null,"function_call":null,)"
          R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}]})")),
      ElementsAre("start llm", "use c0 #0 ok", "choice 0 c1 f {}",
                  "finish llm ok"));
}

TEST(OpenAiAgentsEventsTest, StreamedGenerationHoldsAResponse) {
  EXPECT_THAT(
      Decoded(End(
          "generation",
          R"({"input":"hi","output":[{"id":"__fake_id__","output":[{"type":"function_call",)"
          R"("id":"__fake_id__","call_id":"c1","name":"f","arguments":"{}","namespace":null}],"object":"response"}]})")),
      ElementsAre("start llm", "choice 0 c1 f {}", "finish llm ok"));
}

TEST(OpenAiAgentsEventsTest, HistoryInAMessageIsRead) {
  EXPECT_THAT(
      Decoded(End(
          "response",
          R"({"input":[{"role":"assistant","content":"So far:\n<CONVERSATION HISTORY>\n1. user: hi\n)"
          R"(2. {\"type\":\"function_call\",\"call_id\":\"c0\",\"name\":\"f\"}\n)"
          R"(3. {\"type\":\"function_call_output\",\"call_id\":\"c0\",\"output\":\"r\"}\n4. {broken\n</CONVERSATION HISTORY>"}],)"
          R"("response":null})")),
      ElementsAre("start llm", "use c0 #0 ok", "finish llm ok"));
}

TEST(OpenAiAgentsEventsTest, FunctionSpanEmitsItsCall) {
  EXPECT_THAT(
      Decoded(
          End("function", R"({"name":"f","input":"{\"q\":1}","output":"r"})")),
      ElementsAre("start tool f", "tool f {\"q\":1} ok", "finish tool ok"));
  EXPECT_THAT(
      Decoded(End("function", R"({"name":"f","input":null})",
                  R"(,"error":{"message":"boom"})")),
      ElementsAre("start tool f", "tool f - failed", "finish tool failed"));
}

TEST(OpenAiAgentsEventsTest, PendingApprovalDidNotRun) {
  EXPECT_THAT(Decoded(End("function", R"({"name":"f","input":"{}"})",
                          R"(,"output_type":"FunctionToolResult")")),
              ElementsAre("start tool f", "tool f {} not_executed",
                          "finish tool not_executed"));
}

// Below an agent: a tool's span that ends without a result, and what follows.
// The agent's own span is the `span_p` of all others.
std::vector<std::string> SilentTool(const std::string& before,
                                    const std::string& after,
                                    const std::string& rest = "") {
  const std::string agent =
      R"({"ev":"span_start","trace_id":"trace_1","span_id":"span_p",)"
      R"("parent_id":null,"type":"agent","data":{"name":"A"}})"
      "\n";
  return Decoded(
      agent + before +
          Event("span_start", "span_1", "function", 1, R"({"name":"f"})") +
          Event("span_end", "span_1", "function", 1,
                R"({"name":"f","input":"{}","output":null})", rest) +
          after,
      "span_1");
}

std::string EndOfAgent() {
  return R"({"ev":"span_end","trace_id":"trace_1","span_id":"span_p",)"
         R"("parent_id":null,"type":"agent","data":{"name":"A"}})"
         "\n";
}

// R19
TEST(OpenAiAgentsEventsTest, ToolWithoutResultWaitsIfItsAgentStops) {
  EXPECT_THAT(SilentTool("", EndOfAgent()),
              ElementsAre("start tool f", "tool f {} not_executed",
                          "finish tool not_executed"));
  EXPECT_THAT(SilentTool("", EndOfAgent(), R"(,"output_type":"NoneType")"),
              ElementsAre("start tool f", "tool f {} not_executed",
                          "finish tool not_executed"));
}

TEST(OpenAiAgentsEventsTest, ToolWithoutResultRanIfItsAgentGoesOn) {
  for (const char* const next : {"response", "generation", "handoff"}) {
    EXPECT_THAT(SilentTool("", Event("span_start", "span_2", next, 2, "{}") +
                                   EndOfAgent()),
                ElementsAre("start tool f", "tool f {} ok", "finish tool ok"));
  }
}

TEST(OpenAiAgentsEventsTest, OtherAgentsDoNotTellWhetherAToolRan) {
  const std::string other =
      R"({"ev":"span_start","trace_id":"trace_1","span_id":"other",)"
      R"("parent_id":"span_p","type":"agent","data":{"name":"B"}})"
      "\n"
      R"({"ev":"span_start","trace_id":"trace_1","span_id":"span_2",)"
      R"("parent_id":"other","type":"response","data":{}})"
      "\n";
  EXPECT_THAT(SilentTool("", other + EndOfAgent()),
              ElementsAre("start tool f", "tool f {} not_executed",
                          "finish tool not_executed"));
}

// R40
TEST(OpenAiAgentsEventsTest, ToolWithoutResultAfterItsAgentWasCancelled) {
  EXPECT_THAT(
      SilentTool(EndOfAgent(), ""),
      ElementsAre("start tool f", "tool f {} failed", "finish tool failed"));
}

TEST(OpenAiAgentsEventsTest, ToolWithoutResultInARecordingThatIsCutRan) {
  EXPECT_THAT(SilentTool("", ""),
              ElementsAre("start tool f", "tool f {} ok", "finish tool ok"));
}

TEST(OpenAiAgentsEventsTest, FailedToolDoesNotWait) {
  EXPECT_THAT(
      SilentTool("", EndOfAgent(), R"(,"error":{"message":"boom"})"),
      ElementsAre("start tool f", "tool f {} failed", "finish tool failed"));
}

TEST(OpenAiAgentsEventsTest, HandoffSpanNamesBothAgents) {
  const std::string data = R"({"from_agent":"A","to_agent":"B"})";
  EXPECT_THAT(
      Decoded(End("handoff", data)),
      ElementsAre("start handoff", "handoff A -> B ok", "finish handoff ok"));
  EXPECT_THAT(
      Decoded(End("handoff", data,
                  R"(,"error":{"message":"Multiple handoffs requested"})")),
      ElementsAre("start handoff", "handoff A -> B ok", "finish handoff ok"));
  EXPECT_THAT(Decoded(End("handoff", R"({"from_agent":"A","to_agent":null})",
                          R"(,"error":{"message":"boom"})")),
              ElementsAre("start handoff", "handoff A ->  failed",
                          "finish handoff failed"));
}

TEST(OpenAiAgentsEventsTest, OtherSpansHaveTheirKinds) {
  EXPECT_THAT(Decoded(End("agent", R"({"name":"A"})")),
              ElementsAre("start agent A", "finish agent ok"));
  EXPECT_THAT(Decoded(End("guardrail", R"({"name":"g"})")),
              ElementsAre("start guardrail g", "finish guardrail ok"));
  EXPECT_THAT(Decoded(End("turn", R"({"turn":1,"agent_name":"A"})")),
              ElementsAre("start other", "finish other ok"));
  EXPECT_THAT(Decoded(End("mcp_tools", "null")),
              ElementsAre("start other", "finish other ok"));
}

TEST(OpenAiAgentsEventsTest, SpanWithoutEndOnlyStarts) {
  EXPECT_THAT(
      Decoded(Event("span_start", "span_1", "function", 0, R"({"name":"f"})")),
      ElementsAre("start tool f"));
}

TEST(OpenAiAgentsEventsTest, HooksAndTraceEndAreNotRead) {
  const std::string hook =
      R"({"ev":"hook_tool_start","current_span":"span_1","span_id":"span_1","trace_id":"trace_1","tool_call_id":"secret"})"
      "\n";
  const std::string end = R"({"ev":"trace_end","id":"trace_1"})"
                          "\n";
  const std::string span = End("function", R"({"name":"f","input":"{}"})");
  EXPECT_EQ(ReadOk(hook + end + span).spans.size(), 1u);
  EXPECT_EQ(Decoded(hook + end + span + hook), Decoded(span));
}

TEST(OpenAiAgentsEventsTest, GroupIsTheConversation) {
  EXPECT_THAT(Decoded(R"({"ev":"trace_start","id":"trace_1","group_id":"g1"})"
                      "\n" +
                      End("agent", R"({"name":"A"})")),
              ElementsAre("start agent A conversation=g1", "finish agent ok"));
}

TEST(OpenAiAgentsEventsTest, IdsKeepTheirText) {
  const AgentsRecording recording = ReadOk(End("agent", "{}"));
  const RecordedSpan& span = recording.spans.at(0);
  EXPECT_EQ(span.trace_id, "trace_1");
  EXPECT_EQ(span.span_id, "span_1");
  EXPECT_EQ(span.context.trace_id, HashTraceId("trace_1"));
  EXPECT_EQ(span.context.span_id, HashSpanId("span_1"));
  EXPECT_EQ(span.parent, HashSpanId("span_p"));
}

TEST(OpenAiAgentsEventsTest, EqualStartsKeepTheOrderOfArrival) {
  std::string bytes;
  for (const char* id : {"b", "a", "c"}) {
    bytes += Event("span_start", id, "function", 1, "{}");
  }
  const AgentsRecording recording = ReadOk(bytes);
  ASSERT_EQ(recording.spans.size(), 3u);
  EXPECT_LT(recording.spans[0].start, recording.spans[1].start);
  EXPECT_LT(recording.spans[1].start, recording.spans[2].start);
}

// Found by the fuzzer: their difference is more than 64 bits of nanoseconds.
TEST(OpenAiAgentsEventsTest, StartsThatAreCenturiesApartAreKept) {
  std::string bytes = Event("span_start", "late", "function", 1, "{}") +
                      Event("span_start", "early", "function", 1, "{}");
  bytes.replace(bytes.rfind("2026-"), 5, "1690-");
  const AgentsRecording recording = ReadOk(bytes);
  ASSERT_EQ(recording.spans.size(), 2u);
  EXPECT_EQ(recording.spans[0].start, ParseIsoTime("2026-01-02T03:04:11.5Z"));
  EXPECT_EQ(recording.spans[1].start, ParseIsoTime("1690-01-02T03:04:11.5Z"));
}

TEST(OpenAiAgentsEventsTest, SpanThatEndsAtItsStartKeepsTheOrder) {
  const AgentsRecording recording =
      ReadOk(Event("span_start", "a", "agent", 1, "{}") +
             Event("span_end", "b", "agent", 1, "{}"));
  EXPECT_EQ(recording.spans.at(1).end, recording.spans.at(1).start);
}

TEST(OpenAiAgentsEventsTest, TimesAreReadWithZoneAndWithoutFraction) {
  const auto at = [](std::string_view text) {
    const auto time = ParseIsoTime(text);
    return time ? time->time_since_epoch().count() : -1;
  };
  EXPECT_EQ(at("2026-11-21T01:35:50.128847+00:00"), 1795224950128847000);
  EXPECT_EQ(at("2026-11-21T01:35:50+00:00"), 1795224950000000000);
  EXPECT_EQ(at("2026-11-21T02:35:50+01:00"), 1795224950000000000);
  EXPECT_EQ(at("2026-11-20T20:35:50.000000001-05:00"), 1795224950000000001);
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), 0);
}

TEST(OpenAiAgentsEventsTest, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T01:35:50", "2026-13-21T01:35:50Z",
        "2026-02-30T01:35:50Z", "2026-11-21T25:35:50Z", "2026-11-21T01:35:99Z",
        "2026-11-21T01:35:50+0x:00", "9999-11-21T01:35:50Z",
        "2026-11-21T01:35:50Zx", "-026-11-21T01:35:50Z"}) {
    EXPECT_EQ(ParseIsoTime(text), std::nullopt) << text;
  }
}

TEST(OpenAiAgentsEventsTest, BrokenLineDoesNotLoseTheOthers) {
  const AgentsRecording recording =
      ReadOk(End("agent", "{}") + "{\"ev\":\n[]\n" +
             R"({"ev":"span_end","span_id":5})" + "\n" +
             Event("span_end", "span_2", "agent", 1, "{}"));
  EXPECT_EQ(recording.spans.size(), 2u);
  EXPECT_EQ(recording.unreadable_lines, 3u);
  EXPECT_EQ(recording.problems.size(), 3u);
}

TEST(OpenAiAgentsEventsTest, FileWithoutEventsIsAnError) {
  EXPECT_FALSE(IsAgentsRecording(""));
  EXPECT_FALSE(IsAgentsRecording(R"({"resourceSpans":[]})"));
  EXPECT_TRUE(IsAgentsRecording("\n" + End("agent", "{}")));
  EXPECT_EQ(ReadAgentsRecording("f", "{}").status().message(),
            "f: 2: expected an event with `ev`");
}

TEST(OpenAiAgentsEventsTest, WrongTypesInEveryFieldAreSurvived) {
  for (const char* data :
       {"5", "[]", "\"x\"", "null", "{\"input\":{}}",
        R"({"response":5,"input":5,"output":5})",
        R"({"response":{"output":{"a":[]}},"name":[]})",
        R"({"input":[{"type":5,"role":[],"call_id":{}}]})"}) {
    for (const char* type : {"response", "generation", "function", "handoff"}) {
      const auto lines = Decoded(End(type, data));
      ASSERT_FALSE(lines.empty());
      EXPECT_EQ(lines.back().substr(0, 6), "finish") << type << data;
    }
  }
}

}  // namespace
}  // namespace spanlink
