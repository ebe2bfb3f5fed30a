// UnescapedTexts: long texts that grow from span to span, unescaped.
//
// The prompts of a run repeat one another: each is the last one with a few
// messages more before the bracket at its end. What a text has in common with
// one that was unescaped before is compared, which is quick, and not unescaped
// again.
//
// Lifetime: owns what it holds; what `Unescape` returns lives until `Release`.
// Thread safety: Thread-compatible.
// Complexity: O(kTexts · n) to compare n bytes; `kTexts` texts are kept, and
// what was asked for since the last `Release`.
#ifndef SPANLINK_OTLP_UNESCAPED_TEXTS_H_
#define SPANLINK_OTLP_UNESCAPED_TEXTS_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace spanlink {

class UnescapedTexts {
 public:
  // Shorter texts are as quick to unescape as to look up.
  static constexpr size_t kMinSize = 512;

  // Returns what the inside of a JSON string means, "" and false if all places
  // are taken. REQUIRES: at least `kMinSize` bytes.
  bool Unescape(std::string_view raw, std::string_view* text);
  void Release() {
    for (Text& text : texts_) text.taken = false;
  }

 private:
  static constexpr size_t kTexts = 4;
  static constexpr size_t kMaxSize = size_t{1} << 20;

  struct Text {
    std::string raw;
    std::string text;
    bool taken = false;
  };

  Text* FindFormer(std::string_view raw);
  Text* Replace();

  std::array<Text, kTexts> texts_;
  size_t oldest_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_UNESCAPED_TEXTS_H_
