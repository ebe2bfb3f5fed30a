// A tracing integration of an agents SDK, as a stranger would write it: it sees
// tools run, knows no ids of calls, and never sees an answer.
//
// Thread safety: Thread-safe. No concurrent calls to any function cause a data
// race.
#ifndef SPANLINK_TESTS_R6_AGENTS_INTEGRATION_H_
#define SPANLINK_TESTS_R6_AGENTS_INTEGRATION_H_

#include <string_view>

#include "spanlink/model/span_context.h"

namespace agents_sdk {

// A tool's span, from its start to its end.
class FunctionSpan {
 public:
  FunctionSpan(spanlink::SpanContext span, spanlink::SpanId parent,
               std::string_view name);
  // Reports the run. `input` is what the function was called with.
  void End(std::string_view input) const;

 private:
  spanlink::SpanContext span_;
  spanlink::SpanId parent_;
  std::string_view name_;
};

}  // namespace agents_sdk

#endif  // SPANLINK_TESTS_R6_AGENTS_INTEGRATION_H_
