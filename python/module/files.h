// `spanlink.link`, `find_links`, `link_file`: a trace in, the same trace with
// links out. The GIL is released meanwhile.
//
// Thread safety: Thread-safe.
#ifndef SPANLINK_PYTHON_MODULE_FILES_H_
#define SPANLINK_PYTHON_MODULE_FILES_H_

#include <nanobind/nanobind.h>

namespace spanlink::python {

void BindFiles(nanobind::module_& module);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_FILES_H_
