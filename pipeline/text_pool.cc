#include "spanlink/pipeline/text_pool.h"

#include <algorithm>

namespace spanlink {

std::string_view TextPool::Keep(std::string_view text) {
  if (text.empty()) return {};
  if (text == last_) return last_;
  const auto known = texts_.find(text);
  return last_ = known != texts_.end() ? *known
                                       : *texts_.insert(KeepOnce(text)).first;
}

std::string_view TextPool::KeepOnce(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > left_) {
    left_ = std::max(kChunk, text.size());
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    free_ = chunks_.back().get();
  }
  std::copy(text.begin(), text.end(), free_);
  const std::string_view kept(free_, text.size());
  free_ += text.size();
  left_ -= text.size();
  return kept;
}

}  // namespace spanlink
