#include "spanlink/otlp/otlp_json_reader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "spanlink/json/json_cursor.h"
#include "spanlink/otlp/otlp_json_attributes.h"

namespace spanlink {
namespace {

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

// A document with the spans `spans`, which are JSON text.
std::string Document(const std::string& spans) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + spans + "]}]}]}";
}

// A document with one span that has `fields` besides its ids.
std::string OneSpan(const std::string& fields) {
  return Document("{" + std::string(kIds) + (fields.empty() ? "" : ",") +
                  fields + "}");
}

OtlpSpans ReadOk(std::string_view bytes) {
  const auto result = ReadOtlpJson("f", bytes);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : OtlpSpans{};
}

// The message of a file that cannot be read.
std::string ReadError(std::string_view bytes) {
  const auto result = ReadOtlpJson("f.json", bytes);
  return result.ok() ? "(read)" : std::string(result.status().message());
}

// How many spans are read and how many are not, as "read/unreadable".
std::string Counts(std::string_view bytes) {
  const OtlpSpans spans = ReadOk(bytes);
  return std::to_string(spans.spans.size()) + "/" +
         std::to_string(spans.unreadable_spans);
}

// The attributes of the only span of a document, as `key:type=text;`.
std::string Attributes(const std::string& attributes) {
  const std::string bytes = OneSpan("\"attributes\":" + attributes);
  const OtlpSpans spans = ReadOk(bytes);
  if (spans.spans.empty()) return "(no span)";
  OtlpJsonAttributeReader reader;
  reader.Read(spans.spans[0].Text(bytes, spans.spans[0].attributes), "");
  std::string out;
  for (const OtlpAttribute& attribute : reader.attributes()) {
    out += std::string(attribute.key) + ":" +
           std::to_string(static_cast<int>(attribute.type)) + "=" +
           std::string(attribute.text) + ";";
  }
  return out + std::to_string(reader.unreadable());
}

TEST(OtlpJsonReaderTest, ReadsIdentityAndTimes) {
  const std::string bytes = OneSpan(
      R"("parentSpanId":"EEE19B7EC3C1B173","startTimeUnixNano":"1544712660000000001","endTimeUnixNano":1544712661000000003,"status":{"code":2,"message":"x"},"name":"n")");
  const OtlpSpans result = ReadOk(bytes);
  ASSERT_EQ(result.spans.size(), 1u);
  const OtlpSpan& span = result.spans[0];
  EXPECT_EQ(span.context.trace_id.ToHex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(span.context.span_id.ToHex(), "eee19b7ec3c1b174");
  EXPECT_EQ(span.parent->ToHex(), "eee19b7ec3c1b173");
  EXPECT_EQ(span.start->time_since_epoch().count(), 1544712660000000001);
  EXPECT_EQ(span.end->time_since_epoch().count(), 1544712661000000003);
  EXPECT_EQ(span.status, OtlpStatus::kError);
  EXPECT_EQ(span.Text(bytes, span.name), "\"n\"");
  EXPECT_EQ(span.Text(bytes, span.status_message), "\"x\"");
}

TEST(OtlpJsonReaderTest, IdsMayBePrefixedOrInBase64) {
  const auto ids = [](const std::string& trace, const std::string& span) {
    const OtlpSpans spans =
        ReadOk(Document(R"({"traceId":")" + trace + R"(","spanId":")" + span +
                        R"(","parentSpanId":")" + span + "\"}"));
    if (spans.spans.empty()) return std::string("(unreadable)");
    EXPECT_EQ(spans.spans[0].parent, spans.spans[0].context.span_id);
    return spans.spans[0].context.trace_id.ToHex() + " " +
           spans.spans[0].context.span_id.ToHex();
  };
  const std::string expected =
      "5b8efff798038103d269b633813fc60c eee19b7ec3c1b174";
  EXPECT_EQ(ids("0x5b8efff798038103D269b633813fc60c", "0XEEE19b7ec3c1b174"),
            expected);
  EXPECT_EQ(ids("W47/95gDgQPSabYzgT/GDA==", "7uGbfsPBsXQ="), expected);
  EXPECT_EQ(ids(R"(W47\/95gDgQPSabYzgT\/GDA==)", "7uGbfsPBsXQ="), expected);
  EXPECT_EQ(ids("W47_95gDgQPSabYzgT_GDA==", "7uGbfsPBsXQ="), expected);
  EXPECT_EQ(ids("W47/95gDgQPSabYzgT/GDA", "7uGbfsPBsXQ="), "(unreadable)");
  EXPECT_EQ(ids("W47/95gDgQPSabYzgT/GDA==", "7uGbfsPBsXQ=="), "(unreadable)");
  EXPECT_EQ(ids("W47/95gDgQPSabYzgT/GDA==", "7uGbfsPBs*Q="), "(unreadable)");
  EXPECT_EQ(ids("0x5b8efff798038103d269b633813fc6", "eee19b7ec3c1b174"),
            "(unreadable)");
}

TEST(OtlpJsonReaderTest, SpanWithoutParentIsRoot) {
  EXPECT_TRUE(ReadOk(OneSpan("")).spans.at(0).parent->is_zero());
  EXPECT_TRUE(
      ReadOk(OneSpan(R"("parentSpanId":"")")).spans.at(0).parent->is_zero());
  EXPECT_TRUE(
      ReadOk(OneSpan(R"("parentSpanId":null)")).spans.at(0).parent->is_zero());
}

TEST(OtlpJsonReaderTest, TimesMayBeBareOrInScientificNotation) {
  const auto span =
      ReadOk(OneSpan(R"("startTimeUnixNano":1.5e18,"endTimeUnixNano":0)"))
          .spans.at(0);
  EXPECT_EQ(span.start->time_since_epoch().count(), 1500000000000000000);
  EXPECT_FALSE(span.end.has_value());
}

TEST(OtlpJsonReaderTest, ReadsOneObjectALineAndBlankLines) {
  const std::string line = OneSpan("");
  EXPECT_EQ(Counts(line + "\n\n  \n" + line + "\r\n" + line), "3/0");
  EXPECT_EQ(Counts("\xEF\xBB\xBF" + line), "1/0");
}

TEST(OtlpJsonReaderTest, KeepsScopeNamesEvenBehindTheSpans) {
  const OtlpSpans result = ReadOk(
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + std::string(kIds) +
      R"(}],"scope":{"version":"1","name":"lib"}},{"spans":[{)" +
      std::string(kIds) + R"(}]}]}]})");
  ASSERT_EQ(result.spans.size(), 2u);
  EXPECT_EQ(result.scopes.at(result.spans[0].scope), "lib");
  EXPECT_EQ(result.scopes.at(result.spans[1].scope), "");
}

TEST(OtlpJsonReaderTest, TakesFormerNamesOfTheEnvelope) {
  EXPECT_EQ(
      Counts(R"({"batches":[{"instrumentationLibrarySpans":[{"spans":[{)" +
             std::string(kIds) +
             R"(,"status":{"code":"STATUS_CODE_ERROR"}}]}]}]})"),
      "1/0");
}

TEST(OtlpJsonReaderTest, EmptyRequestHasNoSpans) {
  EXPECT_EQ(Counts("{}"), "0/0");
  EXPECT_EQ(Counts(R"({"resourceSpans":null})"), "0/0");
  EXPECT_EQ(Counts(R"({"resourceSpans":[{"scopeSpans":[]}]})"), "0/0");
}

TEST(OtlpJsonReaderTest, UnreadableEnvelopeSaysWhereAndWhat) {
  EXPECT_EQ(ReadError(""), "f.json: 0: expected a JSON object, found nothing");
  EXPECT_EQ(ReadError(" \n "),
            "f.json: 0: expected a JSON object, found nothing");
  EXPECT_EQ(ReadError("hello"), "f.json: 0: expected a JSON object");
  EXPECT_EQ(ReadError("[1]"), "f.json: 0: expected a JSON object");
  EXPECT_EQ(ReadError(R"({"resourceSpans":5})"),
            "f.json: 17: expected an array of `resourceSpans`");
  EXPECT_EQ(ReadError(R"({"resourceMetrics":[]})"),
            "f.json: 0: expected an object with `resourceSpans` (OTLP/JSON "
            "traces)");
}

TEST(OtlpJsonReaderTest, TruncatedDocumentIsAnErrorAtItsEnd) {
  const std::string whole = OneSpan(R"("name":"n")");
  for (size_t size = 1; size < whole.size(); ++size) {
    const std::string error = ReadError(whole.substr(0, size));
    EXPECT_EQ(error.find("f.json: " + std::to_string(size) + ": expected "), 0u)
        << error;
  }
}

TEST(OtlpJsonReaderTest, BrokenLineDoesNotLoseTheOthers) {
  const std::string line = OneSpan("");
  const std::string bytes = line + "\n" + line.substr(0, 40) + "\n" + line +
                            "\n" + line + "x\n" + line;
  const OtlpSpans result = ReadOk(bytes);
  EXPECT_EQ(result.spans.size(), 3u);
  EXPECT_EQ(result.unreadable_lines, 2u);
  ASSERT_EQ(result.problems.size(), 2u);
  EXPECT_EQ(result.problems[0], "f: " + std::to_string(line.size() + 41) +
                                    ": expected the closing quote of a string");
}

TEST(OtlpJsonReaderTest, BrokenDocumentOfManyLinesCountsOnce) {
  const std::string broken = "{\n  \"resourceSpans\": [\n    {\n    }\n  }\n}";
  const OtlpSpans result =
      ReadOk(OneSpan("") + "\n" + broken + "\n" + OneSpan(""));
  EXPECT_EQ(result.spans.size(), 2u);
  EXPECT_EQ(result.unreadable_lines, 1u);
}

TEST(OtlpJsonReaderTest, UnreadableSpanDoesNotLoseTheOthers) {
  const std::string good = "{" + std::string(kIds) + "}";
  EXPECT_EQ(Counts(Document(good + ",5,null,[]," + good)), "2/3");
  EXPECT_EQ(Counts(Document(good + R"(,{"traceId":7,"spanId":"x"},)" + good)),
            "2/1");
  EXPECT_EQ(
      Counts(
          R"({"resourceSpans":[7,{"scopeSpans":7},{"scopeSpans":[7,{"spans":7},{"spans":[)" +
          good + "]}]}]}"),
      "1/4");
}

TEST(OtlpJsonReaderTest, IdsOfWrongLengthMakeASpanUnreadable) {
  EXPECT_EQ(
      Counts(Document(
          R"({"traceId":"5b8efff798038103d269b633813fc6","spanId":"eee19b7ec3c1b174"})")),
      "0/1");
  EXPECT_EQ(
      Counts(Document(
          R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b1749"})")),
      "0/1");
  EXPECT_EQ(Counts(OneSpan(R"("parentSpanId":"eee1")")), "0/1");
  EXPECT_EQ(
      Counts(Document(
          R"({"traceId":"00000000000000000000000000000000","spanId":"eee19b7ec3c1b174"})")),
      "0/1");
  EXPECT_EQ(Counts(Document(R"({"spanId":"eee19b7ec3c1b174"})")), "0/1");
}

TEST(OtlpJsonReaderTest, WrongTypesWhereTheSpanStandsMakeItUnreadable) {
  for (const char* field :
       {R"("startTimeUnixNano":"soon")", R"("endTimeUnixNano":-1)",
        R"("startTimeUnixNano":{})", R"("parentSpanId":[])",
        R"("attributes":{"a":1})"}) {
    EXPECT_EQ(Counts(OneSpan(field)), "0/1") << field;
  }
}

TEST(OtlpJsonReaderTest, WrongTypesElsewhereAreAbsent) {
  for (const char* field :
       {R"("name":5)", R"("status":"bad")", R"("status":{"code":[]})",
        R"("events":{})", R"("kind":{})", R"("flags":"x")",
        R"("droppedLinksCount":[])", R"("droppedAttributesCount":"x")",
        R"("unknown":{"deep":[1]})", R"("attributes":null)"}) {
    EXPECT_EQ(Counts(OneSpan(field)), "1/0") << field;
  }
}

TEST(OtlpJsonReaderTest, UnreadableLinksAreCountedAndKeepTheSpan) {
  const OtlpSpans result = ReadOk(OneSpan(R"("links":"none")"));
  ASSERT_EQ(result.spans.size(), 1u);
  EXPECT_TRUE(result.spans[0].links_unreadable);
  EXPECT_EQ(result.unreadable_spans, 1u);
}

TEST(OtlpJsonReaderTest, DeepNestingIsRead) {
  const std::string deep =
      std::string(10000, '[') + "1" + std::string(10000, ']');
  EXPECT_EQ(Counts(OneSpan("\"unknown\":" + deep)), "1/0");
  EXPECT_EQ(ReadError(std::string(10000, '[')),
            "f.json: 0: expected a JSON object");
  EXPECT_EQ(ReadError(R"({"resourceSpans":)" + std::string(10000, '[')),
            "f.json: 10017: expected a JSON value");
}

TEST(OtlpJsonReaderTest, BrokenDeepLinesStayLinear) {
  std::string bytes;
  for (int i = 0; i < 200000; ++i) bytes += "{\"a\":\n";
  EXPECT_EQ(ReadError(bytes), "f.json: 1200000: expected a JSON value");
}

TEST(OtlpJsonReaderTest, AttributesOfEveryTypeAreDecoded) {
  EXPECT_EQ(
      Attributes(R"([{"key":"s","value":{"stringValue":"a\nb"}},)"
                 R"({"key":"b","value":{"boolValue":true}},)"
                 R"({"key":"i","value":{"intValue":"-9223372036854775808"}},)"
                 R"({"key":"j","value":{"intValue":42}},)"
                 R"({"key":"d","value":{"doubleValue":1.0}},)"
                 R"({"key":"y","value":{"bytesValue":"AAE="}},)"
                 R"({"key":"n","value":{}},{"key":"o"}])"),
      "s:1=a\nb;b:2=true;i:3=-9223372036854775808;j:3=42;d:4=1.0;"
      "y:5=AAE=;n:0=;o:0=;0");
}

TEST(OtlpJsonReaderTest, StructuredAttributesBecomePlainJson) {
  EXPECT_EQ(
      Attributes(
          R"([{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"a\"b"},)"
          R"({"kvlistValue":{"values":[{"key":"x","value":{"intValue":"1"}},)"
          R"({"value":{"doubleValue":1.50},"key":"y"},{"key":"z","value":{}}]}},)"
          R"({"arrayValue":{}},{"boolValue":false}]}}}])"),
      R"(k:6=["a\"b",{"x":1,"y":1.50,"z":null},[],false];0)");
}

TEST(OtlpJsonReaderTest, LastOfEqualMembersWinsInAValue) {
  EXPECT_EQ(
      Attributes(
          R"([{"key":"a","value":{"arrayValue":{"values":[{"intValue":1}],"values":[{"intValue":2}]}}},)"
          R"({"key":"b","value":{"kvlistValue":{"values":[{"key":"x","value":{"intValue":1,"intValue":3}}]}}}])"),
      R"(a:6=[2];b:6={"x":3};0)");
}

TEST(OtlpJsonReaderTest, UnreadableAttributesAreCountedAndSkipped) {
  EXPECT_EQ(Attributes(R"([5,{"value":{"stringValue":"x"}},)"
                       R"({"key":"a","value":{"stringValue":5}},)"
                       R"({"key":"b","value":{"intValue":"x"}},)"
                       R"({"key":"c","value":[1]},)"
                       R"({"key":"d","value":{"arrayValue":[1]}},)"
                       R"({"key":5,"value":{"stringValue":"x"}},)"
                       R"({"key":"good","value":{"stringValue":"x"}}])"),
            "good:1=x;7");
}

TEST(OtlpJsonReaderTest, AttributesNestedTooDeepAreSkipped) {
  std::string value = R"({"intValue":1})";
  for (int i = 0; i < 10000; ++i) {
    value = R"({"arrayValue":{"values":[)" + value + "]}}";
  }
  EXPECT_EQ(Attributes(R"([{"key":"deep","value":)" + value +
                       R"(},{"key":"a","value":{"intValue":1}}])"),
            "a:3=1;1");
}

TEST(OtlpJsonReaderTest, EventsAreDecoded) {
  OtlpJsonAttributeReader reader;
  reader.Read("", R"([{"name":"e\n1","timeUnixNano":"1","attributes":[)"
                  R"({"key":"k","value":{"stringValue":"v"}}]},7,{}])");
  ASSERT_EQ(reader.events().size(), 2u);
  EXPECT_EQ(reader.events()[0].name, "e\n1");
  ASSERT_EQ(reader.events()[0].attributes.size(), 1u);
  EXPECT_EQ(reader.events()[0].attributes[0].text, "v");
  EXPECT_EQ(reader.unreadable(), 1u);
}

TEST(OtlpJsonReaderTest, ReportsProgressToTheEnd) {
  const std::string bytes =
      OneSpan(R"("name":")" + std::string(3 << 20, 'x') + "\"") + OneSpan("");
  std::vector<uint64_t> seen;
  const auto result = ReadOtlpJson(
      "f", bytes, [&seen](uint64_t done, uint64_t) { seen.push_back(done); });
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_GT(seen[0], uint64_t{3} << 20);
  EXPECT_EQ(seen[1], bytes.size());
}

}  // namespace
}  // namespace spanlink
