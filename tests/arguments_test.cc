#include "spanlink/cli/arguments.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spanlink::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Words = std::vector<std::string_view>;

Arguments Parse(const Words& words) {
  const absl::StatusOr<Arguments> parsed = ParseArguments(words);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  return parsed.ok() ? *parsed : Arguments();
}

std::string ErrorOf(const Words& words) {
  return std::string(ParseArguments(words).status().message());
}

TEST(ArgumentsTest, LinkHasDefaults) {
  const Arguments parsed = Parse({"link", "a.json"});
  EXPECT_EQ(parsed.command, Command::kLink);
  EXPECT_THAT(parsed.files, ElementsAre("a.json"));
  EXPECT_EQ(parsed.output, std::nullopt);
  EXPECT_FALSE(parsed.json || parsed.table || parsed.explain);
  EXPECT_EQ(parsed.options.min_evidence, Evidence::kName);
  EXPECT_EQ(parsed.options.use_policy, UsePolicy::kFirst);
  EXPECT_TRUE(parsed.write.links.datadog && parsed.write.links.semconv);
}

TEST(ArgumentsTest, FormatsHaveNames) {
  EXPECT_EQ(Parse({"link", "a"}).read.format, std::nullopt);
  for (const char* name :
       {"otlp-json", "otlp-proto", "otlp-proto-frames", "openai-agents"}) {
    const Arguments parsed = Parse({"why", "a", "--from", name});
    ASSERT_TRUE(parsed.read.format.has_value()) << name;
    EXPECT_EQ(TraceFormatName(*parsed.read.format), name);
  }
  EXPECT_THAT(ErrorOf({"link", "a", "--from=xml"}),
              HasSubstr("--from is otlp-json, otlp-proto"));
}

TEST(ArgumentsTest, OptionsStandAnywhere) {
  const Arguments parsed =
      Parse({"link", "--table", "a", "--min-evidence", "order", "b",
             "--policy=all", "-o", "out", "--profile=semconv", "--explain"});
  EXPECT_THAT(parsed.files, ElementsAre("a", "b"));
  EXPECT_TRUE(parsed.table && parsed.explain);
  EXPECT_EQ(parsed.options.min_evidence, Evidence::kOrder);
  EXPECT_EQ(parsed.options.use_policy, UsePolicy::kAll);
  EXPECT_EQ(parsed.output, "out");
  EXPECT_FALSE(parsed.write.links.datadog);
  EXPECT_TRUE(parsed.write.links.semconv);
}

TEST(ArgumentsTest, OutputHasThreeSpellings) {
  EXPECT_EQ(Parse({"link", "a", "-oout"}).output, "out");
  EXPECT_EQ(Parse({"link", "a", "--output", "out"}).output, "out");
  EXPECT_EQ(Parse({"link", "a", "--output=out=1"}).output, "out=1");
}

TEST(ArgumentsTest, DoubleDashEndsOptions) {
  EXPECT_THAT(Parse({"link", "--json", "--", "--table", "-"}).files,
              ElementsAre("--table", "-"));
}

TEST(ArgumentsTest, ProfilesCombine) {
  const LinkProfile both =
      Parse({"link", "a", "--profile", "semconv,datadog"}).write.links;
  EXPECT_TRUE(both.datadog && both.semconv);
  const LinkProfile none =
      Parse({"link", "a", "--profile", "none"}).write.links;
  EXPECT_FALSE(none.datadog || none.semconv);
}

TEST(ArgumentsTest, WhyTakesFileAndSpan) {
  const Arguments parsed = Parse({"why", "a.json", "b7ad6b"});
  EXPECT_EQ(parsed.command, Command::kWhy);
  EXPECT_THAT(parsed.files, ElementsAre("a.json"));
  EXPECT_EQ(parsed.span_id, "b7ad6b");
  EXPECT_EQ(Parse({"why", "a.json"}).span_id, "");
}

TEST(ArgumentsTest, ViewDrawsWhatTheOutputsNameEndsIn) {
  const Arguments parsed = Parse({"view", "a", "b"});
  EXPECT_EQ(parsed.command, Command::kView);
  EXPECT_THAT(parsed.files, ElementsAre("a", "b"));
  EXPECT_EQ(parsed.format, ViewFormat::kHtml);
  EXPECT_FALSE(parsed.with_content);
  EXPECT_EQ(Parse({"view", "a", "-o", "b.svg"}).format, ViewFormat::kSvg);
  EXPECT_EQ(Parse({"view", "a", "-o", "b.gv"}).format, ViewFormat::kDot);
  EXPECT_EQ(Parse({"view", "a", "-o", "b"}).format, ViewFormat::kHtml);
  EXPECT_EQ(Parse({"view", "a", "-o", "b.svg", "--format=mermaid"}).format,
            ViewFormat::kMermaid);
}

TEST(ArgumentsTest, ViewHasContentOnlyWhereThereIsAPlaceForIt) {
  for (const char* format : {"html", "json"}) {
    EXPECT_TRUE(Parse({"view", "a", "--with-content", "--format", format})
                    .with_content);
  }
  EXPECT_THAT(ErrorOf({"view", "a", "--with-content", "-o", "a.svg"}),
              HasSubstr("--with-content is for html and json"));
}

TEST(ArgumentsTest, HelpWinsOverEverythingAfterTheCommand) {
  const Arguments parsed = Parse({"link", "--json", "--help"});
  EXPECT_EQ(parsed.command, Command::kHelp);
  EXPECT_EQ(parsed.help_topic, Command::kLink);
  EXPECT_EQ(Parse({"why", "-h"}).help_topic, Command::kWhy);
  EXPECT_EQ(Parse({"help", "why"}).help_topic, Command::kWhy);
  EXPECT_EQ(Parse({"--help"}).help_topic, std::nullopt);
  EXPECT_EQ(Parse({"--version"}).command, Command::kVersion);
}

TEST(ArgumentsTest, MistakesAreNamed) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("command is missing"));
  EXPECT_THAT(ErrorOf({"lnik", "a"}), HasSubstr("no command `lnik`"));
  EXPECT_THAT(ErrorOf({"link"}), HasSubstr("needs a FILE"));
  EXPECT_THAT(ErrorOf({"link", "a", "--tabel"}),
              HasSubstr("no option `--tabel`"));
  EXPECT_THAT(ErrorOf({"why", "a", "--json"}), HasSubstr("no option `--json`"));
  EXPECT_THAT(ErrorOf({"view"}), HasSubstr("`spanlink view` needs a FILE"));
  EXPECT_THAT(ErrorOf({"view", "a", "--table"}),
              HasSubstr("no option `--table`"));
  EXPECT_THAT(ErrorOf({"link", "a", "--with-content"}), HasSubstr("no option"));
  EXPECT_THAT(ErrorOf({"link", "a", "--json=1"}), HasSubstr("takes no value"));
  EXPECT_THAT(ErrorOf({"link", "a", "-o"}), HasSubstr("needs a value"));
  EXPECT_THAT(ErrorOf({"help", "me"}), HasSubstr("no help on `me`"));
}

TEST(ArgumentsTest, WrongValuesListTheRightOnes) {
  EXPECT_THAT(ErrorOf({"link", "a", "--min-evidence", "best"}),
              HasSubstr("handoff_remaining, name, order"));
  EXPECT_THAT(ErrorOf({"link", "a", "--policy", "last"}),
              HasSubstr("first or all"));
  EXPECT_THAT(ErrorOf({"view", "a", "--format", "png"}),
              HasSubstr("html, svg, dot, mermaid or json"));
  EXPECT_THAT(ErrorOf({"link", "a", "--profile", "datadog,"}),
              HasSubstr("datadog, semconv"));
}

TEST(ArgumentsTest, ContradictionsAreRefused) {
  EXPECT_THAT(ErrorOf({"link", "a", "--json", "--table"}),
              HasSubstr("exclude each other"));
  EXPECT_THAT(ErrorOf({"link", "a", "-o", "-", "--json"}),
              HasSubstr("both write to standard output"));
  EXPECT_THAT(ErrorOf({"link", "-", "-"}), HasSubstr("read once"));
  EXPECT_THAT(ErrorOf({"view", "-", "-"}), HasSubstr("read once"));
  EXPECT_THAT(ErrorOf({"why", "a", "b", "c"}), HasSubstr("one FILE"));
  EXPECT_THAT(ErrorOf({"why", "a", ""}), HasSubstr("SPAN_ID is empty"));
}

}  // namespace
}  // namespace spanlink::cli
