#include "spanlink/fuzz/targets.h"

#include <cstdio>
#include <cstdlib>

namespace spanlink::fuzz {

std::span<const Target> Targets() {
  static constexpr Target kTargets[] = {
      {"fingerprint", &FuzzFingerprint},
      {"otlp_json", &FuzzOtlpJson},
      {"otlp_proto", &FuzzOtlpProto},
      {"trace", &FuzzTrace},
  };
  return kTargets;
}

void Check(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace spanlink::fuzz
