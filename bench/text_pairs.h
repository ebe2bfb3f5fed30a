// Texts of calls for measuring: names, ids, and arguments in pairs: what a
// model wrote, and what its tool was given, the same value, perhaps spaced
// otherwise.
//
// No two texts of a measurement are equal: each has a number in it, and
// `Renumber` puts the next numbers into all of them.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_BENCH_TEXT_PAIRS_H_
#define SPANLINK_BENCH_TEXT_PAIRS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spanlink::bench {

// The number that `bench/texts.py` writes into every text but `{}`.
inline constexpr uint64_t kFirstNumber = 10'000'000;

// The tool of the call of that number.
std::string_view ToolOf(uint64_t number);
// Its id, of the kind that providers make: "call_" and digits.
std::string IdOf(uint64_t number);

class NumberedText {
 public:
  explicit NumberedText(std::string text);

  const std::string& text() const { return text_; }
  // Puts `kFirstNumber` plus `number` into the text, less than 10^8 in all.
  void Number(uint64_t number);

 private:
  std::string text_;
  size_t place_;  // of the digits, npos for none
};

struct TextPair {
  NumberedText model;
  NumberedText tool;
};

class TextPairs {
 public:
  // Reads a file of `bench/texts.py`. Ends the program if there is none.
  explicit TextPairs(const std::string& path);

  // Gives every pair a number that none had before.
  void Renumber();
  // Returns the pair for the call of that number, one of unbounded many.
  TextPair Numbered(uint64_t number) const;

  size_t size() const { return pairs_.size(); }
  const TextPair& operator[](size_t i) const { return pairs_[i]; }

 private:
  std::vector<TextPair> pairs_;
  uint64_t next_ = 0;
};

}  // namespace spanlink::bench

#endif  // SPANLINK_BENCH_TEXT_PAIRS_H_
