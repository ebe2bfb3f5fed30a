#include "spanlink/dialects/flat_messages.h"

#include <charconv>
#include <system_error>

namespace spanlink {

std::optional<NumberedKey> SplitNumber(std::string_view text) {
  NumberedKey key{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, key.number);
  if (error != std::errc() || stop == end || *stop != '.') return std::nullopt;
  key.rest = text.substr(static_cast<size_t>(stop - text.data()) + 1);
  return key;
}

}  // namespace spanlink
