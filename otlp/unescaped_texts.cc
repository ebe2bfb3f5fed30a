#include "spanlink/otlp/unescaped_texts.h"

#include "spanlink/json/json_escapes.h"

namespace spanlink {

bool UnescapedTexts::Unescape(std::string_view raw, std::string_view* text) {
  if (raw.size() > kMaxSize) return false;
  Text* known = FindFormer(raw);
  if (known != nullptr) {
    known->raw.pop_back();
    known->text.pop_back();
  } else {
    known = Replace();
    if (known == nullptr) return false;
    known->raw.clear();
    known->text.clear();
  }
  const std::string_view more = raw.substr(known->raw.size());
  UnescapeJson(more, &known->text);
  known->raw.append(more);
  known->taken = true;
  *text = known->text;
  return true;
}

// Returns a text that, but for the bracket at its end, `raw` begins with: the
// longest, as runs may begin alike. What stands before a brace means the same
// whatever comes behind it: no escape goes on there.
UnescapedTexts::Text* UnescapedTexts::FindFormer(std::string_view raw) {
  Text* longest = nullptr;
  for (Text& text : texts_) {
    if (text.taken || !text.raw.ends_with("}]")) continue;
    if (longest != nullptr && longest->raw.size() >= text.raw.size()) continue;
    const std::string_view begin(text.raw.data(), text.raw.size() - 1);
    if (raw.starts_with(begin)) longest = &text;
  }
  return longest;
}

// Returns the oldest text that is not in use, nullptr if all are.
UnescapedTexts::Text* UnescapedTexts::Replace() {
  for (size_t i = 0; i < kTexts; ++i) {
    Text& text = texts_[oldest_];
    oldest_ = (oldest_ + 1) % kTexts;
    if (!text.taken) return &text;
  }
  return nullptr;
}

}  // namespace spanlink
