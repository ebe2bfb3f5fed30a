// Jaeger's JSON, as its UI downloads it and its query service answers.
//
//   {"data": [{"spans": [{"traceID", "spanID", "operationName",
//     "references": [{"refType", "traceID", "spanID"}], "startTime",
//     "duration", "tags": [{"key", "type", "value"}], "logs": [{"fields"}]}]}]}
//
// Times are microseconds. A link is a reference FOLLOWS_FROM, which has no
// place for attributes.
#include <cstdint>
#include <vector>

#include "spanlink/json/json_cursor.h"
#include "spanlink/json/json_escapes.h"
#include "spanlink/pipeline/json_format.h"

namespace spanlink {
namespace {

std::optional<Time> AfterMicroseconds(std::optional<int64_t> start,
                                      std::optional<int64_t> more) {
  constexpr int64_t kLast = int64_t{1} << 52;
  if (!start || !more || *start <= 0 || *start > kLast || *more > kLast) {
    return std::nullopt;
  }
  return Time(std::chrono::microseconds(*start + *more));
}

class JaegerFormat final : public JsonFormat {
 public:
  std::string_view name() const override { return "jaeger"; }
  JsonFound Visit(const JsonObject& object, JsonSpan* span) override;
  void Decode(const JsonSpan& span, std::string_view json,
              DecodedSpan* out) override;
  std::string_view links_key() const override { return "references"; }
  std::string LinkJson(const JsonSpan& target, std::string_view json,
                       const SpanLink& link) const override;
  bool IsSameLink(std::string_view element,
                  std::string_view link) const override;

 private:
  void ReadTags(std::string_view tags, OwnedAttributes* out);
  void ReadLogs(std::string_view logs);

  OwnedAttributes attributes_;
  std::deque<OwnedAttributes> event_attributes_;
  std::vector<SpanEvent> events_;
  std::deque<std::string> event_names_;
};

std::optional<SpanId> ParentOf(const JsonObject& object) {
  const std::string own = object.Text("parentSpanID");
  if (!own.empty()) return ToSpanId(own);
  JsonCursor cursor(object.Find("references"));
  if (!cursor.EnterArray()) return SpanId{};
  while (cursor.NextElement()) {
    const JsonObject reference(cursor.ReadRaw().value_or(""));
    if (reference.Text("refType") != "CHILD_OF") continue;
    if (reference.Text("traceID") != object.Text("traceID")) continue;
    return ToSpanId(reference.Text("spanID"));
  }
  return SpanId{};
}

JsonFound JaegerFormat::Visit(const JsonObject& object, JsonSpan* span) {
  if (!object.Has("operationName") || !object.Has("spanID")) {
    return JsonFound::kNothing;
  }
  span->trace_id = object.Text("traceID");
  span->span_id = object.Text("spanID");
  if (span->trace_id.empty() || span->span_id.empty()) {
    return JsonFound::kBroken;
  }
  span->context = {ToTraceId(span->trace_id), ToSpanId(span->span_id)};
  span->parent = ParentOf(object);
  const auto start = ToInteger(object.Find("startTime"));
  span->start = AfterMicroseconds(start, 0);
  span->end = AfterMicroseconds(start, ToInteger(object.Find("duration")));
  return JsonFound::kSpan;
}

void JaegerFormat::ReadTags(std::string_view tags, OwnedAttributes* out) {
  JsonCursor cursor(tags);
  if (!cursor.EnterArray()) return;
  while (cursor.NextElement()) {
    const JsonObject tag(cursor.ReadRaw().value_or(""));
    out->Add(tag.Text("key"), tag.Find("value"));
  }
}

// An event's name is the field `event`.
void JaegerFormat::ReadLogs(std::string_view logs) {
  events_.clear();
  event_names_.clear();
  event_attributes_.clear();
  JsonCursor cursor(logs);
  if (!cursor.EnterArray()) return;
  while (cursor.NextElement()) {
    const JsonObject log(cursor.ReadRaw().value_or(""));
    OwnedAttributes& fields = event_attributes_.emplace_back();
    ReadTags(log.Find("fields"), &fields);
    SpanEvent event;
    event.attributes = fields.Sealed();
    event.name = event_names_.emplace_back(event.attributes.Text("event"));
    events_.push_back(std::move(event));
  }
}

void JaegerFormat::Decode(const JsonSpan&, std::string_view json,
                          DecodedSpan* out) {
  const JsonObject object(json);
  attributes_.Clear();
  ReadTags(object.Find("tags"), &attributes_);
  ReadLogs(object.Find("logs"));
  out->name = object.Text("operationName");
  FinishedSpan span;
  span.name = out->name;
  span.attributes = &attributes_.Sealed();
  out->scope = span.attributes->Text("otel.scope.name");
  span.failed = span.attributes->Text("error") == "true" ||
                span.attributes->Text("otel.status_code") == "ERROR";
  span.status_message = span.attributes->Text("otel.status_description");
  span.events = events_;
  DecodeWithDialects(span, out);
}

std::string JaegerFormat::LinkJson(const JsonSpan& target, std::string_view,
                                   const SpanLink&) const {
  std::string json = "{\"refType\":\"FOLLOWS_FROM\",\"traceID\":";
  AppendJsonString(target.trace_id, &json);
  json.append(",\"spanID\":");
  AppendJsonString(target.span_id, &json);
  return json + "}";
}

bool JaegerFormat::IsSameLink(std::string_view element,
                              std::string_view link) const {
  const JsonObject a(element);
  const JsonObject b(link);
  return a.Text("refType") == "FOLLOWS_FROM" &&
         a.Text("traceID") == b.Text("traceID") &&
         a.Text("spanID") == b.Text("spanID");
}

}  // namespace

std::unique_ptr<JsonFormat> MakeJaegerFormat() {
  return std::make_unique<JaegerFormat>();
}

}  // namespace spanlink
