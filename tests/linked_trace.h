// LinkedTrace: the bytes of a trace as a file that was read and linked.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_TESTS_LINKED_TRACE_H_
#define SPANLINK_TESTS_LINKED_TRACE_H_

#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "spanlink/pipeline/trace_file.h"

namespace spanlink::testing {

// Linked with the usual options. Fails the test, and goes on with an empty
// file, if the bytes cannot be read.
inline TraceFile LinkedTrace(const std::string& bytes,
                             const std::string& name = "f") {
  auto file = TraceFile::Read(name, bytes);
  EXPECT_TRUE(file.ok()) << file.status();
  TraceFile trace = file.ok() ? *std::move(file) : *TraceFile::Read(name, "{}");
  trace.Link({});
  return trace;
}

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_LINKED_TRACE_H_
