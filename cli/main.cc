// `spanlink`: the command line of the project.
#include <unistd.h>

#include <csignal>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/arguments.h"
#include "spanlink/cli/dialects_command.h"
#include "spanlink/cli/help.h"
#include "spanlink/cli/link_command.h"
#include "spanlink/cli/output.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/view_command.h"
#include "spanlink/cli/why_command.h"

namespace spanlink::cli {
namespace {

int Print(std::string_view text) {
  Output output(STDOUT_FILENO, "standard output");
  output.Write(text);
  const absl::Status status = output.Finish();
  if (status.ok()) return kExitOk;
  Report(std::string(status.message()));
  return kExitFailure;
}

int Run(const std::vector<std::string_view>& words) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(words);
  if (!arguments.ok()) {
    Report(absl::StrFormat("spanlink: %s; see spanlink --help",
                           std::string(arguments.status().message())));
    return kExitUsage;
  }
  switch (arguments->command) {
    case Command::kLink:
      return RunLink(*arguments);
    case Command::kWhy:
      return RunWhy(*arguments);
    case Command::kView:
      return RunView(*arguments);
    case Command::kDialects:
      return Print(DescribeDialects());
    case Command::kHelp:
      return Print(HelpText(arguments->help_topic));
    case Command::kVersion:
      return Print(absl::StrFormat("spanlink %s\n", kVersion));
  }
  return kExitUsage;
}

}  // namespace
}  // namespace spanlink::cli

int main(int argc, char** argv) {
  // A closed pipe is an error of a write, which says so.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return spanlink::cli::Run({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::bad_alloc&) {
    spanlink::cli::Report("spanlink: not enough memory for this file");
    return spanlink::cli::kExitFailure;
  }
}
