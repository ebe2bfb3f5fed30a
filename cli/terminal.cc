#include "spanlink/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "spanlink/viewer/printable.h"

namespace spanlink::cli {
namespace {

constexpr size_t kUsualColumns = 80;
constexpr auto kQuietTime = std::chrono::seconds(1);
constexpr auto kBetweenUpdates = std::chrono::milliseconds(100);

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

size_t ColumnsOfTerminal(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsualColumns;
}

// Progress is a courtesy: where it cannot be written, nothing is lost.
void WriteToError(std::string_view text) {
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

Terminal Terminal::Of(int fd) {
  if (isatty(fd) == 0) return {};
  const bool colours =
      Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
  return {true, colours, ColumnsOfTerminal(fd)};
}

std::string Style::Wrap(std::string_view code, std::string_view text) const {
  if (!colours_) return std::string(text);
  return absl::StrFormat("\x1b[%sm%s\x1b[0m", code, text);
}

ProgressLine::ProgressLine(std::string_view what, bool interactive)
    : what_(Printable(what, 50)),
      interactive_(interactive),
      next_(Clock::now() + kQuietTime) {}

ProgressLine::~ProgressLine() {
  if (shown_columns_ == 0) return;
  WriteToError(absl::StrFormat("\r%s\r", std::string(shown_columns_, ' ')));
}

void ProgressLine::Show(uint64_t done, uint64_t total) {
  if (!interactive_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kBetweenUpdates;
  std::string line =
      total == 0 ? absl::StrFormat("%s: %u MB", what_, done >> 20)
                 : absl::StrFormat("%s: %2.0f %%", what_,
                                   100.0 * std::min(done, total) / total);
  line = PadTo(line, shown_columns_);
  shown_columns_ = Columns(line);
  WriteToError("\r" + line);
}

}  // namespace spanlink::cli
