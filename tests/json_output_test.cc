#include "spanlink/cli/json_output.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/view_builder.h"

namespace spanlink::cli {
namespace {

using ::spanlink::testing::Rendered;
using ::spanlink::testing::ViewBuilder;
using ::testing::HasSubstr;

std::string Links(const ViewBuilder& builder) {
  Rendered rendered;
  WriteJsonLinks(builder.View(), rendered.sink());
  return rendered.text();
}

TEST(JsonOutputTest, ALinkIsALineWithTheConsumerFirst) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat");
  b.Add("b1", SpanKind::kTool, "f");
  SpanLink& link =
      b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kToolCallId);
  link.tool_name = "f";
  link.tool_call_id = "call_1";
  EXPECT_EQ(Links(b), R"({"trace_id":"0af7651916cd43dd8448eb211c80319c",)"
                      R"("span_id":"b100000000000000",)"
                      R"("linked_trace_id":"0af7651916cd43dd8448eb211c80319c",)"
                      R"("linked_span_id":"a100000000000000",)"
                      R"("from":"output","to":"input","kind":"tool_choice",)"
                      R"("evidence":"tool_call_id","tool_name":"f",)"
                      R"("tool_call_id":"call_1"})"
                      "\n");
}

TEST(JsonOutputTest, AMissingCallIdIsNull) {
  ViewBuilder b;
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  EXPECT_THAT(Links(b), HasSubstr(R"("tool_call_id":null)"));
}

TEST(JsonOutputTest, IdsAreThoseOfTheFile) {
  ViewBuilder b;
  b.Add("a1", SpanKind::kLlm, "chat").span_id_text = "span_a";
  b.spans().back().trace_id_text = "trace_t";
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName);
  EXPECT_THAT(Links(b), HasSubstr(R"("span_id":"b100000000000000")"));
  EXPECT_THAT(
      Links(b),
      HasSubstr(R"("linked_trace_id":"trace_t","linked_span_id":"span_a")"));
}

TEST(JsonOutputTest, HostileNamesStayOnTheirLineAsAscii) {
  ViewBuilder b;
  b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kName).tool_name =
      "a\n\x1b[2J\u202e\xff\"";
  const std::string line = Links(b);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line) EXPECT_TRUE(c == '\n' || (' ' <= c && c <= '~'));
  EXPECT_EQ(nlohmann::json::parse(line)["tool_name"],
            "a\n\x1b[2J\u202e\ufffd\"");
}

TEST(JsonOutputTest, ExplanationsHaveALineForEachSpan) {
  ViewBuilder b;
  b.Add("b1", SpanKind::kTool, "f");
  b.Add("b2", SpanKind::kTool, "g");
  Rendered rendered;
  const std::vector<Explanation> all = Explain(b.View(), {});
  WriteJsonExplanations(all, rendered.sink());
  EXPECT_THAT(rendered.text(), HasSubstr(R"("span_id":"b100000000000000",)"
                                         R"("unlinked":"no_llm_span")"));
  EXPECT_THAT(rendered.text(), HasSubstr(R"("span_id":"b200000000000000",)"));
}

TEST(JsonOutputTest, DiagnosticsAreThoseThatOccurred) {
  DiagnosticCounts counts{};
  counts[static_cast<size_t>(DiagnosticId::kIdReused)] = 2;
  Rendered rendered;
  WriteJsonDiagnostics(counts, rendered.sink());
  WriteJsonDiagnostics({}, rendered.sink());
  EXPECT_EQ(rendered.text(),
            "{\"diagnostics\":{\"id_reused\":2}}\n{\"diagnostics\":{}}\n");
}

}  // namespace
}  // namespace spanlink::cli
