// Batch: what one signal decided, on its way to the sinks.
//
// Thread safety: a plain value.
#ifndef SPANLINK_LINKER_BATCH_H_
#define SPANLINK_LINKER_BATCH_H_

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/span_context.h"
#include "spanlink/model/span_link.h"

namespace spanlink {

struct Batch {
  struct BoundAnnotation {
    SpanContext llm;
    std::string key, value;
  };

  bool is_empty() const {
    return links.empty() && events.empty() && annotations.empty();
  }

  absl::InlinedVector<SpanLink, 2> links;
  std::vector<DiagnosticEvent> events;
  std::vector<BoundAnnotation> annotations;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_BATCH_H_
