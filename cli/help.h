// The help texts of `spanlink`.
#ifndef SPANLINK_CLI_HELP_H_
#define SPANLINK_CLI_HELP_H_

#include <optional>
#include <string_view>

#include "spanlink/cli/arguments.h"

namespace spanlink::cli {

inline constexpr std::string_view kVersion = "0.1.0";

// Returns the help on a command, or on the program where there is no `topic`.
std::string_view HelpText(std::optional<Command> topic);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_HELP_H_
