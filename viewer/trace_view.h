// TraceView: what renderers see of a linked trace, and two indexes over it.
//
// Lifetime: views; the trace must outlive them.
// Thread safety: immutable after construction; thread-safe.
// Complexity: O(n log n) to build an index, O(log n) a look-up.
#ifndef SPANLINK_VIEWER_TRACE_VIEW_H_
#define SPANLINK_VIEWER_TRACE_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/model/diagnostics.h"
#include "spanlink/model/span_link.h"
#include "spanlink/pipeline/trace_file.h"

namespace spanlink {

struct TraceView {
  std::span<const SpanSummary> spans;
  std::span<const SpanLink> links;
  std::span<const DiagnosticEvent> events;

  static TraceView Of(const TraceFile& trace) {
    return {trace.spans(), trace.links(), trace.events()};
  }
};

// Takes rendered text piece by piece.
using TextSink = std::function<void(std::string_view)>;

inline bool IsExecution(const SpanSummary& span) {
  return span.kind == SpanKind::kTool || span.kind == SpanKind::kHandoff;
}
inline bool IsChoice(LinkKind kind) {
  return kind == LinkKind::kToolChoice || kind == LinkKind::kHandoffChoice;
}
inline bool IsResult(LinkKind kind) {
  return kind == LinkKind::kToolResult || kind == LinkKind::kHandoffResult;
}

// Returns what a person calls the span: the tool's name, "handoff to AGENT",
// else the span's own name. Not escaped.
std::string NameOf(const SpanSummary& span);

// Spans by identity and by the beginning of their ids.
class SpanIndex {
 public:
  explicit SpanIndex(std::span<const SpanSummary> spans);

  // Returns nullptr if there is no such span.
  const SpanSummary* Find(const SpanContext& context) const;

  // Returns the beginning of the span's id that no other span has, fit for a
  // terminal. Six characters or more; without the `span_` of SDK ids.
  std::string ShortId(const SpanSummary& span) const;

  // Returns the spans that `text` may mean: the beginning of a span id, or of a
  // trace id and of a span id with a colon between. A span whose whole id it
  // is wins over those that only begin with it.
  std::vector<const SpanSummary*> Match(std::string_view text) const;

 private:
  std::span<const SpanSummary> spans_;
  std::vector<uint32_t> by_context_;
  size_t short_length_;
};

// Links by either end, in the order of the trace.
class LinkIndex {
 public:
  explicit LinkIndex(std::span<const SpanLink> links);

  std::vector<const SpanLink*> Into(const SpanContext& consumer) const;
  std::vector<const SpanLink*> From(const SpanContext& producer) const;

 private:
  std::span<const SpanLink> links_;
  std::vector<uint32_t> by_consumer_;
  std::vector<uint32_t> by_producer_;
};

// Returns one piece a trace, in order: the spans of a trace stand together.
std::vector<std::span<const SpanSummary>> ByTrace(
    std::span<const SpanSummary> spans);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_TRACE_VIEW_H_
