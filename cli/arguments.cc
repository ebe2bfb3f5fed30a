#include "spanlink/cli/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/pipeline/profiles.h"

namespace spanlink::cli {
namespace {

enum class OptionId : uint8_t {
  kHelp,
  kOutput,
  kJson,
  kTable,
  kExplain,
  kMinEvidence,
  kPolicy,
  kProfile,
  kStripContent,
  kToolPayload,
  kReact,
  kFrom,
  kCrossTrace,
  kStream,
  kLinger,
  kFormat,
  kWithContent,
};

// Commands that an option is for.
constexpr uint8_t kOfLink = 1;
constexpr uint8_t kOfWhy = 2;
constexpr uint8_t kOfView = 4;
constexpr uint8_t kOfAll = kOfLink | kOfWhy | kOfView;

struct OptionInfo {
  OptionId id;
  std::string_view name;
  std::string_view short_name;  // empty: none
  bool takes_value;
  uint8_t commands;
};

constexpr std::array<OptionInfo, 17> kOptions = {{
    {OptionId::kHelp, "--help", "-h", false, kOfAll},
    {OptionId::kOutput, "--output", "-o", true, kOfLink | kOfView},
    {OptionId::kJson, "--json", "", false, kOfLink},
    {OptionId::kTable, "--table", "", false, kOfLink},
    {OptionId::kExplain, "--explain", "", false, kOfLink},
    {OptionId::kMinEvidence, "--min-evidence", "", true, kOfAll},
    {OptionId::kPolicy, "--policy", "", true, kOfAll},
    {OptionId::kProfile, "--profile", "", true, kOfLink},
    {OptionId::kStripContent, "--strip-content", "", false, kOfLink},
    {OptionId::kToolPayload, "--tool-payload", "", true, kOfLink},
    {OptionId::kReact, "--react", "", false, kOfAll},
    {OptionId::kFrom, "--from", "", true, kOfAll},
    {OptionId::kCrossTrace, "--cross-trace", "", true, kOfAll},
    {OptionId::kStream, "--stream", "", false, kOfLink},
    {OptionId::kLinger, "--linger", "", true, kOfLink},
    {OptionId::kFormat, "--format", "", true, kOfView},
    {OptionId::kWithContent, "--with-content", "", false, kOfView},
}};

constexpr uint32_t kMaxLingerSeconds = 1'000'000;

absl::Status Usage(std::string message) {
  return absl::InvalidArgumentError(message);
}

std::string_view NameOf(Command command) {
  if (command == Command::kDialects) return "dialects";
  if (command == Command::kView) return "view";
  return command == Command::kWhy ? "why" : "link";
}

std::optional<Command> ParseCommand(std::string_view name) {
  if (name == "link") return Command::kLink;
  if (name == "why") return Command::kWhy;
  if (name == "view") return Command::kView;
  if (name == "dialects") return Command::kDialects;
  if (name == "help" || name == "--help" || name == "-h") return Command::kHelp;
  if (name == "--version" || name == "version") return Command::kVersion;
  return std::nullopt;
}

bool IsOptionOf(const OptionInfo& option, Command command) {
  if (command == Command::kDialects) return option.id == OptionId::kHelp;
  if (command == Command::kView) return (option.commands & kOfView) != 0;
  const bool why = command == Command::kWhy;
  return (option.commands & (why ? kOfWhy : kOfLink)) != 0;
}

const OptionInfo* FindOption(std::string_view name, Command command) {
  for (const OptionInfo& option : kOptions) {
    const bool known = IsOptionOf(option, command);
    if (!known || name.empty()) continue;
    if (option.name == name || option.short_name == name) return &option;
  }
  return nullptr;
}

absl::Status ParseMinEvidence(std::string_view value, Arguments& parsed) {
  const std::optional<Evidence> evidence = ParseEvidence(value);
  if (!evidence) {
    return Usage(absl::StrFormat(
        "--min-evidence is one of tool_call_id, arguments, handoff, structure, "
        "handoff_remaining, name, order (strongest first), not `%s`",
        value));
  }
  parsed.options.min_evidence = *evidence;
  return absl::OkStatus();
}

absl::Status ParsePolicy(std::string_view value, Arguments& parsed) {
  if (value != "first" && value != "all") {
    return Usage(absl::StrFormat("--policy is first or all, not `%s`", value));
  }
  parsed.options.use_policy =
      value == "all" ? UsePolicy::kAll : UsePolicy::kFirst;
  return absl::OkStatus();
}

absl::Status ParseProfile(std::string_view value, Arguments& parsed) {
  const auto profile = ParseLinkProfile(value);
  if (!profile) {
    return Usage(absl::StrFormat(
        "--profile is datadog, semconv, both with a comma, or none; not `%s`",
        value));
  }
  parsed.write.links = *profile;
  return absl::OkStatus();
}

absl::Status ParseToolPayload(std::string_view value, Arguments& parsed) {
  const auto profile = ParsePayloadProfile(value);
  if (!profile) {
    return Usage(
        absl::StrFormat("--tool-payload is semconv, traceloop, both with a "
                        "comma, or none; not `%s`",
                        value));
  }
  parsed.write.tool_payload = *profile;
  return absl::OkStatus();
}

absl::Status ParseFrom(std::string_view value, Arguments& parsed) {
  parsed.read.format = ParseTraceFormat(value);
  if (parsed.read.format) return absl::OkStatus();
  return Usage(absl::StrFormat(
      "--from is otlp-json, otlp-proto, otlp-proto-frames or openai-agents, "
      "not `%s`",
      value));
}

std::optional<ViewFormat> ViewFormatNamed(std::string_view name) {
  if (name == "html" || name == "htm") return ViewFormat::kHtml;
  if (name == "json") return ViewFormat::kJson;
  if (name == "svg") return ViewFormat::kSvg;
  if (name == "dot" || name == "gv") return ViewFormat::kDot;
  if (name == "mermaid" || name == "mmd") return ViewFormat::kMermaid;
  return std::nullopt;
}

absl::Status ParseFormat(std::string_view value, Arguments& parsed) {
  parsed.format = ViewFormatNamed(value);
  if (parsed.format) return absl::OkStatus();
  return Usage(absl::StrFormat(
      "--format is html, svg, dot, mermaid or json, not `%s`", value));
}

absl::Status ParseCrossTrace(std::string_view value, Arguments& parsed) {
  if (value != "conversation" && value != "off") {
    return Usage(absl::StrFormat(
        "--cross-trace is conversation or off, not `%s`", value));
  }
  parsed.options.cross_trace =
      value == "off" ? CrossTrace::kOff : CrossTrace::kConversation;
  return absl::OkStatus();
}

absl::Status ParseLinger(std::string_view value, Arguments& parsed) {
  double seconds = -1;
  const char* end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, seconds);
  const bool good = error == std::errc() && at == end && seconds >= 0 &&
                    seconds <= kMaxLingerSeconds;
  if (!good) {
    return Usage(absl::StrFormat(
        "--linger is a number of seconds from 0 to %u, not `%s`",
        kMaxLingerSeconds, value));
  }
  parsed.linger = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(seconds));
  parsed.linger_given = true;
  return absl::OkStatus();
}

absl::Status Apply(OptionId option, std::string_view value, Arguments& parsed) {
  switch (option) {
    case OptionId::kHelp:
      parsed.help_topic = parsed.command;
      break;
    case OptionId::kOutput:
      if (value.empty()) return Usage("-o needs the name of a file");
      parsed.output = std::string(value);
      break;
    case OptionId::kJson:
      parsed.json = true;
      break;
    case OptionId::kTable:
      parsed.table = true;
      break;
    case OptionId::kExplain:
      parsed.explain = true;
      break;
    case OptionId::kMinEvidence:
      return ParseMinEvidence(value, parsed);
    case OptionId::kPolicy:
      return ParsePolicy(value, parsed);
    case OptionId::kProfile:
      return ParseProfile(value, parsed);
    case OptionId::kStripContent:
      parsed.write.strip_content = true;
      break;
    case OptionId::kToolPayload:
      return ParseToolPayload(value, parsed);
    case OptionId::kReact:
      parsed.read.react = true;
      break;
    case OptionId::kFrom:
      return ParseFrom(value, parsed);
    case OptionId::kCrossTrace:
      return ParseCrossTrace(value, parsed);
    case OptionId::kStream:
      parsed.stream = true;
      break;
    case OptionId::kLinger:
      return ParseLinger(value, parsed);
    case OptionId::kFormat:
      return ParseFormat(value, parsed);
    case OptionId::kWithContent:
      parsed.with_content = true;
      break;
  }
  return absl::OkStatus();
}

// Parses the option at `at` and moves `at` to its last word.
absl::Status ParseOption(std::span<const std::string_view> words, size_t& at,
                         Arguments& parsed) {
  std::string_view name = words[at];
  std::optional<std::string_view> value;
  const size_t equals = name.find('=');
  if (name.starts_with("--") && equals != std::string_view::npos) {
    value = name.substr(equals + 1);
    name = name.substr(0, equals);
  } else if (!name.starts_with("--") && name.size() > 2) {
    value = name.substr(2);
    name = name.substr(0, 2);
  }
  const OptionInfo* option = FindOption(name, parsed.command);
  if (option == nullptr) {
    return Usage(absl::StrFormat("`spanlink %s` has no option `%s`",
                                 NameOf(parsed.command), words[at]));
  }
  if (!option->takes_value && value) {
    return Usage(absl::StrFormat("%s takes no value", name));
  }
  if (option->takes_value && !value) {
    if (at + 1 == words.size()) {
      return Usage(absl::StrFormat("%s needs a value", name));
    }
    value = words[++at];
  }
  return Apply(option->id, value.value_or(""), parsed);
}

absl::Status CheckStream(const Arguments& parsed) {
  if (!parsed.stream) {
    if (parsed.linger_given) return Usage("--linger goes with --stream");
    return absl::OkStatus();
  }
  if (parsed.json || parsed.table || parsed.explain) {
    return Usage(
        "--stream writes the trace; --json, --table and --explain need all of "
        "it at once");
  }
  if (parsed.files.size() > 1) {
    return Usage(
        "--stream reads one FILE; `cat A B | spanlink link --stream -` reads "
        "several, one after another");
  }
  if (parsed.read.format == TraceFormat::kOpenAiAgents) {
    return Usage("--stream reads OTLP; recordings have no place for links");
  }
  return absl::OkStatus();
}

absl::Status CheckFiles(const Arguments& parsed) {
  if (parsed.files.empty()) {
    return Usage(
        absl::StrFormat("`spanlink %s` needs a FILE (- is standard input)",
                        NameOf(parsed.command)));
  }
  if (std::count(parsed.files.begin(), parsed.files.end(), "-") > 1) {
    return Usage("standard input can be read once only");
  }
  return absl::OkStatus();
}

absl::Status CheckLink(const Arguments& parsed) {
  if (absl::Status s = CheckFiles(parsed); !s.ok()) return s;
  if (absl::Status s = CheckStream(parsed); !s.ok()) return s;
  if (parsed.json && parsed.table) {
    return Usage("--json and --table exclude each other");
  }
  const bool prints = parsed.json || parsed.table || parsed.explain;
  if (parsed.output == "-" && prints) {
    return Usage(
        "-o - and --json, --table or --explain would both write to standard "
        "output");
  }
  return absl::OkStatus();
}

absl::Status CheckView(Arguments& parsed) {
  if (absl::Status s = CheckFiles(parsed); !s.ok()) return s;
  if (!parsed.format && parsed.output) {
    const std::string_view name = *parsed.output;
    parsed.format = ViewFormatNamed(name.substr(name.rfind('.') + 1));
  }
  if (!parsed.format) parsed.format = ViewFormat::kHtml;
  const bool has_place = *parsed.format == ViewFormat::kHtml ||
                         *parsed.format == ViewFormat::kJson;
  if (!parsed.with_content || has_place) return absl::OkStatus();
  return Usage("--with-content is for html and json; pictures show names only");
}

// The second word of `why` is no file but a span.
absl::Status CheckWhy(Arguments& parsed) {
  if (absl::Status s = CheckFiles(parsed); !s.ok()) return s;
  if (parsed.files.size() > 2) {
    return Usage("`spanlink why` takes one FILE and one SPAN_ID");
  }
  if (parsed.files.size() == 1) return absl::OkStatus();
  parsed.span_id = std::move(parsed.files[1]);
  parsed.files.pop_back();
  if (parsed.span_id.empty() || parsed.span_id.ends_with(':')) {
    return Usage("SPAN_ID is empty");
  }
  return absl::OkStatus();
}

absl::StatusOr<Arguments> ParseHelp(std::span<const std::string_view> words) {
  Arguments parsed;
  if (words.empty()) return parsed;
  const std::optional<Command> topic = ParseCommand(words[0]);
  if (!topic || words.size() > 1) {
    return Usage(absl::StrFormat("there is no help on `%s`", words.back()));
  }
  if (*topic != Command::kHelp) parsed.help_topic = topic;
  return parsed;
}

}  // namespace

absl::StatusOr<Arguments> ParseArguments(
    std::span<const std::string_view> arguments) {
  if (arguments.empty()) return Usage("a command is missing");
  const std::optional<Command> command = ParseCommand(arguments[0]);
  if (!command) {
    return Usage(absl::StrFormat("there is no command `%s`", arguments[0]));
  }
  const std::span<const std::string_view> words = arguments.subspan(1);
  if (*command == Command::kHelp) return ParseHelp(words);
  Arguments parsed;
  parsed.command = *command;
  if (*command == Command::kVersion) return parsed;
  bool options_end = false;
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    if (options_end || word == "-" || !word.starts_with("-")) {
      parsed.files.emplace_back(word);
    } else if (word == "--") {
      options_end = true;
    } else if (absl::Status s = ParseOption(words, at, parsed); !s.ok()) {
      return s;
    }
  }
  if (parsed.help_topic) {
    parsed.command = Command::kHelp;
    return parsed;
  }
  if (*command == Command::kDialects) {
    if (parsed.files.empty()) return parsed;
    return Usage("`spanlink dialects` takes no FILE");
  }
  absl::Status checked;
  if (*command == Command::kLink) checked = CheckLink(parsed);
  if (*command == Command::kWhy) checked = CheckWhy(parsed);
  if (*command == Command::kView) checked = CheckView(parsed);
  if (!checked.ok()) return checked;
  return parsed;
}

}  // namespace spanlink::cli
