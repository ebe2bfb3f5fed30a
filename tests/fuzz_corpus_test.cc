// The corpora of the fuzz targets, replayed. A promise that is broken aborts.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "spanlink/fuzz/targets.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

class FuzzCorpusTest : public ::testing::TestWithParam<fuzz::Target> {};

TEST_P(FuzzCorpusTest, PromisesHold) {
  const std::string folder =
      testing::SourceDir() + "/fuzz/corpus/" + GetParam().name;
  size_t inputs = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(file.path().string());
    const auto bytes = testing::ReadFile(file.path().string());
    ASSERT_TRUE(bytes.has_value());
    GetParam().run(*bytes);
    ++inputs;
  }
  EXPECT_GE(inputs, 8u) << folder;
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpusTest,
                         ::testing::ValuesIn(fuzz::Targets()),
                         [](const auto& info) { return info.param.name; });

TEST(FuzzTargetsTest, BrokenPromiseAborts) {
  EXPECT_DEATH(fuzz::Check(false, "two is one"), "broken promise: two is one");
}

}  // namespace
}  // namespace spanlink
