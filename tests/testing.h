// Builders and matchers for tests of the engine.
//
// `Scenario` writes a run of an agent down in the notation of the conformance
// list and turns it into signals with times:
//
//   Scenario s;                                 // trace "t", root agent "t"
//   s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "L2");
//   Play(TestOptions(Mode::kLive), s.Signals());
//
// A span comes to be where it is first named, as a child of the span that
// `Under` named last, and spans follow one another in time; `At` gives the span
// named last other times. `Signals` puts the signals in the order in which a
// program would dispatch them: SpanStart when a span starts; uses, choices and
// SpanFinish when an LLM span ends; ToolCall and SpanFinish when a tool ends.
//
// Lifetime: signals point into their scenario.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_TESTS_TESTING_H_
#define SPANLINK_TESTS_TESTING_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "spanlink/linker/options.h"
#include "spanlink/linker/tool_call_tracker.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"

namespace spanlink::testing {

using MaybeText = std::optional<std::string_view>;

// A moment of a scenario.
Time Ms(int64_t milliseconds);

// What the program that dispatches the signals knows.
struct Delivery {
  bool starts = true;      // sends SpanStart
  bool times = true;       // has clocks
  bool ancestors = false;  // names all spans above a span, not just its parent
  // Sends ScopeFinish for a trace after its last signal.
  bool scope_finish = false;
};

class Scenario {
 public:
  struct ToolOptions {
    std::string id = {};
    Outcome outcome = Outcome::kOk;
    std::vector<std::string> alternatives = {};
  };
  struct UseOptions {
    std::string tool = {};
    uint32_t ordinal = 0;
  };

  // A trace begins with a root agent span of the trace's name, or without.
  enum class Root { kAgent, kNone };
  explicit Scenario(Root root = Root::kAgent);
  Scenario(Scenario&&) = default;  // spans point at one another: no copies
  Scenario& operator=(Scenario&&) = default;

  // The spans that follow belong to this trace; beneath its root.
  Scenario& InTrace(std::string_view trace);
  // The spans that follow are children of `span`; "" makes them roots.
  Scenario& Under(std::string_view span);
  // The spans that follow belong to a conversation.
  Scenario& InConversation(std::string_view id);

  // An answer of `llm` chose a tool. The index counts up by itself.
  Scenario& C(std::string_view id, std::string_view tool, MaybeText arguments,
              std::string_view llm);
  // The tool ran as `span`.
  Scenario& T(std::string_view tool, MaybeText arguments,
              std::string_view span);
  Scenario& T(std::string_view tool, MaybeText arguments, std::string_view span,
              ToolOptions options);
  // The input of `llm` holds a result.
  Scenario& O(std::string_view id, std::string_view llm);
  Scenario& O(std::string_view id, std::string_view llm, UseOptions options);
  // Control went over as `span`.
  Scenario& H(std::string_view from, std::string_view to, std::string_view span,
              Outcome outcome = Outcome::kOk);
  // Any other span, and LLM spans without content.
  Scenario& Span(std::string_view span, SpanKind kind,
                 std::string_view name = "");
  Scenario& Llm(std::string_view span) { return Span(span, SpanKind::kLlm); }
  Scenario& Agent(std::string_view span, std::string_view name = "");

  // About the span that was named last: its times in milliseconds, when the
  // signals of its end arrive if not then, that it failed, the tool's version.
  Scenario& At(int64_t start, int64_t end);
  Scenario& Reported(int64_t at);
  Scenario& Failed();
  Scenario& Version(std::string_view version);
  // The current trace is reported finished at this point.
  Scenario& FinishScope();

  std::vector<Signal> Signals(const Delivery& delivery = {}) const;
  SpanContext Context(std::string_view span) const;
  // Returns "?" and the hex id for a span that is none of this scenario.
  std::string NameOf(const SpanContext& context) const;

 private:
  struct Choice {
    std::string id, tool, version;
    std::optional<std::string> arguments;
  };
  struct Use {
    std::string id;
    UseOptions options;
  };
  struct Tool {
    std::string tool;
    std::optional<std::string> arguments;
    std::vector<std::string_view> alternatives;
    ToolOptions options;
  };
  struct HandOver {
    std::string from, to;
  };
  struct Record {
    std::string key, trace, name, conversation;
    SpanContext context;
    SpanKind kind = SpanKind::kOther;
    Outcome outcome = Outcome::kOk;
    Record* parent = nullptr;
    std::vector<SpanId> ancestors;
    int64_t start = 0, end = 0;
    std::optional<int64_t> reported;
    bool timed = false;  // by `At`; otherwise a parent covers its children
    std::vector<Choice> choices;
    std::vector<Use> uses;
    std::optional<Tool> tool;
    std::optional<HandOver> handoff;
  };
  struct Place {
    Record* parent = nullptr;
    std::string conversation;
  };
  struct Arrival;

  Record& Touch(std::string_view key, SpanKind kind);
  Record* Find(std::string_view key) const;
  std::map<const Record*, std::pair<int64_t, int64_t>> Times() const;
  SpanRef RefOf(const Record& r, const Delivery& d,
                std::pair<int64_t, int64_t> times, bool ended) const;
  void AppendEnd(const Record& r, const SpanRef& ref,
                 std::vector<Signal>& out) const;

  Root root_;
  std::deque<Record> records_;
  std::map<std::string, Record*, std::less<>> by_key_;
  std::map<SpanContext, const Record*> by_context_;
  std::map<std::string, Place, std::less<>> places_;
  std::string trace_;
  Record* last_ = nullptr;
  int64_t clock_ = 0;
  std::vector<std::pair<int64_t, TraceId>> finishes_;
};

struct PlayResult {
  std::vector<SpanLink> links;  // in order of emission
  size_t at_once = 0;           // how many came before the scopes finished
  std::map<DiagnosticId, uint64_t> diagnostics;  // those that were counted
  ToolCallTracker::Stats before;                 // before the scopes finished
  ToolCallTracker::Stats stats;                  // after
};

// Options of tests: a clock that stands still, a fixed key, nothing held back
// unless `min_evidence` says so.
Options TestOptions(Mode mode);
// Gives the signals to a tracker, then ScopeFinish for every trace among them.
PlayResult Play(Options options, std::span<const Signal> signals);

// "X<-L1 tool_choice(1) arguments", with " attempt 2" on choices where it is
// not the first; sorted.
std::vector<std::string> Show(const Scenario& scenario,
                              std::span<const SpanLink> links);
// "id_reused=1", sorted by name, without those of `but`.
std::vector<std::string> Show(const std::map<DiagnosticId, uint64_t>& counts,
                              std::span<const DiagnosticId> but = {});
// The span that a signal is about; of ScopeFinish the trace alone.
SpanContext SpanOf(const Signal& signal);
inline TraceId ScopeOf(const Signal& signal) { return SpanOf(signal).trace_id; }
// In another order, the same for the same seed.
std::vector<Signal> Shuffled(std::vector<Signal> signals, uint32_t seed);

// Matchers for absl::Status and absl::StatusOr, which Debian's Abseil lacks.
inline const absl::Status& StatusOf(const absl::Status& s) { return s; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& s) {
  return s.status();
}
MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}
MATCHER_P2(StatusIs, code, message, "") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString();
  const std::string text(status.message().data(), status.message().size());
  return status.code() == code &&
         ::testing::ExplainMatchResult(message, text, result_listener);
}

}  // namespace spanlink::testing

namespace spanlink {

// For the messages of failing tests.
std::ostream& operator<<(std::ostream& out, Mode mode);
std::ostream& operator<<(std::ostream& out,
                         const ToolCallTracker::Stats& stats);

}  // namespace spanlink

#endif  // SPANLINK_TESTS_TESTING_H_
