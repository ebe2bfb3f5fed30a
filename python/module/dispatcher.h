// `spanlink.Dispatcher`: the bus, with one method a signal.
//
// Thread safety: Thread-safe. The GIL is held while listeners run.
#ifndef SPANLINK_PYTHON_MODULE_DISPATCHER_H_
#define SPANLINK_PYTHON_MODULE_DISPATCHER_H_

#include <nanobind/nanobind.h>

#include <memory>

#include "spanlink/dispatch/dispatcher.h"

namespace spanlink::python {

// A bus of its own, or the one of the process.
class Bus {
 public:
  Bus() : own_(std::make_unique<Dispatcher>()), dispatcher_(own_.get()) {}
  explicit Bus(Dispatcher* dispatcher) : dispatcher_(dispatcher) {}

  Dispatcher& operator*() const { return *dispatcher_; }
  Dispatcher* operator->() const { return dispatcher_; }

 private:
  std::unique_ptr<Dispatcher> own_;
  Dispatcher* dispatcher_;
};

void BindDispatcher(nanobind::module_& module);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_DISPATCHER_H_
