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

// Reads a span with every dialect that recognises it. Instrumentations write
// several conventions onto one span: the first dialect says what the span is,
// the others add what it left open, so that a call that is written twice stays
// one. Returns the first, nullptr if none knows the span. `facts` are clear.
const Dialect* DecodeSpan(const FinishedSpan& span, SpanFacts* facts);

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_REGISTRY_H_
