// libFuzzer's entry: runs the target that SPANLINK_FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "spanlink/fuzz/targets.h"

namespace {

const spanlink::fuzz::Target* target = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("SPANLINK_FUZZ_TARGET");
  for (const auto& known : spanlink::fuzz::Targets()) {
    if (name != nullptr && known.name == name) target = &known;
  }
  if (target != nullptr) return 0;
  std::fprintf(stderr, "SPANLINK_FUZZ_TARGET names no target\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
