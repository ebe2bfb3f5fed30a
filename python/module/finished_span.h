// `Dispatcher.finished_span`: a finished span of any GenAI instrumentation,
// decoded by the dialects and dispatched as signals.
//
// Thread safety: Thread-safe, with the GIL held.
#ifndef SPANLINK_PYTHON_MODULE_FINISHED_SPAN_H_
#define SPANLINK_PYTHON_MODULE_FINISHED_SPAN_H_

#include <nanobind/nanobind.h>

#include "spanlink/python/module/dispatcher.h"

namespace spanlink::python {

// Adds the method to `bus` and the type of its result to `module`.
void BindFinishedSpan(nanobind::module_& module, nanobind::class_<Bus>& bus);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_FINISHED_SPAN_H_
