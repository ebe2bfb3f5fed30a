#include "spanlink/pipeline/understood.h"

#include "spanlink/dialects/registry.h"

namespace spanlink {

std::vector<KnownDialect> KnownDialects() {
  std::vector<KnownDialect> known;
  for (const Dialect* dialect : AllDialects()) {
    const DialectNotes notes = dialect->notes();
    known.push_back({dialect->name(), notes.keys, notes.calls, notes.tools});
  }
  return known;
}

std::span<const FileFormatNotes> FileFormats() {
  static constexpr FileFormatNotes kFormats[] = {
      {"openai_agents_events", "lines with `ev`: recorded events of the SDK",
       ""},
      {"openai_agents_export", "`\"object\": \"trace.span\"`", ""},
      {"datadog", "`meta`, `start_ns`: events of LLM Observability",
       "span_links"},
      {"jaeger", "`operationName`, `spanID`", "references (FOLLOWS_FROM)"},
      {"langfuse", "`observations`, or `traceId`, `type`, `startTime`", ""},
      {"sdk_dump", "`attributes` as an object: console exporters", ""},
      {"otlp", "all else: `resourceSpans`, or Tempo's `batches`", "links"},
  };
  return kFormats;
}

}  // namespace spanlink
