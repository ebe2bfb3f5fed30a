// Options of the engine by the names that Python (and the command line) use.
//
// Errors: ValueError that lists what there is.
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PYTHON_MODULE_OPTIONS_H_
#define SPANLINK_PYTHON_MODULE_OPTIONS_H_

#include <string_view>

#include "spanlink/linker/options.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink::python {

Mode ToMode(std::string_view name);
UsePolicy ToPolicy(std::string_view name);
CrossTrace ToCrossTrace(std::string_view name);
Evidence ToEvidence(std::string_view name);
// "datadog,semconv", one of them, or "none".
LinkProfile ToProfile(std::string_view names);
// "semconv,traceloop", one of them, or "none"; none if the environment forbids
// content (content_gate.h).
PayloadProfile ToToolPayload(std::string_view names);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_OPTIONS_H_
