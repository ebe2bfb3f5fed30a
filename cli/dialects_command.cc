#include "spanlink/cli/dialects_command.h"

#include <string_view>

#include "spanlink/pipeline/understood.h"

namespace spanlink::cli {
namespace {

void AppendLine(std::string_view label, std::string_view text,
                std::string* out) {
  out->append("  ").append(label).append(text).append("\n");
}

}  // namespace

std::string DescribeDialects() {
  std::string out =
      "Dialects: how spans are written. Each span is recognised by its own\n"
      "keys, in this order; what one dialect leaves open the next may add.\n";
  for (const KnownDialect& dialect : KnownDialects()) {
    out.append("\n").append(dialect.name).append("\n");
    AppendLine("keys   ", dialect.keys, &out);
    AppendLine("calls  ", dialect.calls, &out);
    AppendLine("tools  ", dialect.tools, &out);
  }
  out.append("\nFiles: told by their content.\n");
  for (const FileFormatNotes& format : FileFormats()) {
    out.append("\n").append(format.name).append("\n");
    AppendLine("told by  ", format.told_by, &out);
    AppendLine("links    ", format.links.empty() ? "(no place)" : format.links,
               &out);
  }
  out.append(
      "\nWith --react, calls that a model wrote as text are read as well:\n"
      "`Action: NAME`, `Action Input: ARGUMENTS`, `Observation: RESULT`.\n");
  return out;
}

}  // namespace spanlink::cli
