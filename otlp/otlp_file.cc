#include "spanlink/otlp/otlp_file.h"

#include <cstddef>
#include <utility>

#include "spanlink/json/json_escapes.h"
#include "spanlink/otlp/otlp_json_reader.h"
#include "spanlink/otlp/otlp_json_writer.h"
#include "spanlink/otlp/otlp_proto_reader.h"
#include "spanlink/otlp/otlp_proto_writer.h"

namespace spanlink {
namespace {

// The tag of `resource_spans`, which is also a line break.
constexpr char kResourceSpansTag = '\n';

// Returns whether the file begins with the length of a message and, unless that
// is empty, with a message of this kind.
bool BeginsWithFrame(std::string_view bytes) {
  constexpr size_t kLength = 4;
  if (bytes.size() < kLength) return false;
  size_t size = 0;
  for (const char c : bytes.substr(0, kLength)) {
    size = size << 8 | static_cast<uint8_t>(c);
  }
  if (size == 0) return true;
  return bytes.size() > kLength && bytes[kLength] == kResourceSpansTag;
}

bool BeginsWithBrace(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && bytes[first] == '{';
}

}  // namespace

OtlpFormat DetectOtlpFormat(std::string_view bytes) {
  if (bytes.empty() || BeginsWithBrace(bytes)) return OtlpFormat::kJson;
  const auto first = static_cast<uint8_t>(bytes.front());
  if (first < kResourceSpansTag && BeginsWithFrame(bytes)) {
    return OtlpFormat::kProtoFrames;
  }
  const bool blank = bytes.find_first_not_of(" \t\r\n") == bytes.npos;
  return bytes.front() == kResourceSpansTag && !blank ? OtlpFormat::kProto
                                                      : OtlpFormat::kJson;
}

absl::StatusOr<OtlpSpans> ReadOtlp(
    const OtlpInput& input,
    const std::function<void(uint64_t, uint64_t)>& progress) {
  if (input.format == OtlpFormat::kJson) {
    return ReadOtlpJson(input.name, input.bytes, progress);
  }
  return ReadOtlpProto(input.name, input.bytes, input.format, progress);
}

void OtlpContentReader::Read(std::string_view bytes, const OtlpSpan& span) {
  name_ = Text(span.Text(bytes, span.name), &decoded_name_);
  status_message_ =
      Text(span.Text(bytes, span.status_message), &decoded_status_message_);
  const std::string_view attributes = span.Text(bytes, span.attributes);
  const std::string_view events = span.Text(bytes, span.events);
  if (is_json_) {
    json_.Read(attributes, events);
  } else {
    proto_.Read(attributes, events);
  }
}

void OtlpContentReader::AddLog(std::string_view bytes, const OtlpLog& log) {
  AddLog(bytes, log, /*any=*/false);
}

void OtlpContentReader::Read(std::string_view bytes, const OtlpLog& log) {
  Read(bytes, OtlpSpan{});
  AddLog(bytes, log, /*any=*/true);
}

void OtlpContentReader::AddLog(std::string_view bytes, const OtlpLog& log,
                               bool any) {
  const std::string_view name = log.Text(bytes, log.name);
  const std::string_view attributes = log.Text(bytes, log.attributes);
  const std::string_view body = log.Text(bytes, log.body);
  if (is_json_) {
    json_.AddLog(name, attributes, body, any);
  } else {
    proto_.AddLog(name, attributes, body, any);
  }
}

std::string_view OtlpContentReader::Text(std::string_view raw,
                                         std::string* decoded) const {
  if (!is_json_ || raw.size() < 2) return is_json_ ? std::string_view() : raw;
  const std::string_view inside = raw.substr(1, raw.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return inside;
  decoded->clear();
  UnescapeJson(inside, decoded);
  return *decoded;
}

std::string WriteOtlp(std::string_view bytes, const OtlpSpans& spans,
                      NextOtlpChange next,
                      const std::vector<OtlpLogChange>& logs) {
  return spans.format == OtlpFormat::kJson
             ? WriteOtlpJson(bytes, next, logs)
             : WriteOtlpProto(bytes, spans, next, logs);
}

}  // namespace spanlink
