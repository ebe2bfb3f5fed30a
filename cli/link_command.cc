#include "spanlink/cli/link_command.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/explain.h"
#include "spanlink/cli/json_output.h"
#include "spanlink/cli/output.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/summary.h"
#include "spanlink/cli/table.h"
#include "spanlink/cli/terminal.h"
#include "spanlink/cli/terminal_text.h"
#include "spanlink/cli/trace_input.h"
#include "spanlink/cli/trace_view.h"
#include "spanlink/pipeline/content_gate.h"

namespace spanlink::cli {
namespace {

class LinkRun {
 public:
  explicit LinkRun(const Arguments& arguments)
      : arguments_(arguments),
        write_options_(arguments.write),
        terminal_(Terminal::Of(STDOUT_FILENO)),
        style_(terminal_.colours),
        standard_output_(STDOUT_FILENO, "standard output"),
        write_(
            [this](std::string_view text) { standard_output_.Write(text); }) {
    const bool shows = arguments.json || arguments.table || arguments.explain;
    json_ = arguments.json;
    table_ = !json_ && (shows || (terminal_.interactive && !arguments.output));
    trace_to_stdout_ =
        arguments.output == "-" || (!arguments.output && !json_ && !table_);
    if (write_options_.tool_payload.any() && !ContentGateIsOpen()) {
      write_options_.tool_payload = {};
      Report(absl::StrFormat("%s is off: --tool-payload writes nothing",
                             kContentGate));
    }
  }

  int Run() {
    if (!OpenOutput()) return kExitFailure;
    for (const std::string& file : arguments_.files) {
      if (standard_output_.failed()) break;
      ok_ = RunFile(file) && ok_;
    }
    if (json_) WriteJsonDiagnostics(counts_, write_);
    if (const absl::Status s = standard_output_.Finish(); !s.ok()) Fail(s);
    if (out_ != nullptr) CommitOutput();
    return ok_ ? kExitOk : kExitFailure;
  }

 private:
  bool Fail(const absl::Status& status) {
    Report(std::string(status.message()));
    ok_ = false;
    return false;
  }

  bool OpenOutput() {
    if (!arguments_.output || trace_to_stdout_) return true;
    auto created = OutputFile::Create(*arguments_.output);
    if (!created.ok()) return Fail(created.status());
    out_ = *std::move(created);
    return true;
  }

  bool RunFile(const std::string& file) {
    absl::StatusOr<TraceFile> read = ReadTrace(file, arguments_.read);
    if (!read.ok()) return Fail(read.status());
    TraceFile& trace = *read;
    std::vector<SpanLink> all_links;
    if (arguments_.explain) {
      Options all = arguments_.options;
      all.min_evidence = Evidence::kOrder;
      LinkTrace(trace, file, all);
      all_links = trace.links();
    }
    LinkTrace(trace, file, arguments_.options);
    for (size_t i = 0; i < kDiagnosticCount; ++i) {
      counts_[i] += trace.diagnostics().count(static_cast<DiagnosticId>(i));
    }
    Show(trace, file, all_links);
    links_ += trace.links().size();
    if (out_ == nullptr && !trace_to_stdout_) return true;
    return WriteTrace(trace, file);
  }

  void Show(const TraceFile& trace, const std::string& file,
            const std::vector<SpanLink>& all_links) {
    const TraceView view = TraceView::Of(trace);
    std::vector<Explanation> explanations;
    if (arguments_.explain) explanations = Explain(view, all_links);
    if (json_) {
      WriteJsonLinks(view, write_);
      WriteJsonExplanations(explanations, write_);
    }
    if (!table_) return;
    if (arguments_.files.size() > 1) {
      write_(style_.Strong("== " + Printable(file, 200) + " ==") + "\n\n");
    }
    RenderTable(view, terminal_, write_);
    const LinkCounts counts = CountLinks(view);
    RenderCounts(counts, write_);
    RenderDiagnostics(trace.diagnostics(), style_, write_);
    if (arguments_.explain) {
      RenderExplanations(explanations, view, style_, write_);
    } else if (counts.chosen < counts.executions || counts.executions == 0) {
      write_("\n--explain says why links are missing and what to do.\n");
    }
    if (arguments_.files.size() > 1) write_("\n");
  }

  bool WriteTrace(const TraceFile& trace, const std::string& file) {
    const absl::StatusOr<std::string> bytes = trace.Write(write_options_);
    if (absl::IsFailedPrecondition(bytes.status())) {
      return Fail(absl::FailedPreconditionError(absl::StrFormat(
          "%s: has no place for links: %s; use --table or --json", file,
          std::string(bytes.status().message()))));
    }
    if (!bytes.ok()) return Fail(bytes.status());
    if (!FitsBehindOthers(trace, file)) return false;
    Output& output = out_ != nullptr ? out_->output() : standard_output_;
    output.Write(*bytes);
    const bool last = &file == &arguments_.files.back();
    const bool text =
        trace.format() == TraceFormat::kOtlpJson && !trace.compressed();
    if (text && !last && !bytes->ends_with('\n')) output.Write("\n");
    return true;
  }

  // Files of one format, one after another, are again a file of that format.
  bool FitsBehindOthers(const TraceFile& trace, const std::string& file) {
    const std::string format =
        absl::StrFormat("%s%s", TraceFormatName(trace.format()),
                        trace.compressed() ? " in gzip" : "");
    if (written_format_.empty()) written_format_ = format;
    if (written_format_ == format) return true;
    return Fail(absl::FailedPreconditionError(absl::StrFormat(
        "%s: is %s, and what stands before it in the output %s: write it to a "
        "file of its own",
        file, format, written_format_)));
  }

  void CommitOutput() {
    if (!ok_) {
      Report(absl::StrFormat("%s: not written", *arguments_.output));
      return;
    }
    if (const absl::Status s = out_->Commit(); !s.ok()) {
      Fail(s);
    } else if (Terminal::Of(STDERR_FILENO).interactive) {
      Report(absl::StrFormat("%s: written with %u links", *arguments_.output,
                             links_));
    }
  }

  const Arguments& arguments_;
  WriteOptions write_options_;
  const Terminal terminal_;
  const Style style_;
  Output standard_output_;
  const TextSink write_;
  bool json_ = false;
  bool table_ = false;
  bool trace_to_stdout_ = false;
  std::unique_ptr<OutputFile> out_;
  DiagnosticCounts counts_{};
  size_t links_ = 0;
  std::string written_format_;  // of what is in the output
  bool ok_ = true;
};

}  // namespace

int RunLink(const Arguments& arguments) { return LinkRun(arguments).Run(); }

}  // namespace spanlink::cli
