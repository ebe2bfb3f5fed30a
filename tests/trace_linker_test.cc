#include "spanlink/pipeline/trace_linker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/stream_records.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

using std::chrono::seconds;
using testing::AgentRun;
using testing::Document;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LogDocument;
using ::testing::Not;
using testing::OtherSpan;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// A linker, and what it handed on: ids with links, "2+1" for one on record 2.
class Stream {
 public:
  explicit Stream(StreamOptions options = {})
      : linker(std::move(options), [this](LinkedRecord record) {
          bytes[record.id] = record.bytes;
          for (const std::string& problem : record.problems) {
            problems.push_back(problem);
          }
          order.push_back(
              std::to_string(record.id) +
              (record.links == 0 ? "" : "+" + std::to_string(record.links)));
        }) {}

  // Returns what was handed on since the last call.
  std::vector<std::string> Seen() { return std::exchange(order, {}); }
  std::vector<std::string> Add(uint64_t id, const std::string& record) {
    linker.Add(id, record);
    return Seen();
  }
  std::vector<std::string> Flush() {
    linker.Flush();
    return Seen();
  }

  std::vector<std::string> order;
  std::map<uint64_t, std::string> bytes;
  std::vector<std::string> problems;
  TraceLinker linker;
};

StreamOptions Linger(int64_t whole_seconds) {
  StreamOptions options;
  options.linger = seconds(whole_seconds);
  return options;
}

TEST(TraceLinkerTest, CallExecutionAndUseMayBeInDifferentRecords) {
  const AgentRun run(1, 0);
  Stream stream;
  EXPECT_THAT(stream.Add(1, Document({run.reader})), IsEmpty());
  EXPECT_THAT(stream.Add(2, Document({run.tool})), IsEmpty());
  EXPECT_THAT(stream.Add(3, Document({run.answer})), IsEmpty());
  EXPECT_THAT(stream.Flush(), ElementsAre("1+1", "2+1", "3"));
  EXPECT_THAT(stream.bytes[1], HasSubstr("tool_result"));
  EXPECT_THAT(stream.bytes[2], HasSubstr("tool_choice"));
  EXPECT_EQ(stream.bytes[3], Document({run.answer}));
  EXPECT_EQ(stream.linker.held(), TraceLinker::Held());
}

TEST(TraceLinkerTest, ATraceSettlesWhenTheDataWentOnForTheLinger) {
  const AgentRun run(1, 0);
  Stream stream(Linger(10));
  EXPECT_THAT(stream.Add(1, Document({run.answer, run.tool})), IsEmpty());
  EXPECT_THAT(stream.Add(2, Document({AgentRun(1, 6).reader})), IsEmpty());
  EXPECT_THAT(stream.Add(3, Document({AgentRun(2, 13).tool})), IsEmpty());
  EXPECT_THAT(stream.Add(4, Document({AgentRun(3, 17).tool})),
              UnorderedElementsAre("1+1", "2+1"));
  EXPECT_THAT(stream.Flush(), ElementsAre("3", "4"));
}

TEST(TraceLinkerTest, AClockOfTheOwnerReplacesTheTimeOfTheData) {
  Time now{};
  StreamOptions options = Linger(10);
  options.clock = [&now] { return now; };
  Stream stream(options);
  stream.Add(1, Document({AgentRun(1, 0).tool}));
  now += seconds(9);
  EXPECT_THAT(stream.Add(2, Document({AgentRun(2, 5000).tool})), IsEmpty());
  stream.linker.Tick();
  EXPECT_THAT(stream.Seen(), IsEmpty());
  now += seconds(1);
  stream.linker.Tick();
  EXPECT_THAT(stream.Seen(), ElementsAre("1"));
}

TEST(TraceLinkerTest, RecordsWithoutSpansThatCarryLinksGoOnAtOnce) {
  const std::string other = " " + Document({OtherSpan(1, 7)}) + "\n\n{ }\n";
  const std::string agent = Document({AgentRun(1, 0).agent});
  Stream stream;
  EXPECT_THAT(stream.Add(1, other), ElementsAre("1"));
  EXPECT_THAT(stream.Add(2, agent), ElementsAre("2"));
  EXPECT_THAT(stream.Add(3, " \n"), ElementsAre("3"));
  EXPECT_EQ(stream.bytes[1], other);
  EXPECT_EQ(stream.bytes[2], agent);
  EXPECT_EQ(
      stream.linker.held(),
      (TraceLinker::Held{.bytes = 0, .records = 0, .spans = 2, .traces = 1}));
}

// Two agents side by side make the same call; who is whose child is in records
// that went on long before.
TEST(TraceLinkerTest, TheTreeIsKnownFromRecordsThatWentOn) {
  const AgentRun one(1, 0, {.span_base = 100, .call_id = "", .in_steps = true});
  const AgentRun two(1, 0, {.span_base = 200, .call_id = "", .in_steps = true});
  for (const auto& [run, other] : {std::pair(&one, &two), {&two, &one}}) {
    Stream stream;
    stream.Add(1, Document({one.agent, two.agent}));
    stream.Add(2, Document(one.steps));
    EXPECT_THAT(stream.Add(3, Document(two.steps)), ElementsAre("3"));
    stream.Add(4, Document({one.answer, two.answer}));
    EXPECT_THAT(stream.Add(5, Document({run->tool})), IsEmpty());
    stream.Flush();
    EXPECT_THAT(stream.bytes[5], HasSubstr(run->answer_id + "\",\"attr"));
    EXPECT_THAT(stream.bytes[5], Not(HasSubstr(other->answer_id)));
  }
}

TEST(TraceLinkerTest, ARecordWaitsForAllOfItsTraces) {
  const AgentRun first(1, 0), second(2, 8);
  Stream stream(Linger(10));
  stream.Add(1, Document({first.tool, second.tool}));
  stream.Add(2, Document({first.answer}));
  EXPECT_THAT(stream.Add(3, Document({second.answer})), IsEmpty());
  EXPECT_THAT(stream.Add(4, Document({OtherSpan(3, 12)})), ElementsAre("4"));
  EXPECT_THAT(stream.Add(5, Document({OtherSpan(3, 19)})),
              UnorderedElementsAre("1+2", "2", "3", "5"));
}

TEST(TraceLinkerTest, WhatCannotBeReadGoesOnAtOnceWithASentence) {
  const std::string broken = R"({"resourceSpans":[{"secret":"tell nobody"}, )";
  StreamOptions options;
  options.name = "in.jsonl";
  Stream stream(options);
  EXPECT_THAT(stream.Add(7, broken), ElementsAre("7"));
  EXPECT_THAT(stream.Add(8, "\n\x7Fno message"), ElementsAre("8"));
  EXPECT_EQ(stream.bytes[7], broken);
  EXPECT_EQ(stream.bytes[8], "\n\x7Fno message");
  ASSERT_EQ(stream.problems.size(), 2u);
  EXPECT_THAT(stream.problems[0], StartsWith("in.jsonl: record 7: 44: expec"));
  EXPECT_THAT(stream.problems[0], Not(HasSubstr("nobody")));
  EXPECT_EQ(stream.linker.count(DiagnosticId::kUnreadableSpan), 2u);
}

TEST(TraceLinkerTest, OneBrokenLineOfARecordCostsItselfOnly) {
  const AgentRun run(1, 0);
  const std::string record = Document({run.answer, run.tool}) + "\n{oops\n";
  Stream stream;
  stream.Add(1, record);
  EXPECT_THAT(stream.Flush(), ElementsAre("1+1"));
  EXPECT_THAT(stream.bytes[1], testing::EndsWithText("\n{oops\n"));
  EXPECT_EQ(stream.problems.size(), 1u);
}

TEST(TraceLinkerTest, BoundsSettleTheOldestTraceFirst) {
  const std::string record = Document({AgentRun(1, 0).tool});
  for (const StreamOptions& options :
       {StreamOptions{.max_bytes = record.size() * 2 + 10},
        StreamOptions{.max_records = 2}, StreamOptions{.max_spans = 2}}) {
    Stream stream(options);
    for (int i = 1; i <= 3; ++i) {
      stream.linker.Add(i, Document({AgentRun(i, 0).tool}));
    }
    EXPECT_THAT(stream.Seen(), ElementsAre("1"));
    EXPECT_EQ(stream.linker.count(DiagnosticId::kEvictedScope), 1u);
    EXPECT_EQ(stream.linker.held().records, 2u);
  }
}

TEST(TraceLinkerTest, ARecordLargerThanTheBoundIsLinkedInItself) {
  const AgentRun run(1, 0);
  Stream stream({.max_bytes = 1});
  EXPECT_THAT(stream.Add(1, Document({run.answer, run.tool, run.reader})),
              ElementsAre("1+2"));
}

TEST(TraceLinkerTest, SpansWithoutBytesCountAsHeld) {
  Stream stream({.max_spans = 3});
  for (int i = 1; i <= 10; ++i) stream.Add(i, Document({OtherSpan(i, 0)}));
  EXPECT_EQ(stream.linker.held().spans, 3u);
  EXPECT_EQ(stream.linker.held().traces, 3u);
}

TEST(TraceLinkerTest, LateSpansAreLinkedWithOneAnother) {
  const AgentRun early(1, 0, {.span_base = 100});
  const AgentRun late(1, 100, {.span_base = 200, .call_id = "call_late"});
  Stream stream;
  stream.Add(1, Document({early.answer}));
  EXPECT_THAT(stream.Flush(), ElementsAre("1"));
  stream.Add(2, Document({early.tool, late.answer, late.tool}));
  EXPECT_THAT(stream.Flush(), ElementsAre("2+1"));
  EXPECT_EQ(stream.linker.count(DiagnosticId::kLateSpan), 3u);
}

// The second trace is the next turn of the conversation.
TEST(TraceLinkerTest, CallsOfAConversationReachIntoLaterTraces) {
  const AgentRun one(1, 0, {.conversation = "talk", .tool_has_id = true});
  const AgentRun two(2, 50, {.conversation = "talk", .tool_has_id = true});
  for (const CrossTrace cross : {CrossTrace::kConversation, CrossTrace::kOff}) {
    StreamOptions options;
    options.link.cross_trace = cross;
    Stream stream(options);
    stream.Add(1, Document({one.answer}));
    stream.Flush();
    stream.Add(2, Document({two.tool}));
    const bool links = cross == CrossTrace::kConversation;
    EXPECT_THAT(stream.Flush(), ElementsAre(links ? "2+1" : "2"));
  }
}

TEST(TraceLinkerTest, AThrowingSinkLosesWhatItWasGivenOnly) {
  std::vector<uint64_t> taken;
  TraceLinker linker({}, [&taken](LinkedRecord record) {
    if (record.id == 2) throw std::runtime_error("no");
    taken.push_back(record.id);
  });
  for (int i = 1; i <= 4; ++i) linker.Add(i, Document({AgentRun(i, 0).tool}));
  EXPECT_THROW(linker.Flush(), std::runtime_error);
  EXPECT_THAT(taken, ElementsAre(1));
  EXPECT_EQ(linker.held().records, 2u);
  linker.Add(5, Document({OtherSpan(9, 0)}));
  EXPECT_THAT(taken, ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(linker.held().records, 0u);
}

TEST(TraceLinkerTest, ASinkMayCallTheLinker) {
  std::vector<uint64_t> taken;
  TraceLinker* inner = nullptr;
  TraceLinker linker({}, [&](LinkedRecord record) {
    taken.push_back(record.id);
    if (record.id == 1) inner->Add(10, Document({AgentRun(8, 0).tool}));
    if (record.id == 2) inner->Flush();
  });
  inner = &linker;
  linker.Add(1, Document({OtherSpan(1, 0)}));
  linker.Add(2, Document({OtherSpan(1, 1)}));
  EXPECT_THAT(taken, ElementsAre(1, 2, 10));
}

TEST(TraceLinkerTest, InOrderAlsoWhatIsDoneWaitsForThoseBefore) {
  StreamOptions options = Linger(10);
  options.keep_order = true;
  Stream stream(options);
  stream.Add(1, Document({AgentRun(1, 0).tool}));
  EXPECT_THAT(stream.Add(2, Document({OtherSpan(2, 1)})), IsEmpty());
  EXPECT_THAT(stream.Add(3, "{broken"), IsEmpty());
  EXPECT_EQ(stream.linker.held().records, 3u);
  EXPECT_THAT(stream.Add(4, Document({AgentRun(3, 20).tool})),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(stream.Flush(), ElementsAre("4"));
  EXPECT_EQ(stream.linker.held(), TraceLinker::Held());
}

// The messages of both LLM spans are log records, before and behind the spans.
TEST(TraceLinkerTest, LogRecordsOfOtherRecordsAreEventsOfTheirSpans) {
  const AgentRun run(1, 0, {.messages_in_logs = true});
  Stream stream;
  EXPECT_THAT(stream.Add(1, LogDocument({run.answer_log})), ElementsAre("1"));
  stream.Add(2, Document({run.answer, run.tool}));
  stream.Add(3, Document({run.reader}));
  EXPECT_THAT(stream.Add(4, LogDocument({run.reader_log})), ElementsAre("4"));
  EXPECT_GT(stream.linker.held().bytes,
            stream.bytes[1].size() / 2 + Document({run.reader}).size());
  EXPECT_THAT(stream.Flush(), ElementsAre("2+1", "3+1"));
  EXPECT_EQ(stream.bytes[1], LogDocument({run.answer_log}));
  EXPECT_EQ(stream.linker.held(), TraceLinker::Held());
}

TEST(TraceLinkerTest, LogRecordsThatAreNoEventsAreNotKept) {
  Stream stream;
  stream.Add(1, LogDocument({testing::PlainLog(1)}));
  EXPECT_EQ(stream.linker.held(), TraceLinker::Held());
}

TEST(TraceLinkerTest, ARecordThatCameTwiceGetsItsLinksTwice) {
  const AgentRun run(1, 0);
  Stream stream;
  stream.Add(1, Document({run.answer, run.tool}));
  stream.Add(2, Document({run.answer, run.tool}));
  EXPECT_THAT(stream.Flush(), ElementsAre("1+1", "2+1"));
  EXPECT_EQ(stream.bytes[1], stream.bytes[2]);
  EXPECT_EQ(stream.linker.count(DiagnosticId::kDuplicateSpan), 2u);
}

TEST(TraceLinkerTest, LinkedRootsAreCounted) {
  const AgentRun run(1, 0, {.parentless = true});
  Stream stream;
  stream.Add(1, Document({run.answer, run.tool, run.reader}));
  stream.Flush();
  EXPECT_EQ(stream.linker.count(DiagnosticId::kRootLinked), 2u);
}

TEST(TraceLinkerTest, ProtobufAndFramesAreRecords) {
  const AgentRun run(1, 0);
  const std::string answer = testing::ToProto(Document({run.answer}));
  const std::string tool = testing::ToProto(Document({run.tool}));
  const std::string frame = std::string("\0\0", 2) +
                            static_cast<char>(tool.size() >> 8) +
                            static_cast<char>(tool.size() & 0xFF) + tool;
  Stream stream;
  stream.Add(1, answer);
  stream.Add(2, tool);
  stream.Add(3, frame);
  EXPECT_THAT(stream.Flush(), ElementsAre("1", "2+1", "3+1"));
  EXPECT_EQ(stream.bytes[1], answer);
  EXPECT_EQ(stream.bytes[3].substr(4), stream.bytes[2]);
}

// Returns the demo's spans, each in a document of its own.
std::vector<std::string> DemoRecords() {
  const nlohmann::ordered_json demo = nlohmann::ordered_json::parse(
      testing::ReadSourceFile("examples/demo/demo.otlp.json"));
  std::vector<std::string> records;
  for (const auto& resource : demo["resourceSpans"]) {
    for (const auto& scope : resource["scopeSpans"]) {
      for (const auto& span : scope["spans"]) {
        records.push_back(Document({span.dump()}));
      }
    }
  }
  return records;
}

// What one record said must not be looked for in its bytes when it is gone.
TEST(TraceLinkerTest, PromptsGrowFromRecordToRecord) {
  Stream stream(Linger(0));
  auto messages = nlohmann::json::array();
  for (uint64_t i = 1; i <= 8; ++i) {
    const nlohmann::json text = {{"type", "text"},
                                 {"content", std::string(400, 'a')}};
    messages.push_back({{"role", "user"}, {"parts", {text}}});
    const auto attribute = [](const char* key, const std::string& value) {
      return nlohmann::json{{"key", key}, {"value", {{"stringValue", value}}}};
    };
    const nlohmann::json span = {
        {"traceId", std::string(31, '0') + "1"},
        {"spanId", std::string(15, '0') + std::to_string(i)},
        {"name", "chat"},
        {"startTimeUnixNano", std::to_string(i * 2'000'000'000)},
        {"endTimeUnixNano", std::to_string(i * 2'000'000'000 + 1)},
        {"attributes",
         {attribute("gen_ai.operation.name", "chat"),
          attribute("gen_ai.input.messages", messages.dump())}}};
    const nlohmann::json scope = {{"spans", {span}}};
    const nlohmann::json resource = {{"scopeSpans", {scope}}};
    const nlohmann::json document = {{"resourceSpans", {resource}}};
    stream.Add(i, document.dump());
  }
  stream.Flush();
  EXPECT_EQ(stream.bytes.size(), 8);
  EXPECT_EQ(stream.linker.count(DiagnosticId::kUnreadableContent), 0);
}

TEST(TraceLinkerTest, InAnyOrderTheLinksAreThoseOfTheFile) {
  std::vector<std::string> records = DemoRecords();
  std::string all;
  for (const std::string& record : records) all += record + "\n";
  TraceFile file = *TraceFile::Read("demo", all);
  file.Link({});
  const std::string linked = *file.Write({});
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(records.begin(), records.end(), random);
    std::vector<std::string> lines;
    TraceLinker linker({}, [&lines](LinkedRecord record) {
      lines.push_back(std::move(record.bytes));
    });
    for (const std::string& record : records) linker.Add(1, record + "\n");
    linker.Flush();
    for (const std::string& line : lines) EXPECT_THAT(linked, HasSubstr(line));
    EXPECT_EQ(lines.size(), records.size());
  }
}

}  // namespace
}  // namespace spanlink
