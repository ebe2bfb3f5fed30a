// Bad input, whole files at a time: a clear error or a counted diagnostic, and
// nothing else lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/pipeline/trace_file.h"

namespace spanlink {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHead =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[)";
constexpr std::string_view kTail = "]}]}]}";

// Two spans that link: number 1 chooses, number 2 runs. `id` tells pairs apart.
std::string Pair(uint64_t id, const std::string& llm_extra = "") {
  const auto hex = [](uint64_t number) {
    std::string digits = std::to_string(number);
    return std::string(16 - digits.size(), '0') + digits;
  };
  const std::string trace =
      R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")";
  const std::string start = R"(","startTimeUnixNano":")" +
                            std::to_string(1750000000000000000 + id * 10);
  return trace + hex(id * 2 + 1) + start +
         R"(","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},)"
         R"({"key":"gen_ai.output.messages","value":{"stringValue":"[{\"parts\":[{\"type\":\"tool_call\",\"id\":\"c)" +
         std::to_string(id) + R"(\",\"name\":\"f\"}]}]"}}])" + llm_extra +
         "}," + trace + hex(id * 2 + 2) + start +
         R"(","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}},)"
         R"({"key":"gen_ai.tool.name","value":{"stringValue":"f"}},)"
         R"({"key":"gen_ai.tool.call.id","value":{"stringValue":"c)" +
         std::to_string(id) + R"("}}]})";
}

std::string Document(const std::string& spans) {
  return std::string(kHead) + spans + std::string(kTail);
}

std::string Error(const std::string& bytes) {
  const auto file = TraceFile::Read("f.json", bytes);
  return file.ok() ? "(read)" : std::string(file.status().message());
}

// What became of a file that was read, linked and written.
struct Result {
  size_t spans = 0;
  size_t links = 0;
  uint64_t unreadable_spans = 0;
  uint64_t unreadable_content = 0;
  bool same_twice = false;  // writing the written file changes nothing

  friend bool operator==(const Result&, const Result&) = default;
};

Result LinkTwice(const std::string& bytes) {
  auto file = TraceFile::Read("f.json", bytes);
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return {};
  file->Link({});
  Result result;
  result.spans = file->spans().size();
  result.links = file->links().size();
  result.unreadable_spans =
      file->diagnostics().count(DiagnosticId::kUnreadableSpan);
  result.unreadable_content =
      file->diagnostics().count(DiagnosticId::kUnreadableContent);
  const auto written = file->Write({});
  auto again = TraceFile::Read("f.json", written.value_or(""));
  if (!written.ok() || !again.ok()) return result;
  again->Link({});
  result.same_twice = again->Write({}).value_or("") == *written;
  return result;
}

TEST(BadInputTest, EmptyFileIsAnError) {
  EXPECT_EQ(Error(""), "f.json: 0: expected a JSON object, found nothing");
}

TEST(BadInputTest, TruncatedFileIsAnErrorAtItsEnd) {
  const std::string whole = Document(Pair(0));
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(Error(whole.substr(0, size)),
                HasSubstr("f.json: " + std::to_string(size) + ": expected "));
  }
}

TEST(BadInputTest, TruncatedLineLosesItselfOnly) {
  const std::string cut = Document(Pair(1)).substr(0, 300);
  EXPECT_EQ(
      LinkTwice(Document(Pair(0)) + "\n" + cut + "\n" + Document(Pair(2))),
      (Result{4, 2, 1, 0, true}));
}

TEST(BadInputTest, DeepNestingIsNoProblem) {
  const std::string deep =
      std::string(10000, '[') + "1" + std::string(10000, ']');
  EXPECT_EQ(LinkTwice(Document(Pair(0, ",\"unknown\":" + deep) + "," + deep)),
            (Result{2, 1, 1, 0, true}));
  EXPECT_THAT(Error(std::string(10000, '{')), HasSubstr("expected a key"));
}

TEST(BadInputTest, DeepMessagesAndArgumentsAreNoProblem) {
  std::string deep = std::string(10000, '[') + std::string(10000, ']');
  const std::string attributes =
      R"(,"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},)"
      R"({"key":"gen_ai.output.messages","value":{"stringValue":")";
  EXPECT_EQ(
      LinkTwice(Document(Pair(0) + "," + Pair(1, attributes + deep + "\"}}]"))),
      (Result{4, 1, 0, 0, true}));
}

TEST(BadInputTest, HugeStringIsNoProblem) {
  const std::string huge(size_t{100} << 20, 'x');
  EXPECT_EQ(LinkTwice(Document(Pair(0, ",\"name\":\"" + huge + "\"") + "," +
                               Pair(1))),
            (Result{4, 2, 0, 0, true}));
}

TEST(BadInputTest, InvalidUtf8PassesThrough) {
  const std::string bytes = Document(Pair(0, ",\"name\":\"\xFF\xFE\xC0\""));
  EXPECT_EQ(LinkTwice(bytes), (Result{2, 1, 0, 0, true}));
  EXPECT_THAT(Error("\xFF\xFE{}"), HasSubstr("f.json: 0: expected"));
}

TEST(BadInputTest, WrongTypesInEveryFieldLoseNothingElse) {
  const std::vector<std::string> values = {"null",  "true",         "7",  "-1",
                                           "1e999", "\"x\"",        "[]", "[7]",
                                           "{}",    R"({"a":[{}]})"};
  const std::vector<std::string> fields = {"traceId",
                                           "spanId",
                                           "parentSpanId",
                                           "traceState",
                                           "flags",
                                           "name",
                                           "kind",
                                           "startTimeUnixNano",
                                           "endTimeUnixNano",
                                           "attributes",
                                           "droppedAttributesCount",
                                           "events",
                                           "droppedEventsCount",
                                           "links",
                                           "droppedLinksCount",
                                           "status"};
  for (const std::string& field : fields) {
    for (const std::string& value : values) {
      const std::string bad =
          R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",")" +
          field + "\":" + value + "}";
      const Result result =
          LinkTwice(Document(Pair(0) + "," + bad + "," + Pair(1)));
      EXPECT_EQ(result.links, 2u) << bad;
      EXPECT_GE(result.spans + result.unreadable_spans, 5u) << bad;
      EXPECT_TRUE(result.same_twice) << bad;
    }
  }
}

TEST(BadInputTest, WrongTypesInAttributesLoseNothingElse) {
  for (
      const char* attribute :
      {"7", "{}", R"({"key":7,"value":{"stringValue":"x"}})",
       R"({"key":"gen_ai.output.messages","value":{"intValue":"x"}})",
       R"({"key":"gen_ai.output.messages","value":{"arrayValue":7}})",
       R"({"key":"gen_ai.output.messages","value":{"kvlistValue":{"values":[{"value":{}}]}}})",
       R"({"key":"gen_ai.output.messages","value":7})"}) {
    const std::string span =
        R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","attributes":[)" +
        std::string(attribute) +
        R"(,{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]})";
    EXPECT_EQ(LinkTwice(Document(Pair(0) + "," + span)),
              (Result{3, 1, 0, 1, true}))
        << attribute;
  }
}

TEST(BadInputTest, IdsOfWrongLengthLoseNothingElse) {
  for (const char* id : {"", "ee", "eee19b7ec3c1b1741", "zzzzzzzzzzzzzzzz",
                         "0000000000000000"}) {
    const std::string span =
        R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")" +
        std::string(id) + "\"}";
    EXPECT_EQ(LinkTwice(Document(span + "," + Pair(0))),
              (Result{2, 1, 1, 0, true}))
        << id;
  }
}

TEST(BadInputTest, ParentsInACircleEnd) {
  const auto with_parent = [](const char* id, const char* parent) {
    return R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000)" +
           std::string(id) + R"(","parentSpanId":"00000000000000)" +
           std::string(parent) + "\"}";
  };
  EXPECT_EQ(LinkTwice(Document(with_parent("aa", "bb") + "," +
                               with_parent("bb", "cc") + "," +
                               with_parent("cc", "aa") + "," +
                               with_parent("dd", "dd") + "," + Pair(0))),
            (Result{6, 1, 0, 0, true}));
}

TEST(BadInputTest, RandomDamageNeverCrashes) {
  const std::string good = Document(Pair(0)) + "\n" + Document(Pair(1)) + "\n";
  uint32_t state = 12345;
  const auto next = [&state](size_t bound) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % bound;
  };
  constexpr std::string_view kBytes = "{}[]\",:\\0x\xFF n";
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = good;
    for (size_t j = 0; j <= next(3); ++j) {
      bytes[next(bytes.size())] = kBytes[next(kBytes.size())];
    }
    auto file = TraceFile::Read("f.json", bytes);
    if (!file.ok()) {
      EXPECT_THAT(std::string(file.status().message()),
                  HasSubstr(": expected "));
      continue;
    }
    file->Link({});
    EXPECT_TRUE(file->Write({}).ok());
  }
}

TEST(BadInputTest, MillionSpansInOneTraceAreRead) {
  constexpr uint64_t kPairs = 500000;
  std::string bytes(kHead);
  for (uint64_t id = 0; id < kPairs; ++id) {
    if (id > 0) bytes.push_back(',');
    bytes += Pair(id);
  }
  bytes += kTail;
  auto file = TraceFile::Read("f.json", std::move(bytes));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->spans().size(), 2 * kPairs);
  file->Link({});
  EXPECT_EQ(file->links().size(), kPairs);
}

}  // namespace
}  // namespace spanlink
