#include "spanlink/otlp/otlp_proto_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/otlp/otlp_proto_reader.h"
#include "spanlink/tests/otlp_proto_testing.h"

namespace spanlink {
namespace {

using namespace std::string_literals;  // "\x00"s

std::string Record(uint32_t number, const std::string& content,
                   size_t length_bytes = 0) {
  return ShortVarint(number << 3 | 2) +
         (length_bytes > 0 ? LongVarint(content.size(), length_bytes)
                           : ShortVarint(content.size())) +
         content;
}

const std::string kIds = Record(1, "0123456789abcdef") + Record(2, "01234567");

std::string Traces(const std::string& span) {
  return Record(1, Record(2, Record(2, kIds + span)));
}

OtlpLink Link(char target, const std::string& kind = "a") {
  OtlpLink link;
  link.target.trace_id.bytes.fill('t');
  link.target.span_id.bytes.fill(static_cast<uint8_t>(target));
  link.attributes = {{"kind", kind}};
  link.identity = {{"kind", kind}, {"type", "t"}};
  return link;
}

// The record that `Link` is written as.
std::string LinkBytes(char target, const std::string& kind = "a") {
  return Record(
      13, Record(1, std::string(16, 't')) + Record(2, std::string(8, target)) +
              Record(4, Record(1, "kind") + Record(2, Record(1, kind))));
}

std::string WrittenOnce(const std::string& bytes, OtlpFormat format,
                        const std::vector<OtlpLink>& links) {
  const auto spans = ReadOtlpProto("f", bytes, format);
  EXPECT_TRUE(spans.ok()) << spans.status();
  if (!spans.ok()) return "";
  return WriteOtlpProto(bytes, *spans, {{&spans->spans.at(0), links}});
}

// `bytes` with `links` on its first span; writing again changes nothing.
std::string Written(const std::string& bytes,
                    const std::vector<OtlpLink>& links,
                    OtlpFormat format = OtlpFormat::kProto) {
  const std::string once = WrittenOnce(bytes, format, links);
  EXPECT_EQ(WrittenOnce(once, format, links), once);
  return once;
}

std::vector<OtlpLink> ManyLinks(int count) {
  std::vector<OtlpLink> links;
  for (int i = 0; i < count; ++i) links.push_back(Link('x', std::to_string(i)));
  return links;
}

TEST(OtlpProtoWriterTest, NothingAddedChangesNothing) {
  const std::string bytes = Traces(Record(5, "n"));
  EXPECT_EQ(Written(bytes, {}), bytes);
}

TEST(OtlpProtoWriterTest, LinksStandWhereTheirNumberHasItsPlace) {
  const std::string before = Record(5, "n") + Record(11, Record(2, "e"));
  const std::string behind = Record(15, "") + "\x85\x01zzzz" + Record(100, "u");
  EXPECT_EQ(Written(Traces(before + behind), {Link('x')}),
            Traces(before + LinkBytes('x') + behind));
}

TEST(OtlpProtoWriterTest, ExistingLinksStayFirst) {
  const std::string other = Record(13, Record(1, std::string(16, 't')));
  EXPECT_EQ(Written(Traces(other + Record(15, "") + other + Record(5, "n")),
                    {Link('x'), Link('y')}),
            Traces(other + Record(15, "") + other + LinkBytes('x') +
                   LinkBytes('y') + Record(5, "n")));
}

TEST(OtlpProtoWriterTest, PresentLinkIsNotAddedAgain) {
  const std::string bytes = Traces(LinkBytes('x') + LinkBytes('y', "b"));
  EXPECT_EQ(Written(bytes, {Link('x'), Link('y', "b")}), bytes);
  EXPECT_NE(Written(bytes, {Link('y', "a")}), bytes);
}

TEST(OtlpProtoWriterTest, LengthsGrowAndKeepTheirWidth) {
  const auto traces = [](const std::string& span) {
    return Record(1, Record(2, Record(2, kIds + span, 1), 3), 5);
  };
  const auto grown = [](const std::string& span) {
    return Record(1, Record(2, Record(2, kIds + span, 2), 3), 5);
  };
  const std::string name = Record(5, std::string(70, 'n'));
  EXPECT_EQ(Written(traces(name), {Link('x')}), grown(name + LinkBytes('x')));
}

TEST(OtlpProtoWriterTest, OtherMessagesKeepTheirLongVarints) {
  const std::string odd =
      Record(3, Record(1, "x", 4), 5) + "\x88\x80\x00\x85\x00"s;
  EXPECT_EQ(Written(odd + Traces("\xA8\x00\x01"s) + odd, {Link('x')}),
            odd + Traces("\xA8\x00\x01"s + LinkBytes('x')) + odd);
}

TEST(OtlpProtoWriterTest, IntegersAreNumbers) {
  OtlpLink link = Link('x');
  link.attributes = {{"attempt", "300", true}};
  link.identity = {};
  const std::string written =
      WrittenOnce(Traces(""), OtlpFormat::kProto, {link});
  EXPECT_NE(
      written.find(Record(4, Record(1, "attempt") + Record(2, "\x18\xAC\x02"))),
      std::string::npos);
}

TEST(OtlpProtoWriterTest, WhatDoesNotFitIsCounted) {
  const std::string written = Written(Traces(Record(15, "")), ManyLinks(131));
  EXPECT_TRUE(
      written.ends_with(LinkBytes('x', "127") + "\x70\x03" + Record(15, "")));
}

TEST(OtlpProtoWriterTest, DroppedLinksAddToThoseBefore) {
  const std::string written =
      Written(Traces("\x70\x05\x70\x7E" + Record(15, "")), ManyLinks(130));
  EXPECT_TRUE(written.ends_with("\x70\x05\x70\x80\x01" + Record(15, "")));
}

TEST(OtlpProtoWriterTest, FullSpanCountsOnce) {
  const std::string full = Written(Traces(""), ManyLinks(128));
  EXPECT_EQ(full.find("\x70"), std::string::npos);
  const std::string written = Written(full, {Link('y'), Link('z')});
  EXPECT_TRUE(written.ends_with("\x70\x02"));
}

TEST(OtlpProtoWriterTest, CountNeverRunsOver) {
  const std::string bytes = Traces("\x70\xFF\xFF\xFF\xFF\x0F");
  EXPECT_TRUE(
      Written(bytes, ManyLinks(130)).ends_with("\x70\xFF\xFF\xFF\xFF\x0F"));
}

TEST(OtlpProtoWriterTest, FramesGrow) {
  const auto frame = [](const std::string& message) {
    return "\0\0"s + static_cast<char>(message.size() / 256) +
           static_cast<char>(message.size() % 256) + message;
  };
  const std::string name = Record(5, std::string(200, 'n'));
  EXPECT_EQ(Written(frame(Traces(name)) + frame(Traces("")), {Link('x')},
                    OtlpFormat::kProtoFrames),
            frame(Traces(name + LinkBytes('x'))) + frame(Traces("")));
}

TEST(OtlpProtoWriterTest, FrameThatWouldRunOverGetsNoLink) {
  const std::string bytes = Traces("");
  auto spans = ReadOtlpProto("f", bytes, OtlpFormat::kProto);
  ASSERT_TRUE(spans.ok());
  // A frame of almost four gigabytes, of which the test has the end only.
  OtlpEnvelope frame;
  frame.size = 0xFFFFFFF0;
  frame.frame = true;
  spans->envelopes.push_back(frame);
  spans->envelopes[0].parent =
      static_cast<uint32_t>(spans->envelopes.size() - 1);
  EXPECT_EQ(WriteOtlpProto(bytes, *spans, {{&spans->spans[0], {Link('x')}}}),
            bytes);
}

TEST(OtlpProtoWriterTest, SpansAreWrittenInAnyOrder) {
  const std::string a = Record(2, kIds);
  const std::string b = Record(2, kIds + Record(5, "n"));
  const auto traces = [](const std::string& one, const std::string& two) {
    return Record(1, Record(2, one) + Record(2, two));
  };
  const std::string bytes = traces(a, b);
  const auto spans = ReadOtlpProto("f", bytes, OtlpFormat::kProto);
  ASSERT_TRUE(spans.ok());
  EXPECT_EQ(WriteOtlpProto(bytes, *spans,
                           {{&spans->spans.at(1), {Link('y')}},
                            {&spans->spans.at(0), {Link('x')}}}),
            traces(Record(2, kIds + LinkBytes('x')),
                   Record(2, kIds + Record(5, "n") + LinkBytes('y'))));
}

}  // namespace
}  // namespace spanlink
