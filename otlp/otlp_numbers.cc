#include "spanlink/otlp/otlp_numbers.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace spanlink {
namespace {

std::string_view WithoutQuotes(std::string_view json) {
  if (json.size() < 2 || json.front() != '"' || json.back() != '"') return json;
  return json.substr(1, json.size() - 2);
}

template <typename T>
std::optional<T> ParseWhole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<uint64_t> ParseOtlpUint(std::string_view json) {
  const std::string_view text = WithoutQuotes(json);
  if (const auto exact = ParseWhole<uint64_t>(text)) return exact;
  // JavaScript writes large numbers as 1.75e+18.
  const auto value = ParseWhole<double>(text);
  constexpr double kLimit = 18446744073709551616.0;
  if (!value || !(*value >= 0) || *value >= kLimit ||
      std::floor(*value) != *value) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(*value);
}

std::optional<std::string_view> OtlpIntegerText(std::string_view json) {
  const std::string_view text = WithoutQuotes(json);
  if (ParseWhole<int64_t>(text) || ParseWhole<uint64_t>(text)) return text;
  return std::nullopt;
}

}  // namespace spanlink
