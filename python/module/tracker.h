// `spanlink.Tracker`: an engine that listens to a dispatcher, with sinks that
// are Python's.
//
// Thread safety: Thread-safe, with the GIL held; `close` waits for calls on
// other threads without it.
#ifndef SPANLINK_PYTHON_MODULE_TRACKER_H_
#define SPANLINK_PYTHON_MODULE_TRACKER_H_

#include <nanobind/nanobind.h>

namespace spanlink::python {

void BindTracker(nanobind::module_& module);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_TRACKER_H_
