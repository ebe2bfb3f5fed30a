// A span goes three ways: its facts to its trace, its place to the places of
// its trace if it can carry links, and its bytes stay with its record. A trace
// that settles gives all of its facts to the linker at once, as a file would,
// and the links that come back go by the places to the records. A record counts
// the traces that it waits for.
#include "spanlink/pipeline/trace_linker.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_format.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/linker/settled_linker.h"
#include "spanlink/pipeline/otlp_source.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {
namespace {

// Settled traces that are remembered, to know a late span as such.
constexpr size_t kMaxSettled = size_t{1} << 16;

bool CanCarryLinks(SpanKind kind) {
  return kind == SpanKind::kLlm || kind == SpanKind::kTool ||
         kind == SpanKind::kHandoff || kind == SpanKind::kGuardrail;
}

// The linker has one trace at a time, which has bounds of its own here; what it
// parks stays.
Options LinkerOptions(const StreamOptions& stream, std::function<Time()> clock,
                      LinkSink on_links) {
  const Limits usual;
  Options options = stream.link;
  options.limits = Limits::ForFiles();
  options.limits.parked_calls = usual.parked_calls;
  options.limits.parked_age = usual.parked_age;
  options.clock = std::move(clock);
  options.on_links = std::move(on_links);
  options.on_diagnostics = nullptr;
  options.on_annotations = nullptr;
  return options;
}

struct Record {
  uint64_t id = 0;                     // the caller's
  uint64_t number = 0;                 // ours
  std::unique_ptr<OtlpSource> source;  // nullptr: `bytes` are what goes on
  std::string bytes;
  std::vector<std::string> problems;
  bool read = true;
  bool withheld = false;
  std::vector<SpanLink> links;
  absl::flat_hash_map<SpanContext, size_t> places;  // of spans with links
  size_t waits_for = 0;                             // traces
  size_t counted_bytes = 0;                         // in `Held`
  std::list<Record>::iterator self;
};

// A span that can carry links, in a record that waits.
struct Place {
  SpanId span;
  Record* record = nullptr;
  size_t index = 0;  // in the record

  friend bool operator<(const Place& a, const Place& b) {
    return a.span < b.span;
  }
};

struct KnownSpan {
  SpanRef ref;
  SpanFacts facts;
};

// A span that no dialect knows: the tree needs it.
struct TreeNode {
  SpanRef ref;
  Outcome outcome = Outcome::kOk;
};

// A log record whose own record went on.
struct KeptLog {
  uint64_t record = 0;  // its number
  bool is_json = false;
  OtlpLog log;
  std::string text;
};

struct Trace {
  TraceId id;
  Time last_span;
  absl::flat_hash_set<SpanId> seen;
  std::vector<TreeNode> nodes;
  std::vector<KnownSpan> spans;
  std::vector<Place> places;
  std::vector<KeptLog> logs;
  size_t log_bytes = 0;
  std::vector<Record*> waiting;  // each once
  std::list<Trace>::iterator by_age;
  std::list<Trace*>::iterator by_silence;

  size_t size() const { return nodes.size() + spans.size(); }
};

}  // namespace

struct TraceLinker::State {
  State(StreamOptions given, Sink given_sink);

  void Add(uint64_t id, std::string bytes);
  bool Read(Record& record, std::string& bytes);
  void TakeSpans(Record& record);
  void TakeSpan(Record& record, size_t index);
  void TakeLogs(const Record& record);
  Trace& Find(const TraceId& id);
  Trace& Touch(const TraceId& id);

  void SettleSilent();
  void KeepWithinBounds();
  void Settle(Trace& trace);
  void ReadLogs(Trace& trace);
  void EmitTrace(const Trace& trace);
  void PlaceLinks(Trace& trace);
  void Remember(const TraceId& id);
  void Forget(Trace& trace);

  void Finish(Record& record);
  void SetSize(Record& record);
  void HandOn(std::list<Record>::iterator record);
  void HandOut();
  void ForgetContent();

  Time Now() const { return options.clock ? options.clock() : newest_end; }
  bool IsOver() const {
    return held.bytes > options.max_bytes ||
           held.records > options.max_records || held.spans > options.max_spans;
  }

  const StreamOptions options;
  const Sink sink;
  Diagnostics diagnostics;
  SettledLinker linker;
  Time newest_end{};
  Held held;
  uint64_t last_number = 0;

  // What the last decoded span left in them is gone with `ForgetContent`.
  std::shared_ptr<OtlpDecoder> json_decoder, proto_decoder;
  DecodedSpan decoded;

  std::list<Record> records;     // that wait, in the order in which they came
  std::list<Trace> by_age;       // open ones, by their first span
  std::list<Trace*> by_silence;  // by their last one
  absl::flat_hash_map<TraceId, Trace*> traces;
  absl::flat_hash_set<TraceId> settled;
  std::deque<TraceId> settled_order;
  std::vector<SpanLink> new_links;  // of the trace that is being settled
  std::deque<LinkedRecord> ready;
};

TraceLinker::State::State(StreamOptions given, Sink given_sink)
    : options(std::move(given)),
      sink(std::move(given_sink)),
      linker(LinkerOptions(
                 options, [this] { return Now(); },
                 [this](std::span<const SpanLink> links) {
                   new_links.insert(new_links.end(), links.begin(),
                                    links.end());
                 }),
             &diagnostics) {
  ForgetContent();
}

void TraceLinker::State::ForgetContent() {
  json_decoder = std::make_shared<OtlpDecoder>(OtlpFormat::kJson);
  proto_decoder = std::make_shared<OtlpDecoder>(OtlpFormat::kProto);
  decoded = {};
  decoded.facts.wants_text = options.read.react;
}

void TraceLinker::State::Add(uint64_t id, std::string bytes) {
  const auto record = records.emplace(records.end());
  record->self = record;
  record->id = id;
  record->number = ++last_number;
  record->counted_bytes = bytes.size();
  held.bytes += bytes.size();
  ++held.records;
  if (Read(*record, bytes)) {
    TakeSpans(*record);
  } else {
    record->withheld = !record->read && options.write.strip_content;
    if (!record->withheld) record->bytes = std::move(bytes);
    SetSize(*record);
  }
  if (record->waits_for == 0) Finish(*record);
}

// Returns whether there is something to link; if not, `bytes` is as it was.
bool TraceLinker::State::Read(Record& record, std::string& bytes) {
  if (bytes.find_first_not_of(" \t\r\n") == bytes.npos) return false;
  const OtlpFormat format = options.read.format
                                ? ToOtlpFormat(*options.read.format)
                                : DetectOtlpFormat(bytes);
  const std::string name =
      absl::StrFormat("%s: record %u", options.name, record.id);
  auto source = OtlpSource::Read(
      name, std::move(bytes), format, nullptr,
      format == OtlpFormat::kJson ? json_decoder : proto_decoder);
  if (!source.ok()) {
    diagnostics.Count(DiagnosticId::kUnreadableSpan);
    record.read = false;
    record.problems.emplace_back(source.status().message());
    return false;
  }
  record.source = *std::move(source);
  record.problems = record.source->problems();
  diagnostics.Count(DiagnosticId::kUnreadableSpan, record.source->unreadable());
  return true;
}

void TraceLinker::State::TakeSpans(Record& record) {
  for (size_t i = 0; i < record.source->size(); ++i) {
    const SpanRef ref = record.source->Ref(i);
    const std::optional<Time>& last = ref.end ? ref.end : ref.start;
    if (last) newest_end = std::max(newest_end, *last);
  }
  for (size_t i = 0; i < record.source->size(); ++i) TakeSpan(record, i);
  TakeLogs(record);
}

void TraceLinker::State::TakeSpan(Record& record, size_t index) {
  const SpanRef ref = record.source->Ref(index);
  Trace& trace = Touch(ref.context.trace_id);
  record.source->Decode(index, &decoded);
  if (CanCarryLinks(decoded.facts.kind)) {
    trace.places.push_back({ref.context.span_id, &record, index});
    const bool waits =
        !trace.waiting.empty() && trace.waiting.back() == &record;
    if (!waits) {
      trace.waiting.push_back(&record);
      ++record.waits_for;
    }
  }
  if (!trace.seen.insert(ref.context.span_id).second) {
    diagnostics.Count(DiagnosticId::kDuplicateSpan);
    return;
  }
  ++held.spans;
  if (decoded.dialect.empty()) {
    trace.nodes.push_back({ref, decoded.facts.outcome});
    return;
  }
  if (settled.contains(trace.id)) diagnostics.Count(DiagnosticId::kLateSpan);
  ReportContent(decoded, [this](DiagnosticId id) { diagnostics.Count(id); });
  decoded.facts.input_texts.clear();
  decoded.facts.output_texts.clear();
  trace.spans.push_back({ref, std::move(decoded.facts)});
  decoded.facts = {};
  decoded.facts.wants_text = options.read.react;
}

void TraceLinker::State::TakeLogs(const Record& record) {
  for (const OtlpSource::Log& event : record.source->Events()) {
    Trace& trace = Find(event.record.context.trace_id);
    KeptLog kept = {record.number, record.source->is_json(), event.record, {}};
    kept.text = event.bytes.substr(event.record.begin, event.record.size);
    kept.log.begin = 0;
    trace.log_bytes += kept.text.size();
    held.bytes += kept.text.size();
    trace.logs.push_back(std::move(kept));
  }
}

// Returns the trace, made if it is not open.
Trace& TraceLinker::State::Find(const TraceId& id) {
  Trace*& trace = traces[id];
  if (trace != nullptr) return *trace;
  const auto place = by_age.emplace(by_age.end());
  trace = &*place;
  trace->id = id;
  trace->last_span = Now();
  trace->by_age = place;
  trace->by_silence = by_silence.insert(by_silence.end(), trace);
  ++held.traces;
  return *trace;
}

// Returns the trace of a span that comes now.
Trace& TraceLinker::State::Touch(const TraceId& id) {
  Trace& trace = Find(id);
  trace.last_span = Now();
  by_silence.splice(by_silence.end(), by_silence, trace.by_silence);
  return trace;
}

void TraceLinker::State::SettleSilent() {
  const Time now = Now();
  while (!by_silence.empty() &&
         now - by_silence.front()->last_span >= options.linger) {
    Settle(*by_silence.front());
  }
}

void TraceLinker::State::KeepWithinBounds() {
  while (IsOver() && !by_age.empty()) {
    diagnostics.Count(DiagnosticId::kEvictedScope);
    Settle(by_age.front());
  }
}

void TraceLinker::State::Settle(Trace& trace) {
  if (!trace.logs.empty()) ReadLogs(trace);
  EmitTrace(trace);
  PlaceLinks(trace);
  const std::vector<Record*> waiting = std::move(trace.waiting);
  Forget(trace);
  for (Record* record : waiting) {
    if (--record->waits_for == 0) Finish(*record);
  }
}

// Decodes spans again that have log records in other records.
void TraceLinker::State::ReadLogs(Trace& trace) {
  absl::flat_hash_map<SpanId, const Place*> places;
  for (const Place& place : trace.places) {
    places.try_emplace(place.span, &place);
  }
  absl::flat_hash_set<SpanId> grown;
  for (const KeptLog& kept : trace.logs) {
    const auto place = places.find(kept.log.context.span_id);
    if (place == places.end()) continue;
    const Record& record = *place->second->record;
    OtlpSource& source = *record.source;
    const bool joins =
        record.number != kept.record && source.is_json() == kept.is_json;
    if (!joins) continue;
    source.AddLog({kept.log, kept.text});
    grown.insert(place->first);
  }
  for (KnownSpan& span : trace.spans) {
    if (!grown.contains(span.ref.context.span_id)) continue;
    const Place& place = *places.at(span.ref.context.span_id);
    span.facts.wants_text = options.read.react;
    std::swap(decoded.facts, span.facts);
    place.record->source->Decode(place.index, &decoded);
    std::swap(decoded.facts, span.facts);
  }
}

void TraceLinker::State::EmitTrace(const Trace& trace) {
  if (trace.spans.empty()) return;
  linker.Begin(trace.id);
  SpanFacts facts;
  for (const TreeNode& node : trace.nodes) {
    facts.outcome = node.outcome;
    EmitSignals(facts, node.ref, &linker);
  }
  for (const KnownSpan& span : trace.spans) {
    EmitSignals(span.facts, span.ref, &linker);
  }
  linker.Finish();
}

void TraceLinker::State::PlaceLinks(Trace& trace) {
  std::stable_sort(trace.places.begin(), trace.places.end());
  absl::flat_hash_set<SpanId> roots;
  for (const KnownSpan& span : trace.spans) {
    if (span.ref.parent == SpanId{}) roots.insert(span.ref.context.span_id);
  }
  const auto is_root = [&roots](const SpanContext& span) {
    return roots.contains(span.span_id);
  };
  diagnostics.Count(DiagnosticId::kRootLinked,
                    LinkedRoots(new_links, is_root).size());
  for (const SpanLink& link : new_links) {
    const auto [first, last] = std::equal_range(
        trace.places.begin(), trace.places.end(), Place{link.consumer.span_id});
    for (auto place = first; place != last; ++place) {
      Record& record = *place->record;
      const bool again = place != first && std::prev(place)->record == &record;
      if (again) continue;
      record.places.try_emplace(link.consumer, place->index);
      record.links.push_back(link);
    }
  }
}

void TraceLinker::State::Forget(Trace& trace) {
  new_links.clear();
  held.bytes -= trace.log_bytes;
  held.spans -= trace.size();
  --held.traces;
  Remember(trace.id);
  traces.erase(trace.id);
  by_silence.erase(trace.by_silence);
  by_age.erase(trace.by_age);
}

void TraceLinker::State::Remember(const TraceId& id) {
  if (!settled.insert(id).second) return;
  settled_order.push_back(id);
  if (settled_order.size() <= kMaxSettled) return;
  settled.erase(settled_order.front());
  settled_order.pop_front();
}

// Nothing that the record waits for is open.
void TraceLinker::State::Finish(Record& record) {
  if (record.source != nullptr) {
    const auto place =
        [&record](const SpanContext& span) -> std::optional<size_t> {
      const auto found = record.places.find(span);
      if (found == record.places.end()) return std::nullopt;
      return found->second;
    };
    auto written =
        record.source->Write(ByConsumer(record.links, place), options.write);
    record.withheld = !written.ok() && options.write.strip_content;
    if (record.withheld) {
      record.problems = {std::string(written.status().message())};
    } else {
      record.bytes = written.ok() ? *std::move(written)
                                  : std::string(record.source->bytes());
    }
    record.source.reset();
    SetSize(record);
  }
  if (!options.keep_order) return HandOn(record.self);
  const auto is_done = [](const Record& r) {
    return r.waits_for == 0 && r.source == nullptr;
  };
  while (!records.empty() && is_done(records.front())) HandOn(records.begin());
}

void TraceLinker::State::SetSize(Record& record) {
  held.bytes += record.bytes.size() - record.counted_bytes;
  record.counted_bytes = record.bytes.size();
}

void TraceLinker::State::HandOn(std::list<Record>::iterator record) {
  held.bytes -= record->counted_bytes;
  --held.records;
  ready.push_back({record->id, std::move(record->bytes), record->links.size(),
                   record->read, record->withheld,
                   std::move(record->problems)});
  records.erase(record);
}

// The sink may throw, and call the linker: what it is given is off the list.
void TraceLinker::State::HandOut() {
  while (!ready.empty()) {
    LinkedRecord next = std::move(ready.front());
    ready.pop_front();
    sink(std::move(next));
  }
}

TraceLinker::TraceLinker(StreamOptions options, Sink sink)
    : state_(std::make_unique<State>(std::move(options), std::move(sink))) {}

TraceLinker::~TraceLinker() = default;

void TraceLinker::Add(uint64_t id, std::string bytes) {
  state_->Add(id, std::move(bytes));
  state_->SettleSilent();
  state_->KeepWithinBounds();
  state_->HandOut();
}

void TraceLinker::Tick() {
  state_->SettleSilent();
  state_->HandOut();
}

void TraceLinker::Flush() {
  while (!state_->by_age.empty()) state_->Settle(state_->by_age.front());
  state_->ForgetContent();
  state_->HandOut();
}

TraceLinker::Held TraceLinker::held() const {
  Held held = state_->held;
  for (const LinkedRecord& record : state_->ready) {
    held.bytes += record.bytes.size();
    ++held.records;
  }
  return held;
}

uint64_t TraceLinker::count(DiagnosticId id) const {
  return state_->diagnostics.count(id);
}

}  // namespace spanlink
