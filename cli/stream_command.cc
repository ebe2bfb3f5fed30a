#include "spanlink/cli/stream_command.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/output.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/terminal.h"
#include "spanlink/cli/trace_input.h"
#include "spanlink/pipeline/record_splitter.h"
#include "spanlink/pipeline/trace_format.h"
#include "spanlink/pipeline/trace_linker.h"

namespace spanlink::cli {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 18;
constexpr uint64_t kMaxProblems = 8;
// What the end of the stream says, if it occurred.
constexpr DiagnosticId kTold[] = {DiagnosticId::kEvictedScope,
                                  DiagnosticId::kLateSpan,
                                  DiagnosticId::kRootLinked};

int interrupt_pipe[2] = {-1, -1};

// An interrupt ends the stream as its end would; a second one the program. It
// is heard in a pipe, so that none falls between a look and a wait.
absl::Status ListenToInterrupts() {
  if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    return absl::UnavailableError(
        absl::StrFormat("cannot make a pipe: %s", std::strerror(errno)));
  }
  struct sigaction action {};
  action.sa_handler = [](int) {
    [[maybe_unused]] const ssize_t told = write(interrupt_pipe[1], "", 1);
  };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return absl::OkStatus();
}

enum class Woken : uint8_t { kByInput, kByInterrupt, kByTime };

// Waits until there is something to read, for so many milliseconds; -1: for
// ever.
Woken WaitFor(int fd, int64_t milliseconds) {
  pollfd fds[] = {{fd, POLLIN, 0}, {interrupt_pipe[0], POLLIN, 0}};
  int ready = 0;
  do {
    ready = poll(fds, 2, static_cast<int>(milliseconds));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return Woken::kByTime;
  const bool heard = ready > 0 && fds[1].revents != 0;
  return heard ? Woken::kByInterrupt : Woken::kByInput;
}

StreamOptions OptionsOf(const Arguments& arguments) {
  StreamOptions options;
  options.link = arguments.options;
  options.read = arguments.read;
  options.write = arguments.write;
  options.name = DisplayName(arguments.files[0]);
  options.linger = arguments.linger;
  options.keep_order = true;
  return options;
}

class StreamRun {
 public:
  explicit StreamRun(const Arguments& arguments)
      : arguments_(arguments),
        path_(arguments.files[0]),
        standard_output_(STDOUT_FILENO, "standard output"),
        splitter_(arguments.read.format),
        linker_(OptionsOf(arguments),
                [this](LinkedRecord record) { Take(std::move(record)); }) {}

  int Run() {
    absl::Status status = ListenToInterrupts();
    if (status.ok()) status = Open();
    if (status.ok()) status = ReadAll();
    if (status.ok()) status = End();
    if (!status.ok()) Report(std::string(status.message()));
    if (out_ != nullptr && !status.ok()) {
      Report(absl::StrFormat("%s: not written", *arguments_.output));
    }
    return status.ok() ? kExitOk : kExitFailure;
  }

 private:
  Output& output() {
    return out_ != nullptr ? out_->output() : standard_output_;
  }

  absl::Status Open() {
    if (path_ != "-") {
      fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
      if (fd_ < 0) return ReadFailure(path_, "cannot open");
    }
    if (!arguments_.output || arguments_.output == "-") {
      return absl::OkStatus();
    }
    auto created = OutputFile::Create(*arguments_.output);
    if (!created.ok()) return created.status();
    out_ = *std::move(created);
    return absl::OkStatus();
  }

  absl::Status ReadAll() {
    const absl::Cleanup closer = [this] {
      if (fd_ != STDIN_FILENO) close(fd_);
    };
    ProgressLine progress("linking " + DisplayName(path_), ShowsProgress());
    const uint64_t size = SizeOf(fd_);
    std::string chunk(kChunkBytes, '\0');
    uint64_t done = 0;
    while (true) {
      if (Wait() == Woken::kByInterrupt) return absl::OkStatus();
      const ssize_t count = read(fd_, chunk.data(), chunk.size());
      if (count == 0) return absl::OkStatus();
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ReadFailure(path_, "cannot read");
      const std::string_view bytes(chunk.data(), static_cast<size_t>(count));
      if (absl::Status s = CheckBeginning(bytes, done); !s.ok()) return s;
      splitter_.Add(bytes);
      while (auto record = splitter_.Next()) Link(*std::move(record));
      done += bytes.size();
      progress.Show(done, size);
      if (output().failed()) return output().Finish();
    }
  }

  // Waits until there is something to read. Whoever reads the output has all of
  // it meanwhile.
  Woken Wait() {
    Woken woken = WaitFor(fd_, 0);
    if (woken != Woken::kByTime) return woken;
    output().Finish().IgnoreError();  // kept, and told in the end
    // 10^6 seconds at most.
    const auto linger =
        std::chrono::ceil<std::chrono::milliseconds>(arguments_.linger);
    woken = WaitFor(fd_, linger.count());
    if (woken != Woken::kByTime) return woken;
    if (splitter_.HoldsWholeLine()) Link(splitter_.TakeRest());
    linker_.Flush();
    output().Finish().IgnoreError();
    return WaitFor(fd_, -1);
  }

  absl::Status CheckBeginning(std::string_view bytes, uint64_t done) const {
    const bool packed =
        done == 0 && (bytes.starts_with("\x1f\x8b") || IsZstd(bytes));
    if (!packed) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: 0: expected plain OTLP; it is compressed: `zcat` or `zstdcat %s | "
        "spanlink link --stream -`",
        DisplayName(path_), path_));
  }

  void Link(std::string record) { linker_.Add(++records_, std::move(record)); }

  void Take(LinkedRecord record) {
    output().Write(record.bytes);
    links_ += record.links;
    if (!record.read) ++unread_;
    if (record.withheld) ++withheld_;
    for (const std::string& problem : record.problems) {
      if (problems_++ < kMaxProblems) Report(problem);
    }
  }

  absl::Status End() {
    if (std::string rest = splitter_.TakeRest(); !rest.empty()) {
      Link(std::move(rest));
    }
    linker_.Flush();
    if (problems_ > kMaxProblems) {
      Report(absl::StrFormat("%s: and %u more that could not be read",
                             DisplayName(path_), problems_ - kMaxProblems));
    }
    for (const DiagnosticId id : kTold) ReportDiagnostic(id, linker_.count(id));
    if (records_ > 0 && unread_ == records_) {
      output().Finish().IgnoreError();
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: expected OTLP, found no record of it", DisplayName(path_)));
    }
    if (withheld_ > 0) {
      output().Finish().IgnoreError();
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: %u records are left out: content cannot be stripped from what "
          "cannot be read",
          DisplayName(path_), withheld_));
    }
    if (out_ == nullptr) return output().Finish();
    const absl::Status written = out_->Commit();
    if (written.ok() && ShowsProgress()) {
      Report(absl::StrFormat("%s: written with %u links", *arguments_.output,
                             links_));
    }
    return written;
  }

  const Arguments& arguments_;
  const std::string& path_;
  int fd_ = STDIN_FILENO;
  Output standard_output_;
  std::unique_ptr<OutputFile> out_;
  RecordSplitter splitter_;
  TraceLinker linker_;
  uint64_t records_ = 0;
  uint64_t unread_ = 0;
  uint64_t withheld_ = 0;
  uint64_t problems_ = 0;
  uint64_t links_ = 0;
};

}  // namespace

int RunStream(const Arguments& arguments) { return StreamRun(arguments).Run(); }

}  // namespace spanlink::cli
