// The dialects that spanlink knows: the one place where they are listed.
//
// Thread safety: thread-safe.
#ifndef SPANLINK_DIALECTS_REGISTRY_H_
#define SPANLINK_DIALECTS_REGISTRY_H_

#include <span>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

// Returns all dialects, in the order in which they are asked: the more special
// first, because instrumentations build on one another's keys.
std::span<const Dialect* const> AllDialects();

// Returns the first dialect that recognises the span, nullptr if none does.
const Dialect* FindDialect(const FinishedSpan& span);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_REGISTRY_H_
