#include "spanlink/viewer/report_json.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/view_builder.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/html.h"

namespace spanlink {
namespace {

using ::nlohmann::json;
using ::spanlink::testing::ViewBuilder;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Text(const ViewBuilder& builder, ReportInfo info = {}) {
  const std::vector<Explanation> why = Explain(builder.View(), {});
  return ReportJson(BuildRunGraphs(builder.View(), why), info);
}

json Data(const ViewBuilder& builder, ReportInfo info = {}) {
  return json::parse(Text(builder, info));
}

ViewBuilder ARun() {
  ViewBuilder b;
  b.Add("c1", SpanKind::kAgent, "Desk").agent = "Desk";
  SpanSummary& llm = b.Add("a1", SpanKind::kLlm, "chat");
  llm.parent = ViewBuilder::Id("c1");
  llm.agent = "Desk";
  llm.choices = 2;
  llm.dialect = "openinference";
  SpanSummary& tool = b.Add("b1", SpanKind::kTool, "execute_tool");
  tool.tool_name = "search";
  tool.outcome = Outcome::kFailed;
  SpanLink& link =
      b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kToolCallId);
  link.tool_name = "search";
  link.tool_call_id = "call_1";
  b.Add("b2", SpanKind::kTool, "forgotten");
  return b;
}

TEST(ReportJsonTest, HoldsTheRun) {
  const ViewBuilder b = ARun();
  const std::vector<std::string> files = {"/tmp/a.json", "b.json"};
  const json data = Data(b, {.producer = "spanlink 1", .files = files});
  EXPECT_EQ(data["version"], 1);
  EXPECT_EQ(data["producer"], "spanlink 1");
  EXPECT_EQ(data["files"], json({"a.json", "b.json"}));
  EXPECT_EQ(data["with_content"], false);
  const json& trace = data["traces"][0];
  EXPECT_EQ(trace["id"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace["counts"], json({{"spans", 4},
                                   {"llm", 1},
                                   {"tool", 2},
                                   {"handoff", 0},
                                   {"guardrail", 0},
                                   {"links", 1},
                                   {"unlinked", 1},
                                   {"errors", 1},
                                   {"folded", 1}}));
  EXPECT_EQ(trace["duration_ns"], 3'500'000'000);
  EXPECT_EQ(trace["agents"], json({"Desk"}));
  EXPECT_EQ(trace["calls"],
            json({{{"llm", 1}, {"tool", "search"}, {"id", "call_1"}}}));
  EXPECT_EQ(trace["outside"], 0);
}

TEST(ReportJsonTest, SpansSayWhatTheyAre) {
  const ViewBuilder b = ARun();
  const json spans = Data(b)["traces"][0]["spans"];
  EXPECT_EQ(spans[1], json({{"id", "a100000000000000"},
                            {"parent", 0},
                            {"name", "chat"},
                            {"kind", "llm"},
                            {"label", "chat"},
                            {"agent", 0},
                            {"start", 1'000'000'000},
                            {"end", 1'500'000'000},
                            {"error", false},
                            {"critical", true},
                            {"dialect", "openinference"},
                            {"choices", 2}}));
  EXPECT_EQ(spans[2]["label"], "search");
  EXPECT_EQ(spans[2]["error"], true);
  EXPECT_EQ(spans[2]["agent"], nullptr);
  EXPECT_EQ(spans[3]["unlinked"][0]["code"], "nothing_to_match");
}

TEST(ReportJsonTest, LinksSayWhy) {
  const ViewBuilder b = ARun();
  EXPECT_EQ(Data(b)["traces"][0]["links"],
            json({{{"from", 1},
                   {"to", 2},
                   {"call", 0},
                   {"kind", "tool_choice"},
                   {"evidence", "tool_call_id"},
                   {"attempt", 1},
                   {"tool", "search"},
                   {"id", "call_1"},
                   {"why", "both sides carry the call id call_1"}}}));
}

TEST(ReportJsonTest, NothingEndsTheElementItStandsIn) {
  ViewBuilder b = ARun();
  b.spans()[1].name = "</script><!--&\u2028\xff";
  b.spans()[0].agent = "<script>";
  b.links()[0].tool_call_id = "<a>&";
  const std::string text = Text(b);
  for (const char* bad : {"<", ">", "&"}) {
    EXPECT_THAT(text, Not(HasSubstr(bad)));
  }
  for (const char c : text) ASSERT_LT(static_cast<uint8_t>(c), 0x80);
  const json trace = json::parse(text)["traces"][0];
  EXPECT_EQ(trace["spans"][1]["name"], "</script><!--&\u2028\ufffd");
  EXPECT_EQ(trace["calls"][0]["id"], "<a>&");
}

TEST(ReportJsonTest, LongNamesAreCutBetweenCharacters) {
  ViewBuilder b = ARun();
  std::string name = "x";
  for (int i = 0; i < 1000; ++i) name += "\u00e4";
  b.spans()[1].name = name;
  const std::string cut = Data(b)["traces"][0]["spans"][1]["name"];
  EXPECT_EQ(cut, name.substr(0, 499) + "...");
}

TEST(ReportJsonTest, ContentIsThereOnRequestAndCut) {
  const ViewBuilder b = ARun();
  EXPECT_THAT(Text(b), Not(HasSubstr("\"content\"")));
  ReportInfo info;
  info.content = [](const SpanSummary& span) {
    SpanContent content;
    if (span.kind == SpanKind::kLlm) content.input = "</script>";
    if (span.kind == SpanKind::kTool) content.output = std::string(30'000, 'x');
    return content;
  };
  const json data = Data(b, info);
  EXPECT_EQ(data["with_content"], true);
  const json& spans = data["traces"][0]["spans"];
  EXPECT_EQ(spans[0]["content"], json::object());
  EXPECT_EQ(spans[1]["content"], json({{"input", "</script>"}}));
  EXPECT_EQ(spans[2]["content"]["output"],
            std::string(20'000, 'x') +
                "\n... (cut by spanlink: 20000 of 30000 bytes)");
}

TEST(HtmlTest, TheDataIsAnElementOfThePage) {
  ViewBuilder b = ARun();
  b.spans()[1].name = "</script><script>alert(1)</script>";
  const std::string data = Text(b);
  const std::string page = RenderHtml(data);
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  const size_t at = page.find(" id=\"spanlink-data\"");
  ASSERT_NE(at, std::string::npos);
  const std::string rest = page.substr(page.find('>', at) + 1);
  EXPECT_THAT(rest, StartsWith(data));
  EXPECT_THAT(rest.substr(data.size()), StartsWith("</script>"));
}

}  // namespace
}  // namespace spanlink
