#include "spanlink/tests/testing.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <type_traits>
#include <variant>

namespace spanlink::testing {
namespace {

constexpr int64_t kStep = 100;     // between spans that follow one another
constexpr int64_t kDuration = 60;  // of a span

std::optional<std::string> Owned(MaybeText text) {
  if (!text) return std::nullopt;
  return std::string(*text);
}

MaybeText View(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

bool IsChoice(LinkKind kind) {
  return kind == LinkKind::kToolChoice || kind == LinkKind::kHandoffChoice;
}

}  // namespace

Time Ms(int64_t milliseconds) {
  return Time(std::chrono::seconds(1'767'225'600) +
              std::chrono::milliseconds(milliseconds));
}

Scenario::Scenario(Root root) : root_(root) { InTrace("t"); }

Scenario& Scenario::InTrace(std::string_view trace) {
  trace_ = trace;
  if (places_.contains(trace_)) return *this;
  places_[trace_] = {};
  if (root_ == Root::kNone) return *this;
  places_[trace_].parent = &Touch(trace, SpanKind::kAgent);
  last_->name = trace;
  return *this;
}

Scenario& Scenario::Under(std::string_view span) {
  places_[trace_].parent = span.empty() ? nullptr : Find(span);
  return *this;
}

Scenario& Scenario::InConversation(std::string_view id) {
  places_[trace_].conversation = id;
  if (Record* root = places_[trace_].parent) root->conversation = id;
  return *this;
}

Scenario& Scenario::C(std::string_view id, std::string_view tool,
                      MaybeText arguments, std::string_view llm) {
  Touch(llm, SpanKind::kLlm)
      .choices.push_back(
          {std::string(id), std::string(tool), "", Owned(arguments)});
  return *this;
}

Scenario& Scenario::T(std::string_view tool, MaybeText arguments,
                      std::string_view span) {
  return T(tool, arguments, span, {});
}

Scenario& Scenario::T(std::string_view tool, MaybeText arguments,
                      std::string_view span, ToolOptions options) {
  Record& record = Touch(span, SpanKind::kTool);
  record.name = tool;
  record.outcome = options.outcome;
  record.tool = {std::string(tool), Owned(arguments), {}, std::move(options)};
  for (const std::string& text : record.tool->options.alternatives) {
    record.tool->alternatives.push_back(text);
  }
  return *this;
}

Scenario& Scenario::O(std::string_view id, std::string_view llm) {
  return O(id, llm, {});
}

Scenario& Scenario::O(std::string_view id, std::string_view llm,
                      UseOptions options) {
  Touch(llm, SpanKind::kLlm)
      .uses.push_back({std::string(id), std::move(options)});
  return *this;
}

Scenario& Scenario::H(std::string_view from, std::string_view to,
                      std::string_view span, Outcome outcome) {
  Record& record = Touch(span, SpanKind::kHandoff);
  record.outcome = outcome;
  record.handoff = {std::string(from), std::string(to)};
  return *this;
}

Scenario& Scenario::Span(std::string_view span, SpanKind kind,
                         std::string_view name) {
  Touch(span, kind).name = name;
  return *this;
}

Scenario& Scenario::Agent(std::string_view span, std::string_view name) {
  Touch(span, SpanKind::kAgent).name = name.empty() ? span : name;
  return *this;
}

Scenario& Scenario::At(int64_t start, int64_t end) {
  last_->start = start;
  last_->end = end;
  last_->timed = true;
  clock_ = std::max(clock_, end);
  return *this;
}

Scenario& Scenario::Reported(int64_t at) {
  last_->reported = at;
  return *this;
}

Scenario& Scenario::Failed() {
  last_->outcome = Outcome::kFailed;
  return *this;
}

Scenario& Scenario::Version(std::string_view version) {
  last_->choices.back().version = version;
  return *this;
}

Scenario& Scenario::FinishScope() {
  clock_ += kStep;
  finishes_.emplace_back(clock_, HashTraceId(trace_));
  return *this;
}

Scenario::Record& Scenario::Touch(std::string_view key, SpanKind kind) {
  if (Record* known = Find(key)) {
    last_ = known;
    return *known;
  }
  clock_ += kStep;
  Record& record = records_.emplace_back();
  const Place& place = places_[trace_];
  record.key = key;
  record.trace = trace_;
  record.conversation = place.conversation;
  record.context = {HashTraceId(trace_), HashSpanId(trace_ + "/" + record.key)};
  record.kind = kind;
  record.parent = place.parent;
  for (const Record* up = record.parent; up != nullptr; up = up->parent) {
    record.ancestors.push_back(up->context.span_id);
  }
  record.start = clock_;
  record.end = clock_ + kDuration;
  by_key_[record.key] = &record;
  by_context_[record.context] = &record;
  last_ = &record;
  return record;
}

Scenario::Record* Scenario::Find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

SpanContext Scenario::Context(std::string_view span) const {
  const Record* record = Find(span);
  return record == nullptr ? SpanContext{} : record->context;
}

std::string Scenario::NameOf(const SpanContext& context) const {
  const auto found = by_context_.find(context);
  if (found == by_context_.end()) return "?" + context.span_id.ToHex();
  return found->second->key;
}

// Children were named after their parents, so going backwards sees every child
// before its parent.
std::map<const Scenario::Record*, std::pair<int64_t, int64_t>> Scenario::Times()
    const {
  std::map<const Record*, std::pair<int64_t, int64_t>> times;
  for (const Record& record : records_) {
    times[&record] = {record.start, record.end};
  }
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (record->parent == nullptr || record->parent->timed) continue;
    auto& [start, end] = times[record->parent];
    start = std::min(start, times[&*record].first - 1);
    end = std::max(end, times[&*record].second + 1);
  }
  return times;
}

SpanRef Scenario::RefOf(const Record& r, const Delivery& d,
                        std::pair<int64_t, int64_t> times, bool ended) const {
  SpanRef ref;
  ref.context = r.context;
  ref.parent = r.parent == nullptr ? SpanId{} : r.parent->context.span_id;
  if (d.times) {
    ref.start = Ms(times.first);
    if (ended) ref.end = Ms(times.second);
  }
  if (d.ancestors) ref.ancestors = r.ancestors;
  return ref;
}

void Scenario::AppendEnd(const Record& r, const SpanRef& ref,
                         std::vector<Signal>& out) const {
  for (const Use& use : r.uses) {
    out.push_back(ToolCallOutputUsed{.llm = ref,
                                     .tool_call_id = use.id,
                                     .tool_name = use.options.tool,
                                     .ordinal = use.options.ordinal,
                                     .llm_outcome = r.outcome});
  }
  for (size_t i = 0; i < r.choices.size(); ++i) {
    const Choice& choice = r.choices[i];
    out.push_back(LlmToolChoice{.llm = ref,
                                .index = static_cast<uint32_t>(i),
                                .tool_call_id = choice.id,
                                .tool_name = choice.tool,
                                .tool_version = choice.version,
                                .arguments = View(choice.arguments)});
  }
  if (r.tool) {
    out.push_back(ToolCall{.tool = ref,
                           .tool_call_id = r.tool->options.id,
                           .tool_name = r.tool->tool,
                           .arguments = View(r.tool->arguments),
                           .alternative_arguments = r.tool->alternatives,
                           .kind = SpanKind::kTool,
                           .outcome = r.outcome});
  }
  if (r.handoff) {
    out.push_back(Handoff{.span = ref,
                          .from_agent = r.handoff->from,
                          .to_agent = r.handoff->to,
                          .outcome = r.outcome});
  }
  out.push_back(SpanFinish{.span = ref, .kind = r.kind, .outcome = r.outcome});
}

// One thing that the program dispatches, before it is put in order: spans of
// equal times start parents first and end children first.
struct Scenario::Arrival {
  int64_t at;
  int64_t tie;
  std::vector<Signal> signals;
};

std::vector<Signal> Scenario::Signals(const Delivery& d) const {
  std::vector<Arrival> arrivals;
  const auto times = Times();
  int64_t position = 0;
  for (const Record& r : records_) {
    const auto& [start, end] = times.at(&r);
    const int64_t reported = r.reported.value_or(end);
    ++position;
    if (d.starts) {
      const std::string_view id =
          r.tool ? std::string_view(r.tool->options.id) : "";
      arrivals.push_back({start,
                          position,
                          {SpanStart{RefOf(r, d, {start, end}, /*ended=*/false),
                                     r.kind, r.name, id, r.conversation}}});
    }
    Arrival& ended = arrivals.emplace_back(Arrival{reported, -position, {}});
    AppendEnd(r, RefOf(r, d, {start, end}, /*ended=*/true), ended.signals);
  }
  for (const auto& [at, scope] : finishes_) {
    arrivals.push_back({at, 0, {ScopeFinish{scope}}});
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) {
                     return std::pair(a.at, a.tie) < std::pair(b.at, b.tie);
                   });
  std::vector<Signal> signals;
  for (const Arrival& arrival : arrivals) {
    signals.insert(signals.end(), arrival.signals.begin(),
                   arrival.signals.end());
  }
  if (!d.scope_finish) return signals;
  for (const auto& [trace, place] : places_) {
    signals.push_back(ScopeFinish{HashTraceId(trace)});
  }
  return signals;
}

Options TestOptions(Mode mode) {
  Options options;
  options.mode = mode;
  options.seed = 7;
  options.clock = [] { return Ms(0); };
  return options;
}

SpanContext SpanOf(const Signal& signal) {
  return std::visit(
      [](const auto& s) -> SpanContext {
        using S = std::decay_t<decltype(s)>;
        if constexpr (std::is_same_v<S, ScopeFinish>) {
          return {s.scope, SpanId{}};
        } else if constexpr (std::is_same_v<S, LlmToolChoice> ||
                             std::is_same_v<S, ToolCallOutputUsed>) {
          return s.llm.context;
        } else if constexpr (std::is_same_v<S, ToolCall>) {
          return s.tool.context;
        } else if constexpr (std::is_same_v<S, LlmHook>) {
          return s.parent.context;
        } else if constexpr (std::is_same_v<S, Annotate>) {
          return s.span_or_parent.context;
        } else {
          return s.span.context;
        }
      },
      signal);
}

PlayResult Play(Options options, std::span<const Signal> signals) {
  PlayResult result;
  Diagnostics diagnostics;
  options.on_links = [&result](std::span<const SpanLink> links) {
    result.links.insert(result.links.end(), links.begin(), links.end());
  };
  if (!options.seed) options.seed = 7;
  if (!options.clock) options.clock = [] { return Ms(0); };
  ToolCallTracker tracker(std::move(options), &diagnostics);
  std::set<TraceId> scopes;
  for (const Signal& signal : signals) {
    tracker.OnSignal(signal);
    if (!ScopeOf(signal).is_zero()) scopes.insert(ScopeOf(signal));
  }
  result.at_once = result.links.size();
  result.before = tracker.stats();
  for (const TraceId& scope : scopes) tracker.OnSignal(ScopeFinish{scope});
  tracker.SettleAll();
  result.stats = tracker.stats();
  for (size_t i = 0; i < kDiagnosticCount; ++i) {
    const auto id = static_cast<DiagnosticId>(i);
    if (diagnostics.count(id) != 0) {
      result.diagnostics[id] = diagnostics.count(id);
    }
  }
  return result;
}

std::vector<std::string> Show(const Scenario& scenario,
                              std::span<const SpanLink> links) {
  std::vector<std::string> lines;
  for (const SpanLink& link : links) {
    std::string line = scenario.NameOf(link.consumer) + "<-" +
                       scenario.NameOf(link.producer) + " ";
    line += LinkKindName(link.kind);
    if (!link.tool_call_id.empty()) line += "(" + link.tool_call_id + ")";
    line += " ";
    line += EvidenceName(link.evidence);
    if (IsChoice(link.kind) && link.attempt != 1) {
      line += " attempt " + std::to_string(link.attempt);
    }
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Show(const std::map<DiagnosticId, uint64_t>& counts,
                              std::span<const DiagnosticId> but) {
  std::vector<std::string> lines;
  for (const auto& [id, count] : counts) {
    if (std::find(but.begin(), but.end(), id) != but.end()) continue;
    lines.push_back(std::string(Describe(id).name) + "=" +
                    std::to_string(count));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<Signal> Shuffled(std::vector<Signal> signals, uint32_t seed) {
  std::mt19937 random(seed);
  for (size_t i = signals.size(); i > 1; --i) {
    std::swap(signals[i - 1], signals[random() % i]);
  }
  return signals;
}

}  // namespace spanlink::testing

namespace spanlink {

std::ostream& operator<<(std::ostream& out, Mode mode) {
  return out << (mode == Mode::kLive ? "Live" : "Settled");
}

std::ostream& operator<<(std::ostream& out,
                         const ToolCallTracker::Stats& stats) {
  return out << "{scopes " << stats.scopes << ", spans " << stats.spans
             << ", calls " << stats.calls << ", executions " << stats.executions
             << ", uses " << stats.uses << ", guardrails " << stats.guardrails
             << ", annotations " << stats.annotations << ", parked "
             << stats.parked_calls << "}";
}

}  // namespace spanlink
