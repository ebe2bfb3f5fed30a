// OtlpSpan: where a span stands in a trace file and what identifies it.
//
// Content stays in the file's bytes: a record holds byte positions, and an
// `OtlpContentReader` decodes attributes when somebody asks.
//
// Lifetime: positions are valid for the bytes that they were read from.
// Thread safety: plain values.
#ifndef SPANLINK_OTLP_OTLP_SPAN_H_
#define SPANLINK_OTLP_OTLP_SPAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/model/span_context.h"

namespace spanlink {

// OTLP's status codes.
enum class OtlpStatus : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

// How a file of JSON writes its ids.
enum class OtlpIdForm : uint8_t { kHex, kPrefixedHex, kBase64 };

// Bytes of a span, counted from the span's first one. Empty: absent.
struct OtlpRange {
  uint32_t begin = 0;
  uint32_t size = 0;

  bool empty() const { return size == 0; }
  uint32_t end() const { return begin + size; }
};

struct OtlpSpan {
  SpanContext context;
  // nullopt: not readable. All-zero: a root.
  std::optional<SpanId> parent;
  std::optional<Time> start;
  std::optional<Time> end;

  // JSON: the object, brackets included. Protobuf: the message, without its tag
  // and length.
  size_t begin = 0;
  uint32_t size = 0;
  // JSON: values as they are written. Protobuf: the inside of `name` and
  // `status_message`; of lists, all from the first record to the last one;
  // `dropped_links_count` without its tag.
  OtlpRange name;
  OtlpRange attributes;
  OtlpRange events;
  OtlpRange links;
  OtlpRange dropped_links_count;
  OtlpRange status_message;
  // Where fields can be put that the span does not have.
  uint32_t members_end = 0;

  uint32_t scope = 0;     // index of the instrumentation scope's name
  uint32_t envelope = 0;  // protobuf: index of what the span stands in
  OtlpIdForm id_form = OtlpIdForm::kHex;
  uint8_t length_size = 0;  // protobuf: bytes of the length before `begin`
  uint32_t dropped_attributes = 0;
  OtlpStatus status = OtlpStatus::kUnset;
  // `links` is of a wrong type: the span can be read but not linked.
  bool links_unreadable = false;

  // Returns the bytes of `range` in `file`.
  std::string_view Text(std::string_view file, OtlpRange range) const {
    return file.substr(begin + range.begin, range.size);
  }
};

// A log record: where GenAI events are that are not on the span itself.
struct OtlpLog {
  SpanContext context;  // zero, or half of it, if it belongs to no span
  std::optional<Time> time;
  // As of a span. `name` is the event's, `attributes` may hold it instead.
  size_t begin = 0;
  uint32_t size = 0;
  OtlpRange name;
  OtlpRange attributes;
  OtlpRange body;
  uint32_t envelope = 0;
  uint8_t length_size = 0;

  std::string_view Text(std::string_view file, OtlpRange range) const {
    return file.substr(begin + range.begin, range.size);
  }
};

// A protobuf message, or a frame, around spans: what grows with them.
struct OtlpEnvelope {
  static constexpr uint32_t kNone = ~uint32_t{0};

  size_t begin = 0;
  size_t size = 0;
  uint8_t length_size = 0;  // bytes of the length before `begin`
  bool frame = false;       // the length is four bytes, big-endian
  uint32_t parent = kNone;  // what it stands in itself
};

enum class OtlpFormat : uint8_t {
  kJson,
  kProto,        // one message, or several merged by writing one after another
  kProtoFrames,  // messages, each behind its length: the Collector's files
};

// The spans of a file, and the log records of spans, of the same file or of
// others.
struct OtlpSpans {
  OtlpFormat format = OtlpFormat::kJson;
  std::vector<OtlpSpan> spans;      // in the order of the file
  std::vector<OtlpLog> logs;        // also of no span: its id is zero
  std::vector<std::string> scopes;  // names; [0] is ""
  // What stands around spans in protobuf, the outer before the inner.
  std::vector<OtlpEnvelope> envelopes;
  // JSON: log records, and not even an empty list of spans.
  bool only_logs = false;
  uint64_t unreadable_spans = 0;  // and log records
  size_t first_unreadable = 0;    // where the first of them stands
  // Lines of JSON and frames of protobuf that could not be read.
  uint64_t unreadable_lines = 0;
  // "NAME: OFFSET: expected …" for the first few of these.
  std::vector<std::string> problems;
};

}  // namespace spanlink

#endif  // SPANLINK_OTLP_OTLP_SPAN_H_
