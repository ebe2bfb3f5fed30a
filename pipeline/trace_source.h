// TraceSource: a file of spans, whatever its format, as `TraceFile` sees it.
//
// Lifetime: owns the file's bytes.
// Thread safety: Thread-compatible; `Decode` changes internal buffers.
#ifndef SPANLINK_PIPELINE_TRACE_SOURCE_H_
#define SPANLINK_PIPELINE_TRACE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

// What is in a span. Reused from span to span.
struct DecodedSpan {
  SpanFacts facts;
  std::string name;
  std::string_view dialect;  // static; "" if none knows the span
  std::string_view scope;    // valid until the next `Decode`
  // The span's producer dropped attributes.
  bool dropped_attributes = false;
};

// The links that one span should carry.
struct ConsumerLinks {
  size_t span = 0;  // index in the source
  std::vector<const SpanLink*> links;
};

// Returns `links` by the span that carries them, spans in the order of the
// source. `place` returns where a span stands, nullopt if it is not there: its
// links are left out. The links must outlive the result.
std::vector<ConsumerLinks> ByConsumer(
    std::span<const SpanLink> links,
    absl::FunctionRef<std::optional<size_t>(const SpanContext&)> place);

// Returns the spans that get a link into their own trace though, as `is_root`
// says, they have no parent.
std::vector<SpanContext> LinkedRoots(
    std::span<const SpanLink> links,
    absl::FunctionRef<bool(const SpanContext&)> is_root);

// Tells `report` what is odd about a span's content.
void ReportContent(const DecodedSpan& span,
                   absl::FunctionRef<void(DiagnosticId)> report);

class TraceSource {
 public:
  virtual ~TraceSource() = default;

  // Spans are numbered from 0 in the order of the file.
  virtual size_t size() const = 0;
  virtual SpanRef Ref(size_t index) const = 0;
  // The ids as the file has them, valid until `scratch` changes.
  virtual std::string_view TraceIdText(size_t index,
                                       std::string* scratch) const = 0;
  virtual std::string_view SpanIdText(size_t index,
                                      std::string* scratch) const = 0;
  virtual void Decode(size_t index, DecodedSpan* span) = 0;

  // Spans and lines that could not be read, and what to say about them.
  virtual uint64_t unreadable() const = 0;
  virtual const std::vector<std::string>& problems() const = 0;
  virtual std::string_view bytes() const = 0;

  // Returns the file with links on its spans.
  virtual absl::StatusOr<std::string> Write(
      const std::vector<ConsumerLinks>& links,
      const WriteOptions& options) const = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_SOURCE_H_
