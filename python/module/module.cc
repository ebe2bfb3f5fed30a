// `spanlink._core`: the engine, for Python.
#include <nanobind/nanobind.h>

#include "spanlink/python/module/dispatcher.h"
#include "spanlink/python/module/files.h"
#include "spanlink/python/module/link.h"
#include "spanlink/python/module/tracker.h"

NB_MODULE(_core, module) {
  module.doc() = "The engine of spanlink.";
  module.attr("__version__") = SPANLINK_VERSION;
  // What lives at the end of an interpreter is not a leak of ours.
  nanobind::set_leak_warnings(false);
  spanlink::python::BindLink(module);
  spanlink::python::BindDispatcher(module);
  spanlink::python::BindTracker(module);
  spanlink::python::BindFiles(module);
}
