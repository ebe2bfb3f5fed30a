#include "spanlink/dialects/openai_agents_events.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/dialects/arguments.h"
#include "spanlink/dialects/messages.h"
#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

constexpr size_t kMaxProblems = 8;
constexpr int kMaxClimb = 256;  // parents that are looked at
constexpr size_t kNobody = static_cast<size_t>(-1);

// An event's members, as JSON texts; empty if absent or null.
struct Event {
  std::string_view ev, trace_id, span_id, parent_id, type, started_at, ended_at;
  std::string_view error, data, output_type, id, group_id;
};

std::string Text(std::string_view json) {
  return JsonString(json).value_or("");
}

// Returns a member, "" if it is absent or null.
std::string_view Member(std::string_view json, std::string_view key) {
  const std::string_view value = JsonMember(json, key).value_or("");
  return value == "null" ? std::string_view() : value;
}

SpanKind KindOf(std::string_view type) {
  if (type == "agent") return SpanKind::kAgent;
  if (type == "response" || type == "generation") return SpanKind::kLlm;
  if (type == "function") return SpanKind::kTool;
  if (type == "handoff") return SpanKind::kHandoff;
  if (type == "guardrail") return SpanKind::kGuardrail;
  return SpanKind::kOther;
}

// Whether a tool's span ended without a result and without an error.
bool IsSilent(const Event& event) {
  const std::string type = Text(event.output_type);
  return event.error.empty() && Member(event.data, "output").empty() &&
         (type.empty() || type == "NoneType");
}

bool ReadEvent(JsonCursor* cursor, Event* event) {
  const std::array<std::pair<std::string_view, std::string_view*>, 12> fields =
      {{{"ev", &event->ev},
        {"trace_id", &event->trace_id},
        {"span_id", &event->span_id},
        {"parent_id", &event->parent_id},
        {"type", &event->type},
        {"started_at", &event->started_at},
        {"ended_at", &event->ended_at},
        {"error", &event->error},
        {"data", &event->data},
        {"output_type", &event->output_type},
        {"id", &event->id},
        {"group_id", &event->group_id}}};
  std::string_view key;
  if (!cursor->EnterObject()) {
    cursor->Expect("a JSON object");
    return false;
  }
  while (cursor->NextMember(&key)) {
    std::string_view* field = nullptr;
    for (const auto& [name, target] : fields) {
      if (name == key) field = target;
    }
    const auto value = cursor->ReadRaw();
    if (field != nullptr && value && *value != "null") *field = *value;
  }
  if (!cursor->failed() && !cursor->AtEnd()) {
    cursor->Expect("the end of the line");
  }
  if (!cursor->failed() && !event->ev.starts_with('"')) {
    cursor->Expect("an event with `ev`");
  }
  return !cursor->failed();
}

// Calls `visit(begin, size)` for each line that is not blank, until it returns
// false.
template <typename Visit>
void ForEachLine(std::string_view bytes, Visit visit) {
  size_t begin = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (begin < bytes.size()) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const std::string_view line = bytes.substr(begin, end - begin);
    if (!JsonCursor(line).AtEnd() && !visit(begin, line.size())) return;
    begin = end + 1;
  }
}

class RecordingReader {
 public:
  RecordingReader(std::string_view name, std::string_view bytes)
      : name_(name), bytes_(bytes) {}

  absl::StatusOr<AgentsRecording> Run();

 private:
  void ReadLine(size_t begin, size_t size);
  void ReadSpanEvent(const Event& event, size_t begin, size_t size);
  void NoteProgress(const Event& event, size_t number, bool is_end);
  size_t AgentOf(size_t number) const;
  RecordedSpan* SpanOf(const Event& event);
  Time InOrder(Time start);
  std::string Problem(size_t offset, std::string_view expected) const {
    return absl::StrFormat("%s: %d: expected %s", std::string(name_), offset,
                           std::string(expected));
  }

  std::string_view name_;
  std::string_view bytes_;
  AgentsRecording result_;
  uint64_t events_ = 0;
  std::optional<Time> last_start_;
  absl::flat_hash_map<SpanContext, size_t> index_;
  absl::flat_hash_map<TraceId, std::string> conversations_;
  std::vector<SpanKind> kinds_;  // of the spans
  // Tools without a result, by the agent whose next step tells what they did.
  absl::flat_hash_map<size_t, std::vector<size_t>> silent_;
};

absl::StatusOr<AgentsRecording> RecordingReader::Run() {
  ForEachLine(bytes_, [this](size_t begin, size_t size) {
    ReadLine(begin, size);
    return true;
  });
  if (events_ == 0) {
    return absl::InvalidArgumentError(result_.problems.empty()
                                          ? Problem(0, "an event, found none")
                                          : result_.problems.front());
  }
  for (RecordedSpan& span : result_.spans) {
    const auto found = conversations_.find(span.context.trace_id);
    if (found != conversations_.end()) span.conversation_id = found->second;
  }
  return std::move(result_);
}

void RecordingReader::ReadLine(size_t begin, size_t size) {
  JsonCursor cursor(bytes_.substr(begin, size));
  Event event;
  if (!ReadEvent(&cursor, &event)) {
    ++result_.unreadable_lines;
    if (result_.problems.size() < kMaxProblems) {
      result_.problems.push_back(
          Problem(begin + cursor.position(), cursor.expected()));
    }
    return;
  }
  ++events_;
  const std::string ev = Text(event.ev);
  if (ev == "trace_start") {
    conversations_[HashTraceId(Text(event.id))] = CleanId(Text(event.group_id));
  } else if (ev == "span_start" || ev == "span_end") {
    ReadSpanEvent(event, begin, size);
  }
}

void RecordingReader::ReadSpanEvent(const Event& event, size_t begin,
                                    size_t size) {
  RecordedSpan* span = SpanOf(event);
  if (span == nullptr) {
    ++result_.unreadable_lines;
    if (result_.problems.size() < kMaxProblems) {
      result_.problems.push_back(Problem(begin, "`trace_id` and `span_id`"));
    }
    return;
  }
  const bool is_end = Text(event.ev) == "span_end";
  if (span->ended) return;
  NoteProgress(event, static_cast<size_t>(span - result_.spans.data()), is_end);
  if (!span->start) {
    const auto start = ParseIsoTime(Text(event.started_at));
    if (start) span->start = InOrder(*start);
  }
  span->line_begin = begin;
  span->line_size = size;
  span->ended = is_end;
  if (is_end) span->end = ParseIsoTime(Text(event.ended_at));
  // The start may have been moved behind the end.
  if (span->end && span->start && *span->end < *span->start) {
    const bool moved = *span->start - *span->end < std::chrono::microseconds(1);
    if (moved) span->end = span->start;
  }
}

void RecordingReader::NoteProgress(const Event& event, size_t number,
                                   bool is_end) {
  const SpanKind kind = kinds_[number] = KindOf(Text(event.type));
  if (kind == SpanKind::kAgent && is_end) {
    for (const size_t tool : silent_[number]) {
      result_.spans[tool].silent_outcome = Outcome::kNotExecuted;
    }
    silent_.erase(number);
    return;
  }
  const bool goes_on = !is_end && (kind == SpanKind::kLlm ||  //
                                   kind == SpanKind::kHandoff);
  const bool is_silent = is_end && kind == SpanKind::kTool && IsSilent(event);
  if (!goes_on && !is_silent) return;
  const size_t agent = AgentOf(number);
  if (agent == kNobody) return;
  if (goes_on) {
    silent_.erase(agent);
  } else if (result_.spans[agent].ended) {
    result_.spans[number].silent_outcome = Outcome::kFailed;
  } else {
    silent_[agent].push_back(number);
  }
}

// Returns the nearest agent around a span.
size_t RecordingReader::AgentOf(size_t number) const {
  const TraceId trace = result_.spans[number].context.trace_id;
  for (int steps = 0; steps < kMaxClimb; ++steps) {
    const std::optional<SpanId> parent = result_.spans[number].parent;
    if (!parent) break;
    const auto found = index_.find(SpanContext{trace, *parent});
    if (found == index_.end()) break;
    number = found->second;
    if (kinds_[number] == SpanKind::kAgent) return number;
  }
  return kNobody;
}

RecordedSpan* RecordingReader::SpanOf(const Event& event) {
  std::string trace_id = Text(event.trace_id);
  std::string span_id = Text(event.span_id);
  if (trace_id.empty() || span_id.empty()) return nullptr;
  const SpanContext context{HashTraceId(trace_id), HashSpanId(span_id)};
  const auto [it, added] = index_.try_emplace(context, result_.spans.size());
  if (added) {
    RecordedSpan span;
    span.context = context;
    const std::string parent = Text(event.parent_id);
    span.parent = parent.empty() ? SpanId{} : HashSpanId(parent);
    span.trace_id = std::move(trace_id);
    span.span_id = std::move(span_id);
    result_.spans.push_back(std::move(span));
    kinds_.push_back(SpanKind::kOther);
  }
  return &result_.spans[it->second];
}

// The SDK's clock has microseconds; within one, the order of arrival is that of
// the starts.
Time RecordingReader::InOrder(Time start) {
  if (last_start_ && *last_start_ >= start &&
      start > *last_start_ - std::chrono::microseconds(1)) {
    start = *last_start_ + Duration(1);
  }
  last_start_ = start;
  return start;
}

void DecodeLlm(std::string_view data, SpanFacts* facts) {
  const std::string_view input = Member(data, "input");
  if (!input.empty()) ReadInputMessages(input, facts);
  const std::string_view response = Member(data, "response");
  const std::string_view output =
      Member(response.empty() ? data : response, "output");
  if (!output.empty()) ReadOutputMessages(output, facts);
}

void DecodeTool(std::string_view data, std::string_view output_type,
                SpanFacts* facts) {
  const std::string_view input = Member(data, "input");
  if (Member(input, "truncated") == "true") {
    ++facts->truncated;  // a stand-in for a field that was too long
  } else if (!input.empty()) {
    const auto text = JsonString(input);
    SetToolArguments(text ? std::string_view(*text) : input, facts);
  }
  if (output_type == "FunctionToolResult") {
    facts->outcome = Outcome::kNotExecuted;
  }
}

bool IsMultipleHandoffs(std::string_view error) {
  return Text(Member(error, "message")).find("Multiple handoffs requested") !=
         std::string::npos;
}

// Reads `count` digits at the front of `text` and takes them off.
std::optional<int> TakeDigits(std::string_view* text, size_t count) {
  int value = 0;
  if (text->size() < count) return std::nullopt;
  const char* const end = text->data() + count;
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end || value < 0) return std::nullopt;
  text->remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view* text, std::string_view any_of) {
  if (text->empty() || any_of.find(text->front()) == std::string_view::npos) {
    return false;
  }
  text->remove_prefix(1);
  return true;
}

// Reads `:SS` behind `HH:MM`, with a fraction or without.
std::optional<Duration> TakeSeconds(std::string_view* text) {
  constexpr int64_t kSecond = 1000000000;
  if (!TakeChar(text, ":")) return Duration(0);
  const auto seconds = TakeDigits(text, 2);
  if (!seconds || *seconds > 60) return std::nullopt;
  int64_t nanos = *seconds * kSecond;
  if (!TakeChar(text, ".,")) return Duration(nanos);
  int64_t unit = kSecond;
  while (!text->empty() && text->front() >= '0' && text->front() <= '9') {
    unit /= 10;
    nanos += (text->front() - '0') * unit;
    text->remove_prefix(1);
  }
  return Duration(nanos);
}

// Reads `Z` or `+HH:MM`.
std::optional<Duration> TakeZone(std::string_view* text) {
  if (TakeChar(text, "Zz")) return Duration(0);
  const bool west = text->starts_with('-');
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  TakeChar(text, ":");
  const auto minutes = TakeDigits(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const Duration offset =
      std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

}  // namespace

std::optional<Time> ParseIsoTime(std::string_view text) {
  const auto year = TakeDigits(&text, 4);
  const bool date = TakeChar(&text, "-");
  const auto month = TakeDigits(&text, 2);
  const bool dash = TakeChar(&text, "-");
  const auto day = TakeDigits(&text, 2);
  const bool time = TakeChar(&text, "T ");
  const auto hour = TakeDigits(&text, 2);
  const bool colon = TakeChar(&text, ":");
  const auto minute = TakeDigits(&text, 2);
  if (!date || !dash || !time || !colon || !year || !month || !day || !hour ||
      !minute || *hour > 23 || *minute > 59) {
    return std::nullopt;
  }
  constexpr int kFirstYear = 1678;
  constexpr int kLastYear = 2261;  // what 64 bits of nanoseconds hold
  const std::chrono::year_month_day ymd{std::chrono::year(*year),
                                        std::chrono::month(unsigned(*month)),
                                        std::chrono::day(unsigned(*day))};
  const auto seconds = TakeSeconds(&text);
  const auto zone = TakeZone(&text);
  if (!ymd.ok() || *year < kFirstYear || *year > kLastYear || !seconds ||
      !zone || !text.empty()) {
    return std::nullopt;
  }
  return Time(std::chrono::sys_days(ymd)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + *seconds - *zone;
}

bool IsAgentsRecording(std::string_view bytes) {
  bool found = false;
  ForEachLine(bytes, [&](size_t begin, size_t size) {
    JsonCursor cursor(bytes.substr(begin, size));
    Event event;
    found = ReadEvent(&cursor, &event);
    return false;
  });
  return found;
}

absl::StatusOr<AgentsRecording> ReadAgentsRecording(std::string_view name,
                                                    std::string_view bytes) {
  return RecordingReader(name, bytes).Run();
}

void DecodeAgentsSpan(const AgentsSpan& span, SpanFacts* facts,
                      std::string* span_name) {
  facts->kind = KindOf(span.type);
  *span_name = Text(Member(span.data, "name"));
  if (facts->kind != SpanKind::kOther) facts->name = *span_name;
  facts->agent = facts->kind == SpanKind::kAgent
                     ? *span_name
                     : Text(Member(span.data, "agent_name"));
  if (span_name->empty()) *span_name = span.type;
  const bool ran =
      facts->kind == SpanKind::kHandoff && IsMultipleHandoffs(span.error);
  if (!span.error.empty() && !ran) facts->outcome = Outcome::kFailed;
  if (facts->kind == SpanKind::kLlm) DecodeLlm(span.data, facts);
  if (facts->kind == SpanKind::kTool) {
    DecodeTool(span.data, span.output_type, facts);
  }
  if (facts->kind == SpanKind::kHandoff) {
    facts->from_agent = Text(Member(span.data, "from_agent"));
    facts->to_agent = Text(Member(span.data, "to_agent"));
  }
}

void DecodeRecordedSpan(std::string_view bytes, const RecordedSpan& span,
                        SpanFacts* facts, std::string* span_name) {
  JsonCursor cursor(bytes.substr(span.line_begin, span.line_size));
  Event event;
  if (!ReadEvent(&cursor, &event)) return;
  facts->finished = span.ended;
  facts->conversation_id = span.conversation_id;
  facts->outcome = span.silent_outcome;
  DecodeAgentsSpan(
      {Text(event.type), event.data, event.error, Text(event.output_type)},
      facts, span_name);
}

}  // namespace spanlink
