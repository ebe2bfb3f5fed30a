// The latency of single signals while another thread inserts, and of a control
// loop on the same machine at the same time: what the machine does to anybody.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_BENCH_LATENCY_CASE_H_
#define SPANLINK_BENCH_LATENCY_CASE_H_

#include <cstddef>
#include <string>

#include "spanlink/bench/slices.h"

namespace spanlink::bench {

// Keeps `live` open calls of the texts in a file.
Case MakeLatencyCase(const std::string& texts, size_t live);

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_LATENCY_CASE_H_
