// Whether the environment lets content be written that a span does not have.
//
// Thread safety: as getenv.
#ifndef SPANLINK_PIPELINE_CONTENT_GATE_H_
#define SPANLINK_PIPELINE_CONTENT_GATE_H_

#include <string_view>

namespace spanlink {

inline constexpr std::string_view kContentGate = "TRACELOOP_TRACE_CONTENT";

// Reads `TRACELOOP_TRACE_CONTENT` as OpenLLMetry does: not set, `true`, `1`,
// `yes` or `on` allow it, any other text does not, the empty one neither. Case
// and white space around do not matter. Read anew at every call.
bool ContentGateIsOpen();

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_CONTENT_GATE_H_
