// The trace export of the OpenAI Agents SDK, as it is posted to OpenAI.
//
//   {"data": [{"object": "trace", "id", "group_id"},
//             {"object": "trace.span", "id", "trace_id", "parent_id",
//              "started_at", "ended_at", "span_data": {"type", …}, "error"}]}
//
// A span of the Responses API has nothing but the id of the response. Where the
// file holds the response as well (`"object": "response"`), alone or beside its
// `request`, it is joined by that id.
#include "absl/container/flat_hash_map.h"
#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/dialects/openai_agents_events.h"
#include "spanlink/dialects/text_calls.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/pipeline/json_format.h"

namespace spanlink {
namespace {

class AgentsExportFormat final : public JsonFormat {
 public:
  std::string_view name() const override { return "openai_agents_export"; }
  JsonFound Visit(const JsonObject& object, JsonSpan* span) override;
  void Decode(const JsonSpan& span, std::string_view json,
              DecodedSpan* out) override;

 private:
  struct Exchange {
    std::string input;   // of the request
    std::string output;  // of the response
  };

  void ReadResponse(const JsonObject& data, SpanFacts* facts) const;

  absl::flat_hash_map<TraceId, std::string> conversations_;
  absl::flat_hash_map<std::string, Exchange> exchanges_;
};

JsonFound AgentsExportFormat::Visit(const JsonObject& object, JsonSpan* span) {
  const JsonObject response(object.Find("response"));
  if (response.Text("object") == "response") {
    const JsonObject request(object.Find("request"));
    exchanges_[response.Text("id")].input = request.Find("input");
    return JsonFound::kNothing;
  }
  const std::string kind = object.Text("object");
  if (kind == "response") {
    exchanges_[object.Text("id")].output = object.Find("output");
  } else if (kind == "trace") {
    conversations_[HashTraceId(object.Text("id"))] =
        CleanId(object.Text("group_id"));
  }
  if (kind != "trace.span") return JsonFound::kNothing;
  span->trace_id = object.Text("trace_id");
  span->span_id = object.Text("id");
  if (span->trace_id.empty() || span->span_id.empty()) {
    return JsonFound::kBroken;
  }
  span->context = {HashTraceId(span->trace_id), HashSpanId(span->span_id)};
  const std::string parent = object.Text("parent_id");
  span->parent = parent.empty() ? SpanId{} : HashSpanId(parent);
  span->start = ParseIsoTime(object.Text("started_at"));
  span->end = ParseIsoTime(object.Text("ended_at"));
  return JsonFound::kSpan;
}

void AgentsExportFormat::ReadResponse(const JsonObject& data,
                                      SpanFacts* facts) const {
  const auto found = exchanges_.find(data.Text("response_id"));
  if (found == exchanges_.end()) return;
  const Exchange& exchange = found->second;
  if (!facts->has_input && !exchange.input.empty()) {
    ReadInputMessages(exchange.input, facts);
  }
  if (!facts->has_output && !exchange.output.empty()) {
    ReadOutputMessages(exchange.output, facts);
  }
}

void AgentsExportFormat::Decode(const JsonSpan& span, std::string_view json,
                                DecodedSpan* out) {
  const JsonObject object(json);
  const JsonObject data(object.Find("span_data"));
  AgentsSpan parts;
  parts.type = data.Text("type");
  parts.data = object.Find("span_data");
  parts.error = object.Find("error");
  out->dialect = name();
  DecodeAgentsSpan(parts, &out->facts, &out->name);
  const auto conversation = conversations_.find(span.context.trace_id);
  if (conversation != conversations_.end()) {
    out->facts.conversation_id = conversation->second;
  }
  if (parts.type == "response") ReadResponse(data, &out->facts);
  ReadTextCalls(&out->facts);
}

}  // namespace

std::unique_ptr<JsonFormat> MakeAgentsExportFormat() {
  return std::make_unique<AgentsExportFormat>();
}

}  // namespace spanlink
