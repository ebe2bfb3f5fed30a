// Which switch of which instrumentation records what models answer.
//
// Without messages on LLM spans nothing says who chose a tool. Most
// instrumentations leave them out, by default or on request, and each has a
// switch of its own.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_VIEWER_CAPTURE_ADVICE_H_
#define SPANLINK_VIEWER_CAPTURE_ADVICE_H_

#include <string_view>

namespace spanlink {

// Returns a sentence or two for the instrumentation that wrote a span with this
// dialect and instrumentation scope, most telling first; a general one if
// neither is known.
std::string_view CaptureAdvice(std::string_view dialect,
                               std::string_view scope);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_CAPTURE_ADVICE_H_
