// Events of Datadog's LLM Observability.
//
//   {"span_id", "trace_id", "parent_id", "name", "start_ns", "duration",
//    "status", "session_id", "meta": {"span": {"kind"}, "input": {"value",
//    "messages"}, "output": {…}}, "span_links": [{"span_id", "trace_id",
//    "attributes": {"from", "to"}}], "_dd": {"apm_trace_id"}}
//
// Ids are free text: decimal for spans. The root's parent is "undefined". Links
// name traces by the id that the tracer gave them.
#include <cstdint>

#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/dialects/payload.h"
#include "spanlink/dialects/text_calls.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/json/json_escapes.h"
#include "spanlink/pipeline/json_format.h"

namespace spanlink {
namespace {

SpanKind KindOf(std::string_view kind) {
  if (kind == "llm") return SpanKind::kLlm;
  if (kind == "tool") return SpanKind::kTool;
  if (kind == "agent") return SpanKind::kAgent;
  return SpanKind::kOther;
}

class DatadogFormat final : public JsonFormat {
 public:
  std::string_view name() const override { return "datadog"; }
  JsonFound Visit(const JsonObject& object, JsonSpan* span) override;
  void Decode(const JsonSpan& span, std::string_view json,
              DecodedSpan* out) override;
  std::string_view links_key() const override { return "span_links"; }
  std::string LinkJson(const JsonSpan& target, std::string_view json,
                       const SpanLink& link) const override;
  bool IsSameLink(std::string_view element,
                  std::string_view link) const override;
};

// Ids may come as numbers.
std::string IdOf(const JsonObject& object, std::string_view key) {
  const std::string_view json = object.Find(key);
  return JsonString(json).value_or(std::string(json));
}

JsonFound DatadogFormat::Visit(const JsonObject& object, JsonSpan* span) {
  if (!object.Find("meta").starts_with('{') || !object.Has("start_ns")) {
    return JsonFound::kNothing;
  }
  span->trace_id = IdOf(object, "trace_id");
  span->span_id = IdOf(object, "span_id");
  if (span->trace_id.empty() || span->span_id.empty()) {
    return JsonFound::kBroken;
  }
  span->context = {HashTraceId(span->trace_id), HashSpanId(span->span_id)};
  const std::string parent = IdOf(object, "parent_id");
  const bool root = parent.empty() || parent == "undefined" || parent == "0";
  span->parent = root ? SpanId{} : HashSpanId(parent);
  constexpr int64_t kLast = int64_t{1} << 61;
  const auto start = ToInteger(object.Find("start_ns"));
  const auto duration = ToInteger(object.Find("duration"));
  if (start && *start > 0 && *start < kLast) {
    span->start = Time(Duration(*start));
  }
  if (span->start && duration && *duration < kLast) {
    span->end = *span->start + Duration(*duration);
  }
  return JsonFound::kSpan;
}

// Messages stand in `messages`; where there are none, `value` may hold them.
std::string_view ContentOf(const JsonObject& side) {
  const std::string_view messages = side.Find("messages");
  return messages.empty() ? side.Find("value") : messages;
}

std::string TextOf(std::string_view json) {
  return JsonString(json).value_or(std::string(json));
}

void DatadogFormat::Decode(const JsonSpan&, std::string_view json,
                           DecodedSpan* out) {
  const JsonObject object(json);
  const JsonObject meta(object.Find("meta"));
  SpanFacts& facts = out->facts;
  out->dialect = name();
  out->name = object.Text("name");
  std::string kind = JsonObject(meta.Find("span")).Text("kind");
  if (kind.empty()) kind = meta.Text("span.kind");
  facts.kind = KindOf(kind);
  facts.outcome =
      object.Text("status") == "error" ? Outcome::kFailed : Outcome::kOk;
  facts.conversation_id = CleanId(object.Text("session_id"));
  const std::string input = TextOf(ContentOf(JsonObject(meta.Find("input"))));
  const std::string output = TextOf(ContentOf(JsonObject(meta.Find("output"))));
  const Attribute in{"input", AttributeType::kString, input};
  const Attribute answer{"output", AttributeType::kString, output};
  FinishedSpan span;
  span.name = out->name;
  ReadPayload(
      span, {input.empty() ? nullptr : &in, output.empty() ? nullptr : &answer},
      &facts);
}

// The id that links name a trace by.
std::string TraceOf(std::string_view json, const JsonSpan& span) {
  const JsonObject object(json);
  std::string id = IdOf(JsonObject(object.Find("_dd")), "apm_trace_id");
  return id.empty() ? span.trace_id : id;
}

std::string DatadogFormat::LinkJson(const JsonSpan& target,
                                    std::string_view json,
                                    const SpanLink&) const {
  std::string out = "{\"span_id\":";
  AppendJsonString(target.span_id, &out);
  out.append(",\"trace_id\":");
  AppendJsonString(TraceOf(json, target), &out);
  return out + ",\"attributes\":{\"from\":\"output\",\"to\":\"input\"}}";
}

bool DatadogFormat::IsSameLink(std::string_view element,
                               std::string_view link) const {
  const JsonObject a(element);
  const JsonObject b(link);
  const JsonObject sides(a.Find("attributes"));
  return IdOf(a, "span_id") == IdOf(b, "span_id") &&
         IdOf(a, "trace_id") == IdOf(b, "trace_id") &&
         sides.Text("from") == "output" && sides.Text("to") == "input";
}

}  // namespace

std::unique_ptr<JsonFormat> MakeDatadogFormat() {
  return std::make_unique<DatadogFormat>();
}

}  // namespace spanlink
