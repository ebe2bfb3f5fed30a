// Reads a trace for a command: a file, or standard input for "-".
#ifndef SPANLINK_CLI_TRACE_INPUT_H_
#define SPANLINK_CLI_TRACE_INPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "spanlink/linker/options.h"
#include "spanlink/pipeline/trace_file.h"

namespace spanlink::cli {

// `options` as for `TraceFile::Read`. Names the lines that had to be skipped on
// standard error, and shows progress there if it is a terminal. Errors:
// Unavailable where the bytes cannot be had, else those of `TraceFile::Read`.
// Messages start with the file's name.
absl::StatusOr<TraceFile> ReadTrace(const std::string& path,
                                    const ReadOptions& options);

// Links `trace` and shows progress as above.
void LinkTrace(TraceFile& trace, const std::string& path,
               const Options& options);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_TRACE_INPUT_H_
