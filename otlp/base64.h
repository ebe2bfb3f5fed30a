// Base64, in which JSON has bytes.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_OTLP_BASE64_H_
#define SPANLINK_OTLP_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace spanlink {

// Appends `bytes` in the standard alphabet, padded.
void AppendBase64(std::string_view bytes, std::string* out);

// Takes the standard alphabet and the one for URLs, padded or not. Returns
// nullopt for anything else.
std::optional<std::string> ParseBase64(std::string_view text);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_BASE64_H_
