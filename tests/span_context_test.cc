#include "spanlink/model/span_context.h"

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/hash/hash_testing.h"
#include "gtest/gtest.h"
#include "spanlink/model/hex_digits.h"

namespace spanlink {
namespace {

TEST(SpanContextTest, HexRoundTrip) {
  const std::string trace = "0123456789abcdef00112233445566ff";
  ASSERT_TRUE(TraceId::FromHex(trace).has_value());
  EXPECT_EQ(TraceId::FromHex(trace)->ToHex(), trace);
  ASSERT_TRUE(SpanId::FromHex("00f067aa0ba902b7").has_value());
  EXPECT_EQ(SpanId::FromHex("00f067aa0ba902b7")->ToHex(), "00f067aa0ba902b7");
}

TEST(SpanContextTest, FirstDigitsAreTheFirstByte) {
  const std::optional<SpanId> id = SpanId::FromHex("1200000000000034");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->bytes.front(), 0x12);
  EXPECT_EQ(id->bytes.back(), 0x34);
}

TEST(SpanContextTest, HexOfAnyCase) {
  EXPECT_EQ(SpanId::FromHex("00F067AA0BA902B7"),
            SpanId::FromHex("00f067aa0ba902b7"));
}

TEST(SpanContextTest, OtherLengthsAreNoIds) {
  EXPECT_FALSE(SpanId::FromHex("").has_value());
  EXPECT_FALSE(SpanId::FromHex("00f067aa0ba902b").has_value());
  EXPECT_FALSE(SpanId::FromHex("00f067aa0ba902b70").has_value());
  EXPECT_FALSE(TraceId::FromHex("00f067aa0ba902b7").has_value());
  EXPECT_FALSE(TraceId::FromHex(std::string(33, '0')).has_value());
}

TEST(SpanContextTest, OtherCharactersAreNoIds) {
  for (const char c : {'g', 'G', ' ', '-', '/', ':', '@', '`', '\0', '\xff'}) {
    std::string text = "00f067aa0ba902b7";
    text[0] = c;
    EXPECT_FALSE(SpanId::FromHex(text).has_value()) << text;
    text = "00f067aa0ba902b7";
    text[15] = c;
    EXPECT_FALSE(SpanId::FromHex(text).has_value()) << text;
  }
}

// Every byte at every place, among digits of both cases.
TEST(SpanContextTest, BothHexDecodersSayTheSame) {
  using internal::kHexBlock;
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t place = 0; place < kHexBlock; ++place) {
      std::string text = "09afAF5d1B8c7e42";
      text[place] = static_cast<char>(byte);
      std::array<uint8_t, kHexBlock / 2> portable{};
      std::array<uint8_t, kHexBlock / 2> simd{};
      const bool is_hex =
          internal::PortableHexDecoder::Decode(text.data(), portable.data());
      EXPECT_EQ(internal::SimdHexDecoder::Decode(text.data(), simd.data()),
                is_hex);
      EXPECT_EQ(is_hex, std::isxdigit(byte) != 0) << byte;
      if (!is_hex) continue;
      EXPECT_EQ(portable, simd) << text;
    }
  }
}

TEST(SpanContextTest, ZeroIsZero) {
  EXPECT_TRUE(SpanId().is_zero());
  EXPECT_TRUE(TraceId::FromHex(std::string(32, '0'))->is_zero());
  EXPECT_FALSE(SpanId::FromHex("0000000000000001")->is_zero());
}

// Ids are written to files that other versions read: the values are fixed.
TEST(SpanContextTest, TextHashIsStable) {
  EXPECT_EQ(HashSpanId("span_1").ToHex(), HashSpanId("span_1").ToHex());
  EXPECT_EQ(HashTraceId("trace_1").ToHex().substr(0, 16),
            HashSpanId("trace_1").ToHex());
  EXPECT_EQ(HashSpanId("").ToHex(), "f52a15e9a9b5e89b");
}

TEST(SpanContextTest, TextHashIsNeverZero) {
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(HashSpanId(std::to_string(i)).is_zero());
    EXPECT_FALSE(HashTraceId(std::to_string(i)).is_zero());
  }
}

TEST(SpanContextTest, TextHashTellsSimilarTextsApart) {
  std::set<SpanId> spans;
  std::set<TraceId> traces;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = "span_000000000000000000" + std::to_string(i);
    spans.insert(HashSpanId(text));
    traces.insert(HashTraceId(text));
  }
  EXPECT_EQ(spans.size(), 100'000u);
  EXPECT_EQ(traces.size(), 100'000u);
}

TEST(SpanContextTest, HashesAsItCompares) {
  const std::vector<SpanContext> values = {{},
                                           {HashTraceId("a"), HashSpanId("a")},
                                           {HashTraceId("a"), HashSpanId("b")},
                                           {HashTraceId("b"), HashSpanId("a")}};
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(values));
}

TEST(SpanContextTest, OrdersByTraceThenSpan) {
  const TraceId low = *TraceId::FromHex(std::string(31, '0') + "1");
  const TraceId high = *TraceId::FromHex("1" + std::string(31, '0'));
  EXPECT_LT(low, high);
  EXPECT_LT((SpanContext{low, HashSpanId("z")}), (SpanContext{high, SpanId()}));
}

}  // namespace
}  // namespace spanlink
