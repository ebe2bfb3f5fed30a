// What the commands say on standard error, and with which exit status they end.
#ifndef SPANLINK_CLI_REPORT_H_
#define SPANLINK_CLI_REPORT_H_

#include <string_view>

namespace spanlink::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // a file cannot be read or written
inline constexpr int kExitUsage = 2;

// Writes one line, escaped and cut for a terminal.
void Report(std::string_view message);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_REPORT_H_
