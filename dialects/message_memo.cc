#include "spanlink/dialects/message_memo.h"

#include <algorithm>

namespace spanlink {

// The longest that fits: a run may begin like another one.
size_t MessageMemo::Recall(std::string_view json, std::vector<UseFact>* uses) {
  const Prompt* longest = nullptr;
  for (const Prompt& prompt : prompts_) {
    const bool longer =
        longest == nullptr || prompt.text.size() > longest->text.size();
    if (longer && !prompt.text.empty() && json.starts_with(prompt.text)) {
      longest = &prompt;
    }
  }
  if (longest == nullptr) return 0;
  uses->insert(uses->end(), longest->uses.begin(), longest->uses.end());
  return longest->text.size();
}

void MessageMemo::Keep(std::string_view json,
                       std::vector<UseFact>::const_iterator begin,
                       std::vector<UseFact>::const_iterator end) {
  if (json.size() > kMaxBytes) return;
  const auto former =
      std::find_if(prompts_.begin(), prompts_.end(), [json](const Prompt& p) {
        return !p.text.empty() && json.starts_with(p.text);
      });
  const bool is_new = former == prompts_.end();
  Prompt& prompt = is_new ? prompts_[oldest_] : *former;
  if (is_new) {
    oldest_ = (oldest_ + 1) % kPrompts;
    prompt.text.clear();
    prompt.uses.clear();
  }
  prompt.text.append(json.substr(prompt.text.size()));
  prompt.uses.insert(prompt.uses.end(),
                     begin + static_cast<ptrdiff_t>(prompt.uses.size()), end);
}

}  // namespace spanlink
