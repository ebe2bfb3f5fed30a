// Counts what a program takes from `operator new`, which a program that links
// this replaces.
//
// Thread safety: Thread-safe; a thread sees its own allocations.
#ifndef SPANLINK_BENCH_ALLOCATIONS_H_
#define SPANLINK_BENCH_ALLOCATIONS_H_

#include <cstdint>

namespace spanlink::bench {

// How often this thread allocated.
uint64_t Allocations();

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_ALLOCATIONS_H_
