#include "spanlink/otlp/otlp_json_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/otlp/otlp_json_reader.h"

namespace spanlink {
namespace {

constexpr std::string_view kTrace = "5b8efff798038103d269b633813fc60c";
constexpr std::string_view kTarget = "00000000000000aa";

// A document with one span that has `fields` behind its ids.
std::string Document(const std::string& fields) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174")" +
         fields + "}]}]}]}";
}

OtlpLink Link(std::string_view target, const std::string& kind = "a") {
  OtlpLink link;
  link.target = {*TraceId::FromHex(kTrace), *SpanId::FromHex(target)};
  link.attributes = {{"kind", kind}};
  link.identity = {{"kind", kind}, {"type", "t"}};
  return link;
}

// The text that `Link` is written as.
std::string LinkText(std::string_view target, const std::string& kind = "a") {
  return R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")" +
         std::string(target) +
         R"(","attributes":[{"key":"kind","value":{"stringValue":")" + kind +
         R"("}}]})";
}

std::vector<OtlpLink> ManyLinks(int count) {
  std::vector<OtlpLink> links;
  for (int i = 0; i < count; ++i) {
    const std::string digits = std::to_string(100000 + i);
    links.push_back(Link("0000000000" + digits));
  }
  return links;
}

// `bytes` with `links` on its first span.
std::string Written(const std::string& bytes, std::vector<OtlpLink> links) {
  const auto spans = ReadOtlpJson("f", bytes);
  EXPECT_TRUE(spans.ok()) << spans.status();
  if (!spans.ok()) return "";
  std::vector<OtlpSpanChange> additions;
  additions.push_back({&spans->spans.at(0), std::move(links)});
  return WriteOtlpJson(bytes, std::move(additions));
}

// Writes twice, expects the same result, and returns it.
std::string WrittenTwice(const std::string& bytes,
                         const std::vector<OtlpLink>& links) {
  const std::string once = Written(bytes, links);
  EXPECT_EQ(Written(once, links), once);
  return once;
}

TEST(OtlpJsonWriterTest, NothingAddedChangesNothing) {
  const std::string bytes = " " + Document(R"(, "x" : 1.0e0 ,"links":[ ] )") +
                            "\n\n" + Document("") + "\r\n";
  EXPECT_EQ(Written(bytes, {}), bytes);
  EXPECT_EQ(WriteOtlpJson(bytes, {}), bytes);
}

TEST(OtlpJsonWriterTest, LinksComeBehindTheLastMember) {
  EXPECT_EQ(
      WrittenTwice(Document(",\"name\" : \"n\"\n  "), {Link(kTarget)}),
      Document(",\"name\" : \"n\",\"links\":[" + LinkText(kTarget) + "]\n  "));
}

TEST(OtlpJsonWriterTest, ExistingLinksStayFirst) {
  const std::string other =
      R"({"spanId":"00000000000000bb","traceId":"5b8efff798038103d269b633813fc60c"})";
  EXPECT_EQ(
      WrittenTwice(Document(",\"links\":[ " + other + "\n ],\"name\":\"n\""),
                   {Link(kTarget)}),
      Document(",\"links\":[ " + other + "," + LinkText(kTarget) +
               "\n ],\"name\":\"n\""));
}

TEST(OtlpJsonWriterTest, EmptyAndNullListsAreFilled) {
  EXPECT_EQ(WrittenTwice(Document(",\"links\":[ ]"), {Link(kTarget)}),
            Document(",\"links\":[" + LinkText(kTarget) + " ]"));
  EXPECT_EQ(WrittenTwice(Document(",\"links\":null"), {Link(kTarget)}),
            Document(",\"links\":[" + LinkText(kTarget) + "]"));
}

TEST(OtlpJsonWriterTest, SeveralLinksKeepTheirOrder) {
  EXPECT_EQ(
      WrittenTwice(Document(""), {Link(kTarget, "b"), Link(kTarget, "a")}),
      Document(",\"links\":[" + LinkText(kTarget, "b") + "," +
               LinkText(kTarget, "a") + "]"));
}

TEST(OtlpJsonWriterTest, SameLinkTwiceIsWrittenOnce) {
  EXPECT_EQ(WrittenTwice(Document(""), {Link(kTarget), Link(kTarget)}),
            Document(",\"links\":[" + LinkText(kTarget) + "]"));
}

TEST(OtlpJsonWriterTest, PresentLinkIsNotAddedAgain) {
  std::string upper = LinkText(kTarget);
  upper.replace(upper.find("00aa"), 4, "00AA");
  const std::string bytes = Document(",\"links\":[" + upper + "]");
  EXPECT_EQ(Written(bytes, {Link(kTarget)}), bytes);
}

TEST(OtlpJsonWriterTest, FirstIdentifyingAttributeDecides) {
  const auto with = [](const std::string& key, const std::string& value) {
    return Document(
        R"(,"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000aa","attributes":[{"key":")" +
        key + R"(","value":{"stringValue":")" + value + R"("}}]}])");
  };
  const std::string by_type = with("type", "t");
  EXPECT_EQ(Written(by_type, {Link(kTarget)}), by_type);
  const std::string other_type = with("type", "u");
  EXPECT_NE(WrittenTwice(other_type, {Link(kTarget)}), other_type);
  const std::string other_kind = with("kind", "b");
  EXPECT_NE(WrittenTwice(other_kind, {Link(kTarget)}), other_kind);
  const std::string unknown = with("color", "a");
  EXPECT_NE(WrittenTwice(unknown, {Link(kTarget)}), unknown);
}

TEST(OtlpJsonWriterTest, WeakerIdentityDoesNotOverruleAStrongerOne) {
  const std::string bytes = Document(
      R"(,"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000aa","attributes":[{"key":"type","value":{"stringValue":"t"}},{"key":"kind","value":{"stringValue":"b"}}]}])");
  EXPECT_NE(WrittenTwice(bytes, {Link(kTarget)}), bytes);
}

TEST(OtlpJsonWriterTest, WhatDoesNotFitIsCounted) {
  const std::string written = WrittenTwice(Document(""), ManyLinks(131));
  EXPECT_NE(written.find("100127"), std::string::npos);
  EXPECT_EQ(written.find("100128"), std::string::npos);
  EXPECT_NE(written.find("],\"droppedLinksCount\":3}"), std::string::npos);
}

TEST(OtlpJsonWriterTest, DroppedLinksAddToThoseBefore) {
  const std::string written =
      WrittenTwice(Document(",\"droppedLinksCount\" : \"5\" ,\"name\":\"\""),
                   ManyLinks(130));
  EXPECT_NE(written.find("\"droppedLinksCount\" : 7 ,\"name\""),
            std::string::npos);
}

TEST(OtlpJsonWriterTest, FullSpanCountsOnce) {
  const std::string full = WrittenTwice(Document(""), ManyLinks(128));
  EXPECT_EQ(full.find("droppedLinksCount"), std::string::npos);
  const std::string written =
      WrittenTwice(full, {Link("00000000000000bb"), Link("00000000000000cc")});
  EXPECT_EQ(written.find("00000000000000bb"), std::string::npos);
  EXPECT_NE(written.find("\"droppedLinksCount\":2"), std::string::npos);
}

TEST(OtlpJsonWriterTest, UnreadableLinksStay) {
  const std::string bytes = Document(",\"links\":{\"a\":1}");
  EXPECT_EQ(Written(bytes, {Link(kTarget)}), bytes);
}

TEST(OtlpJsonWriterTest, MalformedLinksStayAndCount) {
  EXPECT_EQ(
      WrittenTwice(
          Document(
              R"(,"links":[5,{"traceId":7,"attributes":[6,{"key":8,"value":9}]}])"),
          {Link(kTarget)}),
      Document(
          R"(,"links":[5,{"traceId":7,"attributes":[6,{"key":8,"value":9}]},)" +
          LinkText(kTarget) + "]"));
}

TEST(OtlpJsonWriterTest, SpansOfSeveralLinesAreWrittenInAnyOrder) {
  const std::string first = Document("");
  const std::string bytes = first + "\n" + Document(",\"name\":\"n\"") + "\n";
  const auto spans = ReadOtlpJson("f", bytes);
  ASSERT_TRUE(spans.ok());
  std::vector<OtlpSpanChange> additions;
  additions.push_back({&spans->spans.at(1), {Link(kTarget, "second")}});
  additions.push_back({&spans->spans.at(0), {Link(kTarget, "first")}});
  EXPECT_EQ(WriteOtlpJson(bytes, std::move(additions)),
            Document(",\"links\":[" + LinkText(kTarget, "first") + "]") + "\n" +
                Document(",\"name\":\"n\",\"links\":[" +
                         LinkText(kTarget, "second") + "]") +
                "\n");
}

TEST(OtlpJsonWriterTest, IdsAreWrittenAsTheSpanHasItsOwn) {
  const auto document = [](const std::string& span, const std::string& rest) {
    return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":")" +
           span + "\"" + rest + "}]}]}]}";
  };
  std::string base64 = LinkText(kTarget);
  base64.replace(base64.find("5b8e"), 32, "W47/95gDgQPSabYzgT/GDA==");
  base64.replace(base64.find(kTarget), 16, "AAAAAAAAAKo=");
  EXPECT_EQ(WrittenTwice(document("7uGbfsPBsXQ=", ""), {Link(kTarget)}),
            document("7uGbfsPBsXQ=", ",\"links\":[" + base64 + "]"));
  std::string prefixed = LinkText("0x" + std::string(kTarget));
  prefixed.insert(prefixed.find("5b8e"), "0x");
  EXPECT_EQ(WrittenTwice(document("0xeee19b7ec3c1b174", ""), {Link(kTarget)}),
            document("0xeee19b7ec3c1b174", ",\"links\":[" + prefixed + "]"));
}

TEST(OtlpJsonWriterTest, AttributesAreAddedToTheSpan) {
  const auto written = [](const std::string& fields) {
    const std::string bytes = Document(fields);
    const auto spans = ReadOtlpJson("f", bytes);
    OtlpSpanChange change;
    change.span = &spans->spans.at(0);
    change.attributes = {{"k", "\"v"}};
    change.links = {Link("00000000000000aa")};
    return WriteOtlpJson(bytes, {change});
  };
  const std::string links = ",\"links\":[" + LinkText("00000000000000aa") + "]";
  const std::string k = R"({"key":"k","value":{"stringValue":"\"v"}})";
  EXPECT_EQ(written(""), Document(",\"attributes\":[" + k + "]" + links));
  EXPECT_EQ(written(R"(,"attributes": null )"),
            Document(",\"attributes\": [" + k + "]" + links + " "));
  EXPECT_EQ(written(R"(,"attributes":[ ])"),
            Document(",\"attributes\":[" + k + " ]" + links));
  EXPECT_EQ(written(R"(,"attributes":[{"key":"a"} ])"),
            Document(R"(,"attributes":[{"key":"a"},)" + k + " ]" + links));
}

TEST(OtlpJsonWriterTest, IntegersAreWrittenAsStrings) {
  OtlpLink link = Link(kTarget);
  link.attributes = {{"attempt", "2", true}};
  EXPECT_NE(Written(Document(""), {link})
                .find(R"({"key":"attempt","value":{"intValue":"2"}})"),
            std::string::npos);
}

}  // namespace
}  // namespace spanlink
