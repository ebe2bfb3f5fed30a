// KeyMemo: a fingerprinter that remembers what it was asked last.
//
// A run calls few tools again and again, and a tool is mostly given the very
// text that the model wrote: canonical form and hash of both are the dearest
// part of a signal. Arguments are remembered by a keyed hash of their text as
// it is, never the text itself. 64 bits of it: each text is compared with
// `kTexts` others, so that one of 2^61 is taken for another one.
//
// Lifetime: the fingerprinter must outlive the memo.
// Thread safety: Thread-compatible.
// Complexity: as the fingerprinter, less for what is remembered; constant
// memory, but for the longest name.
#ifndef SPANLINK_LINKER_KEY_MEMO_H_
#define SPANLINK_LINKER_KEY_MEMO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spanlink/linker/fingerprint.h"
#include "spanlink/model/short_text.h"

namespace spanlink {

class KeyMemo {
 public:
  explicit KeyMemo(const Fingerprinter* fingerprinter)
      : fingerprinter_(*fingerprinter) {}

  // `Fingerprinter::OfText` of a tool's name.
  Fingerprint OfName(std::string_view name) {
    if (!name_ || std::string_view(*name_) != name) {
      name_ = name;
      name_key_ = fingerprinter_.OfText(name);
    }
    return name_key_;
  }

  // `Fingerprinter::Of` of a call.
  Fingerprint OfCall(const Fingerprint& name, std::string_view arguments) {
    return Fingerprinter::Of(name, OfArguments(arguments));
  }

  // How many arguments were remembered.
  uint64_t hits() const { return hits_; }

 private:
  // Shorter texts are as quick to take apart as to look up.
  static constexpr size_t kMinText = 32;
  // As many calls as an answer usually has.
  static constexpr size_t kTexts = 8;

  Fingerprint OfArguments(std::string_view arguments) {
    if (arguments.size() < kMinText) {
      return fingerprinter_.OfArguments(arguments);
    }
    const uint64_t text = fingerprinter_.BriefOfText(arguments);
    size_t found = kTexts;  // without a branch for each
    for (size_t i = 0; i < kTexts; ++i) {
      if (texts_[i] == text) found = i;
    }
    if (found < kTexts) {
      ++hits_;
      return arguments_[found];
    }
    const size_t place = next_;
    next_ = (next_ + 1) % kTexts;
    texts_[place] = text;
    return arguments_[place] = fingerprinter_.OfArguments(arguments);
  }

  const Fingerprinter& fingerprinter_;
  std::optional<ShortText> name_;
  Fingerprint name_key_;
  std::array<uint64_t, kTexts> texts_{};  // zero, as no hash is: free
  std::array<Fingerprint, kTexts> arguments_;
  size_t next_ = 0;  // the oldest, or the first that is free
  uint64_t hits_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_KEY_MEMO_H_
