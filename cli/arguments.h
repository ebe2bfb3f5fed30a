// The command line of `spanlink`.
//
// Options may stand anywhere; `--name=value` and `--name value` are the same;
// `--` ends the options; `-` as a file is standard input.
//
// Errors: InvalidArgument with a sentence for the user. It may repeat what the
// user typed: escape it before a terminal shows it.
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_CLI_ARGUMENTS_H_
#define SPANLINK_CLI_ARGUMENTS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "spanlink/linker/options.h"
#include "spanlink/pipeline/trace_file.h"

namespace spanlink::cli {

enum class Command : uint8_t {
  kLink,
  kWhy,
  kView,
  kDialects,
  kHelp,
  kVersion,
};

// What `view` draws.
enum class ViewFormat : uint8_t { kHtml, kJson, kSvg, kDot, kMermaid };

struct Arguments {
  Command command = Command::kHelp;
  // The command that help is wanted for.
  std::optional<Command> help_topic;

  // link, view: one file or more. why: one.
  std::vector<std::string> files;
  // why: the beginning of a span id, or TRACE:SPAN; empty: the last linked one.
  std::string span_id;
  std::optional<std::string> output;  // "-" is standard output
  bool json = false;
  bool table = false;
  bool explain = false;
  bool stream = false;
  Duration linger = std::chrono::seconds(60);
  bool linger_given = false;
  // view: as asked for, or as the output's name ends; else HTML.
  std::optional<ViewFormat> format;
  bool with_content = false;
  ReadOptions read;
  WriteOptions write;
  // `min_evidence`, `use_policy` and `cross_trace` as asked for.
  Options options;
};

// `arguments` are those after the program's name.
absl::StatusOr<Arguments> ParseArguments(
    std::span<const std::string_view> arguments);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_ARGUMENTS_H_
