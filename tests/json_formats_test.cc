// Files of spans that are no OTLP: Jaeger, Datadog, Langfuse, the export of the
// OpenAI Agents SDK, dumps of OpenTelemetry's SDKs.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/linked_trace.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TraceFile Linked(const std::string& bytes) {
  return LinkedTrace(bytes, "FILE");
}

// "tool<-llm tool_choice arguments", by the ids of the spans in the file.
std::vector<std::string> LinksOf(const TraceFile& file) {
  std::vector<std::string> lines;
  const auto name = [&file](const SpanContext& context) {
    const SpanSummary* span = file.Find(context);
    return std::string(span == nullptr ? "?" : span->span_id_text);
  };
  for (const SpanLink& link : file.links()) {
    lines.push_back(name(link.consumer) + "<-" + name(link.producer) + " " +
                    std::string(LinkKindName(link.kind)) + " " +
                    std::string(EvidenceName(link.evidence)));
  }
  return lines;
}

std::vector<std::string> LinksOf(const std::string& bytes) {
  return LinksOf(Linked(bytes));
}

std::string Written(const std::string& bytes) {
  auto written = Linked(bytes).Write({});
  EXPECT_THAT(written, IsOk());
  return written.ok() ? *std::move(written) : "";
}

// An answer with the call `f({"x":1})`, id `a`, as OpenInference has it.
const char* const kAnswer =
    R"({"key":"openinference.span.kind","type":"string","value":"LLM"},)"
    R"({"key":"llm.output_messages.0.message.tool_calls.0.tool_call.id","type":"string","value":"a"},)"
    R"({"key":"llm.output_messages.0.message.tool_calls.0.tool_call.function.name","type":"string","value":"f"},)"
    R"({"key":"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments","type":"string","value":"{\"x\":1}"})";

std::string JaegerSpan(const std::string& id, const std::string& references,
                       const std::string& tags) {
  static int64_t start = 1700000000000000;
  start += 1000;
  return R"({ "traceID":"0AF7651916CD43DD8448EB211C80319C","spanID":")" + id +
         R"(","operationName":"op",)" + references + R"("startTime":)" +
         std::to_string(start) + R"(,"duration":500,"tags":[)" + tags +
         "],\"logs\":[] , \"x\":1e2}";
}

std::string Jaeger(const std::vector<std::string>& spans) {
  std::string list;
  for (const std::string& span : spans) {
    list += (list.empty() ? "" : ",\n") + span;
  }
  return R"({"data":[{"traceID":"0af7651916cd43dd8448eb211c80319c","spans":[)" +
         list + "],\"processes\":{}}],\"total\":0}";
}

std::string JaegerTool(const std::string& references) {
  return JaegerSpan(
      "b7ad6b7169203332", references,
      R"({"key":"openinference.span.kind","type":"string","value":"TOOL"},{"key":"tool.name","type":"string","value":"f"},{"key":"tool.id","type":"string","value":"a"})");
}

TEST(JaegerFormatTest, LinksBecomeReferences) {
  // A span id without its leading zeros is the same span.
  const std::string llm = JaegerSpan("7AD6B7169203331", "", kAnswer);
  const std::string file = Jaeger({llm, JaegerTool("")});
  EXPECT_THAT(LinksOf(file),
              ElementsAre("b7ad6b7169203332<-7AD6B7169203331 tool_choice "
                          "tool_call_id"));
  const std::string out = Written(file);
  const std::string added =
      R"("references":[{"refType":"FOLLOWS_FROM","traceID":"0AF7651916CD43DD8448EB211C80319C","spanID":"7AD6B7169203331"}],)";
  ASSERT_THAT(out, HasSubstr(added));
  std::string rest = out;
  rest.erase(rest.find(added), added.size());
  EXPECT_EQ(rest, file);
  EXPECT_EQ(Written(out), out);
}

TEST(JaegerFormatTest, ReferencesThatAreThereStay) {
  for (
      const std::string& refs :
      {std::string(R"("references":[ ],)"), std::string("\"references\":null,"),
       std::string(
           R"("references":[ {"refType":"CHILD_OF","traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"1"} ],)")}) {
    const std::string file =
        Jaeger({JaegerSpan("b7ad6b7169203331", "", kAnswer), JaegerTool(refs)});
    const std::string out = Written(file);
    const json parsed = json::parse(out);
    const json& span = parsed["data"][0]["spans"][1];
    EXPECT_EQ(span["references"].size(),
              json::parse(file)["data"][0]["spans"][1]["references"].size() + 1)
        << refs;
    EXPECT_EQ(Written(out), out);
  }
}

TEST(JaegerFormatTest, LogsAreEvents) {
  std::string llm = JaegerSpan(
      "b7ad6b7169203331", "",
      R"({"key":"gen_ai.operation.name","type":"string","value":"chat"})");
  llm.replace(
      llm.find("\"logs\":[]"), 9,
      R"("logs":[{"timestamp":1,"fields":[{"key":"event","type":"string","value":"gen_ai.choice"},{"key":"message","type":"string","value":"{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"}]}])");
  EXPECT_THAT(LinksOf(Jaeger({llm, JaegerTool("")})),
              ElementsAre("b7ad6b7169203332<-b7ad6b7169203331 tool_choice "
                          "tool_call_id"));
}

TEST(JaegerFormatTest, AFailedSpanSaysSo) {
  const TraceFile file = Linked(Jaeger(
      {JaegerSpan("b7ad6b7169203331", "",
                  std::string(kAnswer) +
                      R"(,{"key":"error","type":"bool","value":true})")}));
  EXPECT_EQ(file.spans()[0].outcome, Outcome::kFailed);
}

std::string DatadogSpan(const std::string& id, const std::string& kind,
                        const std::string& meta, const std::string& more = "") {
  static int64_t start = 1700000000000000000;
  start += 1000000;
  return R"({"span_id":")" + id +
         R"(","trace_id":"6a","parent_id":"undefined","name":"f","start_ns":)" +
         std::to_string(start) + R"(,"duration":5000,"status":"ok","meta":{)" +
         R"("span":{"kind":")" + kind + "\"}," + meta + "}" + more +
         R"(,"_dd":{"apm_trace_id":"apm6a"}})";
}

std::vector<std::string> DatadogRun(const std::string& more = "") {
  return {
      DatadogSpan(
          "11", "llm",
          R"("output":{"messages":[{"role":"assistant","tool_calls":[{"name":"f","arguments":{"x":1},"tool_id":"a"}]}]})"),
      DatadogSpan("12", "tool",
                  R"("input":{"value":"{\"x\": 1}"},"output":{"value":"r"})",
                  more),
      DatadogSpan(
          "13", "llm",
          R"("input":{"messages":[{"role":"user","tool_results":[{"name":"f","result":"r","tool_id":"a"}]}]})")};
}

std::string Lines(const std::vector<std::string>& spans) {
  std::string lines;
  for (const std::string& span : spans) lines += span + "\n";
  return lines;
}

TEST(DatadogFormatTest, EventsAreLinkedAndKeepTheirLinks) {
  const std::string file = Lines(DatadogRun());
  EXPECT_THAT(LinksOf(file), ElementsAre("12<-11 tool_choice arguments",
                                         "13<-12 tool_result arguments"));
  const std::string out = Written(file);
  EXPECT_THAT(
      out,
      AllOf(
          HasSubstr(
              R"("span_links":[{"span_id":"11","trace_id":"apm6a","attributes":{"from":"output","to":"input"}}],)"),
          HasSubstr(R"({"span_id":"12","trace_id":"apm6a",)")));
  EXPECT_EQ(Written(out), out);
}

// The tracer's own link to the same span is the same link.
TEST(DatadogFormatTest, LinksOfTheTracerAreNotRepeated) {
  const std::string file = Lines(DatadogRun(
      R"(,"span_links":[{"span_id":"11","trace_id":"apm6a","attributes":{"from":"output","to":"input"}}])"));
  const std::string out = Written(file);
  EXPECT_EQ(out.find("\"span_id\":\"11\",\"trace_id\":\"apm6a\""),
            out.rfind("\"span_id\":\"11\",\"trace_id\":\"apm6a\""));
}

// Trap 9: what was dropped for its size is not content.
TEST(DatadogFormatTest, DroppedContentIsAbsent) {
  const TraceFile file = Linked(DatadogSpan(
      "12", "tool",
      R"("input":{"value":"[This value has been dropped because this span's size exceeds the 5MB size limit.]"})"));
  EXPECT_FALSE(file.spans()[0].has_arguments);
}

std::string Export(const std::string& items) {
  return R"({"data":[{"object":"trace","id":"trace_1","workflow_name":"w","group_id":"c1"},)" +
         items + "]}";
}

std::string ExportSpan(const std::string& id, int second,
                       const std::string& data) {
  return R"({"object":"trace.span","id":")" + id +
         R"(","trace_id":"trace_1","parent_id":"span_agent","started_at":"2026-01-01T00:00:0)" +
         std::to_string(second) +
         R"(.000000+00:00","ended_at":"2026-01-01T00:00:0)" +
         std::to_string(second) + R"(.500000+00:00","span_data":{)" + data +
         R"(},"error":null})";
}

TEST(AgentsExportFormatTest, GenerationsHoldTheirMessages) {
  const std::string file = Export(
      ExportSpan(
          "span_1", 1,
          R"("type":"generation","input":[],"output":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]}])") +
      "," +
      ExportSpan("span_2", 2,
                 R"("type":"function","name":"f","input":"{\"x\":1}")") +
      "," +
      ExportSpan(
          "span_3", 3,
          R"("type":"generation","input":[{"role":"tool","tool_call_id":"a","content":"r"}],"output":[])"));
  EXPECT_THAT(LinksOf(file),
              ElementsAre("span_2<-span_1 tool_choice arguments",
                          "span_3<-span_2 tool_result arguments"));
  EXPECT_THAT(Linked(file).Write({}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no place for links")));
}

// A span of the Responses API has the id of a response and nothing else.
TEST(AgentsExportFormatTest, ResponsesAreJoinedById) {
  const std::string spans =
      ExportSpan("span_1", 1, R"("type":"response","response_id":"resp_1")") +
      "," +
      ExportSpan("span_2", 2,
                 R"("type":"function","name":"f","input":"{\"x\":1}")") +
      "," +
      ExportSpan("span_3", 3, R"("type":"response","response_id":"resp_2")");
  EXPECT_THAT(LinksOf(Export(spans)), IsEmpty());
  const std::string exchanges =
      R"({"request":{"input":[{"role":"user"}]},"response":{"object":"response","id":"resp_1","output":[{"type":"function_call","call_id":"a","name":"f","arguments":"{\"x\":1}"}]}})"
      "\n"
      R"({"request":{"input":[{"type":"function_call_output","call_id":"a"}]},"response":{"id":"resp_2","object":"response","output":[]}})";
  EXPECT_THAT(LinksOf(Export(spans) + "\n" + exchanges),
              ElementsAre("span_2<-span_1 tool_choice arguments",
                          "span_3<-span_2 tool_result arguments"));
}

// Trap 8: a field that was too long is a stand-in, which matches nothing.
TEST(AgentsExportFormatTest, ShortenedFieldsAreNotCaptured) {
  const TraceFile file = Linked(Export(ExportSpan(
      "span_2", 2,
      R"("type":"function","name":"f","input":{"truncated":true,"preview":"{"})")));
  EXPECT_FALSE(file.spans()[0].has_arguments);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kContentTruncated), 1u);
}

std::string Observation(const std::string& id, int second,
                        const std::string& fields) {
  return R"({"id":")" + id +
         R"(","traceId":"t1","startTime":"2026-01-01T00:00:0)" +
         std::to_string(second) + R"(.000Z","endTime":"2026-01-01T00:00:0)" +
         std::to_string(second) +
         R"(.500Z","parentObservationId":null,"level":"DEFAULT",)" + fields +
         "}";
}

const std::string& LangfuseRun() {
  static const std::string run =
      Observation(
          "g1", 1,
          R"("type":"GENERATION","name":"chat","input":"[]","output":{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},"metadata":{})") +
      "," +
      Observation(
          "s1", 2,
          R"("type":"SPAN","name":"f","input":"{}","output":"{\"content\":\"r\",\"tool_call_id\":\"a\"}","metadata":"{}")") +
      "," +
      Observation(
          "g2", 3,
          R"("type":"GENERATION","name":"chat","input":"[{\"role\":\"tool\",\"tool_call_id\":\"a\"}]","output":"done")");
  return run;
}

TEST(LangfuseFormatTest, TracesAreReadAsTheApiAndTheUiExportThem) {
  const auto links = ElementsAre("s1<-g1 tool_choice tool_call_id",
                                 "g2<-s1 tool_result tool_call_id");
  EXPECT_THAT(LinksOf(R"({"trace":{"id":"t1"},"observations":[)" +
                      LangfuseRun() + "]}"),
              links);
  EXPECT_THAT(LinksOf(R"({"id":"t1","sessionId":"c1","observations":[)" +
                      LangfuseRun() + "]}"),
              links);
  EXPECT_THAT(LinksOf("[" + LangfuseRun() + "]"), links);
}

// An exported trace lists its observations inside as well, without content.
TEST(LangfuseFormatTest, ObservationsOfTheTraceInsideAreTheSame) {
  const TraceFile file =
      Linked(R"({"trace":{"id":"t1","observations":[)" +
             Observation("g1", 1, R"("type":"GENERATION")") +
             R"(]},"observations":[)" + LangfuseRun() + "]}");
  EXPECT_EQ(LinksOf(file).size(), 2u);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kDuplicateSpan), 0u);
}

// Attributes of the span that came in say what input and output are of.
TEST(LangfuseFormatTest, AttributesStandInTheMetadata) {
  const std::string file =
      "[" +
      Observation(
          "g1", 1,
          R"("type":"GENERATION","name":"doGenerate","output":"[{\"toolCallId\":\"a\",\"toolName\":\"f\",\"input\":\"{}\"}]","metadata":{"attributes":{"ai.operationId":"ai.generateText.doGenerate"},"scope":{"name":"ai"}})") +
      "," +
      Observation(
          "s1", 2,
          R"("type":"TOOL","name":"f","input":{},"metadata":"{\"attributes\":{\"gen_ai.operation.name\":\"execute_tool\",\"gen_ai.tool.name\":\"f\",\"gen_ai.tool.call.id\":[\"run_1\",\"a\"]}}")") +
      "]";
  EXPECT_THAT(LinksOf(file), ElementsAre("s1<-g1 tool_choice tool_call_id"));
  EXPECT_EQ(Linked(file).spans()[0].dialect, "vercel_ai");
  EXPECT_EQ(Linked(file).spans()[0].scope, "ai");
}

const char* const kPythonDump =
    R"({"name":"chat","context":{"trace_id":"0x0af7651916cd43dd8448eb211c80319c","span_id":"0xb7ad6b7169203331","trace_state":"[]"},"parent_id":null,"start_time":"2026-01-01T00:00:01.000000Z","end_time":"2026-01-01T00:00:02.000000Z","status":{"status_code":"UNSET"},"attributes":{"gen_ai.operation.name":"chat","gen_ai.output.messages":"[{\"parts\":[{\"type\":\"tool_call\",\"id\":\"a\",\"name\":\"f\",\"arguments\":{}}]}]"},"events":[]})";
const char* const kJsDump =
    R"({"name":"ai.toolCall","spanContext":{"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":"b7ad6b7169203332"},"parentSpanContext":{"spanId":"b7ad6b7169203331"},"startTime":[1767225602,500000000],"endTime":[1767225603,0],"status":{"code":2},"attributes":{"ai.operationId":"ai.toolCall","ai.toolCall.name":"f","ai.toolCall.id":"a"}})";
const char* const kJsConsole =
    R"({"traceId":"0af7651916cd43dd8448eb211c80319c","id":"b7ad6b7169203333","parentId":"b7ad6b7169203331","name":"chat","timestamp":1767225604000000,"duration":5.5,"attributes":{"gen_ai.operation.name":"chat","gen_ai.input.messages":"[{\"parts\":[{\"type\":\"tool_call_response\",\"id\":\"a\"}]}]"}})";

// Trap 20: ids with `0x`, in upper case.
TEST(SdkDumpFormatTest, DumpsOfBothSdksAreOneTrace) {
  const TraceFile file = Linked(std::string("[") + kPythonDump + "," + kJsDump +
                                "," + kJsConsole + "]");
  EXPECT_THAT(
      LinksOf(file),
      UnorderedElementsAre("b7ad6b7169203332<-0xb7ad6b7169203331 tool_choice "
                           "tool_call_id",
                           "b7ad6b7169203333<-b7ad6b7169203332 tool_result "
                           "tool_call_id"));
  EXPECT_EQ(file.spans()[1].outcome, Outcome::kFailed);
  EXPECT_EQ(file.spans()[1].parent, file.spans()[0].context.span_id);
  EXPECT_EQ(*file.spans()[2].end - *file.spans()[2].start,
            std::chrono::microseconds(5));
}

TEST(JsonFormatTest, SpansWithoutIdsAreCounted) {
  constexpr std::string_view kNoIds =
      R"({"name":"x","parentSpanId":"1","startTime":[1,2],"attributes":{}})";
  const TraceFile file =
      Linked(std::string(kPythonDump) + "\n" + std::string(kNoIds));
  EXPECT_EQ(file.spans().size(), 1u);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kUnreadableSpan), 1u);
  EXPECT_THAT(TraceFile::Read("FILE", std::string(kNoIds)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("FILE: 0: expected spans with a trace id")));
}

// A broken line loses that line only, and is told without its content.
TEST(JsonFormatTest, ABrokenLineLosesItself) {
  const TraceFile file = Linked(std::string(kPythonDump) +
                                "\n{\"secret\": oops\n" + kJsDump + "\n");
  EXPECT_EQ(file.spans().size(), 2u);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kUnreadableSpan), 1u);
  ASSERT_EQ(file.warnings().size(), 1u);
  EXPECT_THAT(file.warnings()[0],
              AllOf(HasSubstr("FILE: "), ::testing::Not(HasSubstr("secret"))));
}

TEST(JsonFormatTest, HostileFilesAreSurvived) {
  const std::string deep(100000, '[');
  for (
      const std::string& bytes :
      {std::string(R"([{"operationName":1,"spanID":2}])"),
       std::string(R"({"meta":{},"start_ns":-1,"span_id":1})"),
       std::string(R"({"meta":{},"start_ns":9e99,"span_id":1,"trace_id":2})"),
       std::string(R"({"observations":{"observations":[[]]}})"),
       std::string(R"({"object":"trace.span","span_data":5})"),
       std::string(
           R"({"object":"trace.span","id":"a","trace_id":"b","span_data":5})"),
       std::string(
           R"({"name":5,"attributes":{},"startTime":[],"spanContext":{"traceId":"x","spanId":"y"}})"),
       R"({"operationName":"x","spanID":"1","traceID":"2","tags":)" + deep,
       "[" + deep}) {
    auto file = TraceFile::Read("FILE", bytes);
    if (file.ok()) file->Link({});
  }
}

TEST(JsonFormatTest, OtlpStaysOtlp) {
  const TraceFile file = Linked(
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"operationName"}]}]}]})");
  EXPECT_EQ(file.spans().size(), 1u);
  EXPECT_THAT(file.Write({}), IsOk());
}

}  // namespace
}  // namespace spanlink::testing
