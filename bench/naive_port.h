// NaiveLinkTracker: what somebody writes in an afternoon who ports ddtrace's
// LinkTracker to C++: the same methods, nlohmann's parser and writer for the
// canonical form, hash tables keyed by strings. A peer to measure, no more.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_BENCH_NAIVE_PORT_H_
#define SPANLINK_BENCH_NAIVE_PORT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace spanlink::bench {

struct NaiveContext {
  std::string span_id;
  std::string trace_id;
};

struct NaiveLink {
  NaiveContext producer;
  std::string from, to;
};

struct NaiveSpan {
  NaiveContext context;
  std::vector<NaiveLink> links;
};

class NaiveLinkTracker {
 public:
  struct Choice {
    std::string tool_id, tool_name, arguments;
    NaiveContext llm;
  };
  void OnLlmToolChoice(const Choice& choice);
  // Finds the call by name and arguments.
  void OnToolCall(const std::string& tool_name, const std::string& arguments,
                  NaiveSpan* tool);
  void OnToolCallOutputUsed(const std::string& tool_id, NaiveSpan* llm);

 private:
  struct TrackedCall {
    Choice choice;
    std::optional<NaiveContext> tool;
  };

  absl::flat_hash_map<std::string, TrackedCall> calls_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::string> ids_;
};

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_NAIVE_PORT_H_
