// Traces of agents for the benchmarks of OTLP, in both encodings: chats whose
// prompts repeat the conversation, tools between them, messages as JSON text in
// attributes of the OpenTelemetry GenAI conventions. The same in every run.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_BENCH_OTLP_WORKLOAD_H_
#define SPANLINK_BENCH_OTLP_WORKLOAD_H_

#include <cstddef>
#include <string>

namespace spanlink::bench {

struct OtlpWorkload {
  std::string proto;
  std::string json;
  size_t spans = 0;
  size_t links = 0;  // that there are to find
};

// Some 9 spans a trace and 2 KB a span.
OtlpWorkload MakeOtlpWorkload(size_t traces);

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_OTLP_WORKLOAD_H_
