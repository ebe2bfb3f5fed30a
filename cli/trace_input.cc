#include "spanlink/cli/trace_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/terminal.h"

namespace spanlink::cli {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  const uint64_t size = SizeOf(fd);
  ProgressLine progress("reading " + DisplayName(path), ShowsProgress());
  std::string bytes;
  bytes.reserve(size + kChunkBytes);
  while (true) {
    const size_t have = bytes.size();
    bytes.resize(have + kChunkBytes);
    const ssize_t count = read(fd, bytes.data() + have, kChunkBytes);
    bytes.resize(have + (count > 0 ? static_cast<size_t>(count) : 0));
    if (count == 0) return bytes;
    if (count < 0 && errno != EINTR) return ReadFailure(path, "cannot read");
    progress.Show(bytes.size(), size);
  }
}

absl::StatusOr<std::string> ReadBytes(const std::string& path) {
  if (path == "-") return ReadAll(STDIN_FILENO, path);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ReadFailure(path, "cannot open");
  const absl::Cleanup closer = [fd] { close(fd); };
  return ReadAll(fd, path);
}

absl::Status AddFile(const std::string& path, TraceFile::Reader& reader) {
  absl::StatusOr<std::string> bytes = ReadBytes(path);
  if (!bytes.ok()) return bytes.status();
  ProgressLine line("reading " + DisplayName(path), ShowsProgress());
  return reader.Add(
      DisplayName(path), *std::move(bytes),
      [&line](uint64_t done, uint64_t total) { line.Show(done, total); });
}

}  // namespace

std::string DisplayName(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

bool ShowsProgress() { return Terminal::Of(STDERR_FILENO).interactive; }

absl::Status ReadFailure(const std::string& path, std::string_view what) {
  return absl::UnavailableError(absl::StrFormat("%s: %s: %s", DisplayName(path),
                                                what, std::strerror(errno)));
}

uint64_t SizeOf(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<uint64_t>(status.st_size);
}

TraceInput ReadTraces(std::span<const std::string> paths,
                      const ReadOptions& options) {
  TraceInput input;
  TraceFile::Reader reader(options);
  for (const std::string& path : paths) {
    if (const absl::Status s = AddFile(path, reader); s.ok()) {
      input.files.push_back(path);
    } else {
      Report(std::string(s.message()));
      input.complete = false;
    }
  }
  if (input.files.empty()) return input;
  absl::StatusOr<TraceFile> trace = std::move(reader).Finish();
  if (trace.ok()) {
    for (const std::string& warning : trace->warnings()) Report(warning);
    input.trace = *std::move(trace);
  } else {
    Report(std::string(trace.status().message()));
    input.complete = false;
  }
  return input;
}

void LinkTraces(TraceInput& input, const Options& options) {
  const std::string what =
      input.files.size() == 1 ? DisplayName(input.files[0])
                              : absl::StrFormat("%u files", input.files.size());
  ProgressLine line("linking " + what, ShowsProgress());
  input.trace->Link(options, [&line](uint64_t done, uint64_t total) {
    line.Show(done, total);
  });
}

std::vector<SpanLink> LinkTracesAndFindAll(TraceInput& input,
                                           const Options& options) {
  Options all = options;
  all.min_evidence = Evidence::kOrder;
  LinkTraces(input, all);
  std::vector<SpanLink> all_links = input.trace->links();
  if (options.min_evidence != Evidence::kOrder) LinkTraces(input, options);
  return all_links;
}

}  // namespace spanlink::cli
