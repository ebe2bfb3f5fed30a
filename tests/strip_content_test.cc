// A trace goes on without its content: nothing of it is left, and all else is.
//
// Each file of tests/testdata/content is a run in one dialect that has a text
// with "CANARY" in it, or the number 31337, wherever content can be, and
// nowhere else. So what must be left can be told without asking the code.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "spanlink/dialects/registry.h"
#include "spanlink/otlp/base64.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/pipeline/gzip.h"
#include "spanlink/pipeline/otlp_decoder.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/pipeline/trace_linker.h"
#include "spanlink/tests/linked_trace.h"
#include "spanlink/tests/proto/otlp.pb.h"
#include "spanlink/tests/test_env.h"
#include "spanlink/tests/testing.h"

namespace spanlink {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr WriteOptions kStripped = {.strip_content = true};

std::string FolderOfRuns() {
  return testing::SourceDir() + "/tests/testdata/content";
}

std::vector<std::string> Runs() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(FolderOfRuns())) {
    names.push_back(file.path().stem().string());
  }
  return names;
}

absl::StatusOr<std::string> Written(const std::string& bytes,
                                    const WriteOptions& options) {
  return testing::LinkedTrace(bytes).Write(options);
}

std::string Stripped(const std::string& bytes) {
  const auto written = Written(bytes, kStripped);
  EXPECT_TRUE(written.ok()) << written.status();
  return written.value_or("");
}

// As a person, or a machine, may find it again.
bool HasCanary(std::string_view bytes) {
  for (const std::string_view trace :
       {"CANARY", "31337", "\\u0043", "Q0FOQVJZ", "NBTkFSW", "DQU5BUl"}) {
    if (bytes.find(trace) != bytes.npos) return true;
  }
  return false;
}

// The JSON of protobuf has ids in base64.
void ToBase64(json* value) {
  if (value->is_object()) {
    for (const char* key : {"traceId", "spanId", "parentSpanId"}) {
      if (!value->contains(key)) continue;
      const std::string hex = value->at(key).get<std::string>();
      std::string bytes, text;
      for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(
            static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      }
      AppendBase64(bytes, &text);
      value->at(key) = text;
    }
  }
  if (!value->is_structured()) return;
  for (json& inside : *value) ToBase64(&inside);
}

struct Run {
  oracle::TracesData traces;
  oracle::LogsData logs;
};

Run ParseJson(const std::string& text) {
  json document = json::parse(text);
  ToBase64(&document);
  Run run;
  const auto parse = [&document](const char* key, auto* message) {
    if (!document.contains(key)) return;
    const json part = {{key, document[key]}};
    EXPECT_TRUE(
        google::protobuf::util::JsonStringToMessage(part.dump(), message).ok());
  };
  parse("resourceSpans", &run.traces);
  parse("resourceLogs", &run.logs);
  return run;
}

std::string Frame(const std::string& message) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(message.size() >> shift & 0xFF));
  }
  return bytes + message;
}

// Spans in one frame, log records in the next.
std::string Frames(const Run& run) {
  return Frame(run.traces.SerializeAsString()) +
         Frame(run.logs.SerializeAsString());
}

Run ParseFrames(const std::string& bytes) {
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) {
    size = size << 8 | static_cast<uint8_t>(bytes[i]);
  }
  Run run;
  EXPECT_TRUE(run.traces.ParseFromString(bytes.substr(4, size)));
  EXPECT_TRUE(run.logs.ParseFromString(bytes.substr(8 + size)));
  return run;
}

bool HasCanary(const google::protobuf::Message& message) {
  return HasCanary(message.DebugString());
}

template <typename Attributes>
void Prune(Attributes* attributes) {
  for (int i = attributes->size() - 1; i >= 0; --i) {
    if (HasCanary(attributes->Get(i))) attributes->DeleteSubrange(i, 1);
  }
}

// The run without what has a canary.
Run Pruned(Run run) {
  for (auto& resource : *run.traces.mutable_resource_spans()) {
    for (auto& scope : *resource.mutable_scope_spans()) {
      for (auto& span : *scope.mutable_spans()) {
        Prune(span.mutable_attributes());
        for (auto& event : *span.mutable_events()) {
          Prune(event.mutable_attributes());
        }
        if (HasCanary(span.status())) span.mutable_status()->clear_message();
      }
    }
  }
  for (auto& resource : *run.logs.mutable_resource_logs()) {
    for (auto& scope : *resource.mutable_scope_logs()) {
      for (auto& log : *scope.mutable_log_records()) {
        Prune(log.mutable_attributes());
        if (HasCanary(log.body())) log.clear_body();
      }
    }
  }
  return run;
}

void ExpectSame(const Run& actual, const Run& expected) {
  EXPECT_EQ(actual.traces.DebugString(), expected.traces.DebugString());
  EXPECT_EQ(actual.logs.DebugString(), expected.logs.DebugString());
}

// The dialects that recognise a span of the run.
std::set<std::string> DialectsOf(const std::string& bytes) {
  std::set<std::string> names;
  const auto spans = ReadOtlp({"f", bytes});
  OtlpDecoder decoder(OtlpFormat::kJson);
  for (const OtlpSpan& span : spans->spans) {
    decoder.Read(bytes, span);
    for (const OtlpLog& log : spans->logs) decoder.AddLog(bytes, log);
    const FinishedSpan& finished = decoder.Finish();
    for (const Dialect* dialect : AllDialects()) {
      if (dialect->Recognizes(finished)) names.emplace(dialect->name());
    }
  }
  return names;
}

class StripContentTest : public ::testing::TestWithParam<std::string> {
 protected:
  const std::string bytes_ =
      *testing::ReadFile(FolderOfRuns() + "/" + GetParam() + ".json");
};

TEST_P(StripContentTest, RunIsReadByItsDialectAndLinked) {
  EXPECT_THAT(DialectsOf(bytes_), Contains(GetParam()));
  EXPECT_GE(testing::LinkedTrace(bytes_).links().size(), 2u);
}

TEST_P(StripContentTest, JsonKeepsLinksAndAllThatIsNoContent) {
  const std::string stripped = Stripped(bytes_);
  EXPECT_FALSE(HasCanary(stripped)) << stripped;
  const std::string linked = Written(bytes_, {}).value_or("");
  ExpectSame(ParseJson(stripped), Pruned(ParseJson(linked)));
  EXPECT_EQ(Stripped(stripped), stripped);
}

TEST_P(StripContentTest, ProtobufKeepsLinksAndAllThatIsNoContent) {
  const std::string frames = Frames(ParseJson(bytes_));
  const std::string stripped = Stripped(frames);
  EXPECT_FALSE(HasCanary(stripped));
  const std::string linked = Written(frames, {}).value_or("");
  ExpectSame(ParseFrames(stripped), Pruned(ParseFrames(linked)));
  EXPECT_EQ(Stripped(stripped), stripped);
  ExpectSame(
      Pruned(ParseFrames(linked)),
      Pruned(ParseFrames(Frames(ParseJson(Written(bytes_, {}).value_or(""))))));
}

TEST_P(StripContentTest, GzipIsStrippedInside) {
  const std::string stripped = Stripped(Deflate(bytes_));
  EXPECT_EQ(Inflate("f", stripped).value_or(""), Stripped(bytes_));
}

INSTANTIATE_TEST_SUITE_P(Runs, StripContentTest, ::testing::ValuesIn(Runs()),
                         [](const auto& info) { return info.param; });

TEST(StripContentTest, EveryDialectHasARun) {
  std::set<std::string> dialects;
  for (const Dialect* dialect : AllDialects()) {
    dialects.emplace(dialect->name());
  }
  const auto runs = Runs();
  EXPECT_EQ(std::set<std::string>(runs.begin(), runs.end()), dialects);
}

// One span; `members` follow its ids.
std::string File(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":)"
         R"("5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)" +
         members + "}]}]}]}";
}

std::string Text(const std::string& key, const std::string& text) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + text + "\"}}";
}

const std::string kChat = Text("gen_ai.operation.name", "chat");

TEST(StripSpanTest, OtherSpansStayAsTheyAre) {
  const std::string file =
      File("\"attributes\": [ " + Text("http.request.body", "CANARY") + "," +
           Text("input", "CANARY") +
           R"( ],"status":{"code":2,"message":"CANARY"},)" +
           R"("events":[{"name":"e","attributes":[)" + Text("a", "b") + "]}]");
  EXPECT_EQ(Stripped(file), file);
}

TEST(StripSpanTest, KeyOfAConventionIsEnough) {
  for (const std::string key :
       {"gen_ai.system_instructions", "input.value", "mastra.tool.input"}) {
    EXPECT_EQ(Stripped(File("\"attributes\":[" + Text(key, "CANARY") + "]")),
              File("\"attributes\":[]"));
  }
}

TEST(StripSpanTest, UnknownTextGoesAndUnknownNumbersStay) {
  const std::string number = R"({"key":"acme.n","value":{"intValue":"7"}})";
  EXPECT_EQ(Stripped(File("\"attributes\":[" + kChat + "," + number + "," +
                          Text("acme.t", "CANARY") + "]")),
            File("\"attributes\":[" + kChat + "," + number + "]"));
}

TEST(StripSpanTest, WhatIsNotUnderstoodGoes) {
  for (const std::string attribute :
       {R"({"key":"n","value":{"intValue":1,"stringValue":"CANARY"}})",
        R"({"key":"n","value":{"intValue":1},"note":"CANARY"})",
        R"({"key":"n","value":{"doubleValue":"CANARY"}})",
        R"({"key":"n","value":{"fancyValue":"CANARY"}})",
        R"({"key":"n","value":"CANARY"})", R"("CANARY")",
        R"({"key":"acme.id","value":{"stringValue":"a"},"note":"CANARY"})",
        R"({"key":"acme.id","value":{"fancyValue":"CANARY"}})",
        R"({"key":"n","value":{"bytesValue":"Q0FOQVJZ"}})"}) {
    EXPECT_EQ(
        Stripped(File("\"attributes\":[" + kChat + "," + attribute + "]")),
        File("\"attributes\":[" + kChat + "]"));
  }
}

TEST(StripSpanTest, EveryListOfTheSameNameIsStripped) {
  const std::string canary = Text("gen_ai.prompt", "CANARY");
  EXPECT_EQ(Stripped(File("\"attributes\":[" + canary + "],\"attributes\":[" +
                          kChat + "]")),
            File("\"attributes\":[],\"attributes\":[" + kChat + "]"));
}

TEST(StripSpanTest, EventsThatCannotBeReadGo) {
  EXPECT_EQ(Stripped(File("\"attributes\":[" + kChat +
                          R"(],"events":["CANARY",{"name":"e"}])")),
            File("\"attributes\":[" + kChat + R"(],"events":[{"name":"e"}])"));
  EXPECT_EQ(Stripped(File("\"attributes\":[" + kChat +
                          R"(],"events":{"note":"CANARY"})")),
            File("\"attributes\":[" + kChat + R"(],"events":[])"));
}

TEST(StripSpanTest, UnreadableAttributeMakesASpanSuspicious) {
  std::string deep;
  for (int i = 0; i < 400; ++i) deep += R"({"arrayValue":{"values":[)";
  deep += R"({"stringValue":"CANARY"})";
  for (int i = 0; i < 400; ++i) deep += "]}}";
  EXPECT_EQ(
      Stripped(File(R"("attributes":[{"key":"gen_ai.input.messages","value":)" +
                    deep + "}]")),
      File("\"attributes\":[]"));
}

TEST(StripSpanTest, WhatCannotBeReadIsNotPassedOn) {
  const std::string broken =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x","name":"CANARY"}]}]}]})";
  EXPECT_THAT(Written(broken, kStripped),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("f: 43: expected a span or log record"),
                             Not(HasSubstr("CANARY")))));
  EXPECT_THAT(
      Written("{\"resourceSpans\":[]}\n{\"resourceSpans\":[CANARY", kStripped),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("f: 39: expected"), HasSubstr("cannot be read"),
                     Not(HasSubstr("CANARY")))));
}

TEST(StripSpanTest, LinkedFileWithoutContentStaysAsItIs) {
  std::string file =
      Stripped(*testing::ReadFile(FolderOfRuns() + "/openinference.json"));
  // The tool that was linked is gone: its call is free for others.
  const size_t link = file.find("\"links\"");
  ASSERT_NE(link, file.npos);
  ASSERT_FALSE(testing::LinkedTrace(file).links().empty());
  file.replace(link, 7, "\"lonks\"");
  EXPECT_EQ(Stripped(file), file);
}

// "read withheld bytes" of each record that a stream hands on.
std::vector<std::string> StreamedWithoutContent(
    const std::vector<std::string>& records) {
  std::vector<std::string> lines;
  TraceLinker linker(
      {.write = kStripped}, [&lines](const LinkedRecord& record) {
        EXPECT_EQ(record.problems.empty(), !record.withheld);
        for (const std::string& problem : record.problems) {
          EXPECT_FALSE(HasCanary(problem));
        }
        lines.push_back(std::string(record.read ? "1" : "0") +
                        (record.withheld ? "1 " : "0 ") + record.bytes);
      });
  for (const std::string& record : records) linker.Add(1, record);
  linker.Flush();
  EXPECT_EQ(linker.held(), TraceLinker::Held{});
  return lines;
}

TEST(StripSpanTest, StreamsLeaveOutWhatCannotBeRead) {
  const std::string good = File("\"attributes\":[" + kChat + "]");
  const std::string half =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"CANARY"}]}]}]})";
  EXPECT_THAT(StreamedWithoutContent({"{\"CANARY", half, good, "\n"}),
              ElementsAre("01 ", "11 ", "10 \n", "10 " + good));
}

TEST(StripSpanTest, OtherFormatsAreRefused) {
  const std::string jaeger =
      R"({"data":[{"spans":[{"traceID":"1","spanID":"2","operationName":"o"}]}]})";
  EXPECT_THAT(
      Written(jaeger, kStripped),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("`jaeger`")));
}

}  // namespace
}  // namespace spanlink
