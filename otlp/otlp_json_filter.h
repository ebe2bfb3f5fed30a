// OtlpJsonFilter: what has to be cut out of OTLP/JSON to filter a span or a log
// record. `otlp_filter.h` says what that is.
//
// Elements go with one comma beside them; a text that must go from an object
// becomes empty, a body null.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for an object of n bytes.
#ifndef SPANLINK_OTLP_OTLP_JSON_FILTER_H_
#define SPANLINK_OTLP_OTLP_JSON_FILTER_H_

#include <string_view>
#include <vector>

#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_filter.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Append the edits of `file`.
void FilterOtlpJson(std::string_view file, const OtlpSpan& span,
                    const OtlpFilter& filter, std::vector<ByteEdit>* edits);
void FilterOtlpJson(std::string_view file, const OtlpLog& log,
                    const OtlpFilter& filter, std::vector<ByteEdit>* edits);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_JSON_FILTER_H_
