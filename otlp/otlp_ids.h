// Ids in OTLP/JSON, in each way in which exporters write them.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_OTLP_OTLP_IDS_H_
#define SPANLINK_OTLP_OTLP_IDS_H_

#include <optional>
#include <string>
#include <string_view>

#include "spanlink/model/span_context.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Read an id as hex of any case, with or without `0x`, or as padded base64,
// which the JSON of protobuf has. `form`, which may be null, is told which.
// Return nullopt for anything else and for another size.
std::optional<TraceId> ParseOtlpTraceId(std::string_view text,
                                        OtlpIdForm* form = nullptr);
std::optional<SpanId> ParseOtlpSpanId(std::string_view text,
                                      OtlpIdForm* form = nullptr);

// Return the id in a form; hex is in lower case.
std::string OtlpIdText(const TraceId& id, OtlpIdForm form);
std::string OtlpIdText(const SpanId& id, OtlpIdForm form);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_IDS_H_
