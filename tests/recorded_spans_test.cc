// The recorded span dumps in ../shared/data/spans, of some fifteen frameworks.
//
// tests/testdata/recorded_spans.json says what each file must give; it was read
// off the files by a script of its own. Every file is read or refused with a
// reason, and no tool span is without a link but for a reason that is in the
// data.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/test_env.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

size_t CountKind(const TraceFile& file, SpanKind kind) {
  const auto& spans = file.spans();
  return static_cast<size_t>(
      std::count_if(spans.begin(), spans.end(),
                    [kind](const SpanSummary& s) { return s.kind == kind; }));
}

size_t CountLinks(const TraceFile& file, LinkKind kind) {
  const auto& links = file.links();
  return static_cast<size_t>(
      std::count_if(links.begin(), links.end(),
                    [kind](const SpanLink& l) { return l.kind == kind; }));
}

// The tool spans with a link, by its evidence.
json Linked(const TraceFile& file) {
  json linked = json::object();
  for (const SpanLink& link : file.links()) {
    if (link.kind != LinkKind::kToolChoice) continue;
    const std::string evidence(EvidenceName(link.evidence));
    linked[evidence] = linked.value(evidence, 0) + 1;
  }
  return linked;
}

// Why tool spans have no link: the engine said that nobody asked for them, and
// the file has LLM spans or has none.
json Unlinked(const TraceFile& file) {
  std::set<SpanContext> linked, orphans;
  for (const SpanLink& link : file.links()) linked.insert(link.consumer);
  for (const DiagnosticEvent& event : file.events()) {
    if (event.id == DiagnosticId::kUnmatchedExecution) {
      orphans.insert(event.span);
    }
  }
  const char* const why = CountKind(file, SpanKind::kLlm) == 0
                              ? "no_llm_span"
                              : "answer_not_in_file";
  json unlinked = json::object();
  for (const SpanSummary& span : file.spans()) {
    if (span.kind != SpanKind::kTool || linked.contains(span.context)) continue;
    const char* const reason = orphans.contains(span.context) ? why : "unknown";
    unlinked[reason] = unlinked.value(reason, 0) + 1;
  }
  return unlinked;
}

void Compare(const std::string& name, const TraceFile& file,
             const json& expected) {
  SCOPED_TRACE(name);
  EXPECT_EQ(file.spans().size(), expected["spans"].get<size_t>());
  EXPECT_EQ(CountKind(file, SpanKind::kLlm), expected["llm"].get<size_t>());
  EXPECT_EQ(CountKind(file, SpanKind::kTool), expected["tools"].get<size_t>());
  EXPECT_EQ(CountKind(file, SpanKind::kHandoff),
            expected.value("handoffs", size_t{0}));
  EXPECT_EQ(Linked(file), expected["linked"]);
  EXPECT_EQ(Unlinked(file), expected["unlinked"]);
  EXPECT_EQ(CountLinks(file, LinkKind::kToolResult),
            expected["results"].get<size_t>());
  EXPECT_EQ(CountLinks(file, LinkKind::kHandoffChoice),
            expected.value("handoff_choices", size_t{0}));
}

class RecordedSpansTest : public ::testing::Test {
 protected:
  void SetUp() override {
    expected_ = json::parse(
        ReadSourceFile("tests/testdata/recorded_spans.json"))["files"];
    const auto shared = SharedDir();
    if (!shared) {
      GTEST_SKIP() << "no shared data beside this checkout: "
                   << expected_.size() << " files of recorded spans are not "
                   << "tested";
    }
    folder_ = *shared + "/data/spans/";
  }

  absl::StatusOr<TraceFile> Read(const std::string& name) const {
    const auto bytes = ReadFile(folder_ + name);
    EXPECT_TRUE(bytes.has_value()) << name;
    return TraceFile::Read(name, bytes.value_or(""));
  }

  json expected_;
  std::string folder_;
};

TEST_F(RecordedSpansTest, EveryFileHasItsExpectation) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_)) {
    if (entry.path().extension() != ".json") continue;
    files.insert(entry.path().string().substr(folder_.size()));
  }
  std::set<std::string> names;
  for (const auto& [name, counts] : expected_.items()) names.insert(name);
  EXPECT_EQ(files, names);
}

TEST_F(RecordedSpansTest, FilesGiveTheLinksThatAreInThem) {
  for (const auto& [name, counts] : expected_.items()) {
    if (counts.contains("refused")) continue;
    auto file = Read(name);
    ASSERT_THAT(file, IsOk()) << name;
    file->Link({});
    Compare(name, *file, counts);
  }
}

TEST_F(RecordedSpansTest, OtherFilesAreRefused) {
  for (const auto& [name, counts] : expected_.items()) {
    if (!counts.contains("refused")) continue;
    const bool spans = counts["refused"] == "spans without ids";
    EXPECT_THAT(
        Read(name),
        StatusIs(
            absl::StatusCode::kInvalidArgument,
            HasSubstr(spans ? "expected spans with a trace id and a span id"
                            : "expected ")))
        << name;
  }
}

}  // namespace
}  // namespace spanlink::testing
