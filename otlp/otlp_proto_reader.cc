#include "spanlink/otlp/otlp_proto_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/otlp/otlp_proto_fields.h"
#include "spanlink/otlp/proto_cursor.h"

namespace spanlink {
namespace {

constexpr size_t kMaxProblems = 8;
constexpr uint64_t kProgressBytes = uint64_t{1} << 20;
constexpr size_t kFrameLength = 4;
constexpr uint64_t kMaxNanoseconds =
    static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

template <typename Id>
std::optional<Id> IdOf(std::string_view bytes) {
  Id id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

size_t FrameSize(std::string_view length) {
  size_t size = 0;
  for (const char c : length) size = size << 8 | static_cast<uint8_t>(c);
  return size;
}

template <typename Id>
bool ReadId(const ProtoCursor& field, Id* id) {
  const auto read = IdOf<Id>(field.bytes());
  *id = read.value_or(Id{});
  return read.has_value();
}

// Returns whether a field belongs to a log record and never to a span.
bool IsOfLog(uint32_t tag) {
  return tag == otlp_proto::kLogTime || tag == otlp_proto::kLogSeverity ||
         tag == otlp_proto::kLogObservedTime;
}

// The event's own time counts before the observer's.
void ReadLogTime(const ProtoCursor& field, OtlpLog* log) {
  const uint64_t nanos = field.value();
  const bool better = field.tag() == otlp_proto::kLogTime || !log->time;
  if (better && nanos > 0 && nanos <= kMaxNanoseconds) {
    log->time = Time(Duration(static_cast<int64_t>(nanos)));
  }
}

// Walks the messages of one file.
class Walker {
 public:
  Walker(std::string_view name, std::string_view bytes,
         const std::function<void(uint64_t, uint64_t)>& progress)
      : name_(name), bytes_(bytes), progress_(progress) {
    result_.scopes.emplace_back();
  }

  absl::StatusOr<OtlpSpans> Run(OtlpFormat format);

 private:
  void ReadFrames();
  void ReadTraces(ProtoCursor cursor, uint32_t envelope);
  void ReadResource(ProtoCursor cursor, uint32_t envelope);
  void ReadScope(ProtoCursor cursor, uint32_t envelope);
  void ReadScopeName(ProtoCursor cursor, std::string* name);
  void ReadSpan(const ProtoCursor& field, uint32_t envelope);
  void ReadLog(const ProtoCursor& field, uint32_t envelope);
  bool ReadLogField(const ProtoCursor& field, OtlpLog* log);

  bool ReadSpanField(const ProtoCursor& field, OtlpSpan* span);
  void ReadContent(const ProtoCursor& field, OtlpSpan* span);
  void ReadStatus(ProtoCursor cursor, OtlpSpan* span);

  uint32_t AddEnvelope(const ProtoCursor& field, uint32_t parent);
  void CountUnreadable(const ProtoCursor& field) {
    if (result_.unreadable_spans++ > 0) return;
    result_.first_unreadable = field.field_begin();
  }
  void Report(size_t offset, std::string_view expected);
  void Check(const ProtoCursor& cursor) {
    if (cursor.failed()) Report(cursor.position(), cursor.expected());
  }
  void ReportProgress(size_t position);

  std::string_view name_;
  std::string_view bytes_;
  const std::function<void(uint64_t, uint64_t)>& progress_;
  uint64_t next_progress_ = kProgressBytes;
  OtlpSpans result_;
  bool seen_spans_field_ = false;
};

absl::StatusOr<OtlpSpans> Walker::Run(OtlpFormat format) {
  result_.format = format;
  if (format == OtlpFormat::kProtoFrames) {
    ReadFrames();
  } else {
    ReadTraces(ProtoCursor(bytes_), OtlpEnvelope::kNone);
  }
  if (!seen_spans_field_) {
    if (result_.problems.empty()) {
      Report(0, "`resource_spans` (OTLP/protobuf traces)");
    }
    return absl::InvalidArgumentError(result_.problems.front());
  }
  if (progress_) progress_(bytes_.size(), bytes_.size());
  return std::move(result_);
}

void Walker::ReadFrames() {
  size_t at = 0;
  while (at < bytes_.size()) {
    const std::string_view length = bytes_.substr(at, kFrameLength);
    if (length.size() < kFrameLength) {
      Report(bytes_.size(), "the length of a message");
      return;
    }
    const size_t size = FrameSize(length);
    const size_t begin = at + kFrameLength;
    if (size > bytes_.size() - begin) {
      Report(at, "a length that fits into the file");
      return;
    }
    OtlpEnvelope frame;
    frame.begin = begin;
    frame.size = size;
    frame.length_size = kFrameLength;
    frame.frame = true;
    const auto index = static_cast<uint32_t>(result_.envelopes.size());
    result_.envelopes.push_back(frame);
    if (size == 0) seen_spans_field_ = true;
    at = begin + size;
    ReadTraces(ProtoCursor(bytes_, begin, at), index);
  }
}

void Walker::ReadTraces(ProtoCursor cursor, uint32_t envelope) {
  while (cursor.Next()) {
    if (cursor.tag() != otlp_proto::kResourceSpans) continue;
    seen_spans_field_ = true;
    ReadResource(cursor.Enter(), AddEnvelope(cursor, envelope));
  }
  Check(cursor);
}

void Walker::ReadResource(ProtoCursor cursor, uint32_t envelope) {
  while (cursor.Next()) {
    if (cursor.tag() != otlp_proto::kScopeSpans) continue;
    ReadScope(cursor.Enter(), AddEnvelope(cursor, envelope));
  }
  Check(cursor);
}

// The scope's name may stand behind its spans.
void Walker::ReadScope(ProtoCursor cursor, uint32_t envelope) {
  const size_t first = result_.spans.size();
  std::string scope;
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kSpans) {
      ReadSpan(cursor, envelope);
    } else if (cursor.tag() == otlp_proto::kScope) {
      ReadScopeName(cursor.Enter(), &scope);
    }
  }
  Check(cursor);
  if (scope.empty() || first == result_.spans.size()) return;
  if (result_.scopes.back() != scope) result_.scopes.push_back(scope);
  const auto index = static_cast<uint32_t>(result_.scopes.size() - 1);
  for (size_t i = first; i < result_.spans.size(); ++i) {
    result_.spans[i].scope = index;
  }
}

void Walker::ReadScopeName(ProtoCursor cursor, std::string* name) {
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kScopeName) *name = cursor.bytes();
  }
  Check(cursor);
}

void Walker::ReadSpan(const ProtoCursor& field, uint32_t envelope) {
  OtlpSpan span;
  span.begin = field.value_begin();
  span.size = static_cast<uint32_t>(field.bytes().size());
  span.envelope = envelope;
  span.length_size = field.length_size();
  span.parent = SpanId{};
  ProtoCursor cursor = field.Enter();
  bool good = field.bytes().size() <= std::numeric_limits<uint32_t>::max();
  bool log = false;
  while (good && cursor.Next()) {
    good = ReadSpanField(cursor, &span);
    log |= IsOfLog(cursor.tag());
    // New links go where their number has its place.
    if (cursor.number() > otlp_proto::kLinks >> 3) continue;
    span.members_end = static_cast<uint32_t>(cursor.position() - span.begin);
  }
  good = good && !cursor.failed();
  if (good && log && span.context.trace_id.is_zero()) {
    return ReadLog(field, envelope);
  }
  good = good && !span.context.trace_id.is_zero() &&
         !span.context.span_id.is_zero();
  if (good) {
    result_.spans.push_back(span);
  } else {
    CountUnreadable(field);
  }
  ReportProgress(field.position());
}

// Most log records belong to no span: their ids are absent, empty or zero.
void Walker::ReadLog(const ProtoCursor& field, uint32_t envelope) {
  OtlpLog log;
  log.envelope = envelope;
  log.length_size = field.length_size();
  log.begin = field.value_begin();
  log.size = static_cast<uint32_t>(field.bytes().size());
  bool good = true;
  ProtoCursor cursor = field.Enter();
  while (cursor.Next()) good = ReadLogField(cursor, &log) && good;
  if (good) {
    result_.logs.push_back(log);
  } else {
    CountUnreadable(field);
  }
  ReportProgress(field.position());
}

bool Walker::ReadLogField(const ProtoCursor& field, OtlpLog* log) {
  const auto begin = static_cast<uint32_t>(field.field_begin() - log->begin);
  const auto end = static_cast<uint32_t>(field.position() - log->begin);
  const OtlpRange value = {end - static_cast<uint32_t>(field.bytes().size()),
                           static_cast<uint32_t>(field.bytes().size())};
  switch (field.tag()) {
    case otlp_proto::kLogTraceId:
      return value.empty() || ReadId(field, &log->context.trace_id);
    case otlp_proto::kLogSpanId:
      return value.empty() || ReadId(field, &log->context.span_id);
    case otlp_proto::kLogTime:
    case otlp_proto::kLogObservedTime:
      ReadLogTime(field, log);
      return true;
    case otlp_proto::kLogEventName:
      log->name = value;
      return true;
    case otlp_proto::kLogBody:
      log->body = value;
      return true;
    case otlp_proto::kLogAttributes:
      if (log->attributes.empty()) log->attributes.begin = begin;
      log->attributes.size = end - log->attributes.begin;
      return true;
    default:
      return true;
  }
}

// Fields that say what the span is and where it stands must be right.
bool Walker::ReadSpanField(const ProtoCursor& field, OtlpSpan* span) {
  switch (field.tag()) {
    case otlp_proto::kTraceId:
      return ReadId(field, &span->context.trace_id);
    case otlp_proto::kSpanId:
      return ReadId(field, &span->context.span_id);
    case otlp_proto::kParentSpanId: {
      const auto id = IdOf<SpanId>(field.bytes());
      span->parent = id.value_or(SpanId{});
      return id.has_value() || field.bytes().empty();
    }
    case otlp_proto::kStartTime:
    case otlp_proto::kEndTime: {
      const uint64_t nanos = field.value();
      auto& time =
          field.tag() == otlp_proto::kStartTime ? span->start : span->end;
      if (nanos > kMaxNanoseconds) return false;
      time.reset();
      if (nanos > 0) time = Time(Duration(static_cast<int64_t>(nanos)));
      return true;
    }
    default:
      ReadContent(field, span);
      return true;
  }
}

void Walker::ReadContent(const ProtoCursor& field, OtlpSpan* span) {
  const auto at = [span](size_t position) {
    return static_cast<uint32_t>(position - span->begin);
  };
  const OtlpRange value = {at(field.value_begin()),
                           at(field.position()) - at(field.value_begin())};
  const auto extend = [&](OtlpRange* list) {
    if (list->empty()) list->begin = at(field.field_begin());
    list->size = at(field.position()) - list->begin;
  };
  switch (field.tag()) {
    case otlp_proto::kName:
      span->name = value;
      break;
    case otlp_proto::kAttributes:
      extend(&span->attributes);
      break;
    case otlp_proto::kEvents:
      extend(&span->events);
      break;
    case otlp_proto::kLinks:
      extend(&span->links);
      break;
    case otlp_proto::kDroppedLinksCount:
      span->dropped_links_count = value;
      break;
    case otlp_proto::kDroppedAttributesCount:
      span->dropped_attributes = static_cast<uint32_t>(field.value()) > 0;
      break;
    case otlp_proto::kStatus:
      ReadStatus(field.Enter(), span);
      break;
    default:
      break;
  }
}

void Walker::ReadStatus(ProtoCursor cursor, OtlpSpan* span) {
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kStatusCode) {
      const uint64_t code = cursor.value();
      span->status = code == 2   ? OtlpStatus::kError
                     : code == 1 ? OtlpStatus::kOk
                                 : OtlpStatus::kUnset;
    } else if (cursor.tag() == otlp_proto::kStatusMessage) {
      span->status_message.begin =
          static_cast<uint32_t>(cursor.value_begin() - span->begin);
      span->status_message.size = static_cast<uint32_t>(cursor.bytes().size());
    }
  }
}

uint32_t Walker::AddEnvelope(const ProtoCursor& field, uint32_t parent) {
  OtlpEnvelope envelope;
  envelope.begin = field.value_begin();
  envelope.size = field.bytes().size();
  envelope.length_size = field.length_size();
  envelope.parent = parent;
  result_.envelopes.push_back(envelope);
  return static_cast<uint32_t>(result_.envelopes.size() - 1);
}

void Walker::Report(size_t offset, std::string_view expected) {
  ++result_.unreadable_lines;
  if (result_.problems.size() == kMaxProblems) return;
  result_.problems.push_back(absl::StrFormat("%s: %d: expected %s",
                                             std::string(name_), offset,
                                             std::string(expected)));
}

void Walker::ReportProgress(size_t position) {
  if (position < next_progress_) return;
  next_progress_ = position + kProgressBytes;
  if (progress_) progress_(position, bytes_.size());
}

}  // namespace

absl::StatusOr<OtlpSpans> ReadOtlpProto(
    std::string_view name, std::string_view bytes, OtlpFormat format,
    const std::function<void(uint64_t, uint64_t)>& progress) {
  return Walker(name, bytes, progress).Run(format);
}

}  // namespace spanlink
