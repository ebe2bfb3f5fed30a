// Where results go: standard output, or a file that is replaced as a whole.
//
// Errors: a write that fails (a closed pipe, a full disk) is kept and returned
// by `Finish`; what is written after it is dropped. REQUIRES: SIGPIPE is
// ignored.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_CLI_OUTPUT_H_
#define SPANLINK_CLI_OUTPUT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace spanlink::cli {

// A buffered writer on a file descriptor that it does not own.
class Output {
 public:
  // `name` is for messages.
  Output(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void Write(std::string_view text);
  // Nothing more needs to be written: an earlier write failed.
  bool failed() const { return !status_.ok(); }
  // Writes what is buffered. Returns the first error of all writes.
  absl::Status Finish();

 private:
  void WriteAll(std::string_view text);

  const int fd_;
  const std::string name_;
  std::string buffer_;
  absl::Status status_;
};

// A file that appears under its name when it is complete and not before: a
// temporary file beside it takes the bytes and is renamed. The file may be the
// one that was read. It keeps its permissions; a symbolic link keeps pointing
// at it. A device or pipe is written directly.
class OutputFile {
 public:
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(
      const std::string& path);
  // Removes the temporary file unless it was committed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Output& output() { return output_; }
  absl::Status Commit();

 private:
  OutputFile(int fd, std::string path, std::string temporary);
  absl::Status Fail(std::string_view what) const;

  const int fd_;
  const std::string path_;
  std::string temporary_;  // empty: none, or gone
  Output output_;
};

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_OUTPUT_H_
