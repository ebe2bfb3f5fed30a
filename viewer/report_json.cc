#include "spanlink/viewer/report_json.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_format.h"

namespace spanlink {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr size_t kMaxNameBytes = 500;
constexpr size_t kMaxContentBytes = 20'000;

// Returns at most `max_bytes` of UTF-8 and, if that is not all, `mark`.
std::string Cut(std::string_view text, size_t max_bytes,
                std::string_view mark) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)).append(mark);
}

std::string Name(std::string_view text) {
  return Cut(text, kMaxNameBytes, "...");
}

std::string Content(std::string_view text) {
  return Cut(text, kMaxContentBytes,
             absl::StrFormat("\n... (cut by spanlink: %u of %u bytes)",
                             kMaxContentBytes, text.size()));
}

// Nothing in the data may end the element of HTML that it stands in.
std::string Dump(const Json& json) {
  std::string dumped = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(dumped.size());
  for (const char c : dumped) {
    if (c == '<' || c == '>' || c == '&') {
      safe += absl::StrFormat("\\u%04x", static_cast<unsigned>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json OrNull(const std::optional<Duration>& value) {
  return value ? Json(value->count()) : Json(nullptr);
}

Json NameOrNull(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(Name(text));
}

std::string_view KindName(SpanKind kind) {
  switch (kind) {
    case SpanKind::kLlm:
      return "llm";
    case SpanKind::kTool:
      return "tool";
    case SpanKind::kHandoff:
      return "handoff";
    case SpanKind::kGuardrail:
      return "guardrail";
    case SpanKind::kAgent:
      return "agent";
    case SpanKind::kOther:
      break;
  }
  return "other";
}

Json CountsOf(const RunGraph& graph) {
  Json counts = {{"spans", graph.spans.size()},
                 {"llm", 0},
                 {"tool", 0},
                 {"handoff", 0},
                 {"guardrail", 0},
                 {"links", graph.links.size()},
                 {"unlinked", 0},
                 {"errors", 0},
                 {"folded", 0}};
  const auto count = [&counts](std::string_view name) {
    Json& value = counts[std::string(name)];
    value = value.get<size_t>() + 1;
  };
  for (const GraphSpan& span : graph.spans) {
    count(span.IsNode() ? KindName(span.summary->kind) : "folded");
    if (!span.unlinked.empty()) count("unlinked");
    if (span.failed()) count("errors");
  }
  return counts;
}

Json ContentOf(const SpanSummary& span, const ReportInfo& info) {
  Json json = Json::object();
  const SpanContent content = info.content(span);
  if (content.input) json["input"] = Content(*content.input);
  if (content.output) json["output"] = Content(*content.output);
  return json;
}

Json SpanOf(const GraphSpan& span, const ReportInfo& info) {
  const SpanSummary& summary = *span.summary;
  Json json = {
      {"id", Name(summary.span_id_text)}, {"parent", OrNull(span.parent)},
      {"name", Name(summary.name)},       {"kind", KindName(summary.kind)},
      {"label", Name(NameOf(summary))},   {"agent", OrNull(span.agent)},
      {"start", OrNull(span.start)},      {"end", OrNull(span.end)},
      {"error", span.failed()},           {"critical", span.critical},
      {"dialect", summary.dialect}};
  for (const Explanation* unlinked : span.unlinked) {
    json["unlinked"].push_back({{"code", unlinked->code},
                                {"why", unlinked->why},
                                {"what_to_do", unlinked->what_to_do}});
  }
  if (summary.kind == SpanKind::kLlm) json["choices"] = summary.choices;
  if (info.content) json["content"] = ContentOf(summary, info);
  return json;
}

Json CallOf(const GraphCall& call) {
  return {{"llm", call.llm},
          {"tool", Name(call.tool)},
          {"id", NameOrNull(call.id)}};
}

Json LinkOf(const GraphLink& edge) {
  const SpanLink& link = *edge.link;
  return {{"from", edge.from},
          {"to", edge.to},
          {"call", OrNull(edge.call)},
          {"kind", LinkKindName(link.kind)},
          {"evidence", EvidenceName(link.evidence)},
          {"attempt", link.attempt},
          {"tool", Name(link.tool_name)},
          {"id", NameOrNull(link.tool_call_id)},
          {"why", WhyLinked(link)}};
}

// Appends `"name":[…]` with what `to_json` makes of each item.
template <typename Items, typename ToJson>
void AppendArray(std::string_view name, const Items& items, ToJson to_json,
                 std::string* out) {
  out->append(absl::StrFormat("\"%s\":[", name));
  bool first = true;
  for (const auto& item : items) {
    if (!std::exchange(first, false)) *out += ',';
    *out += Dump(to_json(item));
  }
  *out += ']';
}

void AppendTrace(const RunGraph& graph, const ReportInfo& info,
                 std::string* out) {
  *out += "{\"id\":" + Dump(Name(graph.id));
  *out += ",\"counts\":" + Dump(CountsOf(graph));
  *out += ",\"duration_ns\":" + Dump(OrNull(graph.duration)) + ",";
  AppendArray("agents", graph.agents, Name, out);
  *out += ',';
  AppendArray(
      "spans", graph.spans,
      [&info](const GraphSpan& span) { return SpanOf(span, info); }, out);
  *out += ',';
  AppendArray("calls", graph.calls, CallOf, out);
  *out += ',';
  AppendArray("links", graph.links, LinkOf, out);
  out->append(absl::StrFormat(",\"outside\":%u}", graph.outside));
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

std::string ReportJson(std::span<const RunGraph> graphs,
                       const ReportInfo& info) {
  std::string out = absl::StrFormat("{\"version\":%d,\"producer\":%s,",
                                    kVersion, Dump(info.producer));
  AppendArray("files", info.files, BaseName, &out);
  out += absl::StrFormat(",\"with_content\":%s,\"traces\":[",
                         info.content ? "true" : "false");
  for (const RunGraph& graph : graphs) {
    if (&graph != graphs.data()) out += ',';
    AppendTrace(graph, info, &out);
  }
  return out + "]}\n";
}

}  // namespace spanlink
