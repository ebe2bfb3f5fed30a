// `spanlink.SpanLink`: a `SpanLink` with ids as text, as Python sees it.
//
// Thread safety: a value, immutable from Python.
#ifndef SPANLINK_PYTHON_MODULE_LINK_H_
#define SPANLINK_PYTHON_MODULE_LINK_H_

#include <nanobind/nanobind.h>

#include <string>

#include "spanlink/model/span_link.h"

namespace spanlink::python {

struct LinkValue {
  std::string trace_id, span_id;                // the consumer, which carries it
  std::string linked_trace_id, linked_span_id;  // the producer
  LinkKind kind = LinkKind::kToolChoice;
  Evidence evidence = Evidence::kOrder;
  uint32_t attempt = 1;
  bool consumer_finished = false;
  std::string tool_name, tool_call_id, tool_version;

  friend bool operator==(const LinkValue&, const LinkValue&) = default;
};

// With ids as they were given.
LinkValue ToLinkValue(const SpanLink& link);

void BindLink(nanobind::module_& module);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_LINK_H_
