// One trace in every encoding of OTLP: the same links, and the same trace
// again.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "spanlink/pipeline/gzip.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/linked_trace.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void AddText(const std::string& key, const std::string& text,
             oracle::Span* span) {
  oracle::KeyValue* pair = span->add_attributes();
  pair->set_key(key);
  pair->mutable_value()->set_string_value(text);
}

oracle::AnyValue* AddPair(const std::string& key, oracle::AnyValue* object) {
  oracle::KeyValue* pair = object->mutable_kvlist_value()->add_values();
  pair->set_key(key);
  return pair->mutable_value();
}

oracle::Span* AddSpan(char number, const std::string& operation,
                      oracle::ScopeSpans* scope) {
  oracle::Span* span = scope->add_spans();
  span->set_trace_id("0123456789abcdef");
  span->set_span_id(std::string("span000") + number);
  span->set_name(operation);
  span->set_start_time_unix_nano(uint64_t{1750000000000000000} + number * 1000);
  span->set_end_time_unix_nano(uint64_t{1750000000000000000} + number * 1000 +
                               9);
  AddText("gen_ai.operation.name", operation, span);
  return span;
}

// Answer 1 chooses `f`, in structured attributes; span 2 runs it; answer 3
// reads the result.
oracle::TracesData Round() {
  oracle::TracesData traces;
  oracle::ScopeSpans* scope = traces.add_resource_spans()->add_scope_spans();
  scope->mutable_scope()->set_name("lib");
  oracle::Span* chat = AddSpan('1', "chat", scope);
  oracle::KeyValue* output = chat->add_attributes();
  output->set_key("gen_ai.output.messages");
  oracle::AnyValue* message =
      output->mutable_value()->mutable_array_value()->add_values();
  oracle::AnyValue* part =
      AddPair("parts", message)->mutable_array_value()->add_values();
  AddPair("type", part)->set_string_value("tool_call");
  AddPair("id", part)->set_string_value("call_1");
  AddPair("name", part)->set_string_value("f");
  AddPair("x", AddPair("arguments", part))->set_int_value(1);
  oracle::Span* tool = AddSpan('2', "execute_tool", scope);
  AddText("gen_ai.tool.name", "f", tool);
  AddText("gen_ai.tool.call.arguments", "{ \"x\": 1.0 }", tool);
  oracle::Span* next = AddSpan('3', "chat", scope);
  AddText(
      "gen_ai.input.messages",
      R"([{"parts":[{"type":"tool_call_response","id":"call_1","response":"r"}]}])",
      next);
  return traces;
}

std::string Written(const std::string& bytes) {
  const auto written = testing::LinkedTrace(bytes).Write({});
  EXPECT_TRUE(written.ok()) << written.status();
  return written.value_or("");
}

// "consumer <- producer kind evidence", by the last digit of the ids.
std::vector<std::string> Lines(const TraceFile& file) {
  std::vector<std::string> lines;
  for (const SpanLink& link : file.links()) {
    lines.push_back(link.consumer.span_id.ToHex().substr(15) + " <- " +
                    link.producer.span_id.ToHex().substr(15) + " " +
                    std::string(LinkKindName(link.kind)) + " " +
                    std::string(EvidenceName(link.evidence)));
  }
  return lines;
}

std::string Frame(const std::string& message) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(message.size() >> shift & 0xFF));
  }
  return bytes + message;
}

const auto kRoundLinks =
    ElementsAre("2 <- 1 tool_choice arguments", "3 <- 2 tool_result arguments");

TEST(OtlpCarriersTest, ProtobufLinksARound) {
  const TraceFile file = testing::LinkedTrace(Round().SerializeAsString());
  EXPECT_THAT(Lines(file), kRoundLinks);
  EXPECT_EQ(file.spans()[1].name, "execute_tool");
  EXPECT_EQ(file.spans()[1].scope, "lib");
  EXPECT_EQ(file.spans()[1].span_id_text, "7370616e30303032");
}

TEST(OtlpCarriersTest, ProtobufComesBackWithLinksAndNothingElse) {
  const std::string bytes = Round().SerializeAsString();
  const std::string written = Written(bytes);
  EXPECT_EQ(Written(written), written);
  oracle::TracesData traces;
  ASSERT_TRUE(traces.ParseFromString(written));
  auto& spans = *traces.mutable_resource_spans(0)
                     ->mutable_scope_spans(0)
                     ->mutable_spans();
  ASSERT_EQ(spans[1].links_size(), 1);
  EXPECT_EQ(spans[1].links(0).span_id(), "span0001");
  EXPECT_EQ(spans[1].links(0).attributes(3).key(), "spanlink.kind");
  ASSERT_EQ(spans[2].links_size(), 1);
  for (auto& span : spans) span.clear_links();
  EXPECT_EQ(traces.SerializeAsString(), bytes);
}

TEST(OtlpCarriersTest, FramesOfOneTraceAreLinkedTogether) {
  const oracle::TracesData round = Round();
  std::string bytes;
  for (const int span : {2, 0, 1}) {
    oracle::TracesData one = round;
    auto& spans =
        *one.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans();
    spans.SwapElements(0, span);
    while (spans.size() > 1) spans.RemoveLast();
    bytes += Frame(one.SerializeAsString());
  }
  EXPECT_THAT(Lines(testing::LinkedTrace(bytes)), kRoundLinks);
  const std::string written = Written(bytes);
  EXPECT_EQ(Written(written), written);
  EXPECT_GT(written.size(), bytes.size());
}

TEST(OtlpCarriersTest, ProtobufWithoutGenAiSpansComesBackIdentical) {
  oracle::TracesData traces = Round();
  auto* scope = traces.mutable_resource_spans(0)->mutable_scope_spans(0);
  for (auto& span : *scope->mutable_spans()) span.clear_attributes();
  const std::string bytes = traces.SerializeAsString();
  EXPECT_THAT(Lines(testing::LinkedTrace(bytes)), IsEmpty());
  EXPECT_EQ(Written(bytes), bytes);
  EXPECT_EQ(Written(Frame(bytes)), Frame(bytes));
}

// What a program writes that knows protobuf but not OTLP: ids in base64.
std::string RoundAsJson() {
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(Round(), &json).ok());
  return json;
}

TEST(OtlpCarriersTest, JsonOfProtobufLinksARound) {
  const std::string bytes = RoundAsJson();
  EXPECT_THAT(Lines(testing::LinkedTrace(bytes)), kRoundLinks);
  const std::string written = Written(bytes);
  EXPECT_EQ(Written(written), written);
  // Its own reader finds the links.
  oracle::TracesData traces;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(written, &traces).ok());
  const auto& spans = traces.resource_spans(0).scope_spans(0).spans();
  ASSERT_EQ(spans[1].links_size(), 1);
  EXPECT_EQ(spans[1].links(0).trace_id(), "0123456789abcdef");
  EXPECT_EQ(spans[1].links(0).span_id(), "span0001");
}

TEST(OtlpCarriersTest, GzipComesBackAsGzip) {
  for (const std::string& bytes : {Round().SerializeAsString(), RoundAsJson(),
                                   Frame(Round().SerializeAsString())}) {
    const TraceFile file = testing::LinkedTrace(Deflate(bytes));
    EXPECT_TRUE(file.compressed());
    EXPECT_THAT(Lines(file), kRoundLinks);
    const std::string written = Written(Deflate(bytes));
    EXPECT_EQ(Inflate("f", written).value_or(""), Written(bytes));
    EXPECT_EQ(Written(written), written);
  }
}

TEST(OtlpCarriersTest, GzipWithoutNewLinksComesBackIdentical) {
  const std::string text = "{\"resourceSpans\":[]}";
  std::string bytes = Deflate(text) + Deflate("\n") + Deflate(text);
  bytes[9] = 7;  // another operating system
  EXPECT_EQ(Written(bytes), bytes);
}

TEST(OtlpCarriersTest, FormatCanBeForced) {
  const std::string bytes = Round().SerializeAsString();
  EXPECT_EQ(testing::LinkedTrace(bytes).format(), TraceFormat::kOtlpProto);
  EXPECT_EQ(testing::LinkedTrace(Frame(bytes)).format(),
            TraceFormat::kOtlpProtoFrames);
  EXPECT_EQ(testing::LinkedTrace(RoundAsJson()).format(),
            TraceFormat::kOtlpJson);
  const auto error = [](const std::string& text, TraceFormat format) {
    const auto file = TraceFile::Read("f", text, nullptr, {.format = format});
    return file.ok() ? "(read)" : std::string(file.status().message());
  };
  EXPECT_EQ(error(bytes, TraceFormat::kOtlpProto), "(read)");
  EXPECT_EQ(error(bytes, TraceFormat::kOtlpJson),
            "f: 1: expected a JSON object");
  EXPECT_EQ(error(Frame(bytes), TraceFormat::kOtlpProto),
            "f: 0: expected a protobuf field");
  EXPECT_EQ(error("{}", TraceFormat::kOtlpProto),
            "f: 2: expected a number of 4 bytes");
}

TEST(OtlpCarriersTest, ZstdIsRefusedWithAHint) {
  const std::string zstd = "\x28\xB5\x2F\xFDxyz";
  for (const std::string& bytes : {zstd, Frame(zstd), Deflate(zstd)}) {
    const auto file = TraceFile::Read("f", bytes);
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(std::string(file.status().message()),
              "f: 0: expected a trace, plain or in gzip; it is in zstd, which "
              "`zstd -d` unpacks");
  }
}

// The round with what the answers say in log records, the latest first.
void SplitRound(oracle::TracesData* traces, oracle::LogsData* logs) {
  *traces = Round();
  auto* scope = logs->add_resource_logs()->add_scope_logs();
  auto& spans = *traces->mutable_resource_spans(0)
                     ->mutable_scope_spans(0)
                     ->mutable_spans();
  for (int i = spans.size() - 1; i >= 0; --i) {
    oracle::LogRecord* log = scope->add_log_records();
    log->set_trace_id(spans[i].trace_id());
    log->set_span_id(spans[i].span_id());
    log->set_observed_time_unix_nano(spans[i].end_time_unix_nano());
    log->set_event_name("gen_ai.client.inference.operation.details");
    if (i == 1) continue;  // the tool keeps its attributes
    *log->mutable_attributes() = spans[i].attributes();
    while (spans[i].attributes_size() > 1) {
      spans[i].mutable_attributes()->RemoveLast();
    }
  }
  scope->add_log_records()->set_severity_number(9);  // of no span
}

TEST(OtlpCarriersTest, LogRecordsAreEventsOfTheirSpans) {
  oracle::TracesData traces;
  oracle::LogsData logs;
  SplitRound(&traces, &logs);
  const std::string spans = traces.SerializeAsString();
  const std::string records = logs.SerializeAsString();
  EXPECT_THAT(Lines(testing::LinkedTrace(spans)), IsEmpty());
  EXPECT_THAT(Lines(testing::LinkedTrace(spans + records)), kRoundLinks);
  EXPECT_THAT(Lines(testing::LinkedTrace(records + spans)), kRoundLinks);
  EXPECT_THAT(Lines(testing::LinkedTrace(Frame(records) + Frame(spans))),
              kRoundLinks);
  std::string spans_json, records_json;
  ASSERT_TRUE(
      google::protobuf::util::MessageToJsonString(traces, &spans_json).ok());
  ASSERT_TRUE(
      google::protobuf::util::MessageToJsonString(logs, &records_json).ok());
  EXPECT_THAT(Lines(testing::LinkedTrace(spans_json)), IsEmpty());
  EXPECT_THAT(Lines(testing::LinkedTrace(records_json + "\n" + spans_json)),
              kRoundLinks);
  spans_json.back() = ',';
  EXPECT_THAT(Lines(testing::LinkedTrace(spans_json + records_json.substr(1))),
              kRoundLinks);
}

TEST(OtlpCarriersTest, LogRecordsStayWhatTheyAre) {
  oracle::TracesData traces;
  oracle::LogsData logs;
  SplitRound(&traces, &logs);
  const std::string records = logs.SerializeAsString();
  const std::string written = Written(traces.SerializeAsString() + records);
  EXPECT_TRUE(written.ends_with(records));
  EXPECT_EQ(Written(written), written);
  EXPECT_EQ(testing::LinkedTrace(written).diagnostics().count(
                DiagnosticId::kUnreadableSpan),
            0u);
}

// The older GenAI events, as the OpenTelemetry packages send them: the message
// is the record's body, a structure.
TEST(OtlpCarriersTest, BodiesOfLogRecordsAreMessages) {
  const auto span = [](std::string_view id, std::string_view attributes) {
    return absl::StrFormat(
        R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"%s",)"
        R"("attributes":[%s]})",
        std::string(id), std::string(attributes));
  };
  const auto record = [](std::string_view id, std::string_view name,
                         std::string_view body) {
    return absl::StrFormat(
        R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"%s",)"
        R"("eventName":"%s","body":{"kvlistValue":{"values":[%s]}}})",
        std::string(id), std::string(name), std::string(body));
  };
  constexpr std::string_view kChat =
      R"({"key":"gen_ai.operation.name","value":{"stringValue":"chat"}})";
  const std::string spans =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" +
      span("0000000000000001", kChat) + "," +
      span("0000000000000002",
           R"({"key":"gen_ai.operation.name","value":{"stringValue":)"
           R"("execute_tool"}},{"key":"gen_ai.tool.name","value":)"
           R"({"stringValue":"f"}},{"key":"gen_ai.tool.call.id","value":)"
           R"({"stringValue":"call_1"}})") +
      "," + span("0000000000000003", kChat) + "]}]}]}";
  const std::string logs =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" +
      record(
          "0000000000000001", "gen_ai.choice",
          R"({"key":"message","value":{"kvlistValue":{"values":[)"
          R"({"key":"tool_calls","value":{"arrayValue":{"values":[)"
          R"({"kvlistValue":{"values":[)"
          R"({"key":"id","value":{"stringValue":"call_1"}},)"
          R"({"key":"function","value":{"kvlistValue":{"values":[)"
          R"({"key":"name","value":{"stringValue":"f"}},)"
          R"({"key":"arguments","value":{"stringValue":"{}"}}]}}}]}}]}}}]}}})") +
      "," +
      record("0000000000000003", "gen_ai.tool.message",
             R"({"key":"id","value":{"stringValue":"call_1"}})") +
      "]}]}]}";
  EXPECT_THAT(Lines(testing::LinkedTrace(spans)), IsEmpty());
  EXPECT_THAT(Lines(testing::LinkedTrace(spans + "\n" + logs)),
              ElementsAre("2 <- 1 tool_choice tool_call_id",
                          "3 <- 2 tool_result tool_call_id"));
}

}  // namespace
}  // namespace spanlink
