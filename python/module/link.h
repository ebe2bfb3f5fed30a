// `spanlink.SpanLink`: a `SpanLink` with ids as text, as Python sees it. The
// text is made where somebody asks for it.
//
// Thread safety: a value, immutable from Python.
#ifndef SPANLINK_PYTHON_MODULE_LINK_H_
#define SPANLINK_PYTHON_MODULE_LINK_H_

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <utility>

#include "spanlink/model/span_link.h"
#include "spanlink/python/module/ids.h"

namespace spanlink::python {

struct LinkValue {
  // A span with the texts that its ids were made from.
  struct End {
    SpanContext span;
    IdText trace_text, span_text;

    std::string trace_id() const { return TextOf(span.trace_id, trace_text); }
    std::string span_id() const { return TextOf(span.span_id, span_text); }
    void SetTexts(std::string trace_id, std::string span_id) {
      trace_text = std::make_shared<const std::string>(std::move(trace_id));
      span_text = std::make_shared<const std::string>(std::move(span_id));
    }
    friend bool operator==(const End& a, const End& b) {
      return a.trace_id() == b.trace_id() && a.span_id() == b.span_id();
    }
  };

  End consumer;  // carries the link
  End producer;
  LinkKind kind = LinkKind::kToolChoice;
  Evidence evidence = Evidence::kOrder;
  uint32_t attempt = 1;
  bool consumer_finished = false;
  ShortText tool_name, tool_call_id, tool_version;

  friend bool operator==(const LinkValue&, const LinkValue&) = default;
};

// With ids as they were given.
LinkValue ToLinkValue(const SpanLink& link);

void BindLink(nanobind::module_& module);

}  // namespace spanlink::python

#endif  // SPANLINK_PYTHON_MODULE_LINK_H_
