#include "spanlink/bench/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace spanlink::bench {
namespace {

constinit thread_local uint64_t allocations = 0;

void* Allocate(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

uint64_t Allocations() { return allocations; }

}  // namespace spanlink::bench

void* operator new(size_t size) { return spanlink::bench::Allocate(size); }
void* operator new[](size_t size) { return spanlink::bench::Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
