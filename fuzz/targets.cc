#include "spanlink/fuzz/targets.h"

#include <cstdio>
#include <cstdlib>

#include "spanlink/dialects/registry.h"

namespace spanlink::fuzz {

const std::vector<Target>& Targets() {
  static const std::vector<Target>* const targets = [] {
    auto* all = new std::vector<Target>{
        // never destroyed
        {"fingerprint", &FuzzFingerprint},
        {"otlp_json", &FuzzOtlpJson},
        {"otlp_proto", &FuzzOtlpProto},
        {"trace", &FuzzTrace},
    };
    for (const Dialect* dialect : AllDialects()) {
      all->push_back({"dialect_" + std::string(dialect->name()),
                      [dialect](std::string_view bytes) {
                        FuzzDialect(*dialect, bytes);
                      }});
    }
    return all;
  }();
  return *targets;
}

void Check(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace spanlink::fuzz
