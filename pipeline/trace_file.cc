#include "spanlink/pipeline/trace_file.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/linker/settled_linker.h"
#include "spanlink/pipeline/joined_source.h"
#include "spanlink/pipeline/span_content.h"
#include "spanlink/pipeline/text_pool.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {
namespace {

constexpr size_t kProgressSpans = 4096;
// Facts of so many spans, with so much text, are kept for `Link`; those of the
// others are decoded again, so that memory does not grow with the text.
constexpr size_t kMaxKeptFacts = size_t{1} << 17;
constexpr size_t kMaxKeptBytes = size_t{64} << 20;

// Absent times come last.
Time StartOrLast(const std::optional<Time>& start) {
  return start.value_or(Time::max());
}

SpanSummary Summarize(const SpanRef& ref, const DecodedSpan& decoded,
                      TextPool* texts) {
  const SpanFacts& facts = decoded.facts;
  SpanSummary summary;
  summary.context = ref.context;
  summary.parent = ref.parent;
  summary.name = texts->Keep(decoded.name);
  summary.agent = texts->Keep(
      facts.kind == SpanKind::kAgent && !facts.name.empty() ? facts.name
                                                            : facts.agent);
  if (facts.kind == SpanKind::kTool) summary.tool_name = facts.name;
  if (facts.kind == SpanKind::kHandoff) summary.tool_name = facts.to_agent;
  summary.tool_name = texts->Keep(summary.tool_name);
  summary.dialect = decoded.dialect;
  summary.scope = texts->Keep(decoded.scope);
  summary.kind = facts.kind;
  summary.outcome = facts.outcome;
  summary.start = ref.start;
  summary.end = ref.end;
  summary.choices = static_cast<uint32_t>(facts.choices.size());
  summary.uses = static_cast<uint32_t>(facts.uses.size());
  summary.has_arguments = facts.arguments.has_value();
  summary.has_tool_call_id = !facts.tool_call_id.empty();
  const bool silent = !facts.has_input && !facts.has_output;
  const bool hidden = facts.says_tool_chosen && facts.choices.empty();
  summary.content_missing =
      facts.kind == SpanKind::kLlm && facts.finished && (silent || hidden);
  return summary;
}

}  // namespace

// Spans are kept twice: in the order of the file in `source`, and sorted in
// `spans`, with `positions` from one to the other.
struct TraceFile::State {
  std::unique_ptr<JoinedSource> source;
  ReadOptions options;
  std::vector<std::string> warnings;
  TextPool texts;  // of `spans`
  std::string scratch;
  std::vector<SpanSummary> spans;
  std::vector<size_t> positions;                   // of spans[i] in the source
  absl::flat_hash_map<SpanContext, size_t> index;  // into `spans`
  absl::flat_hash_map<size_t, std::vector<size_t>> copies;  // by position
  std::vector<SpanFacts> facts;  // of the first spans in the source
  size_t kept_bytes = 0;
  std::vector<SpanLink> links;

  // What the reader found, and that with the engine's of the last `Link`.
  std::map<DiagnosticId, uint64_t> reader_counts;
  std::vector<DiagnosticEvent> reader_events;
  std::unique_ptr<Diagnostics> diagnostics = std::make_unique<Diagnostics>();
  std::vector<DiagnosticEvent> events;

  void ReadSpans();
  void KeepCopy(size_t position, size_t copy);
  void NameIds(size_t position, SpanSummary* summary);
  void KeepFacts(size_t position, SpanFacts* known);
  void Report(DiagnosticId id, const SpanContext& span, uint64_t times = 1);
  void Sort();
  void NameAgents();
  void ExcuseWrappers();
  // Returns the index of the span's parent, if the file has it.
  std::optional<size_t> Above(const SpanSummary& span) const;
  void ResetDiagnostics();
  void AddDiagnostics(const Diagnostics& engine);
  void SortLinks();
  void ReportLinkedRoots();
  void AddCopies(std::vector<ConsumerLinks>* consumers) const;
};

void TraceFile::State::Report(DiagnosticId id, const SpanContext& span,
                              uint64_t times) {
  if (times == 0) return;
  reader_counts[id] += times;
  reader_events.push_back({id, span});
}

void TraceFile::State::ReadSpans() {
  DecodedSpan decoded;
  decoded.facts.wants_text = options.react;
  Report(DiagnosticId::kUnreadableSpan, {}, source->unreadable());
  index.reserve(source->size());
  spans.reserve(source->size());
  positions.reserve(source->size());
  facts.reserve(std::min(source->size(), kMaxKeptFacts));
  for (size_t i = 0; i < source->size(); ++i) {
    const SpanContext context = source->Ref(i).context;
    const auto [first, is_new] = index.try_emplace(context, spans.size());
    if (!is_new) {
      Report(DiagnosticId::kDuplicateSpan, context);
      KeepCopy(positions[first->second], i);
      continue;
    }
    source->Decode(i, &decoded);
    spans.push_back(Summarize(source->Ref(i), decoded, &texts));
    spans.back().file = static_cast<uint32_t>(source->FileOf(i));
    NameIds(i, &spans.back());
    positions.push_back(i);
    ReportContent(decoded, [&](DiagnosticId id) { Report(id, context); });
    KeepFacts(i, &decoded.facts);
  }
}

// Of each file that has the span again, the first copy gets the links, too.
void TraceFile::State::KeepCopy(size_t position, size_t copy) {
  std::vector<size_t>& known = copies[position];
  const size_t last = known.empty() ? position : known.back();
  if (source->FileOf(last) != source->FileOf(copy)) known.push_back(copy);
}

// Spans of one trace mostly follow one another.
void TraceFile::State::NameIds(size_t position, SpanSummary* summary) {
  const bool known = spans.size() > 1 &&
                     summary[-1].context.trace_id == summary->context.trace_id;
  summary->trace_id_text =
      known ? summary[-1].trace_id_text
            : texts.Keep(source->TraceIdText(position, &scratch));
  summary->span_id_text =
      texts.KeepOnce(source->SpanIdText(position, &scratch));
}

// Takes the facts of the span at `position`, if all before it were taken.
void TraceFile::State::KeepFacts(size_t position, SpanFacts* known) {
  if (position != facts.size() || position >= kMaxKeptFacts) return;
  kept_bytes += known->arguments ? known->arguments->size() : 0;
  for (const std::string& reading : known->alternatives) {
    kept_bytes += reading.size();
  }
  for (const ChoiceFact& choice : known->choices) {
    kept_bytes += choice.arguments ? choice.arguments->size() : 0;
  }
  if (kept_bytes <= kMaxKeptBytes) facts.push_back(std::move(*known));
}

// By trace, traces by their first start; then by start. Many files are so.
void TraceFile::State::Sort() {
  absl::flat_hash_map<TraceId, Time> first;
  for (const SpanSummary& span : spans) {
    const Time start = StartOrLast(span.start);
    const auto [it, added] = first.try_emplace(span.context.trace_id, start);
    if (!added) it->second = std::min(it->second, start);
  }
  std::vector<std::tuple<Time, TraceId, Time, SpanId, size_t>> order;
  order.reserve(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    const SpanContext& context = spans[i].context;
    order.emplace_back(first[context.trace_id], context.trace_id,
                       StartOrLast(spans[i].start), context.span_id, i);
  }
  if (std::is_sorted(order.begin(), order.end())) return;
  std::sort(order.begin(), order.end());
  std::vector<SpanSummary> sorted;
  std::vector<size_t> sorted_positions;
  sorted.reserve(spans.size());
  sorted_positions.reserve(spans.size());
  for (const auto& key : order) {
    const size_t i = std::get<size_t>(key);
    index[spans[i].context] = sorted.size();
    sorted_positions.push_back(positions[i]);
    sorted.push_back(spans[i]);
  }
  spans = std::move(sorted);
  positions = std::move(sorted_positions);
}

// Gives every span the name of the nearest agent above it. A span on the path
// that is walked counts as known: parents may form a circle.
void TraceFile::State::NameAgents() {
  std::vector<bool> known(spans.size(), false);
  std::vector<size_t> path;
  for (size_t i = 0; i < spans.size(); ++i) {
    size_t at = i;
    path.clear();
    while (!known[at] && spans[at].agent.empty()) {
      known[at] = true;
      path.push_back(at);
      const auto above = Above(spans[at]);
      if (!above) break;
      at = *above;
    }
    const std::string_view agent = spans[at].agent;
    for (const size_t below : path) spans[below].agent = agent;
  }
}

// An LLM span without content that encloses one with content is a wrapper and
// lacks nothing.
void TraceFile::State::ExcuseWrappers() {
  std::vector<bool> visited(spans.size(), false);
  for (size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].kind != SpanKind::kLlm || spans[i].content_missing) continue;
    auto above = Above(spans[i]);
    while (above && !visited[*above]) {
      visited[*above] = true;
      if (*above != i) spans[*above].content_missing = false;
      above = Above(spans[*above]);
    }
  }
}

std::optional<size_t> TraceFile::State::Above(const SpanSummary& span) const {
  const auto found =
      index.find({span.context.trace_id, span.parent.value_or(SpanId{})});
  if (found == index.end()) return std::nullopt;
  return found->second;
}

void TraceFile::State::ResetDiagnostics() {
  diagnostics = std::make_unique<Diagnostics>();
  for (const auto& [id, count] : reader_counts) diagnostics->Count(id, count);
  events = reader_events;
}

void TraceFile::State::AddDiagnostics(const Diagnostics& engine) {
  for (size_t i = 0; i < kDiagnosticCount; ++i) {
    const auto id = static_cast<DiagnosticId>(i);
    diagnostics->Count(id, engine.count(id));
  }
}

// Most files come out of the engine in this order.
void TraceFile::State::SortLinks() {
  struct Entry {
    Time start;
    size_t link;
  };
  std::vector<Entry> order;
  order.reserve(links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    const auto found = index.find(links[i].consumer);
    const Time start = found == index.end()
                           ? Time::max()
                           : StartOrLast(spans[found->second].start);
    order.push_back({start, i});
  }
  const auto key = [this](const Entry& entry) {
    const SpanLink& link = links[entry.link];
    return std::tie(entry.start, link.consumer.span_id, link.consumer.trace_id,
                    link.kind, link.producer, entry.link);
  };
  const auto before = [&key](const Entry& a, const Entry& b) {
    return key(a) < key(b);
  };
  if (std::is_sorted(order.begin(), order.end(), before)) return;
  std::sort(order.begin(), order.end(), before);
  std::vector<SpanLink> sorted;
  sorted.reserve(links.size());
  for (const Entry& entry : order) {
    sorted.push_back(std::move(links[entry.link]));
  }
  links = std::move(sorted);
}

void TraceFile::State::ReportLinkedRoots() {
  const auto is_root = [this](const SpanContext& context) {
    const auto found = index.find(context);
    return found != index.end() && spans[found->second].parent == SpanId{};
  };
  for (const SpanContext& span : LinkedRoots(links, is_root)) {
    diagnostics->Count(DiagnosticId::kRootLinked);
    events.push_back({DiagnosticId::kRootLinked, span});
  }
}

void TraceFile::State::AddCopies(std::vector<ConsumerLinks>* consumers) const {
  if (copies.empty()) return;
  for (size_t i = consumers->size(); i > 0; --i) {
    const ConsumerLinks consumer = (*consumers)[i - 1];
    const auto found = copies.find(consumer.span);
    if (found == copies.end()) continue;
    for (const size_t copy : found->second) {
      consumers->push_back({copy, consumer.links});
    }
  }
  std::sort(consumers->begin(), consumers->end(),
            [](const ConsumerLinks& a, const ConsumerLinks& b) {
              return a.span < b.span;
            });
}

absl::StatusOr<TraceFile> TraceFile::Read(std::string name, std::string bytes,
                                          const Progress& progress,
                                          const ReadOptions& options) {
  Reader reader(options);
  const absl::Status added =
      reader.Add(std::move(name), std::move(bytes), progress);
  if (!added.ok()) return added;
  return std::move(reader).Finish();
}

TraceFile::Reader::Reader(ReadOptions options)
    : options_(options), source_(std::make_unique<JoinedSource>()) {}
TraceFile::Reader::~Reader() = default;

absl::Status TraceFile::Reader::Add(std::string name, std::string bytes,
                                    const Progress& progress) {
  return source_->Add(name, std::move(bytes), options_, progress);
}

absl::StatusOr<TraceFile> TraceFile::Reader::Finish() && {
  if (absl::Status s = source_->Finish(); !s.ok()) return s;
  auto state = std::make_unique<State>();
  state->source = std::move(source_);
  state->options = options_;
  state->warnings = state->source->problems();
  state->ReadSpans();
  state->Sort();
  state->NameAgents();
  state->ExcuseWrappers();
  state->ResetDiagnostics();
  return TraceFile(std::move(state));
}

TraceFile::TraceFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
TraceFile::TraceFile(TraceFile&&) noexcept = default;
TraceFile& TraceFile::operator=(TraceFile&&) noexcept = default;
TraceFile::~TraceFile() = default;

void TraceFile::Link(Options options, const Progress& progress) {
  State& state = *state_;
  state.links.clear();
  state.ResetDiagnostics();
  options.limits = Limits::ForFiles();
  options.clock = nullptr;
  options.on_links = [&state](std::span<const SpanLink> links) {
    state.links.insert(state.links.end(), links.begin(), links.end());
  };
  std::vector<DiagnosticEvent> settled;
  bool settles = false;
  options.on_diagnostics = [&](std::span<const DiagnosticEvent> events) {
    auto& out = settles ? settled : state.events;
    out.insert(out.end(), events.begin(), events.end());
  };
  options.on_annotations = nullptr;
  Diagnostics found;
  SettledLinker linker(std::move(options), &found);
  const uint64_t bytes = state.source->bytes_in_all();
  DecodedSpan decoded;
  decoded.facts.wants_text = state.options.react;
  for (size_t i = 0; i < state.spans.size(); ++i) {
    const size_t position = state.positions[i];
    const bool kept = position < state.facts.size();
    if (!kept) state.source->Decode(position, &decoded);
    // Spans are sorted by trace.
    const TraceId& trace = state.spans[i].context.trace_id;
    const bool first = i == 0 || state.spans[i - 1].context.trace_id != trace;
    if (first) linker.Begin(trace);
    EmitSignals(kept ? state.facts[position] : decoded.facts,
                state.source->Ref(position), &linker);
    settles = i + 1 == state.spans.size() ||
              state.spans[i + 1].context.trace_id != trace;
    if (settles) linker.Finish();
    settles = false;
    if (progress && i % kProgressSpans == 0) {
      const double share = double(i) / double(state.spans.size());
      progress(static_cast<uint64_t>(share * double(bytes)), bytes);
    }
  }
  state.events.insert(state.events.end(), settled.begin(), settled.end());
  state.AddDiagnostics(found);
  state.SortLinks();
  state.ReportLinkedRoots();
  if (progress) progress(bytes, bytes);
}

const std::vector<SpanLink>& TraceFile::links() const { return state_->links; }

const std::vector<SpanSummary>& TraceFile::spans() const {
  return state_->spans;
}

const Diagnostics& TraceFile::diagnostics() const {
  return *state_->diagnostics;
}

const std::vector<DiagnosticEvent>& TraceFile::events() const {
  return state_->events;
}

TraceFormat TraceFile::format() const { return state_->source->format(0); }

bool TraceFile::compressed() const { return state_->source->compressed(0); }

const std::vector<std::string>& TraceFile::warnings() const {
  return state_->warnings;
}

const SpanSummary* TraceFile::Find(const SpanContext& context) const {
  const auto found = state_->index.find(context);
  return found == state_->index.end() ? nullptr : &state_->spans[found->second];
}

SpanContent TraceFile::ContentOf(const SpanSummary& span) const {
  const auto found = state_->index.find(span.context);
  if (found == state_->index.end()) return {};
  DecodedSpan decoded;
  decoded.facts.wants_text = true;
  decoded.facts.wants_result = true;
  state_->source->Decode(state_->positions[found->second], &decoded);
  return spanlink::ContentOf(decoded.facts, span.choices > 0);
}

absl::StatusOr<std::string> TraceFile::Write(
    const WriteOptions& options) const {
  const auto place =
      [this](const SpanContext& context) -> std::optional<size_t> {
    const auto found = state_->index.find(context);
    if (found == state_->index.end()) return std::nullopt;
    return state_->positions[found->second];
  };
  std::vector<ConsumerLinks> consumers = ByConsumer(state_->links, place);
  state_->AddCopies(&consumers);
  return state_->source->Write(consumers, options);
}

}  // namespace spanlink
