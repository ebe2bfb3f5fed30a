// Traces of Langfuse as its API and its UI export them.
//
//   {"trace": {"id", "sessionId"}, "observations": [{"id", "traceId", "type",
//     "parentObservationId", "startTime", "endTime", "name", "level",
//     "input", "output", "metadata": {"attributes", "scope"}}]}
//
// `metadata` holds the attributes of the OpenTelemetry span that came in, but
// for input and output, which are fields of the observation; each of them may
// be JSON or a string that holds it.
#include "absl/container/flat_hash_map.h"
#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/openai_agents_events.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/pipeline/json_format.h"

namespace spanlink {
namespace {

// Returns the JSON that a value is, or that a string holds.
std::string Inside(std::string_view json) {
  return JsonString(json).value_or(std::string(json));
}

class LangfuseFormat final : public JsonFormat {
 public:
  std::string_view name() const override { return "langfuse"; }
  JsonFound Visit(const JsonObject& object, JsonSpan* span) override;
  void Decode(const JsonSpan& span, std::string_view json,
              DecodedSpan* out) override;

 private:
  void ReadMetadata(std::string_view json);

  // Of the trace whose observations come next.
  std::string trace_id_;
  bool is_wrapped_ = false;  // it stands in `trace`, beside them
  absl::flat_hash_map<TraceId, std::string> sessions_;
  OwnedAttributes attributes_;
  // Of the last `Decode`; attributes point into them.
  std::string metadata_, values_, scope_;
};

JsonFound LangfuseFormat::Visit(const JsonObject& object, JsonSpan* span) {
  if (object.Has("observations")) {
    const JsonObject inner(object.Find("trace"));
    const bool wrapped = !inner.members().empty();
    const JsonObject& trace = wrapped ? inner : object;
    // A trace inside may list its observations, too, without their content.
    if (!wrapped && is_wrapped_ && trace.Text("id") == trace_id_) {
      return JsonFound::kRepeated;
    }
    is_wrapped_ = wrapped;
    trace_id_ = trace.Text("id");
    sessions_[ToTraceId(trace_id_)] = CleanId(trace.Text("sessionId"));
    return JsonFound::kNothing;
  }
  if (!object.Has("type") || !object.Has("startTime") ||
      !(object.Has("traceId") || object.Has("parentObservationId")) ||
      object.Has("attributes")) {
    return JsonFound::kNothing;
  }
  span->span_id = object.Text("id");
  span->trace_id = object.Text("traceId");
  if (span->trace_id.empty()) span->trace_id = trace_id_;
  if (span->span_id.empty() || span->trace_id.empty()) {
    return JsonFound::kBroken;
  }
  span->context = {ToTraceId(span->trace_id), ToSpanId(span->span_id)};
  const std::string parent = object.Text("parentObservationId");
  span->parent = parent.empty() ? SpanId{} : ToSpanId(parent);
  span->start = ParseIsoTime(object.Text("startTime"));
  span->end = ParseIsoTime(object.Text("endTime"));
  return JsonFound::kSpan;
}

void LangfuseFormat::ReadMetadata(std::string_view json) {
  metadata_ = Inside(json);
  const JsonObject metadata(metadata_);
  values_ = Inside(metadata.Find("attributes"));
  attributes_.AddAll(values_);
  scope_ = JsonObject(metadata.Find("scope")).Text("name");
  for (const std::string_view key : {"thread_id", "session_id"}) {
    attributes_.Add("langfuse.observation.metadata." + std::string(key),
                    metadata.Find(key));
  }
}

void LangfuseFormat::Decode(const JsonSpan& span, std::string_view json,
                            DecodedSpan* out) {
  const JsonObject object(json);
  attributes_.Clear();
  ReadMetadata(object.Find("metadata"));
  for (const std::string_view key : {"type", "level", "input", "output"}) {
    attributes_.Add("langfuse.observation." + std::string(key),
                    object.Find(key));
  }
  const auto session = sessions_.find(span.context.trace_id);
  if (session != sessions_.end() && !session->second.empty()) {
    attributes_.AddText("langfuse.session.id", session->second);
  }
  out->name = object.Text("name");
  out->scope = scope_;
  FinishedSpan finished;
  finished.name = out->name;
  finished.failed = object.Text("level") == "ERROR";
  const std::string message = object.Text("statusMessage");
  finished.status_message = message;
  finished.attributes = &attributes_.Sealed();
  DecodeWithDialects(finished, out);
}

}  // namespace

std::unique_ptr<JsonFormat> MakeLangfuseFormat() {
  return std::make_unique<LangfuseFormat>();
}

}  // namespace spanlink
