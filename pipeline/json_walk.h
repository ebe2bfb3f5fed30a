// JsonWalk: visits the objects of a file of JSON, outer ones first.
//
// A file is one document, several after one another, or one a line. A line that
// is no document loses that line only.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n) for the bounded number of levels that are looked into.
#ifndef SPANLINK_PIPELINE_JSON_WALK_H_
#define SPANLINK_PIPELINE_JSON_WALK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace spanlink {

struct JsonProblem {
  size_t position = 0;
  std::string expected;
};

struct JsonWalkResult {
  uint64_t documents = 0;
  std::vector<JsonProblem> problems;  // the first few
  uint64_t unreadable = 0;            // all of them
};

// What to do after an object.
enum class JsonNext : uint8_t { kInside, kSkip, kStop };

// Calls `visit` with the text of each object.
JsonWalkResult WalkJson(
    std::string_view bytes,
    const std::function<JsonNext(std::string_view object)>& visit);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_JSON_WALK_H_
