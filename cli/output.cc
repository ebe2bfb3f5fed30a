#include "spanlink/cli/output.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"

namespace spanlink::cli {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

absl::Status Failure(std::string_view name, std::string_view what) {
  return absl::UnavailableError(
      absl::StrFormat("%s: %s: %s", name, what, std::strerror(errno)));
}

// Returns the path behind symbolic links, or `path` where nothing is there yet.
std::string Resolve(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result(resolved);
  free(resolved);
  return result;
}

mode_t DefaultMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

void Output::Write(std::string_view text) {
  if (failed()) return;
  if (buffer_.size() + text.size() < kBufferBytes) {
    buffer_ += text;
    return;
  }
  WriteAll(buffer_);
  buffer_.clear();
  WriteAll(text);
}

absl::Status Output::Finish() {
  WriteAll(buffer_);
  buffer_.clear();
  return status_;
}

void Output::WriteAll(std::string_view text) {
  while (!text.empty() && !failed()) {
    const ssize_t written = write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      status_ = Failure(name_, "cannot write");
    }
  }
}

OutputFile::OutputFile(int fd, std::string path, std::string temporary)
    : fd_(fd),
      path_(std::move(path)),
      temporary_(std::move(temporary)),
      output_(fd, path_) {}

OutputFile::~OutputFile() {
  close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(
    const std::string& path) {
  struct stat existing {};
  const bool exists = stat(path.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return Failure(path, "cannot open for writing");
    return std::unique_ptr<OutputFile>(new OutputFile(fd, path, ""));
  }
  const std::string target = Resolve(path);
  std::string temporary = target + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return Failure(path, "cannot create a file beside it");
  std::unique_ptr<OutputFile> file(new OutputFile(fd, target, temporary));
  const mode_t mode = exists ? existing.st_mode & 07777 : DefaultMode();
  if (fchmod(fd, mode) != 0) return Failure(path, "cannot set permissions");
  return file;
}

absl::Status OutputFile::Commit() {
  const absl::Status written = output_.Finish();
  if (!written.ok() || temporary_.empty()) return written;
  if (fsync(fd_) != 0 && errno != EINVAL) return Fail("cannot write");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return Fail("cannot replace");
  }
  temporary_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::Fail(std::string_view what) const {
  return Failure(path_, what);
}

}  // namespace spanlink::cli
