#include "spanlink/pipeline/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kTrace = "5b8efff798038103d269b633813fc60c";

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

// A span of the trace as JSON; its number gives id and times.
std::string SpanJson(int number, int parent, const std::string& name,
                     const Pairs& attributes, const std::string& rest = "") {
  const std::string digits = std::to_string(1000 + number);
  std::string list;
  for (const auto& [key, text] : attributes) {
    if (!list.empty()) list += ",";
    list += "{\"key\":" + Quoted(key) +
            ",\"value\":{\"stringValue\":" + Quoted(text) + "}}";
  }
  return "{\"traceId\":" + Quoted(kTrace) + ",\"spanId\":\"00000000000a" +
         digits + "\",\"parentSpanId\":\"" +
         (parent < 0 ? "" : "00000000000a" + std::to_string(1000 + parent)) +
         "\",\"name\":" + Quoted(name) + ",\"startTimeUnixNano\":\"1750000" +
         digits + "00000000\",\"endTimeUnixNano\":\"1750000" + digits +
         "90000000\",\"attributes\":[" + list + "]" + rest + "}";
}

std::string Document(const std::vector<std::string>& spans) {
  std::string list;
  for (const std::string& span : spans)
    list += (list.empty() ? "" : ",") + span;
  return R"({"resourceSpans":[{"scopeSpans":[{"scope":{"name":"lib"},"spans":[)" +
         list + "]}]}]}";
}

std::string Agent(const std::string& rest = "") {
  return SpanJson(
      0, -1, "invoke_agent Ann",
      {{"gen_ai.operation.name", "invoke_agent"}, {"gen_ai.agent.name", "Ann"}},
      rest);
}

// Answer 1 chooses `f`, span 2 runs it, answer 3 reads the result.
std::vector<std::string> Round() {
  return {
      SpanJson(
          1, 0, "chat",
          {{"gen_ai.operation.name", "chat"},
           {"gen_ai.input.messages", "[]"},
           {"gen_ai.output.messages",
            R"([{"parts":[{"type":"tool_call","id":"call_1","name":"f","arguments":{"x":1}}]}])"}}),
      SpanJson(2, 0, "execute_tool f",
               {{"gen_ai.operation.name", "execute_tool"},
                {"gen_ai.tool.name", "f"},
                {"gen_ai.tool.call.arguments", R"({ "x": 1.0 })"}}),
      SpanJson(
          3, 0, "chat",
          {{"gen_ai.operation.name", "chat"},
           {"gen_ai.input.messages",
            R"([{"parts":[{"type":"tool_call_response","id":"call_1","response":"r"}]}])"},
           {"gen_ai.output.messages", "[]"}})};
}

std::string RoundDocument() {
  std::vector<std::string> spans = Round();
  spans.push_back(Agent());
  return Document(spans);
}

TraceFile ReadOk(const std::string& bytes) {
  auto file = TraceFile::Read("f.json", bytes);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : *TraceFile::Read("f", "{}");
}

TraceFile Linked(const std::string& bytes) {
  TraceFile file = ReadOk(bytes);
  file.Link({});
  return file;
}

std::string Written(const TraceFile& file, LinkProfile profile = {}) {
  const auto bytes = file.Write({.links = profile});
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
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

TEST(TraceFileTest, LinksARound) {
  EXPECT_THAT(Lines(Linked(RoundDocument())),
              ElementsAre("2 <- 1 tool_choice arguments",
                          "3 <- 2 tool_result arguments"));
}

TEST(TraceFileTest, OrderOfTheFileDoesNotMatter) {
  const std::vector<std::string> round = Round();
  const std::string lines = Document({round[2]}) + "\n" +
                            Document({Agent(), round[1]}) + "\n" +
                            Document({round[0]}) + "\n";
  EXPECT_EQ(Lines(Linked(lines)), Lines(Linked(RoundDocument())));
}

TEST(TraceFileTest, LinkingAgainTakesNewOptions) {
  TraceFile file = ReadOk(RoundDocument());
  Options options;
  options.min_evidence = Evidence::kToolCallId;
  file.Link(options);
  EXPECT_THAT(file.links(), IsEmpty());
  file.Link({});
  EXPECT_EQ(file.links().size(), 2u);
  file.Link({});
  EXPECT_EQ(file.links().size(), 2u);
}

TEST(TraceFileTest, WritesLinksAndNothingElse) {
  const std::string bytes = RoundDocument();
  const std::string written = Written(Linked(bytes));
  const std::string choice =
      R"(,"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000a1001","attributes":[)"
      R"({"key":"from","value":{"stringValue":"output"}},{"key":"to","value":{"stringValue":"input"}},)"
      R"({"key":"gen_ai.attribution.link_type","value":{"stringValue":"CAUSED_BY_GENERATION"}},)"
      R"({"key":"spanlink.kind","value":{"stringValue":"tool_choice"}},)"
      R"({"key":"spanlink.evidence","value":{"stringValue":"arguments"}}]}])";
  const std::string result =
      R"(,"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000a1002","attributes":[)"
      R"({"key":"from","value":{"stringValue":"output"}},{"key":"to","value":{"stringValue":"input"}},)"
      R"({"key":"gen_ai.attribution.link_type","value":{"stringValue":"INFORMED_BY"}},)"
      R"({"key":"spanlink.kind","value":{"stringValue":"tool_result"}},)"
      R"({"key":"spanlink.evidence","value":{"stringValue":"arguments"}}]}])";
  std::string rest = written;
  ASSERT_THAT(rest, HasSubstr(choice));
  rest.erase(rest.find(choice), choice.size());
  ASSERT_THAT(rest, HasSubstr(result));
  rest.erase(rest.find(result), result.size());
  EXPECT_EQ(rest, bytes);
}

TEST(TraceFileTest, LinkingALinkedFileChangesNothing) {
  const std::string once = Written(Linked(RoundDocument()));
  EXPECT_EQ(Written(Linked(once)), once);
  const std::string bare =
      Written(Linked(RoundDocument()), {.datadog = false, .semconv = false});
  EXPECT_EQ(Written(Linked(bare)), bare);
  EXPECT_THAT(bare, Not(HasSubstr("gen_ai.attribution")));
  EXPECT_THAT(bare, Not(HasSubstr("\"from\"")));
}

TEST(TraceFileTest, FileWithoutGenAiSpansComesBackIdentical) {
  const std::string bytes =
      "\n " +
      Document({SpanJson(1, -1, "GET /", {{"http.method", "GET"}},
                         ", \"x\" : 1e0 ")}) +
      "\n\n{ }\n";
  EXPECT_EQ(Written(Linked(bytes)), bytes);
}

TEST(TraceFileTest, SpansAreSummarisedInOrder) {
  const TraceFile file = ReadOk(RoundDocument());
  ASSERT_EQ(file.spans().size(), 4u);
  EXPECT_EQ(file.spans()[0].name, "invoke_agent Ann");
  const SpanSummary& tool = file.spans()[2];
  EXPECT_EQ(tool.span_id_text, "00000000000a1002");
  EXPECT_EQ(tool.trace_id_text, kTrace);
  EXPECT_EQ(tool.agent, "Ann");
  EXPECT_EQ(tool.tool_name, "f");
  EXPECT_EQ(tool.dialect, "otel_genai");
  EXPECT_EQ(tool.scope, "lib");
  EXPECT_EQ(tool.kind, SpanKind::kTool);
  EXPECT_TRUE(tool.has_arguments);
  EXPECT_FALSE(tool.has_tool_call_id);
  EXPECT_EQ(file.spans()[1].choices, 1u);
  EXPECT_EQ(file.spans()[3].uses, 1u);
  EXPECT_EQ(file.Find(tool.context), &tool);
  EXPECT_EQ(file.Find({}), nullptr);
}

TEST(TraceFileTest, TracesStandTogether) {
  std::string other = SpanJson(2, -1, "late", {});
  other.replace(other.find("5b8e"), 4, "0000");
  const TraceFile file = ReadOk(Document(
      {SpanJson(3, -1, "last", {}), other, SpanJson(1, -1, "first", {})}));
  ASSERT_EQ(file.spans().size(), 3u);
  EXPECT_EQ(file.spans()[0].name, "first");
  EXPECT_EQ(file.spans()[1].name, "last");
  EXPECT_EQ(file.spans()[2].name, "late");
}

TEST(TraceFileTest, MissingContentIsToldUnlessInsideItIs) {
  const Pairs silent = {{"gen_ai.operation.name", "chat"},
                        {"gen_ai.response.finish_reasons", "[\"tool_calls\"]"}};
  const TraceFile file = ReadOk(Document({SpanJson(1, -1, "chat", silent)}));
  EXPECT_TRUE(file.spans()[0].content_missing);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kContentMissing), 1u);
  const TraceFile wrapped = ReadOk(
      Document({SpanJson(0, -1, "chat", {{"gen_ai.operation.name", "chat"}}),
                Round()[0]}));
  EXPECT_FALSE(wrapped.spans()[0].content_missing);
}

TEST(TraceFileTest, DuplicateSpansCountAsOne) {
  std::vector<std::string> spans = Round();
  spans.insert(spans.end(), {spans[0], spans[1], spans[2]});
  const TraceFile file = Linked(Document(spans));
  EXPECT_EQ(file.spans().size(), 3u);
  EXPECT_EQ(file.links().size(), 2u);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kDuplicateSpan), 3u);
  const std::string once = Written(file);
  EXPECT_EQ(Written(Linked(once)), once);
}

TEST(TraceFileTest, SpansBehindADuplicateKeepTheirOwnFacts) {
  std::vector<std::string> spans = Round();
  spans.insert(spans.begin(), spans[0]);
  EXPECT_THAT(Lines(Linked(Document(spans))),
              ElementsAre("2 <- 1 tool_choice arguments",
                          "3 <- 2 tool_result arguments"));
}

TEST(TraceFileTest, DiagnosticsAreReadersAndEnginesTogether) {
  std::vector<std::string> spans = {Round()[0], "7"};
  TraceFile file = Linked(Document(spans));
  file.Link({});
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kUnreadableSpan), 1u);
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kCallNeverExecuted), 1u);
  EXPECT_EQ(file.events().size(), 2u);
}

TEST(TraceFileTest, DroppedAttributesAreTold) {
  const TraceFile file = ReadOk(
      Document({SpanJson(1, -1, "chat", {{"gen_ai.operation.name", "chat"}},
                         ",\"droppedAttributesCount\":4")}));
  EXPECT_EQ(file.diagnostics().count(DiagnosticId::kContentTruncated), 1u);
}

TEST(TraceFileTest, ProgressReachesTheEnd) {
  uint64_t done = 0;
  uint64_t all = 0;
  const Progress progress = [&](uint64_t d, uint64_t a) {
    EXPECT_GE(d, done);
    done = d;
    all = a;
  };
  const std::string bytes = RoundDocument();
  auto file = TraceFile::Read("f", bytes, progress);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(done, bytes.size());
  done = 0;
  file->Link({}, progress);
  EXPECT_EQ(done, bytes.size());
  EXPECT_EQ(all, bytes.size());
}

TEST(TraceFileTest, ContentIsReadOnRequest) {
  const TraceFile file = ReadOk(RoundDocument());
  const auto content = [&file](int span) {
    return file.ContentOf(file.spans()[static_cast<size_t>(span)]);
  };
  EXPECT_EQ(content(0).input, std::nullopt);
  EXPECT_EQ(content(1).output, "f({\"x\":1})");
  EXPECT_EQ(content(2).input, R"({ "x": 1.0 })");
  EXPECT_EQ(content(2).output, std::nullopt);
  EXPECT_EQ(content(3).output, std::nullopt);
}

TEST(TraceFileTest, ContentIsAllMessagesButTheSystemsAndAResult) {
  const TraceFile file = ReadOk(Document(
      {SpanJson(1, -1, "chat",
                {{"openinference.span.kind", "LLM"},
                 {"llm.input_messages.0.message.role", "system"},
                 {"llm.input_messages.0.message.content", "obey"},
                 {"llm.input_messages.1.message.role", "user"},
                 {"llm.input_messages.1.message.content", "one"},
                 {"llm.input_messages.2.message.role", "user"},
                 {"llm.input_messages.2.message.content", "two"},
                 {"llm.output_messages.0.message.content", "Action: f"}}),
       SpanJson(2, -1, "f",
                {{"openinference.span.kind", "TOOL"},
                 {"input.value", "{}"},
                 {"output.value", "sunny"}})}));
  EXPECT_EQ(file.ContentOf(file.spans()[0]).input, "one\n\ntwo");
  EXPECT_EQ(file.ContentOf(file.spans()[0]).output, "Action: f");
  EXPECT_EQ(file.ContentOf(file.spans()[1]).input, "{}");
  EXPECT_EQ(file.ContentOf(file.spans()[1]).output, "sunny");
  EXPECT_EQ(file.ContentOf(SpanSummary()).input, std::nullopt);
}

TEST(TraceFileTest, RecordingsLinkButAreNotWritten) {
  const std::string head =
      R"({"ev":"span_end","trace_id":"t","parent_id":null,)";
  TraceFile file = Linked(
      head +
      R"("span_id":"llm","type":"response","started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:01Z",)"
      R"("data":{"input":"hi","response":{"output":[{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}]}}})"
      "\n" +
      head +
      R"("span_id":"tool","type":"function","started_at":"2026-01-01T00:00:02Z","ended_at":"2026-01-01T00:00:03Z",)"
      R"("data":{"name":"f","input":"{}"}})"
      "\n");
  ASSERT_EQ(file.links().size(), 1u);
  EXPECT_EQ(file.Find(file.links()[0].consumer)->span_id_text, "tool");
  EXPECT_EQ(file.Find(file.links()[0].producer)->trace_id_text, "t");
  EXPECT_EQ(file.Write({}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace spanlink
