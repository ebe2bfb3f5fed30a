// MessageMemo: what the prompts said that were read last.
//
// Every prompt of a run repeats the one before it and adds a few messages. What
// a prompt begins with need not be read again if it is, byte by byte, what
// another one was: reading a run takes time in proportion to what is new in it.
//
// Runs side by side take turns in a file: a few prompts are remembered.
//
// Lifetime: owns what it holds.
// Thread safety: Thread-compatible.
// Complexity: O(kPrompts · n) to compare n bytes; at most `kPrompts` texts of
// `kMaxBytes`.
#ifndef SPANLINK_DIALECTS_MESSAGE_MEMO_H_
#define SPANLINK_DIALECTS_MESSAGE_MEMO_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/span_facts.h"

namespace spanlink {

class MessageMemo {
 public:
  // Appends the results that are known to be in the beginning of `json`, a list
  // of messages. Returns where that ends, behind a message; 0 if nothing is
  // known.
  size_t Recall(std::string_view json, std::vector<UseFact>* uses);

  // Remembers that `json`, the beginning of a list up to the end of one of its
  // messages, holds these results. Takes the place of what it goes on from, or
  // of the oldest.
  void Keep(std::string_view json, std::vector<UseFact>::const_iterator begin,
            std::vector<UseFact>::const_iterator end);

 private:
  static constexpr size_t kPrompts = 4;
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  struct Prompt {
    std::string text;
    std::vector<UseFact> uses;
  };

  std::array<Prompt, kPrompts> prompts_;
  size_t oldest_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_MESSAGE_MEMO_H_
