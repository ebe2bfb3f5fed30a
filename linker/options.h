// Options of the linking engine: what an embedder may choose, with defaults
// that are right for a program that dispatches signals while it runs.
//
// Thread safety: a plain value, copied when the engine is made.
#ifndef SPANLINK_LINKER_OPTIONS_H_
#define SPANLINK_LINKER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "spanlink/model/diagnostics.h"
#include "spanlink/model/span_context.h"
#include "spanlink/model/span_link.h"

namespace spanlink {

// When links are decided.
enum class Mode : uint8_t {
  // As signals come: exact links at once, weaker ones when nothing can change
  // them any more. A link is never taken back.
  kLive,
  // When a scope settles, over all of its signals, sorted by time: the links do
  // not depend on the order in which the signals came.
  kSettled,
};

// Which of the LLM spans whose input holds a result are linked to it.
enum class UsePolicy : uint8_t {
  kFirst,  // settled: the one that started first; live: that finished first
  kAll,
};

// Whether a call may be executed or its result used in a later trace.
enum class CrossTrace : uint8_t {
  kOff,
  kConversation,  // of the same conversation id, by tool call id only
};

// How an SDK makes the name of a handoff's tool from the target agent's name.
enum class NamingProfile : uint8_t { kPython, kJavaScript };

// Everything that the engine keeps is bounded. Where a bound is reached the
// oldest goes first, and a diagnostic counts it. Zero means "none at all".
struct Limits {
  // Of one scope.
  size_t spans_per_scope = 1 << 16;
  size_t calls_per_scope = 1 << 14;
  size_t executions_per_scope = 1 << 14;
  size_t uses_per_scope = 1 << 14;
  size_t annotations_per_scope = 1 << 10;
  // Of the engine.
  size_t scopes = 1 << 14;
  size_t spans = 1 << 20;  // all scopes together; bounds calls and uses too
  size_t parked_calls = 1 << 14;
  // Open traces without a signal for this long are settled and freed.
  Duration idle = std::chrono::minutes(30);
  // A scope that signals reopened after its end is settled after this long.
  Duration reopened_idle = std::chrono::minutes(1);
  // A call parked for another trace is forgotten after this long.
  Duration parked_age = std::chrono::hours(24);

  // For a whole file at a time: nothing is dropped below some 10^8 signals.
  static Limits ForFiles();
};

// Receives links, one batch a signal, in a deterministic order. Called on the
// thread that dispatched the signal, outside all locks; may be called from
// several threads at once. The span dies with the call.
using LinkSink = std::function<void(std::span<const SpanLink>)>;

// Receives every single diagnostic, under the same rules.
using DiagnosticSink = std::function<void(std::span<const DiagnosticEvent>)>;

// Receives what `Annotate` put on an LLM span, once for each key and value. The
// views die with the call.
struct Annotation {
  SpanContext llm;
  std::string_view key;
  std::string_view value;
};
using AnnotationSink = std::function<void(std::span<const Annotation>)>;

struct Options {
  Mode mode = Mode::kLive;
  UsePolicy use_policy = UsePolicy::kFirst;
  CrossTrace cross_trace = CrossTrace::kConversation;
  // Weaker links are not emitted. They are still found: what is known about a
  // call does not depend on what is shown of it.
  Evidence min_evidence = Evidence::kName;
  // Two clocks may differ by this much before "started before" is doubted.
  Duration clock_skew = std::chrono::milliseconds(5);
  Limits limits = {};

  // The engine's clock, for ages only; spans bring their own times. Called
  // often: it should be cheap.
  std::function<Time()> clock = {};  // empty: the system's
  // Keys the argument hash: the text of arguments is chosen by strangers.
  std::optional<uint64_t> seed = {};  // nullopt: drawn at random

  LinkSink on_links = {};
  DiagnosticSink on_diagnostics = {};
  AnnotationSink on_annotations = {};
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_OPTIONS_H_
