// How a link is written: its attributes by profile.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PIPELINE_LINK_ATTRIBUTES_H_
#define SPANLINK_PIPELINE_LINK_ATTRIBUTES_H_

#include "spanlink/model/span_link.h"
#include "spanlink/otlp/otlp_link.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

// Returns the link with `spanlink.kind` and `spanlink.evidence`, its attempt if
// it is a retry, the tool's version if it has one, and what `profile` adds. Ids
// of calls stay on spans and are not repeated here.
OtlpLink ToOtlpLink(const SpanLink& link, const LinkProfile& profile);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_LINK_ATTRIBUTES_H_
