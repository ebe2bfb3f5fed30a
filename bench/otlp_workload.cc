#include "spanlink/bench/otlp_workload.h"

#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/bench/workload.h"
#include "spanlink/json/json_escapes.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink::bench {
namespace {

constexpr size_t kTurns = 3;
constexpr size_t kToolsPerTurn = 2;
constexpr size_t kPromptBytes = 900;
constexpr size_t kResultBytes = 500;
constexpr size_t kArgumentBytes = 64;

std::string Quoted(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

std::string Prose(size_t bytes, size_t seed) {
  static constexpr std::string_view kWords[] = {
      "the ",    "weather ", "in \"Lisbon\" ", "is ", "fine,\n",
      "trains ", "run "};
  std::string text;
  while (text.size() < bytes) text += kWords[seed++ % std::size(kWords)];
  return text;
}

std::string Message(std::string_view role, const std::string& part) {
  return "{\"role\":\"" + std::string(role) + "\",\"parts\":[" + part + "]}";
}

// Makes one trace after the other, both encodings from one description.
class Maker {
 public:
  explicit Maker(OtlpWorkload* out) : out_(out) {}

  void AddTrace(size_t number) {
    trace_ = number;
    resource_ = traces_.add_resource_spans();
    auto* pair = resource_->mutable_resource()->add_attributes();
    pair->set_key("service.name");
    pair->mutable_value()->set_string_value("agent");
    scope_ = resource_->add_scope_spans();
    scope_->mutable_scope()->set_name("opentelemetry.instrumentation.agent");
    out_->json +=
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service."
        "name\",\"value\":{\"stringValue\":\"agent\"}}]},\"scopeSpans\":[{"
        "\"scope\":{\"name\":\"opentelemetry.instrumentation.agent\"},"
        "\"spans\":[";
    first_ = true;
    AddSpans();
    out_->json += "]}]}]}\n";
  }

  void Finish() { out_->proto = traces_.SerializeAsString(); }

 private:
  using Attributes = std::vector<std::pair<std::string, std::string>>;

  void AddSpans() {
    std::string history =
        Message("user", "{\"type\":\"text\",\"content\":" +
                            Quoted(Prose(kPromptBytes, trace_)) + "}");
    const uint64_t agent = Add(0, "invoke_agent planner",
                               {{"gen_ai.operation.name", "invoke_agent"},
                                {"gen_ai.agent.name", "planner"}});
    for (size_t turn = 0; turn <= kTurns; ++turn) {
      const auto calls =
          MakeCalls(kToolsPerTurn, kArgumentBytes, trace_ * 100 + turn);
      std::string parts, results;
      for (size_t i = 0; turn < kTurns && i < calls.size(); ++i) {
        const std::string id = "call_" + std::to_string(trace_) + "_" +
                               std::to_string(turn * 10 + i);
        parts += (parts.empty() ? "" : ",") +
                 ("{\"type\":\"tool_call\",\"id\":\"" + id + "\",\"name\":\"" +
                  calls[i].tool_name +
                  "\",\"arguments\":" + calls[i].arguments + "}");
        results +=
            "," + Message("tool", "{\"type\":\"tool_call_response\",\"id\":\"" +
                                      id + "\",\"response\":" +
                                      Quoted(Prose(kResultBytes, i)) + "}");
      }
      Add(agent, "chat",
          {{"gen_ai.operation.name", "chat"},
           {"gen_ai.provider.name", "openai"},
           {"gen_ai.request.model", "gpt-4o"},
           {"gen_ai.input.messages", "[" + history + "]"},
           {"gen_ai.output.messages",
            "[" + Message("assistant", parts) + "]"}});
      for (size_t i = 0; turn < kTurns && i < calls.size(); ++i) {
        Add(agent, "execute_tool " + calls[i].tool_name,
            {{"gen_ai.operation.name", "execute_tool"},
             {"gen_ai.tool.name", calls[i].tool_name},
             {"gen_ai.tool.call.id", "call_" + std::to_string(trace_) + "_" +
                                         std::to_string(turn * 10 + i)},
             {"gen_ai.tool.call.arguments", calls[i].arguments},
             {"gen_ai.tool.call.result", Prose(kResultBytes, i)}});
        out_->links += 2;
      }
      history += "," + Message("assistant", parts) + results;
    }
  }

  uint64_t Add(uint64_t parent, const std::string& name,
               const Attributes& attributes) {
    const uint64_t number = ++out_->spans;
    const TraceId trace = MakeTraceId(trace_);
    const SpanId id = MakeSpanId(number);
    const uint64_t start = 1750000000000000000 + number * 1000000;
    oracle::Span* span = scope_->add_spans();
    const auto bytes = [](const auto& i) {
      return std::string(i.bytes.begin(), i.bytes.end());
    };
    span->set_trace_id(bytes(trace));
    span->set_span_id(bytes(id));
    if (parent > 0) span->set_parent_span_id(bytes(MakeSpanId(parent)));
    span->set_name(name);
    span->set_kind(3);
    span->set_start_time_unix_nano(start);
    span->set_end_time_unix_nano(start + 900000);
    std::string& json = out_->json;
    json += first_ ? "" : ",";
    first_ = false;
    json += "{\"traceId\":\"" + trace.ToHex() + "\",\"spanId\":\"" +
            id.ToHex() + "\",\"parentSpanId\":\"" +
            (parent > 0 ? MakeSpanId(parent).ToHex() : "") +
            "\",\"name\":" + Quoted(name) +
            ",\"kind\":3,\"startTimeUnixNano\":\"" + std::to_string(start) +
            "\",\"endTimeUnixNano\":\"" + std::to_string(start + 900000) +
            "\",\"attributes\":[";
    for (const auto& [key, text] : attributes) {
      oracle::KeyValue* pair = span->add_attributes();
      pair->set_key(key);
      pair->mutable_value()->set_string_value(text);
      json += "{\"key\":" + Quoted(key) +
              ",\"value\":{\"stringValue\":" + Quoted(text) + "}},";
    }
    oracle::KeyValue* tokens = span->add_attributes();
    tokens->set_key("gen_ai.usage.input_tokens");
    tokens->mutable_value()->set_int_value(1234);
    json +=
        "{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":"
        "\"1234\"}}],"
        "\"status\":{}}";
    return number;
  }

  OtlpWorkload* out_;
  oracle::TracesData traces_;
  oracle::ResourceSpans* resource_ = nullptr;
  oracle::ScopeSpans* scope_ = nullptr;
  size_t trace_ = 0;
  bool first_ = true;
};

}  // namespace

OtlpWorkload MakeOtlpWorkload(size_t traces) {
  OtlpWorkload workload;
  Maker maker(&workload);
  for (size_t i = 1; i <= traces; ++i) maker.AddTrace(i);
  maker.Finish();
  return workload;
}

}  // namespace spanlink::bench
