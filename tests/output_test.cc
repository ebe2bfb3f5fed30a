#include "spanlink/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spanlink::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/output_test.XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string PathOf(const std::string& name) const {
    return directory_ + "/" + name;
  }
  static void Put(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static std::string Get(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  size_t FileCount() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory_),
                                             fs::directory_iterator()));
  }

  std::string directory_;
};

TEST_F(OutputFileTest, NothingAppearsBeforeCommit) {
  Put(PathOf("f"), "old");
  auto file = OutputFile::Create(PathOf("f"));
  ASSERT_TRUE(file.ok());
  (*file)->output().Write(std::string(1 << 20, 'x'));
  EXPECT_EQ(Get(PathOf("f")), "old");
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(Get(PathOf("f")).size(), size_t{1} << 20);
}

TEST_F(OutputFileTest, AbandonedFilesLeaveNothing) {
  Put(PathOf("f"), "old");
  { ASSERT_TRUE(OutputFile::Create(PathOf("f")).ok()); }
  EXPECT_EQ(Get(PathOf("f")), "old");
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OutputFileTest, PermissionsAreKept) {
  Put(PathOf("f"), "old");
  chmod(PathOf("f").c_str(), 0640);
  auto file = OutputFile::Create(PathOf("f"));
  ASSERT_TRUE((*file)->Commit().ok());
  struct stat status {};
  stat(PathOf("f").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(OutputFileTest, NewFilesFollowTheUmask) {
  const mode_t before = umask(027);
  auto file = OutputFile::Create(PathOf("f"));
  umask(before);
  ASSERT_TRUE((*file)->Commit().ok());
  struct stat status {};
  stat(PathOf("f").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(OutputFileTest, SymbolicLinksStayLinks) {
  Put(PathOf("f"), "old");
  fs::create_symlink("f", PathOf("link"));
  auto file = OutputFile::Create(PathOf("link"));
  (*file)->output().Write("new");
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_TRUE(fs::is_symlink(PathOf("link")));
  EXPECT_EQ(Get(PathOf("f")), "new");
}

TEST_F(OutputFileTest, MissingFoldersAreAnError) {
  const auto file = OutputFile::Create(PathOf("no/f"));
  EXPECT_THAT(std::string(file.status().message()),
              HasSubstr("No such file or directory"));
}

TEST_F(OutputFileTest, DevicesAreWrittenDirectly) {
  auto file = OutputFile::Create("/dev/null");
  ASSERT_TRUE(file.ok());
  (*file)->output().Write("text");
  EXPECT_TRUE((*file)->Commit().ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(OutputTest, FullDisksAreReported) {
  const int fd = open("/dev/full", O_WRONLY);
  ASSERT_GE(fd, 0);
  Output output(fd, "standard output");
  output.Write("text");
  const absl::Status status = output.Finish();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("standard output: cannot write: No space left"));
  close(fd);
}

TEST(OutputTest, ClosedPipesAreReportedAndEndTheWriting) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  Output output(ends[1], "standard output");
  output.Write(std::string(1 << 20, 'x'));
  EXPECT_TRUE(output.failed());
  output.Write("more");
  EXPECT_THAT(std::string(output.Finish().message()), HasSubstr("Broken pipe"));
  close(ends[1]);
}

}  // namespace
}  // namespace spanlink::cli
