#include "spanlink/otlp/otlp_proto_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "spanlink/otlp/otlp_file.h"

namespace spanlink {
namespace {

using namespace std::string_literals;  // "\x00"s

// A field of bytes; `content` is below 128 bytes or its length is long.
std::string Field(int number, const std::string& content) {
  std::string bytes;
  bytes.push_back(static_cast<char>(number << 3 | 2));
  if (content.size() >= 128) {
    bytes.push_back(static_cast<char>(content.size() % 128 + 128));
    bytes.push_back(static_cast<char>(content.size() / 128));
  } else {
    bytes.push_back(static_cast<char>(content.size()));
  }
  return bytes + content;
}

std::string Ids() {
  return Field(1, "0123456789abcdef") + Field(2, "01234567");
}
std::string Span(const std::string& fields) { return Field(2, Ids() + fields); }
std::string Traces(const std::string& spans) {
  return Field(1, Field(2, spans));
}
std::string OneSpan(const std::string& fields) { return Traces(Span(fields)); }

OtlpSpans ReadOk(std::string_view bytes,
                 OtlpFormat format = OtlpFormat::kProto) {
  auto spans = ReadOtlpProto("f", bytes, format);
  EXPECT_TRUE(spans.ok()) << spans.status();
  return spans.ok() ? *std::move(spans) : OtlpSpans{};
}

std::string ReadError(std::string_view bytes,
                      OtlpFormat format = OtlpFormat::kProto) {
  const auto spans = ReadOtlpProto("f", bytes, format);
  return spans.ok() ? "(read)" : std::string(spans.status().message());
}

// "spans/unreadable spans/unreadable messages".
std::string Counts(std::string_view bytes,
                   OtlpFormat format = OtlpFormat::kProto) {
  const OtlpSpans spans = ReadOk(bytes, format);
  return std::to_string(spans.spans.size()) + "/" +
         std::to_string(spans.unreadable_spans) + "/" +
         std::to_string(spans.unreadable_lines);
}

std::string Frame(const std::string& message) {
  return std::string("\0\0", 2) + static_cast<char>(message.size() / 256) +
         static_cast<char>(message.size() % 256) + message;
}

TEST(OtlpProtoReaderTest, ReadsIdentityAndTimes) {
  const std::string bytes = OneSpan(
      Field(4, "abcdefgh") + Field(5, "n") +
      "\x39\x01\x00\x00\x00\x00\x00\x00\x10\x41\x02\x00\x00\x00\x00\x00\x00\x10"s +
      Field(15, Field(2, "x") + "\x18\x02"));
  const OtlpSpans spans = ReadOk(bytes);
  ASSERT_EQ(spans.spans.size(), 1u);
  const OtlpSpan& span = spans.spans[0];
  EXPECT_EQ(span.context.trace_id.ToHex(), "30313233343536373839616263646566");
  EXPECT_EQ(span.context.span_id.ToHex(), "3031323334353637");
  EXPECT_EQ(span.parent->ToHex(), "6162636465666768");
  EXPECT_EQ(span.start->time_since_epoch().count(), (int64_t{1} << 60) + 1);
  EXPECT_EQ(span.end->time_since_epoch().count(), (int64_t{1} << 60) + 2);
  EXPECT_EQ(span.Text(bytes, span.name), "n");
  EXPECT_EQ(span.Text(bytes, span.status_message), "x");
  EXPECT_EQ(span.status, OtlpStatus::kError);
}

TEST(OtlpProtoReaderTest, LastOfSingularFieldsCounts) {
  const std::string bytes =
      OneSpan(Field(2, "76543210") + Field(5, "a") + Field(5, "b"));
  const OtlpSpans spans = ReadOk(bytes);
  EXPECT_EQ(spans.spans.at(0).context.span_id.ToHex(), "3736353433323130");
  EXPECT_EQ(spans.spans[0].Text(bytes, spans.spans[0].name), "b");
}

TEST(OtlpProtoReaderTest, KnownNumberOfAnotherTypeIsUnknown) {
  EXPECT_EQ(Counts(OneSpan("\x28\x05\x48\x05\x7D\x01\x01\x01\x01\x68\x05")),
            "1/0/0");
}

TEST(OtlpProtoReaderTest, KeepsScopeNamesEvenBehindTheSpans) {
  const OtlpSpans spans = ReadOk(Field(
      1, Field(2, Span("") + Field(1, Field(1, "lib"))) + Field(2, Span(""))));
  ASSERT_EQ(spans.spans.size(), 2u);
  EXPECT_EQ(spans.scopes.at(spans.spans[0].scope), "lib");
  EXPECT_EQ(spans.scopes.at(spans.spans[1].scope), "");
}

TEST(OtlpProtoReaderTest, UnreadableSpanDoesNotLoseTheOthers) {
  for (const std::string& bad :
       {Field(1, "short") + Field(2, "01234567"),
        Field(1, "0123456789abcdef") + Field(2, "0123456"),
        Field(1, "0123456789abcdef"), Ids() + Field(4, "abc"),
        Field(1, std::string(16, '\0')) + Field(2, "01234567"),
        Ids() + "\x39\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", Ids() + "\x2A\x05x",
        Ids() + "\x0F"}) {
    EXPECT_EQ(Counts(Traces(Span("") + Field(2, bad) + Span(""))), "2/1/0");
  }
}

TEST(OtlpProtoReaderTest, SpanWithoutParentIsRoot) {
  EXPECT_TRUE(ReadOk(OneSpan("")).spans.at(0).parent->is_zero());
  EXPECT_TRUE(ReadOk(OneSpan(Field(4, ""))).spans.at(0).parent->is_zero());
}

TEST(OtlpProtoReaderTest, WhatBreaksOffEndsWhatItStandsInOnly) {
  // In a scope, in a resource, and in the file.
  EXPECT_EQ(
      Counts(Field(1, Field(2, Span("") + "\x12\x7F") + Field(2, Span("")))),
      "2/0/1");
  EXPECT_EQ(Counts(Field(1, Field(2, Span("")) + "\x12\x7F") + OneSpan("")),
            "2/0/1");
  const std::string bytes = OneSpan("") + "\x0A\x7Fxyz";
  const OtlpSpans spans = ReadOk(bytes);
  EXPECT_EQ(spans.spans.size(), 1u);
  ASSERT_EQ(spans.problems.size(), 1u);
  EXPECT_EQ(spans.problems[0],
            "f: " + std::to_string(OneSpan("").size() + 1) +
                ": expected a length that fits into the message");
}

TEST(OtlpProtoReaderTest, UnreadableFileSaysWhereAndWhat) {
  EXPECT_EQ(ReadError("\x0A\x7Fxyz"),
            "f: 1: expected a length that fits into the message");
  EXPECT_EQ(ReadError("\x10\x01"),
            "f: 0: expected `resource_spans` (OTLP/protobuf traces)");
  EXPECT_EQ(ReadError("\x10"), "f: 1: expected a varint");
  EXPECT_EQ(ReadError("\x01\x00\x00\x00\x0A\x00"s, OtlpFormat::kProtoFrames),
            "f: 0: expected a length that fits into the file");
}

TEST(OtlpProtoReaderTest, TruncatedFileIsNeverSilent) {
  const std::string whole = OneSpan(Field(5, "name"));
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(ReadError(whole.substr(0, size)).find("f: 1: expected "), 0u);
  }
}

TEST(OtlpProtoReaderTest, BrokenFrameDoesNotLoseTheOthers) {
  const std::string good = Frame(OneSpan(""));
  EXPECT_EQ(Counts(good + Frame("") + good, OtlpFormat::kProtoFrames), "2/0/0");
  EXPECT_EQ(Counts(good + Frame("\x0A\x7F") + good, OtlpFormat::kProtoFrames),
            "2/0/1");
  EXPECT_EQ(Counts(good + good.substr(0, 20), OtlpFormat::kProtoFrames),
            "1/0/1");
  EXPECT_EQ(Counts(good + "\0\0"s, OtlpFormat::kProtoFrames), "1/0/1");
}

TEST(OtlpProtoReaderTest, ManyProblemsAreCountedAndAFewTold) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += Field(1, "\x12\x7F");
  const OtlpSpans spans = ReadOk(bytes);
  EXPECT_EQ(spans.unreadable_lines, 100u);
  EXPECT_EQ(spans.problems.size(), 8u);
}

TEST(OtlpProtoReaderTest, AttributesNestedTooDeepAreSkipped) {
  std::string value = "\x18\x01";
  for (int i = 0; i < 500; ++i) value = Field(5, Field(1, value));
  const auto pair = [](const std::string& key, const std::string& v) {
    return Field(9, Field(1, key) + Field(2, v));
  };
  const std::string bytes =
      OneSpan(pair("deep", value) + pair("a", "\x18\x01"));
  const OtlpSpans spans = ReadOk(bytes);
  OtlpContentReader reader(OtlpFormat::kProto);
  reader.Read(bytes, spans.spans.at(0));
  ASSERT_EQ(reader.attributes().size(), 1u);
  EXPECT_EQ(reader.attributes()[0].key, "a");
  EXPECT_EQ(reader.attributes()[0].text, "1");
  EXPECT_EQ(reader.unreadable(), 1u);
}

TEST(OtlpProtoReaderTest, LastAlternativeOfAValueCounts) {
  const auto pair = [](const std::string& value) {
    return Field(9, Field(1, "k") + Field(2, value));
  };
  const std::string bytes =
      OneSpan(pair("\x18\x01" + Field(1, "text")) +
              pair(Field(5, Field(1, "\x18\x01\x10\x01"))));
  const OtlpSpans spans = ReadOk(bytes);
  OtlpContentReader reader(OtlpFormat::kProto);
  reader.Read(bytes, spans.spans.at(0));
  ASSERT_EQ(reader.attributes().size(), 2u);
  EXPECT_EQ(reader.attributes()[0].text, "text");
  EXPECT_EQ(reader.attributes()[1].text, "[true]");
}

TEST(OtlpProtoReaderTest, NumbersThatJsonLacksAreNamed) {
  const std::string infinity = "\x21\x00\x00\x00\x00\x00\x00\xF0\x7F"s;
  const std::string bytes =
      OneSpan(Field(9, Field(1, "k") + Field(2, infinity)) +
              Field(9, Field(2, Field(5, Field(1, infinity)))));
  const OtlpSpans spans = ReadOk(bytes);
  OtlpContentReader reader(OtlpFormat::kProto);
  reader.Read(bytes, spans.spans.at(0));
  ASSERT_EQ(reader.attributes().size(), 2u);
  EXPECT_EQ(reader.attributes()[0].text, "Infinity");
  EXPECT_EQ(reader.attributes()[1].text, "[\"Infinity\"]");
}

TEST(OtlpProtoReaderTest, ReportsProgressToTheEnd) {
  std::string bytes;
  while (bytes.size() < size_t{3} << 20) bytes += OneSpan("");
  std::vector<uint64_t> seen;
  const auto spans =
      ReadOtlpProto("f", bytes, OtlpFormat::kProto,
                    [&seen](uint64_t done, uint64_t) { seen.push_back(done); });
  ASSERT_TRUE(spans.ok());
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.back(), bytes.size());
}

TEST(OtlpFileTest, FormatIsSeenInTheFirstBytes) {
  EXPECT_EQ(DetectOtlpFormat(OneSpan("")), OtlpFormat::kProto);
  EXPECT_EQ(DetectOtlpFormat(Frame(OneSpan(""))), OtlpFormat::kProtoFrames);
  EXPECT_EQ(DetectOtlpFormat(Frame("") + Frame(OneSpan(""))),
            OtlpFormat::kProtoFrames);
  for (const char* json : {"", "{}", " {", "\n\n {", "\xEF\xBB\xBF{}", "[1]",
                           "hello", " \n ", "\n", "\xFF\xFE{}"}) {
    EXPECT_EQ(DetectOtlpFormat(json), OtlpFormat::kJson) << json;
  }
  EXPECT_EQ(DetectOtlpFormat("\x0A\x0A\x0A\x08xx"), OtlpFormat::kProto);
  EXPECT_EQ(DetectOtlpFormat("\0\0\0\x05zzzzz"s), OtlpFormat::kJson);
}

}  // namespace
}  // namespace spanlink
