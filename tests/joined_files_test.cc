// Several files read as one set of traces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/pipeline/gzip.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/stream_records.h"
#include "spanlink/tests/testing.h"

namespace spanlink {
namespace {

using testing::AgentRun;
using testing::Document;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LogDocument;
using testing::StatusIs;

// Reads `files` as "0", "1" … and links them.
TraceFile Together(const std::vector<std::string>& files,
                   Options options = {}) {
  TraceFile::Reader reader;
  for (size_t i = 0; i < files.size(); ++i) {
    const absl::Status added = reader.Add(std::to_string(i), files[i]);
    EXPECT_TRUE(added.ok()) << added;
  }
  TraceFile trace = *std::move(reader).Finish();
  trace.Link(std::move(options));
  return trace;
}

std::vector<std::string> Kinds(const TraceFile& trace) {
  std::vector<std::string> kinds;
  for (const SpanLink& link : trace.links()) {
    kinds.emplace_back(LinkKindName(link.kind));
  }
  return kinds;
}

std::vector<std::string> Written(const TraceFile& trace) {
  const absl::StatusOr<std::string> bytes = trace.Write({});
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  std::vector<std::string> lines;
  std::string_view rest = *bytes;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  return lines;
}

TEST(JoinedFilesTest, CallsToolsAndUsesMayBeInDifferentFiles) {
  const AgentRun run(1, 0);
  const TraceFile trace = Together(
      {Document({run.reader}), Document({run.tool}), Document({run.answer})});
  EXPECT_THAT(Kinds(trace), ElementsAre("tool_choice", "tool_result"));
  const std::vector<std::string> lines = Written(trace);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr("tool_result"));
  EXPECT_THAT(lines[1], HasSubstr("tool_choice"));
  EXPECT_EQ(lines[2], Document({run.answer}));
}

TEST(JoinedFilesTest, SpansSayWhichFileTheyAreInAndAgentsReachAcross) {
  const AgentRun run(1, 0);
  const TraceFile trace =
      Together({Document({run.tool}), Document({run.agent, run.answer})});
  ASSERT_EQ(trace.spans().size(), 3u);
  EXPECT_EQ(trace.spans()[0].file, 1u);
  EXPECT_EQ(trace.spans()[2].file, 0u);
  EXPECT_EQ(trace.spans()[2].agent, "a0");
}

TEST(JoinedFilesTest, LogRecordsOfAnotherFileAreEvents) {
  const AgentRun run(1, 0, {.messages_in_logs = true});
  const std::string spans = Document({run.answer, run.tool, run.reader});
  const std::string logs = LogDocument({run.answer_log, run.reader_log});
  EXPECT_THAT(Kinds(Together({spans, logs})),
              ElementsAre("tool_choice", "tool_result"));
  EXPECT_EQ(Written(Together({logs, spans}))[0], logs);
  EXPECT_THAT(Kinds(Together({spans})), IsEmpty());
}

TEST(JoinedFilesTest, LogRecordsAloneAreNoTrace) {
  const AgentRun run(1, 0);
  EXPECT_THAT(TraceFile::Read("f", LogDocument({run.answer_log})),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "f: 0: expected an object with `resourceSpans` "
                       "(OTLP/JSON traces)"));
}

TEST(JoinedFilesTest, EachFileThatHasASpanGetsItsLinks) {
  const AgentRun run(1, 0);
  const std::string both = Document({run.answer, run.tool});
  const TraceFile trace = Together({both, both});
  EXPECT_THAT(Kinds(trace), ElementsAre("tool_choice"));
  const std::vector<std::string> lines = Written(trace);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr("tool_choice"));
  EXPECT_EQ(lines[0], lines[1]);
}

TEST(JoinedFilesTest, AFileThatCannotBeReadLeavesTheOthers) {
  const AgentRun run(1, 0);
  TraceFile::Reader reader;
  EXPECT_THAT(reader.Add("a", "hello"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a: 0: expected a JSON object")));
  ASSERT_TRUE(reader.Add("b", Document({run.answer})).ok());
  ASSERT_TRUE(reader.Add("c", Document({run.tool})).ok());
  TraceFile trace = *std::move(reader).Finish();
  trace.Link({});
  EXPECT_THAT(Kinds(trace), ElementsAre("tool_choice"));
}

TEST(JoinedFilesTest, FilesOfDifferentFormatsAreLinkedButNotWritten) {
  const AgentRun run(1, 0);
  const TraceFile trace =
      Together({Document({run.answer}), Deflate(Document({run.tool}))});
  EXPECT_THAT(Kinds(trace), ElementsAre("tool_choice"));
  EXPECT_THAT(trace.Write({}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("1: is otlp-json in gzip, and what stands "
                                 "before it in the output otlp-json")));
}

TEST(JoinedFilesTest, LinkedRootsAreCountedWithinTheirTraceOnly) {
  const AgentRun run(1, 0, {.parentless = true});
  const TraceFile inside = Together({Document({run.answer, run.tool})});
  EXPECT_EQ(inside.diagnostics().count(DiagnosticId::kRootLinked), 1u);
  const testing::RunOptions talk = {
      .conversation = "talk", .tool_has_id = true, .parentless = true};
  const TraceFile across = Together({Document({AgentRun(1, 0, talk).answer}),
                                     Document({AgentRun(2, 9, talk).tool})});
  EXPECT_THAT(Kinds(across), ElementsAre("tool_choice"));
  EXPECT_EQ(across.diagnostics().count(DiagnosticId::kRootLinked), 0u);
}

}  // namespace
}  // namespace spanlink
