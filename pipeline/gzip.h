// gzip, in which trace files come.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PIPELINE_GZIP_H_
#define SPANLINK_PIPELINE_GZIP_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace spanlink {

// A file of a few megabytes may claim to hold terabytes.
inline constexpr uint64_t kMaxInflatedBytes = uint64_t{8} << 30;

bool IsGzip(std::string_view bytes);

// Returns what one or several members hold. `name` is for messages. Errors:
// InvalidArgument, "NAME: OFFSET: expected …", if a member is damaged or breaks
// off, or if there is more than `max_bytes` in all.
absl::StatusOr<std::string> Inflate(std::string_view name,
                                    std::string_view bytes,
                                    uint64_t max_bytes = kMaxInflatedBytes);

// Returns one member without name and time: the same for the same bytes.
std::string Deflate(std::string_view bytes);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_GZIP_H_
