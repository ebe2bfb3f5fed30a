// A tracing integration of a chat completions client, as a stranger would write
// it: it sees requests and answers, and never a tool run.
//
// Thread safety: Thread-safe. No concurrent calls to any function cause a data
// race.
#ifndef SPANLINK_TESTS_R6_CHAT_INTEGRATION_H_
#define SPANLINK_TESTS_R6_CHAT_INTEGRATION_H_

#include <string>
#include <vector>

#include "spanlink/model/span_context.h"

namespace chat_client {

struct Call {
  std::string id;
  std::string function;
  std::string arguments;
};

// One request and its answer.
struct Completion {
  spanlink::SpanContext span;
  spanlink::SpanId parent;
  std::vector<std::string> tool_message_ids;  // results in the request
  std::vector<Call> calls;                    // of the answer
};

// Reports a completion when it is done.
void OnCompletion(const Completion& completion);

}  // namespace chat_client

#endif  // SPANLINK_TESTS_R6_CHAT_INTEGRATION_H_
