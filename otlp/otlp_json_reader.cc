#include "spanlink/otlp/otlp_json_reader.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/json/json_escapes.h"
#include "spanlink/otlp/otlp_ids.h"
#include "spanlink/otlp/otlp_numbers.h"

namespace spanlink {
namespace {

constexpr size_t kMaxProblems = 8;
constexpr uint64_t kProgressBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxNanoseconds =
    static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

// A value that a span's field may have.
enum class Field : uint8_t { kAbsent, kGood, kBad };

bool IsResourceSpans(std::string_view key) {
  return key == "resourceSpans" || key == "resource_spans" || key == "batches";
}
bool IsScopeSpans(std::string_view key) {
  return key == "scopeSpans" || key == "scope_spans" ||
         key == "instrumentationLibrarySpans";
}
bool IsResourceLogs(std::string_view key) {
  return key == "resourceLogs" || key == "resource_logs";
}
bool IsScopeLogs(std::string_view key) {
  return key == "scopeLogs" || key == "scope_logs";
}
bool IsLogRecords(std::string_view key) {
  return key == "logRecords" || key == "log_records";
}
bool IsScope(std::string_view key) {
  return key == "scope" || key == "instrumentationLibrary";
}

// Returns the inside of a JSON string without escapes, "" for anything else.
std::string_view Unquoted(std::string_view json) {
  if (json.size() < 2 || json.front() != '"') return {};
  return json.substr(1, json.size() - 2);
}

OtlpStatus ParseStatusCode(std::string_view json) {
  const std::string_view text = Unquoted(json);
  if (json == "2" || text == "2" || text == "STATUS_CODE_ERROR") {
    return OtlpStatus::kError;
  }
  if (json == "1" || text == "1" || text == "STATUS_CODE_OK") {
    return OtlpStatus::kOk;
  }
  return OtlpStatus::kUnset;
}

// Walks the documents of one file.
class Walker {
 public:
  Walker(std::string_view name, std::string_view bytes,
         const std::function<void(uint64_t, uint64_t)>& progress)
      : name_(name), bytes_(bytes), progress_(progress) {
    result_.scopes.emplace_back();
  }

  absl::StatusOr<OtlpSpans> Run();

 private:
  // One document from `begin`, inside `text`. Returns where it ends; nullopt,
  // with nothing of it kept, if it cannot be read.
  std::optional<size_t> ReadDocument(std::string_view text, size_t begin,
                                     bool to_the_end);
  void ReadLines(size_t begin);
  void ReadEnvelope(JsonCursor* cursor);
  void ReadList(JsonCursor* cursor, void (Walker::*read)(JsonCursor*));
  void ReadResource(JsonCursor* cursor);
  void ReadLogResource(JsonCursor* cursor);
  void ReadLogScope(JsonCursor* cursor);
  void ReadLog(JsonCursor* cursor);
  bool ReadLogField(std::string_view key, std::string_view json,
                    OtlpRange range, OtlpLog* log);
  void ReadScope(JsonCursor* cursor);
  std::string ReadScopeName(JsonCursor* cursor);
  void ReadSpan(JsonCursor* cursor);

  std::optional<OtlpSpan> ReadSpanObject(JsonCursor* cursor);
  Field ReadSpanField(std::string_view key, std::string_view json,
                      OtlpRange range, OtlpSpan* span);
  Field ReadContent(std::string_view key, std::string_view json,
                    OtlpRange range, OtlpSpan* span);
  void ReadStatus(std::string_view json, OtlpRange range, OtlpSpan* span);
  std::string_view IdText(std::string_view json);

  std::string Problem(size_t offset, std::string_view expected) const {
    return absl::StrFormat("%s: %d: expected %s", std::string(name_), offset,
                           std::string(expected));
  }
  void CountUnreadable(size_t position);
  void Report(const JsonCursor& cursor);
  void ReportProgress(size_t position);

  std::string_view name_;
  std::string_view bytes_;
  const std::function<void(uint64_t, uint64_t)>& progress_;
  uint64_t next_progress_ = kProgressBytes;
  OtlpSpans result_;
  uint64_t documents_ = 0;
  bool seen_spans_field_ = false;
  bool seen_logs_field_ = false;
  std::string first_problem_;
  std::string id_text_;
};

absl::StatusOr<OtlpSpans> Walker::Run() {
  size_t position = bytes_.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
  while (!JsonCursor(bytes_, position).AtEnd()) {
    const auto end = ReadDocument(bytes_, position, /*to_the_end=*/false);
    if (!end) {
      result_.problems.clear();  // told again, more exactly, line by line
      ReadLines(position);
      break;
    }
    position = *end;
  }
  if (documents_ == 0) {
    return absl::InvalidArgumentError(
        first_problem_.empty() ? Problem(0, "a JSON object, found nothing")
                               : first_problem_);
  }
  result_.only_logs = !seen_spans_field_ && seen_logs_field_;
  if (!seen_spans_field_ && !seen_logs_field_) {
    return absl::InvalidArgumentError(
        Problem(0, "an object with `resourceSpans` (OTLP/JSON traces)"));
  }
  if (progress_) progress_(bytes_.size(), bytes_.size());
  return std::move(result_);
}

std::optional<size_t> Walker::ReadDocument(std::string_view text, size_t begin,
                                           bool to_the_end) {
  JsonCursor cursor(text, begin);
  const size_t spans = result_.spans.size();
  const size_t scopes = result_.scopes.size();
  const size_t logs = result_.logs.size();
  const uint64_t unreadable = result_.unreadable_spans;
  ReadEnvelope(&cursor);
  if (to_the_end && !cursor.failed() && !cursor.AtEnd()) {
    cursor.Expect("the end of the line");
  }
  if (!cursor.failed()) {
    ++documents_;
    return cursor.position();
  }
  result_.spans.resize(spans);
  result_.scopes.resize(scopes);
  result_.logs.resize(logs);
  result_.unreadable_spans = unreadable;
  Report(cursor);
  return std::nullopt;
}

// From the line of the first broken document on, a document is a line. Lines
// that do not begin with a bracket are the inside of a broken document and are
// not counted again.
void Walker::ReadLines(size_t begin) {
  bool first = true;
  while (begin < bytes_.size()) {
    size_t end = bytes_.find('\n', begin);
    if (end == std::string_view::npos) end = bytes_.size();
    const std::string_view text = bytes_.substr(0, end);
    const bool candidate = first || bytes_[begin] == '{';
    const size_t line = begin;
    begin = end + 1;
    if (!candidate || JsonCursor(text, line).AtEnd()) continue;
    first = false;
    const bool read = ReadDocument(text, line, /*to_the_end=*/true).has_value();
    if (!read) ++result_.unreadable_lines;
  }
}

void Walker::ReadEnvelope(JsonCursor* cursor) {
  std::string_view key;
  bool empty = true;
  if (!cursor->EnterObject()) {
    cursor->Expect("a JSON object");
    return;
  }
  while (cursor->NextMember(&key)) {
    empty = false;
    if (IsResourceLogs(key)) {
      seen_logs_field_ = true;
      ReadList(cursor, &Walker::ReadLogResource);
      continue;
    }
    if (!IsResourceSpans(key)) {
      cursor->Skip();
      continue;
    }
    const JsonType type = cursor->Peek();
    if (type != JsonType::kArray && type != JsonType::kNull) {
      cursor->Expect("an array of `resourceSpans`");
      return;
    }
    seen_spans_field_ = true;
    ReadList(cursor, &Walker::ReadResource);
  }
  seen_spans_field_ |= empty;
}

// Reads each element that is an object; whatever else stands there is counted
// and skipped, `null` is an empty list.
void Walker::ReadList(JsonCursor* cursor, void (Walker::*read)(JsonCursor*)) {
  if (!cursor->EnterArray()) {
    if (cursor->Peek() != JsonType::kNull) CountUnreadable(cursor->position());
    cursor->Skip();
    return;
  }
  while (cursor->NextElement()) {
    if (cursor->Peek() == JsonType::kObject) {
      (this->*read)(cursor);
    } else {
      CountUnreadable(cursor->position());
      cursor->Skip();
    }
  }
}

void Walker::CountUnreadable(size_t position) {
  if (result_.unreadable_spans == 0) result_.first_unreadable = position;
  ++result_.unreadable_spans;
}

void Walker::ReadResource(JsonCursor* cursor) {
  std::string_view key;
  cursor->EnterObject();
  while (cursor->NextMember(&key)) {
    if (IsScopeSpans(key)) {
      ReadList(cursor, &Walker::ReadScope);
    } else {
      cursor->Skip();
    }
  }
}

void Walker::ReadLogResource(JsonCursor* cursor) {
  std::string_view key;
  cursor->EnterObject();
  while (cursor->NextMember(&key)) {
    if (!IsScopeLogs(key)) {
      cursor->Skip();
    } else {
      ReadList(cursor, &Walker::ReadLogScope);
    }
  }
}

void Walker::ReadLogScope(JsonCursor* cursor) {
  std::string_view key;
  cursor->EnterObject();
  while (cursor->NextMember(&key)) {
    if (!IsLogRecords(key)) {
      cursor->Skip();
    } else {
      ReadList(cursor, &Walker::ReadLog);
    }
  }
}

void Walker::ReadLog(JsonCursor* cursor) {
  OtlpLog log;
  bool good = true;
  std::string_view key;
  cursor->EnterObject();
  log.begin = cursor->position() - 1;
  while (cursor->NextMember(&key)) {
    const auto json = cursor->ReadRaw();
    if (!json) return;
    const size_t end = cursor->position() - log.begin;
    good = good && end <= std::numeric_limits<uint32_t>::max();
    if (!good || *json == "null") continue;
    OtlpRange range;
    range.size = static_cast<uint32_t>(json->size());
    range.begin = static_cast<uint32_t>(end) - range.size;
    good = ReadLogField(key, *json, range, &log);
  }
  log.size = static_cast<uint32_t>(cursor->position() - log.begin);
  if (!good) CountUnreadable(log.begin);
  if (good && !cursor->failed()) result_.logs.push_back(log);
  ReportProgress(cursor->position());
}

// Most log records belong to no span: their ids are empty, absent or zero.
bool Walker::ReadLogField(std::string_view key, std::string_view json,
                          OtlpRange range, OtlpLog* log) {
  if (key == "traceId" && json != "\"\"") {
    const auto id = ParseOtlpTraceId(IdText(json));
    log->context.trace_id = id.value_or(TraceId{});
    return id.has_value();
  }
  if (key == "spanId" && json != "\"\"") {
    const auto id = ParseOtlpSpanId(IdText(json));
    log->context.span_id = id.value_or(SpanId{});
    return id.has_value();
  }
  if (key == "timeUnixNano" || key == "observedTimeUnixNano") {
    const uint64_t nanos = ParseOtlpUint(json).value_or(0);
    const bool counts = nanos > 0 && nanos <= kMaxNanoseconds;
    if (counts && (key.front() == 't' || !log->time)) {
      log->time = Time(Duration(static_cast<int64_t>(nanos)));
    }
  } else if (key == "eventName" && json.front() == '"') {
    log->name = range;
  } else if (key == "attributes" && json.front() == '[') {
    log->attributes = range;
  } else if (key == "body") {
    log->body = range;
  }
  return true;
}

// The scope's name may stand behind its spans.
void Walker::ReadScope(JsonCursor* cursor) {
  const size_t first = result_.spans.size();
  std::string scope;
  std::string_view key;
  cursor->EnterObject();
  while (cursor->NextMember(&key)) {
    if (key == "spans") {
      ReadList(cursor, &Walker::ReadSpan);
    } else if (IsScope(key)) {
      scope = ReadScopeName(cursor);
    } else {
      cursor->Skip();
    }
  }
  if (scope.empty() || first == result_.spans.size()) return;
  if (result_.scopes.back() != scope) result_.scopes.push_back(scope);
  const auto index = static_cast<uint32_t>(result_.scopes.size() - 1);
  for (size_t i = first; i < result_.spans.size(); ++i) {
    result_.spans[i].scope = index;
  }
}

std::string Walker::ReadScopeName(JsonCursor* cursor) {
  std::string name;
  std::string_view key;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return name;
  }
  while (cursor->NextMember(&key)) {
    if (key == "name") {
      name = cursor->ReadStringOrSkip();
    } else {
      cursor->Skip();
    }
  }
  return name;
}

void Walker::ReadSpan(JsonCursor* cursor) {
  const size_t begin = cursor->position();
  auto span = ReadSpanObject(cursor);
  if (cursor->failed()) return;
  if (!span || span->links_unreadable) CountUnreadable(begin);
  if (span) result_.spans.push_back(*span);
  ReportProgress(cursor->position());
}

std::optional<OtlpSpan> Walker::ReadSpanObject(JsonCursor* cursor) {
  OtlpSpan span;
  span.parent = SpanId{};
  bool good = true;
  std::string_view key;
  cursor->EnterObject();
  span.begin = cursor->position() - 1;
  std::string_view json;
  while (cursor->NextMember(&key, &json)) {
    const size_t end = cursor->position() - span.begin;
    if (end > std::numeric_limits<uint32_t>::max()) {
      good = false;
      continue;
    }
    OtlpRange range;
    range.size = static_cast<uint32_t>(json.size());
    range.begin = static_cast<uint32_t>(end) - range.size;
    span.members_end = range.end();
    // `null` is "absent", but where links would go it must be replaced.
    if (json == "null" && key == "links") span.links = range;
    if (json == "null") continue;
    if (ReadSpanField(key, json, range, &span) == Field::kBad) good = false;
  }
  if (cursor->failed()) return std::nullopt;
  span.size = static_cast<uint32_t>(cursor->position() - span.begin);
  if (!good || span.context.trace_id.is_zero() ||
      span.context.span_id.is_zero()) {
    return std::nullopt;
  }
  return span;
}

// Fields that say what the span is and where it stands must be right.
Field Walker::ReadSpanField(std::string_view key, std::string_view json,
                            OtlpRange range, OtlpSpan* span) {
  if (key == "traceId") {
    const auto id = ParseOtlpTraceId(IdText(json));
    if (!id) return Field::kBad;
    span->context.trace_id = *id;
  } else if (key == "spanId") {
    const auto id = ParseOtlpSpanId(IdText(json), &span->id_form);
    if (!id) return Field::kBad;
    span->context.span_id = *id;
  } else if (key == "parentSpanId") {
    const auto id = ParseOtlpSpanId(IdText(json));
    if (!id && json != "\"\"") return Field::kBad;
    span->parent = id.value_or(SpanId{});
  } else if (key == "startTimeUnixNano" || key == "endTimeUnixNano") {
    const auto nanos = ParseOtlpUint(json);
    if (!nanos || *nanos > kMaxNanoseconds) return Field::kBad;
    if (*nanos == 0) return Field::kAbsent;
    (key.front() == 's' ? span->start : span->end) =
        Time(Duration(static_cast<int64_t>(*nanos)));
  } else {
    return ReadContent(key, json, range, span);
  }
  return Field::kGood;
}

Field Walker::ReadContent(std::string_view key, std::string_view json,
                          OtlpRange range, OtlpSpan* span) {
  const char first = json.front();
  if (key == "attributes") {
    if (first != '[') return Field::kBad;
    span->attributes = range;
  } else if (key == "events") {
    if (first == '[') span->events = range;
  } else if (key == "links") {
    span->links_unreadable = first != '[';
    if (first == '[') span->links = range;
  } else if (key == "name") {
    if (first == '"') span->name = range;
  } else if (key == "status") {
    if (first == '{') ReadStatus(json, range, span);
  } else if (key == "droppedLinksCount") {
    span->dropped_links_count = range;
  } else if (key == "droppedAttributesCount") {
    const auto count = ParseOtlpUint(json).value_or(0);
    span->dropped_attributes = count > 0 ? 1 : 0;
  }
  return Field::kGood;
}

// Returns what the string of an id says: some writers escape the slashes of
// base64.
std::string_view Walker::IdText(std::string_view json) {
  const std::string_view text = Unquoted(json);
  if (text.find('\\') == std::string_view::npos) return text;
  id_text_.clear();
  UnescapeJson(text, &id_text_);
  return id_text_;
}

void Walker::ReadStatus(std::string_view json, OtlpRange range,
                        OtlpSpan* span) {
  JsonCursor cursor(json);
  std::string_view key;
  cursor.EnterObject();
  while (cursor.NextMember(&key)) {
    const auto value = cursor.ReadRaw();
    if (!value) return;
    if (key == "code") span->status = ParseStatusCode(*value);
    if (key != "message" || value->front() != '"') continue;
    span->status_message.size = static_cast<uint32_t>(value->size());
    span->status_message.begin =
        range.begin + static_cast<uint32_t>(cursor.position() - value->size());
  }
}

void Walker::Report(const JsonCursor& cursor) {
  const std::string problem = Problem(cursor.position(), cursor.expected());
  if (first_problem_.empty()) first_problem_ = problem;
  const bool repeated =
      !result_.problems.empty() && result_.problems.back() == problem;
  if (!repeated && result_.problems.size() < kMaxProblems) {
    result_.problems.push_back(problem);
  }
}

void Walker::ReportProgress(size_t position) {
  if (position < next_progress_) return;
  next_progress_ = position + kProgressBytes;
  if (progress_) progress_(position, bytes_.size());
}

}  // namespace

absl::StatusOr<OtlpSpans> ReadOtlpJson(
    std::string_view name, std::string_view bytes,
    const std::function<void(uint64_t, uint64_t)>& progress) {
  return Walker(name, bytes, progress).Run();
}

}  // namespace spanlink
