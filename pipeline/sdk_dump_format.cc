// Spans of OpenTelemetry's SDKs as their console exporters print them and as
// programs dump the object that an exporter is given.
//
//   JavaScript  {"name", "attributes": {…}, "spanContext": {"traceId",
//               "spanId"}, "parentSpanId", "startTime": [s, ns], "endTime"}, or
//               {"traceId", "id", "parentId", "timestamp", "duration"} in
//               microseconds
//   Python      {"name", "attributes": {…}, "context": {"trace_id": "0x…",
//               "span_id"}, "parent_id", "start_time": "2026-…Z", "end_time"}
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "spanlink/dialects/openai_agents_events.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/pipeline/json_format.h"

namespace spanlink {
namespace {

constexpr int64_t kLastSecond = int64_t{1} << 33;
constexpr int64_t kLastNanosecond = 1000000000;
constexpr int64_t kLastMicrosecond = int64_t{1} << 52;

// A time as [seconds, nanoseconds], as microseconds or as ISO 8601.
std::optional<Time> TimeOf(std::string_view json) {
  JsonCursor cursor(json);
  if (const auto text = JsonString(json)) return ParseIsoTime(*text);
  if (!cursor.EnterArray()) {
    const auto micros = ToInteger(json);
    if (!micros || *micros == 0 || *micros > kLastMicrosecond) {
      return std::nullopt;
    }
    return Time(std::chrono::microseconds(*micros));
  }
  if (!cursor.NextElement()) return std::nullopt;
  const auto seconds = ToInteger(cursor.ReadRaw().value_or(""));
  if (!cursor.NextElement()) return std::nullopt;
  const auto nanos = ToInteger(cursor.ReadRaw().value_or(""));
  if (!seconds || !nanos || *seconds == 0 || *seconds > kLastSecond ||
      *nanos > kLastNanosecond) {
    return std::nullopt;
  }
  return Time(std::chrono::seconds(*seconds)) + Duration(*nanos);
}

std::string FirstText(const JsonObject& object,
                      std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    std::string text = object.Text(key);
    if (!text.empty()) return text;
  }
  return "";
}

class SdkDumpFormat final : public JsonFormat {
 public:
  std::string_view name() const override { return "sdk_dump"; }
  JsonFound Visit(const JsonObject& object, JsonSpan* span) override;
  void Decode(const JsonSpan& span, std::string_view json,
              DecodedSpan* out) override;

 private:
  void ReadEvents(std::string_view json);

  OwnedAttributes attributes_;
  std::deque<OwnedAttributes> event_attributes_;
  std::deque<std::string> event_names_;
  std::vector<SpanEvent> events_;
  std::string scope_;
};

std::optional<Time> EndOf(const JsonObject& object,
                          const std::optional<Time>& start) {
  for (const std::string_view key : {"endTime", "end_time"}) {
    if (object.Has(key)) return TimeOf(object.Find(key));
  }
  const auto micros = ToInteger(object.Find("duration"));
  if (!start || !micros || *micros > kLastMicrosecond) return std::nullopt;
  return *start + std::chrono::microseconds(*micros);
}

JsonFound SdkDumpFormat::Visit(const JsonObject& object, JsonSpan* span) {
  if (!object.Find("attributes").starts_with('{') || !object.Has("name") ||
      !(object.Has("startTime") || object.Has("start_time") ||
        object.Has("timestamp"))) {
    return JsonFound::kNothing;
  }
  const std::string_view found =
      object.Find(object.Has("spanContext") ? "spanContext" : "context");
  const JsonObject context(found);
  const JsonObject& ids = found.empty() ? object : context;
  span->trace_id = FirstText(ids, {"traceId", "trace_id"});
  span->span_id = FirstText(ids, {"spanId", "span_id", "id"});
  if (span->trace_id.empty() || span->span_id.empty()) {
    return JsonFound::kBroken;
  }
  span->context = {ToTraceId(span->trace_id), ToSpanId(span->span_id)};
  std::string parent =
      FirstText(object, {"parentSpanId", "parent_id", "parentId"});
  if (parent.empty()) {
    parent = JsonObject(object.Find("parentSpanContext")).Text("spanId");
  }
  span->parent = parent.empty() ? SpanId{} : ToSpanId(parent);
  for (const std::string_view key : {"startTime", "start_time", "timestamp"}) {
    if (!span->start) span->start = TimeOf(object.Find(key));
  }
  span->end = EndOf(object, span->start);
  return JsonFound::kSpan;
}

void SdkDumpFormat::ReadEvents(std::string_view json) {
  events_.clear();
  event_names_.clear();
  event_attributes_.clear();
  JsonCursor cursor(json);
  if (!cursor.EnterArray()) return;
  while (cursor.NextElement()) {
    const JsonObject object(cursor.ReadRaw().value_or(""));
    OwnedAttributes& attributes = event_attributes_.emplace_back();
    attributes.AddAll(object.Find("attributes"));
    SpanEvent event;
    event.name = event_names_.emplace_back(object.Text("name"));
    event.attributes = attributes.Sealed();
    events_.push_back(std::move(event));
  }
}

// The status is {"code": 2} in JavaScript, {"status_code": "ERROR"} in Python.
void SdkDumpFormat::Decode(const JsonSpan&, std::string_view json,
                           DecodedSpan* out) {
  const JsonObject object(json);
  attributes_.Clear();
  attributes_.AddAll(object.Find("attributes"));
  ReadEvents(object.Find("events"));
  const JsonObject status(object.Find("status"));
  const std::string message = FirstText(status, {"message", "description"});
  for (const std::string_view key :
       {"instrumentationScope", "instrumentationLibrary"}) {
    scope_ = JsonObject(object.Find(key)).Text("name");
    if (!scope_.empty()) break;
  }
  out->name = object.Text("name");
  out->scope = scope_;
  FinishedSpan span;
  span.name = out->name;
  span.failed =
      status.Find("code") == "2" || status.Text("status_code") == "ERROR";
  span.status_message = message;
  span.attributes = &attributes_.Sealed();
  span.events = events_;
  DecodeWithDialects(span, out);
}

}  // namespace

std::unique_ptr<JsonFormat> MakeSdkDumpFormat() {
  return std::make_unique<SdkDumpFormat>();
}

}  // namespace spanlink
