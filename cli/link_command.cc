#include "spanlink/cli/link_command.h"

#include <unistd.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/explanations.h"
#include "spanlink/cli/json_output.h"
#include "spanlink/cli/output.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/stream_command.h"
#include "spanlink/cli/summary.h"
#include "spanlink/cli/table.h"
#include "spanlink/cli/terminal.h"
#include "spanlink/cli/trace_input.h"
#include "spanlink/pipeline/content_gate.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {
namespace {

class LinkRun {
 public:
  explicit LinkRun(const Arguments& arguments)
      : arguments_(arguments),
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
  }

  int Run() {
    if (!OpenOutput()) return kExitFailure;
    TraceInput input = ReadTraces(arguments_.files, arguments_.read);
    ok_ = input.complete;
    if (input.trace) LinkAndShow(input);
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

  void LinkAndShow(TraceInput& input) {
    std::vector<SpanLink> all_links;
    if (arguments_.explain) {
      all_links = LinkTracesAndFindAll(input, arguments_.options);
    } else {
      LinkTraces(input, arguments_.options);
    }
    const TraceFile& trace = *input.trace;
    for (size_t i = 0; i < kDiagnosticCount; ++i) {
      counts_[i] = trace.diagnostics().count(static_cast<DiagnosticId>(i));
    }
    Show(trace, input.files, all_links);
    if (out_ != nullptr || trace_to_stdout_) WriteTrace(trace);
  }

  void Show(const TraceFile& trace, std::span<const std::string> files,
            const std::vector<SpanLink>& all_links) {
    const TraceView view = TraceView::Of(trace);
    std::vector<Explanation> explanations;
    if (arguments_.explain) explanations = Explain(view, all_links);
    if (json_) {
      WriteJsonLinks(view, write_);
      WriteJsonExplanations(explanations, write_);
    }
    if (!table_) return;
    RenderTable(view, terminal_, files, write_);
    const LinkCounts counts = CountLinks(view);
    RenderCounts(counts, write_);
    RenderDiagnostics(trace.diagnostics(), style_, write_);
    if (arguments_.explain) {
      RenderExplanations(explanations, view, style_, write_);
    } else if (counts.chosen < counts.executions || counts.executions == 0) {
      write_("\n--explain says why links are missing and what to do.\n");
    }
  }

  void WriteTrace(const TraceFile& trace) {
    const absl::StatusOr<std::string> bytes = trace.Write(arguments_.write);
    if (absl::IsFailedPrecondition(bytes.status())) {
      Fail(absl::FailedPreconditionError(absl::StrFormat(
          "%s; use --table or --json", std::string(bytes.status().message()))));
    } else if (!bytes.ok()) {
      Fail(bytes.status());
    } else {
      ReportDiagnostic(DiagnosticId::kRootLinked,
                       trace.diagnostics().count(DiagnosticId::kRootLinked));
      (out_ != nullptr ? out_->output() : standard_output_).Write(*bytes);
      links_ = trace.links().size();
    }
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
  bool ok_ = true;
};

}  // namespace

int RunLink(const Arguments& arguments) {
  Arguments allowed = arguments;
  if (arguments.write.tool_payload.any() && !ContentGateIsOpen()) {
    allowed.write.tool_payload = {};
    Report(absl::StrFormat("%s is off: --tool-payload writes nothing",
                           kContentGate));
  }
  return allowed.stream ? RunStream(allowed) : LinkRun(allowed).Run();
}

}  // namespace spanlink::cli
