#include "spanlink/tests/stream_records.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink::testing {
namespace {

constexpr int64_t kBegin = 1'750'000'000;
constexpr int kAgent = 1, kAnswer = 2, kTool = 3, kReader = 4, kOther = 90,
              kStep = 10;

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string Attributes(const Pairs& pairs) {
  std::string list;
  for (const auto& [key, text] : pairs) {
    list += absl::StrFormat(R"(%s{"key":"%s","value":{"stringValue":%s}})",
                            list.empty() ? "" : ",", key, Quoted(text));
  }
  return "\"attributes\":[" + list + "]";
}

std::string IdText(int number) { return absl::StrFormat("%016x", number); }
struct Identity {
  int trace, span, parent;  // 0: no parent
  int64_t begin, half_seconds;
};

std::string SpanJson(const Identity& id, const Pairs& attributes) {
  const std::string parent =
      id.parent == 0
          ? ""
          : absl::StrFormat(R"("parentSpanId":"%s",)", IdText(id.parent));
  const int64_t begin = (kBegin + id.begin) * 1'000'000'000;
  return absl::StrFormat(
      R"({"traceId":"%s","spanId":"%s",%s"startTimeUnixNano":"%d",)"
      R"("endTimeUnixNano":"%d",%s})",
      AgentRun::TraceIdText(id.trace), IdText(id.span), parent, begin,
      begin + id.half_seconds * 500'000'000, Attributes(attributes));
}

std::string LogJson(int trace, int span, const std::string& rest) {
  return absl::StrFormat(R"({"traceId":"%s","spanId":"%s",%s})",
                         AgentRun::TraceIdText(trace), IdText(span), rest);
}

std::string EventJson(int trace, int span, const Pairs& attributes) {
  return LogJson(trace, span,
                 R"("eventName":"gen_ai.client.inference.operation.details",)" +
                     Attributes(attributes));
}

std::string Prose(const std::string& text) {
  return R"({"type":"text","content":")" + text + "\"}";
}

std::string CallPart(const std::string& id) {
  const std::string member = id.empty() ? "" : "\"id\":\"" + id + "\",";
  return R"({"type":"tool_call",)" + member +
         R"("name":"f","arguments":{"x":1}})";
}

std::string ResultPart(const std::string& id) {
  const std::string member = id.empty() ? "" : "\"id\":\"" + id + "\",";
  return R"({"type":"tool_call_response",)" + member + R"("response":"r"})";
}

std::string Message(const std::string& role, const std::string& part,
                    const std::string& prose) {
  const std::string text = prose.empty() ? "" : Prose(prose) + ",";
  return R"([{"role":")" + role + R"(","parts":[)" + text + part + "]}]";
}

}  // namespace

AgentRun::AgentRun(int trace, int64_t at, const RunOptions& options) {
  const int base = options.span_base;
  const int parent = options.parentless ? 0 : base + kAgent;
  const auto span = [&](int number, int64_t begin, Pairs attributes,
                        const Pairs& more) {
    if (!options.conversation.empty()) {
      attributes.emplace_back("gen_ai.conversation.id", options.conversation);
    }
    attributes.insert(attributes.end(), more.begin(), more.end());
    const int step = kStep + base + number;
    if (options.in_steps) {
      steps.push_back(SpanJson({trace, step, parent, at + begin, 1}, {}));
    }
    return SpanJson(
        {trace, base + number, options.in_steps ? step : parent, at + begin, 1},
        attributes);
  };
  const Pairs answer_messages = {
      {"gen_ai.input.messages", "[]"},
      {"gen_ai.output.messages",
       Message("assistant", CallPart(options.call_id), options.text)}};
  const Pairs reader_messages = {
      {"gen_ai.input.messages",
       Message("tool", ResultPart(options.call_id), options.text)},
      {"gen_ai.output.messages", "[]"}};
  const Pairs chat = {{"gen_ai.operation.name", "chat"}};
  const Pairs none;
  const bool in_logs = options.messages_in_logs;
  agent = SpanJson({trace, base + kAgent, 0, at, 6},
                   {{"gen_ai.operation.name", "invoke_agent"},
                    {"gen_ai.agent.name", absl::StrFormat("a%d", base)}});
  answer = span(kAnswer, 0, chat, in_logs ? none : answer_messages);
  Pairs tool_attributes = {{"gen_ai.operation.name", "execute_tool"},
                           {"gen_ai.tool.name", "f"},
                           {"gen_ai.tool.call.arguments", R"({"x":1})"}};
  if (options.tool_has_id) {
    tool_attributes.emplace_back("gen_ai.tool.call.id", options.call_id);
  }
  tool = span(kTool, 1, tool_attributes, none);
  reader = span(kReader, 2, chat, in_logs ? none : reader_messages);
  answer_log = EventJson(trace, base + kAnswer, answer_messages);
  reader_log = EventJson(trace, base + kReader, reader_messages);
  answer_id = IdText(base + kAnswer);
}

std::string AgentRun::TraceIdText(int trace) {
  return absl::StrFormat("5b8efff798038103%016x", trace);
}

std::string OtherSpan(int trace, int64_t at) {
  return SpanJson({trace, kOther + static_cast<int>(at), 0, at, 2},
                  {{"http.method", "GET"}});
}

std::string PlainLog(int trace) {
  return LogJson(trace, kAnswer, R"("body":{"stringValue":"started"})");
}

std::string Document(const std::vector<std::string>& spans) {
  std::string list;
  for (const std::string& span : spans) {
    list += (list.empty() ? "" : ",") + span;
  }
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + list + "]}]}]}";
}

std::string LogDocument(const std::vector<std::string>& logs) {
  std::string list;
  for (const std::string& log : logs) list += (list.empty() ? "" : ",") + log;
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" + list + "]}]}]}";
}

// JSON of protobuf has ids in base64: what was decoded as such goes back.
std::string ToProto(const std::string& document) {
  oracle::TracesData traces;
  const auto status =
      google::protobuf::util::JsonStringToMessage(document, &traces);
  if (!status.ok()) return "";
  const auto from_hex = [](std::string* id) {
    *id = absl::HexStringToBytes(absl::Base64Escape(*id));
  };
  for (auto& resource : *traces.mutable_resource_spans()) {
    for (auto& scope : *resource.mutable_scope_spans()) {
      for (auto& span : *scope.mutable_spans()) {
        from_hex(span.mutable_trace_id());
        from_hex(span.mutable_span_id());
        from_hex(span.mutable_parent_span_id());
      }
    }
  }
  return traces.SerializeAsString();
}

}  // namespace spanlink::testing
