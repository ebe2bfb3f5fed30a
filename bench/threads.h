// Puts threads on processors.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_BENCH_THREADS_H_
#define SPANLINK_BENCH_THREADS_H_

#include <sched.h>

#include <thread>

namespace spanlink::bench {

// Keeps the calling thread on the processor of that number, counted round.
inline void PinTo(unsigned number) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(number % std::thread::hardware_concurrency(), &processors);
  sched_setaffinity(0, sizeof(processors), &processors);
}

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_THREADS_H_
