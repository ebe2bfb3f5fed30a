// TextPool: keeps texts, each of them once.
//
// The spans of a file have few names, scopes and agents, and many spans each.
//
// Lifetime: views are valid for as long as the pool.
// Thread safety: Thread-compatible.
// Complexity: O(n) a text of n bytes; memory of the different texts.
#ifndef SPANLINK_PIPELINE_TEXT_POOL_H_
#define SPANLINK_PIPELINE_TEXT_POOL_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace spanlink {

class TextPool {
 public:
  // Returns the text as the pool keeps it.
  std::string_view Keep(std::string_view text);
  // The same of a text that hardly comes twice.
  std::string_view KeepOnce(std::string_view text);

 private:
  static constexpr size_t kChunk = size_t{1} << 14;

  absl::flat_hash_set<std::string_view> texts_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* free_ = nullptr;
  size_t left_ = 0;  // bytes at `free_`
  std::string_view last_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TEXT_POOL_H_
