// Runs the program that the README shows.
#include "gtest/gtest.h"

#define main EmbeddingProgram
#include "../examples/embed.cc"
#undef main

namespace spanlink {
namespace {

TEST(EmbedTest, PrintsTheTwoLinksOfItsRun) {
  ::testing::internal::CaptureStdout();
  EmbeddingProgram();
  const std::string first = HashSpanId("first answer").ToHex();
  const std::string tool = HashSpanId("tool").ToHex();
  const std::string second = HashSpanId("second answer").ToHex();
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            first + " -> " + tool + "\n" + tool + " -> " + second + "\n");
}

}  // namespace
}  // namespace spanlink
