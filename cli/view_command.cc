#include "spanlink/cli/view_command.h"

#include <unistd.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/cli/help.h"
#include "spanlink/cli/output.h"
#include "spanlink/cli/report.h"
#include "spanlink/cli/terminal.h"
#include "spanlink/cli/trace_input.h"
#include "spanlink/pipeline/content_gate.h"
#include "spanlink/viewer/dot.h"
#include "spanlink/viewer/explain.h"
#include "spanlink/viewer/html.h"
#include "spanlink/viewer/mermaid.h"
#include "spanlink/viewer/picture.h"
#include "spanlink/viewer/report_json.h"
#include "spanlink/viewer/run_graph.h"
#include "spanlink/viewer/svg.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::cli {
namespace {

constexpr size_t kMaxNodes = 1000;
// Mermaid draws up to 500 edges and 50 000 characters unless told otherwise.
constexpr size_t kMaxMermaidNodes = 250;

bool Fail(const absl::Status& status) {
  Report(std::string(status.message()));
  return false;
}

// Whoever closes the gate wants no content in any output.
Arguments WithOpenGate(Arguments arguments) {
  if (!arguments.with_content || ContentGateIsOpen()) return arguments;
  Report(
      absl::StrFormat("%s is off: --with-content adds nothing", kContentGate));
  arguments.with_content = false;
  return arguments;
}

std::string RenderPicture(ViewFormat format, std::span<const RunGraph> graphs) {
  const bool mermaid = format == ViewFormat::kMermaid;
  const size_t most = mermaid ? kMaxMermaidNodes : kMaxNodes;
  const Pictures pictures = BuildPictures(graphs, most);
  if (pictures.left_out > 0) {
    Report(absl::StrFormat(
        "spanlink: the picture holds the first %u spans, %u are left out; "
        "--format html shows all",
        most, pictures.left_out));
  }
  if (mermaid) return RenderMermaid(pictures);
  return format == ViewFormat::kDot ? RenderDot(pictures) : RenderSvg(pictures);
}

std::string Render(const Arguments& arguments, const TraceInput& input,
                   std::span<const RunGraph> graphs) {
  const ViewFormat format = *arguments.format;
  if (format != ViewFormat::kHtml && format != ViewFormat::kJson) {
    return RenderPicture(format, graphs);
  }
  const std::string producer = absl::StrFormat("spanlink %s", kVersion);
  ReportInfo info{.producer = producer, .files = input.files};
  if (arguments.with_content) {
    info.content = [&input](const SpanSummary& span) {
      return input.trace->ContentOf(span);
    };
  }
  const std::string json = ReportJson(graphs, info);
  return format == ViewFormat::kJson ? json : RenderHtml(json);
}

bool Write(const std::string& text, const std::optional<std::string>& path) {
  if (!path || *path == "-") {
    Output output(STDOUT_FILENO, "standard output");
    output.Write(text);
    const absl::Status s = output.Finish();
    return s.ok() || Fail(s);
  }
  const auto created = OutputFile::Create(*path);
  if (!created.ok()) return Fail(created.status());
  (*created)->output().Write(text);
  const absl::Status s = (*created)->Commit();
  return s.ok() || Fail(s);
}

void SayWhatWasWritten(const std::string& path,
                       std::span<const RunGraph> graphs) {
  size_t spans = 0;
  size_t links = 0;
  for (const RunGraph& graph : graphs) {
    spans += graph.spans.size();
    links += graph.links.size();
  }
  Report(absl::StrFormat("wrote %s: %u spans, %u links", path, spans, links));
}

}  // namespace

int RunView(const Arguments& given) {
  const Arguments arguments = WithOpenGate(given);
  const bool to_file = arguments.output && *arguments.output != "-";
  if (arguments.format == ViewFormat::kHtml && !arguments.output &&
      Terminal::Of(STDOUT_FILENO).interactive) {
    Report("spanlink: a page is no text for a terminal: -o report.html");
    return kExitUsage;
  }
  TraceInput input = ReadTraces(arguments.files, arguments.read);
  if (!input.trace) return kExitFailure;
  if (!input.complete && to_file) {
    Report(absl::StrFormat("%s: not written", *arguments.output));
    return kExitFailure;
  }
  const std::vector<SpanLink> all_links =
      LinkTracesAndFindAll(input, arguments.options);
  const TraceView view = TraceView::Of(*input.trace);
  const std::vector<Explanation> explanations = Explain(view, all_links);
  const std::vector<RunGraph> graphs = BuildRunGraphs(view, explanations);
  if (!Write(Render(arguments, input, graphs), arguments.output)) {
    return kExitFailure;
  }
  if (to_file) SayWhatWasWritten(*arguments.output, graphs);
  return input.complete ? kExitOk : kExitFailure;
}

}  // namespace spanlink::cli
