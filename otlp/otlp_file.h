// A file of OTLP in any of its encodings: its spans, what is in them, and what
// is to change of them.
//
//   const OtlpFormat format = DetectOtlpFormat(bytes);
//   auto spans = ReadOtlp({name, bytes, format});
//   OtlpContentReader reader(spans->format);
//   reader.Read(bytes, spans->spans[0]);
//   const std::string linked = WriteOtlp(bytes, *spans, next);
//
// The files beside this one say what each encoding takes and keeps.
#ifndef SPANLINK_OTLP_OTLP_FILE_H_
#define SPANLINK_OTLP_OTLP_FILE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "spanlink/otlp/otlp_content.h"
#include "spanlink/otlp/otlp_json_attributes.h"
#include "spanlink/otlp/otlp_link.h"
#include "spanlink/otlp/otlp_proto_attributes.h"
#include "spanlink/otlp/otlp_span.h"

namespace spanlink {

// Looks at the first bytes. What is neither kind of protobuf is JSON, or fails
// as JSON. A file that begins with a line break may be either: it is JSON if a
// brace comes next.
OtlpFormat DetectOtlpFormat(std::string_view bytes);

struct OtlpInput {
  std::string_view name;  // for messages
  std::string_view bytes;
  OtlpFormat format = OtlpFormat::kJson;
};

// Reads all spans. `progress`, which may be empty, is told the bytes done and
// the bytes in all. Errors: InvalidArgument, "NAME: OFFSET: expected …", if
// nothing can be read; the rest is counted in the result.
absl::StatusOr<OtlpSpans> ReadOtlp(
    const OtlpInput& input,
    const std::function<void(uint64_t, uint64_t)>& progress = nullptr);

// Decodes what is in a span.
//
// Lifetime: what it returns lives until the next `Read` and no longer than the
// file's bytes.
// Thread safety: Thread-compatible.
class OtlpContentReader {
 public:
  explicit OtlpContentReader(OtlpFormat format)
      : is_json_(format == OtlpFormat::kJson) {}

  void Read(std::string_view bytes, const OtlpSpan& span);
  // Adds a log record of the span to its events, if it has an event's name: its
  // attributes and, as `body`, its body.
  void AddLog(std::string_view bytes, const OtlpLog& log);
  // Reads a log record by itself, as the event of a span of which nothing is
  // known; also one without a name.
  void Read(std::string_view bytes, const OtlpLog& log);

  std::string_view name() const { return name_; }
  std::string_view status_message() const { return status_message_; }
  const std::vector<OtlpAttribute>& attributes() const {
    return is_json_ ? json_.attributes() : proto_.attributes();
  }
  const std::vector<OtlpEvent>& events() const {
    return is_json_ ? json_.events() : proto_.events();
  }
  // Attributes and events that were skipped.
  uint64_t unreadable() const {
    return is_json_ ? json_.unreadable() : proto_.unreadable();
  }

 private:
  void AddLog(std::string_view bytes, const OtlpLog& log, bool any);
  std::string_view Text(std::string_view raw, std::string* decoded) const;

  bool is_json_;
  OtlpJsonAttributeReader json_;
  OtlpProtoAttributeReader proto_;
  std::string_view name_;
  std::string_view status_message_;
  std::string decoded_name_;
  std::string decoded_status_message_;
};

// Returns `bytes` with the changes that `next` makes, and every other byte as
// it was but lengths. REQUIRES: `spans` was read from `bytes`, and every span
// and log record is one of it and occurs once.
std::string WriteOtlp(std::string_view bytes, const OtlpSpans& spans,
                      NextOtlpChange next,
                      const std::vector<OtlpLogChange>& logs = {});
inline std::string WriteOtlp(std::string_view bytes, const OtlpSpans& spans,
                             std::vector<OtlpSpanChange> changes,
                             const std::vector<OtlpLogChange>& logs = {}) {
  return WriteOtlp(bytes, spans, EachOtlpChange(std::move(changes)), logs);
}

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_FILE_H_
