// Records of OTLP/JSON for tests of streams: one round of an agent, span by
// span, to be put into records as a test likes.
//
// Times count in seconds from one moment on.
//
// Thread safety: plain values and stateless functions; thread-safe.
#ifndef SPANLINK_TESTS_STREAM_RECORDS_H_
#define SPANLINK_TESTS_STREAM_RECORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"

namespace spanlink::testing {

struct RunOptions {
  int span_base = 0;  // what the ids of its spans begin at
  std::string call_id = "call_1";
  std::string conversation = "";
  bool tool_has_id = false;
  bool parentless = false;        // no span has a parent
  bool in_steps = false;          // each below a span of its own, in `steps`
  bool messages_in_logs = false;  // not on the spans
  std::string text = "";          // prose in the messages
};

// An agent from second `at` to 3: an answer asks for `f`, which runs and whose
// result another LLM span reads, each half a second long, one a second.
struct AgentRun {
  AgentRun(int trace, int64_t at, const RunOptions& options = {});

  static std::string TraceIdText(int trace);

  std::string agent, answer, tool, reader;  // spans, as JSON
  std::vector<std::string> steps;           // spans of no dialect
  std::string answer_log, reader_log;       // log records with their messages
  std::string answer_id;                    // in hex
};

// A span of no dialect, from second `at` to the next.
std::string OtherSpan(int trace, int64_t at);
// A log record of the agent's answer that is no event.
std::string PlainLog(int trace);

// One record that holds these spans, or these log records.
std::string Document(const std::vector<std::string>& spans);
std::string LogDocument(const std::vector<std::string>& logs);

// Returns the same record in protobuf.
std::string ToProto(const std::string& document);

MATCHER_P(EndsWithText, end, "") {
  return std::string_view(arg).ends_with(end);
}

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_STREAM_RECORDS_H_
