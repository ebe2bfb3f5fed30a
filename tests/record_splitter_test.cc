#include "spanlink/pipeline/record_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace spanlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Cuts `stream`, given in pieces of so many bytes; the rest comes last.
std::vector<std::string> Split(std::string_view stream, size_t piece) {
  RecordSplitter splitter;
  std::vector<std::string> records;
  for (; !stream.empty();
       stream.remove_prefix(std::min(piece, stream.size()))) {
    splitter.Add(stream.substr(0, piece));
    while (auto record = splitter.Next()) records.push_back(*record);
  }
  if (std::string rest = splitter.TakeRest(); !rest.empty()) {
    records.push_back(rest);
  }
  return records;
}

// The same in pieces of any size.
std::vector<std::string> Split(std::string_view stream) {
  const std::vector<std::string> whole = Split(stream, stream.size() + 1);
  for (size_t piece = 1; piece <= 9; ++piece) {
    EXPECT_EQ(Split(stream, piece), whole) << piece;
  }
  return whole;
}

std::string Field(std::string_view text) {
  return "\n" + std::string(1, static_cast<char>(text.size())) +
         std::string(text);
}

std::string Frame(std::string_view text) {
  return std::string("\0\0\0", 3) +
         std::string(1, static_cast<char>(text.size())) + std::string(text);
}

TEST(RecordSplitterTest, LinesThatBeginWithABraceAreRecords) {
  EXPECT_THAT(Split("{\"a\":1}\n{\"b\":2}\r\n{}"),
              ElementsAre("{\"a\":1}\n", "{\"b\":2}\r\n", "{}"));
}

TEST(RecordSplitterTest, OtherLinesBelongToTheRecordBefore) {
  EXPECT_THAT(
      Split("\n {\n  \"a\": {\n }}\n\n{ \"b\"\n}\nx\n{}\n"),
      ElementsAre("\n {\n  \"a\": {\n }}\n\n", "{ \"b\"\n}\nx\n", "{}\n"));
}

TEST(RecordSplitterTest, FramesKeepTheirLength) {
  const std::string first = Frame(Field("one"));
  const std::string second = Frame("");
  const std::string third = Frame(Field("three"));
  EXPECT_THAT(Split(first + second + third), ElementsAre(first, second, third));
  EXPECT_THAT(Split(first + third.substr(0, 7)),
              ElementsAre(first, third.substr(0, 7)));
}

TEST(RecordSplitterTest, ResourcesOfAMessageAreRecords) {
  const std::string longer = "\n\x80\x01" + std::string(128, 'x');
  EXPECT_THAT(Split(Field("first") + longer + Field("")),
              ElementsAre(Field("first"), longer, Field("")));
}

TEST(RecordSplitterTest, FromAnUnknownFieldOnAMessageIsOneRecord) {
  EXPECT_THAT(Split(Field("first") + "\x12\x01y" + Field("last")),
              ElementsAre(Field("first"), "\x12\x01y" + Field("last")));
  const std::string endless = "\n\xFF\xFF\xFF\xFF\xFF\xFF" + Field("last");
  EXPECT_THAT(Split(Field("first") + endless),
              ElementsAre(Field("first"), endless));
}

TEST(RecordSplitterTest, NothingIsNoRecord) {
  EXPECT_THAT(Split(""), IsEmpty());
  EXPECT_THAT(Split("{}"), ElementsAre("{}"));
}

TEST(RecordSplitterTest, OnlyALineThatEndedIsWhole) {
  RecordSplitter splitter;
  splitter.Add("{\"a\":1}");
  EXPECT_EQ(splitter.Next(), std::nullopt);
  EXPECT_FALSE(splitter.HoldsWholeLine());
  splitter.Add("\n");
  EXPECT_EQ(splitter.Next(), std::nullopt);
  EXPECT_TRUE(splitter.HoldsWholeLine());
}

TEST(RecordSplitterTest, AFormatThatIsSaidIsBelieved) {
  RecordSplitter splitter(TraceFormat::kOtlpProto);
  splitter.Add(Field("x") + "{");
  EXPECT_EQ(splitter.Next(), Field("x"));
  EXPECT_EQ(splitter.Next(), std::nullopt);
  EXPECT_EQ(splitter.TakeRest(), "{");
}

}  // namespace
}  // namespace spanlink
