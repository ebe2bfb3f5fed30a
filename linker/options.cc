#include "spanlink/linker/options.h"

#include <cstddef>

namespace spanlink {

Limits Limits::ForFiles() {
  Limits limits;
  constexpr size_t kMany = size_t{1} << 28;
  limits.spans_per_scope = kMany;
  limits.calls_per_scope = kMany;
  limits.executions_per_scope = kMany;
  limits.uses_per_scope = kMany;
  limits.annotations_per_scope = kMany;
  limits.scopes = kMany;
  limits.spans = kMany;
  limits.parked_calls = kMany;
  limits.idle = Duration::max();
  limits.reopened_idle = Duration::max();
  limits.parked_age = Duration::max();
  return limits;
}

}  // namespace spanlink
