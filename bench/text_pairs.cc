#include "spanlink/bench/text_pairs.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace spanlink::bench {
namespace {

// As many numbers as have eight digits.
constexpr uint64_t kNumbers = 90'000'000;

}  // namespace

std::string_view ToolOf(uint64_t number) {
  static constexpr std::array<std::string_view, 4> kTools = {
      "get_weather", "search_flights", "update_reservation", "send_email"};
  return kTools[number % kTools.size()];
}

std::string IdOf(uint64_t number) {
  std::string digits = std::to_string(number);
  return "call_" +
         digits.insert(0, 12 - std::min<size_t>(12, digits.size()), '0');
}

NumberedText::NumberedText(std::string text)
    : text_(std::move(text)),
      place_(text_.find(std::to_string(kFirstNumber))) {}

void NumberedText::Number(uint64_t number) {
  if (place_ == text_.npos) return;
  uint64_t rest = kFirstNumber + number % kNumbers;
  for (size_t at = place_ + 8; at > place_; rest /= 10) {
    text_[--at] = static_cast<char>('0' + rest % 10);
  }
}

TextPairs::TextPairs(const std::string& path) {
  std::ifstream file(path);
  const auto read = nlohmann::json::parse(file, nullptr, false);
  if (!read.is_array() || read.empty()) {
    std::fprintf(stderr, "no texts in %s\n", path.c_str());
    std::exit(1);
  }
  for (const auto& pair : read) {
    pairs_.push_back({NumberedText(pair[0]), NumberedText(pair[1])});
  }
  Renumber();
}

void TextPairs::Renumber() {
  for (TextPair& pair : pairs_) {
    pair.model.Number(next_);
    pair.tool.Number(next_++);
  }
}

TextPair TextPairs::Numbered(uint64_t number) const {
  TextPair pair = pairs_[number % pairs_.size()];
  pair.model.Number(number);
  pair.tool.Number(number);
  return pair;
}

}  // namespace spanlink::bench
