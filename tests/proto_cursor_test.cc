#include "spanlink/otlp/proto_cursor.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace spanlink {
namespace {

using namespace std::string_literals;  // "\x00"s

// The fields of a message as `number:type=value;`, then where it fails.
std::string Walk(std::string_view bytes) {
  std::string out;
  ProtoCursor cursor(bytes);
  while (cursor.Next()) {
    out += std::to_string(cursor.number()) + ":" +
           std::to_string(cursor.tag() & 7) + "=";
    const bool text = cursor.tag() % 8 == 2 || cursor.tag() % 8 == 3;
    out += text ? std::string(cursor.bytes()) : std::to_string(cursor.value());
    out += ";";
  }
  if (cursor.failed()) {
    out += "@" + std::to_string(cursor.position()) + " " +
           std::string(cursor.expected());
  }
  return out;
}

TEST(ProtoCursorTest, ReadsEveryType) {
  EXPECT_EQ(Walk("\x08\x96\x01\x11\x01\x00\x00\x00\x00\x00\x00\x80"
                 "\x1A\x02hi\x25\x02\x00\x00\x80"s),
            "1:0=150;2:1=9223372036854775809;3:2=hi;4:5=2147483650;");
  EXPECT_EQ(Walk(""), "");
}

TEST(ProtoCursorTest, TakesLongVarints) {
  EXPECT_EQ(Walk("\x88\x80\x00\x96\x81\x00\x9A\x00\x82\x80\x80\x80\x00hi"s),
            "1:0=150;3:2=hi;");
  EXPECT_EQ(Walk("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
            "1:0=18446744073709551615;");
}

TEST(ProtoCursorTest, SaysWhereThingsStand) {
  const std::string bytes = "\x08\x01\x9A\x00\x82\x00hi"s;
  ProtoCursor cursor(bytes);
  ASSERT_TRUE(cursor.Next() && cursor.Next());
  EXPECT_EQ(cursor.field_begin(), 2u);
  EXPECT_EQ(cursor.value_begin(), 6u);
  EXPECT_EQ(cursor.length_size(), 2u);
  EXPECT_EQ(cursor.position(), 8u);
  EXPECT_EQ(cursor.Enter().position(), 6u);
}

TEST(ProtoCursorTest, PassesOverGroups) {
  EXPECT_EQ(Walk("\x0B\x12\x01x\x13\x14\x0C\x08\x01"),
            "1:3=\x12\x01x\x13\x14\x0C;1:0=1;");
  const std::string deep = std::string(100000, '\x0B');
  EXPECT_EQ(Walk(deep + std::string(100000, '\x0C') + "\x08\x01"),
            "1:3=" + deep.substr(1) + std::string(100000, '\x0C') + ";1:0=1;");
  EXPECT_EQ(Walk("\x0B\x08\x01"), "@3 the end of a group");
  EXPECT_EQ(Walk("\x0B\x14"), "@1 a protobuf field");
  EXPECT_EQ(Walk("\x08\x01\x0C"), "1:0=1;@2 a protobuf field");
}

TEST(ProtoCursorTest, SaysWhatIsMissing) {
  EXPECT_EQ(Walk("\x08\x01\x08"), "1:0=1;@3 a varint");
  EXPECT_EQ(Walk("\x08\x80"), "@1 a varint");
  EXPECT_EQ(Walk("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
            "@1 a varint");
  EXPECT_EQ(Walk("\x09\x01"), "@1 a number of 8 bytes");
  EXPECT_EQ(Walk("\x0D\x01"), "@1 a number of 4 bytes");
  EXPECT_EQ(Walk("\x0A\x03hi"), "@1 a length that fits into the message");
  EXPECT_EQ(Walk("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
            "@1 a length that fits into the message");
}

TEST(ProtoCursorTest, FieldsHaveANumberAndAType) {
  EXPECT_EQ(Walk("\x00\x01"s), "@0 a protobuf field");
  EXPECT_EQ(Walk("\x02\x00"s), "@0 a protobuf field");
  EXPECT_EQ(Walk("\x0E\x00"s), "@0 a protobuf field");
  EXPECT_EQ(Walk("\x0F\x00"s), "@0 a protobuf field");
  EXPECT_EQ(Walk("\x88\x80\x80\x80\x10\x01"), "@0 a protobuf field");
}

TEST(ProtoCursorTest, InsideEndsWhereTheMessageDoes) {
  ProtoCursor cursor("\x0A\x02\x10\x01\x10\x02");
  ASSERT_TRUE(cursor.Next());
  ProtoCursor inside = cursor.Enter();
  EXPECT_TRUE(inside.Next());
  EXPECT_FALSE(inside.Next());
  EXPECT_FALSE(inside.failed());
  ASSERT_TRUE(cursor.Next());
  EXPECT_EQ(cursor.value(), 2u);
}

}  // namespace
}  // namespace spanlink
