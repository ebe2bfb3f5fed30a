// Reads traces for a command: files, or standard input for "-".
#ifndef SPANLINK_CLI_TRACE_INPUT_H_
#define SPANLINK_CLI_TRACE_INPUT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "spanlink/linker/options.h"
#include "spanlink/model/span_link.h"
#include "spanlink/pipeline/trace_file.h"

namespace spanlink::cli {

struct TraceInput {
  std::optional<TraceFile> trace;  // nullopt: nothing could be read
  std::vector<std::string> files;  // that were read, in order
  bool complete = true;            // all of them were
};

// Reads `paths` as one set of traces. Says on standard error which files cannot
// be read, and why, and which lines had to be skipped; shows progress there if
// it is a terminal.
TraceInput ReadTraces(std::span<const std::string> paths,
                      const ReadOptions& options);

// Links what was read and shows progress as above.
void LinkTraces(TraceInput& input, const Options& options);
// The same; returns the links that there are with weak evidence, too, by which
// `Explain` knows what is missing.
std::vector<SpanLink> LinkTracesAndFindAll(TraceInput& input,
                                           const Options& options);

// What a reader of bytes has to say of `path`.
std::string DisplayName(const std::string& path);
bool ShowsProgress();
absl::Status ReadFailure(const std::string& path, std::string_view what);
// Returns the size of a regular file, 0 of anything else.
uint64_t SizeOf(int fd);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_TRACE_INPUT_H_
