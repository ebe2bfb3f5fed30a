// What the commands say on standard error, and with which exit status they end.
#ifndef SPANLINK_CLI_REPORT_H_
#define SPANLINK_CLI_REPORT_H_

#include <cstdint>
#include <string_view>

#include "spanlink/model/diagnostics.h"

namespace spanlink::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // a file cannot be read or written
inline constexpr int kExitUsage = 2;

// Writes one line, escaped and cut for a terminal.
void Report(std::string_view message);

// Says on standard error that a diagnostic occurred so often; nothing for 0.
void ReportDiagnostic(DiagnosticId id, uint64_t count);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_REPORT_H_
