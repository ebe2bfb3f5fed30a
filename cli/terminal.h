// What a terminal can show: its width, colours, and a line of progress.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_CLI_TERMINAL_H_
#define SPANLINK_CLI_TERMINAL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spanlink::cli {

// Where text goes. Output that is no terminal is as wide as it needs to be.
struct Terminal {
  bool interactive = false;
  bool colours = false;
  size_t columns = 0;  // 0: any number

  // Describes a file descriptor. Colours are for terminals only, and not where
  // the environment says NO_COLOR or TERM=dumb.
  static Terminal Of(int fd);
};

// Everything is readable without colour; colour only leads the eye.
class Style {
 public:
  explicit Style(bool colours) : colours_(colours) {}

  std::string Strong(std::string_view text) const { return Wrap("1", text); }
  std::string Faint(std::string_view text) const { return Wrap("2", text); }
  std::string Good(std::string_view text) const { return Wrap("32", text); }
  std::string Doubtful(std::string_view text) const { return Wrap("33", text); }
  std::string Bad(std::string_view text) const { return Wrap("31", text); }

 private:
  std::string Wrap(std::string_view code, std::string_view text) const;

  bool colours_;
};

// One line on standard error that says how far a long step is. It appears after
// a second, at most ten times a second, and is wiped when the step ends.
class ProgressLine {
 public:
  // `what` is what happens, such as "reading trace.json".
  ProgressLine(std::string_view what, bool interactive);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows `done` of `total`; a `total` of 0 is not known.
  void Show(uint64_t done, uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;

  const std::string what_;
  const bool interactive_;
  Clock::time_point next_;
  size_t shown_columns_ = 0;
};

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_TERMINAL_H_
