#include "spanlink/pipeline/gzip.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace spanlink {
namespace {

// Text that is longer than the chunks in which zlib is fed, and its gzip is.
std::string LongText() {
  std::string text;
  uint32_t state = 1;
  while (text.size() < 3000000) {
    state = state * 1664525 + 1013904223;
    text.push_back(static_cast<char>(state >> 24));
  }
  return text;
}

std::string Inflated(const std::string& bytes) {
  const auto text = Inflate("f", bytes);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

std::string ErrorOf(const std::string& bytes,
                    uint64_t max_bytes = kMaxInflatedBytes) {
  const auto text = Inflate("f", bytes, max_bytes);
  return text.ok() ? "(inflated)" : std::string(text.status().message());
}

TEST(GzipTest, TextComesBack) {
  for (const std::string& text : {std::string(), std::string("x"), LongText(),
                                  std::string(5000000, 'a')}) {
    const std::string packed = Deflate(text);
    EXPECT_TRUE(IsGzip(packed));
    EXPECT_TRUE(Inflated(packed) == text);
    EXPECT_EQ(Deflate(text), packed);
  }
}

TEST(GzipTest, MembersAreOneText) {
  EXPECT_EQ(Inflated(Deflate("one") + Deflate("") + Deflate("two")), "onetwo");
}

TEST(GzipTest, BrokenOffDataIsAnError) {
  const std::string packed = Deflate(LongText());
  for (const size_t size : {size_t{2}, size_t{10}, size_t{2000000},
                            packed.size() - 8, packed.size() - 1}) {
    EXPECT_EQ(ErrorOf(packed.substr(0, size)),
              "f: " + std::to_string(size) +
                  ": expected the end of the gzip data, which breaks off");
  }
}

TEST(GzipTest, DamagedDataIsAnError) {
  std::string packed = Deflate("some text that is long enough");
  packed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_NE(ErrorOf(packed).find(": expected gzip data; it is damaged"),
            std::string::npos);
  EXPECT_NE(ErrorOf(Deflate("x") + "rest").find("it is damaged"),
            std::string::npos);
}

TEST(GzipTest, BombIsRefused) {
  const std::string packed = Deflate(std::string(100000000, '\0'));
  EXPECT_LT(packed.size(), 200000u);
  EXPECT_NE(ErrorOf(packed, 1000000)
                .find(": expected no more than 1000000 bytes in the gzip file"),
            std::string::npos);
  EXPECT_EQ(ErrorOf(Deflate("12345678"), 8), "(inflated)");
}

}  // namespace
}  // namespace spanlink
