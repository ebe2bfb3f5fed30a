// Log records in both encodings: which are read, and what they look like as
// events of a span.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "spanlink/otlp/otlp_file.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink {
namespace {

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

OtlpSpans ReadOk(std::string_view bytes, OtlpFormat format) {
  auto spans = ReadOtlp({"f", bytes, format});
  EXPECT_TRUE(spans.ok()) << spans.status();
  return spans.ok() ? *std::move(spans) : OtlpSpans{};
}

// The events that the log records become, as `name(key=text,…)`.
std::string Events(std::string_view bytes, OtlpFormat format) {
  const OtlpSpans spans = ReadOk(bytes, format);
  OtlpContentReader reader(format);
  reader.Read(bytes, OtlpSpan());
  for (const OtlpLog& log : spans.logs) reader.AddLog(bytes, log);
  std::string out;
  for (const OtlpEvent& event : reader.events()) {
    out += std::string(event.name) + "(";
    for (const OtlpAttribute& attribute : event.attributes) {
      out +=
          std::string(attribute.key) + "=" + std::string(attribute.text) + ",";
    }
    out += ")";
  }
  return out + std::to_string(spans.unreadable_spans + reader.unreadable());
}

std::string JsonEvents(const std::string& records) {
  return Events(
      R"({"resourceSpans":[],"resourceLogs":[{"scopeLogs":[{"logRecords":[)" +
          records + "]}]}]}",
      OtlpFormat::kJson);
}

std::string JsonRecord(const std::string& fields) {
  return "{" + std::string(kIds) + "," + fields + "}";
}

TEST(OtlpLogsTest, NameAttributesAndBodyBecomeAnEvent) {
  EXPECT_EQ(
      JsonEvents(JsonRecord(
          R"("eventName":"gen_ai.choice","attributes":[{"key":"k","value":{"intValue":"1"}}],)"
          R"("body":{"kvlistValue":{"values":[{"key":"index","value":{"intValue":0}}]}})")),
      R"(gen_ai.choice(k=1,body={"index":0},)0)");
}

TEST(OtlpLogsTest, OlderRecordsHaveTheNameInAnAttribute) {
  EXPECT_EQ(
      JsonEvents(JsonRecord(
          R"("attributes":[{"key":"event.name","value":{"stringValue":"e\n"}}],"body":{"stringValue":"text\n"})")),
      "e\n(event.name=e\n,body=text\n,)0");
}

TEST(OtlpLogsTest, RecordsWithoutANameAreNoEvents) {
  EXPECT_EQ(JsonEvents(JsonRecord(R"("body":{"stringValue":"started"})")), "0");
}

// Who takes content out of a file needs them, too.
TEST(OtlpLogsTest, RecordsOfNoSpanAreReadAsSuch) {
  const std::string bytes =
      R"({"resourceSpans":[],"resourceLogs":[{"scopeLogs":[{"logRecords":[)"
      R"({"eventName":"a"},{"traceId":"","spanId":"","eventName":"a"},)"
      R"({"traceId":"5b8efff798038103d269b633813fc60c","eventName":"a"})"
      R"(]}]}]})";
  const OtlpSpans spans = ReadOk(bytes, OtlpFormat::kJson);
  ASSERT_EQ(spans.logs.size(), 3u);
  for (const OtlpLog& log : spans.logs) {
    EXPECT_TRUE(log.context.span_id.is_zero());
  }
  EXPECT_EQ(spans.unreadable_spans, 0u);
}

TEST(OtlpLogsTest, UnreadableRecordsAreCountedAndCostNoOthers) {
  EXPECT_EQ(JsonEvents(R"(5,{"traceId":"x","spanId":"eee19b7ec3c1b174"},)" +
                       JsonRecord(R"("eventName":"e","body":5)") + "," +
                       JsonRecord(R"("eventName":7)") + "," +
                       JsonRecord(R"("eventName":"f")")),
            "e()f()3");
}

TEST(OtlpLogsTest, SnakeCaseIsRead) {
  EXPECT_EQ(
      Events(
          R"({"resource_spans":[],"resource_logs":[{"scope_logs":[{"log_records":[)" +
              JsonRecord(R"("eventName":"e")") + "]}]}]}",
          OtlpFormat::kJson),
      "e()0");
}

TEST(OtlpLogsTest, BrokenLineLosesItsRecordsToo) {
  const std::string whole =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" +
      JsonRecord(R"("eventName":"e")") + "]}]}";
  const std::string bytes =
      whole + "\n{\"resourceSpans\":[]}\n" + whole + "]}\n";
  EXPECT_EQ(Events(bytes, OtlpFormat::kJson), "e()0");
}

TEST(OtlpLogsTest, ProtobufRecordsAreToldFromSpans) {
  oracle::LogsData logs;
  auto* scope = logs.add_resource_logs()->add_scope_logs();
  const auto add = [scope](const std::string& name) {
    oracle::LogRecord* log = scope->add_log_records();
    log->set_trace_id("0123456789abcdef");
    log->set_span_id("01234567");
    log->set_event_name(name);
    return log;
  };
  add("by time")->set_time_unix_nano(1);
  add("by observed time")->set_observed_time_unix_nano(1);
  oracle::LogRecord* third = add("");
  third->set_severity_number(9);
  oracle::KeyValue* name = third->add_attributes();
  name->set_key("event.name");
  name->mutable_value()->set_string_value("by severity");
  third->mutable_body()->mutable_array_value()->add_values()->set_int_value(5);
  oracle::LogRecord* bad = add("bad");
  bad->set_time_unix_nano(1);
  bad->set_span_id("0123");
  scope->add_log_records()->set_time_unix_nano(1);
  const std::string bytes = logs.SerializeAsString();
  EXPECT_EQ(Events(bytes, OtlpFormat::kProto),
            "by time()by observed time()"
            "by severity(event.name=by severity,body=[5],)1");
}

TEST(OtlpLogsTest, TimeIsTheEventsOrElseTheObservers) {
  const std::string bytes =
      R"({"resourceSpans":[],"resourceLogs":[{"scopeLogs":[{"logRecords":[)" +
      JsonRecord(R"("observedTimeUnixNano":"7","timeUnixNano":"5")") + "," +
      JsonRecord(R"("timeUnixNano":"0","observedTimeUnixNano":7)") + "]}]}]}";
  const OtlpSpans spans = ReadOk(bytes, OtlpFormat::kJson);
  ASSERT_EQ(spans.logs.size(), 2u);
  EXPECT_EQ(spans.logs[0].time->time_since_epoch().count(), 5);
  EXPECT_EQ(spans.logs[1].time->time_since_epoch().count(), 7);
}

}  // namespace
}  // namespace spanlink
