// Numbers of OTLP/JSON, which come bare or as strings.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_OTLP_OTLP_NUMBERS_H_
#define SPANLINK_OTLP_OTLP_NUMBERS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace spanlink {

// Returns the number that a JSON value spells, bare or in quotes, exactly up to
// 2^64 - 1. Returns nullopt if it is negative, fractional or no number.
std::optional<uint64_t> ParseOtlpUint(std::string_view json);

// Returns the digits of a 64-bit integer as text, without quotes; nullopt if
// the value is no integer.
std::optional<std::string_view> OtlpIntegerText(std::string_view json);

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_NUMBERS_H_
