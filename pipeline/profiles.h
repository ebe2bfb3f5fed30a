// Profiles by the words that people write for them.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PIPELINE_PROFILES_H_
#define SPANLINK_PIPELINE_PROFILES_H_

#include <optional>
#include <string_view>

#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

// `datadog`, `semconv`, both with a comma, or `none`; nullopt for other text.
std::optional<LinkProfile> ParseLinkProfile(std::string_view list);
// `semconv`, `traceloop`, both with a comma, or `none`; nullopt for other text.
std::optional<PayloadProfile> ParsePayloadProfile(std::string_view list);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_PROFILES_H_
