#include "spanlink/python/module/tracker.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "spanlink/linker/engine.h"
#include "spanlink/python/module/dispatcher.h"
#include "spanlink/python/module/ids.h"
#include "spanlink/python/module/link.h"
#include "spanlink/python/module/options.h"
#include "spanlink/python/module/process_scope.h"

namespace spanlink::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace): `"x"_a`

// Links that wait for `take_links`; the oldest go first.
constexpr ptrdiff_t kMaxWaitingLinks = ptrdiff_t{1} << 16;

struct Callbacks {
  nb::object on_link, on_annotation;  // None: not wanted
};

class Tracker {
 public:
  Tracker(Bus& bus, Callbacks callbacks, Options options, bool process_scope)
      : callbacks_(std::move(callbacks)) {
    options.on_links = [this](std::span<const SpanLink> links) {
      OnLinks(links);
    };
    if (!callbacks_.on_annotation.is_none()) {
      options.on_annotations = [this](std::span<const Annotation> annotations) {
        OnAnnotations(annotations);
      };
    }
    engine_ = std::make_unique<Engine>(std::move(options));
    SignalSink* sink = engine_.get();
    if (process_scope) sink = &process_scope_.emplace(sink);
    static std::atomic<uint64_t> trackers{0};
    subscription_ = bus->SubscribeAll(
        absl::StrFormat("python tracker %d", ++trackers), *sink);
  }

  ~Tracker() { StopListening(); }

  void Settle() { engine_->SettleAll(); }
  void Tick() { engine_->Tick(); }

  void Close() {
    StopListening();
    Settle();
  }

  std::vector<LinkValue> TakeLinks() {
    std::rotate(waiting_.begin(), waiting_.begin() + oldest_, waiting_.end());
    oldest_ = 0;
    std::vector<LinkValue> taken(std::make_move_iterator(waiting_.begin()),
                                 std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    return taken;
  }

  nb::dict Stats() const {
    const ToolCallTracker::Stats stats = engine_->stats();
    nb::dict counts;
    counts["scopes"] = stats.scopes;
    counts["spans"] = stats.spans;
    counts["calls"] = stats.calls;
    counts["executions"] = stats.executions;
    counts["uses"] = stats.uses;
    counts["guardrails"] = stats.guardrails;
    counts["annotations"] = stats.annotations;
    counts["parked_calls"] = stats.parked_calls;
    counts["waiting_links"] = waiting_.size();
    counts["lost_links"] = lost_links_;
    counts["callback_failures"] = callback_failures_;
    return counts;
  }

  nb::dict DiagnosticCounts() const {
    nb::dict counts;
    for (size_t i = 0; i < kDiagnosticCount; ++i) {
      const auto id = static_cast<DiagnosticId>(i);
      const uint64_t count = engine_->diagnostics().count(id);
      const std::string_view name = Describe(id).name;
      if (count > 0) counts[nb::str(name.data(), name.size())] = count;
    }
    return counts;
  }

  Callbacks& callbacks() { return callbacks_; }

 private:
  // A call that runs on another thread may want the GIL before it ends.
  void StopListening() {
    const nb::gil_scoped_release release;
    subscription_.Reset();
  }

  LinkValue WithOriginalIds(const SpanLink& link) const {
    if (!process_scope_) return ToLinkValue(link);
    SpanLink original = link;
    original.consumer = process_scope_->Original(link.consumer);
    original.producer = process_scope_->Original(link.producer);
    return ToLinkValue(original);
  }

  void OnLinks(std::span<const SpanLink> links) {
    const nb::gil_scoped_acquire gil;
    for (const SpanLink& link : links) {
      if (!callbacks_.on_link.is_none()) {
        // Made where Python keeps it, not moved there.
        const nb::object value = nb::inst_alloc(link_type_);
        new (nb::inst_ptr<LinkValue>(value)) LinkValue(WithOriginalIds(link));
        nb::inst_mark_ready(value);
        CallBack(callbacks_.on_link, value);
        continue;
      }
      if (std::ssize(waiting_) < kMaxWaitingLinks) {
        waiting_.push_back(WithOriginalIds(link));
      } else {
        waiting_[oldest_] = WithOriginalIds(link);
        oldest_ = (oldest_ + 1) % kMaxWaitingLinks;
        ++lost_links_;
      }
    }
  }

  void OnAnnotations(std::span<const Annotation> annotations) {
    const nb::gil_scoped_acquire gil;
    for (const Annotation& annotation : annotations) {
      SpanContext llm = annotation.llm;
      if (process_scope_) llm = process_scope_->Original(llm);
      CallBack(callbacks_.on_annotation, TextOf(llm.trace_id),
               TextOf(llm.span_id), annotation.key, annotation.value);
    }
  }

  // What a callback raises goes to `sys.unraisablehook`, and no further.
  template <typename... Args>
  void CallBack(const nb::object& callback, Args&&... args) {
    const nb::object keep = callback;
    try {
      keep(std::forward<Args>(args)...);
    } catch (nb::python_error& error) {
      ++callback_failures_;
      error.discard_as_unraisable(keep);
    }
  }

  const nb::handle link_type_ = nb::type<LinkValue>();
  Callbacks callbacks_;
  std::vector<LinkValue> waiting_;  // a ring, once it is full
  ptrdiff_t oldest_ = 0;            // in it
  uint64_t lost_links_ = 0;
  uint64_t callback_failures_ = 0;
  std::unique_ptr<Engine> engine_;
  std::optional<ProcessScope> process_scope_;
  Subscription subscription_;
};

// The cycle collector: a callback is often a method of who owns the tracker.
int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  const Callbacks& callbacks = nb::inst_ptr<Tracker>(self)->callbacks();
  Py_VISIT(callbacks.on_link.ptr());
  Py_VISIT(callbacks.on_annotation.ptr());
  return 0;
}

int Clear(PyObject* self) {
  Callbacks& callbacks = nb::inst_ptr<Tracker>(self)->callbacks();
  callbacks.on_link = nb::none();
  callbacks.on_annotation = nb::none();
  return 0;
}

PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(Traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(Clear)},
                       {0, nullptr}};

std::chrono::nanoseconds Seconds(double seconds) {
  if (!(seconds >= 0)) throw nb::value_error("a time in seconds is negative");
  constexpr double kMost = 3e9;  // a century: no sum of times overflows
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, kMost)));
}

// NOLINTNEXTLINE(readability-function-size): one parameter an option
void Init(Tracker* tracker, const nb::object& dispatcher, nb::object on_link,
          nb::object on_annotation, std::string_view mode,
          std::string_view policy, std::string_view scope,
          std::string_view cross_trace, std::string_view min_evidence,
          std::optional<size_t> max_spans, std::optional<size_t> max_traces,
          std::optional<double> idle_seconds, std::optional<uint64_t> seed) {
  if (scope != "trace" && scope != "process") {
    throw nb::value_error("scope is one of trace, process");
  }
  Options options;
  options.mode = ToMode(mode);
  options.use_policy = ToPolicy(policy);
  options.cross_trace = ToCrossTrace(cross_trace);
  options.min_evidence = ToEvidence(min_evidence);
  if (max_spans) options.limits.spans = *max_spans;
  if (max_traces) options.limits.scopes = *max_traces;
  if (idle_seconds) options.limits.idle = Seconds(*idle_seconds);
  options.seed = seed;
  const nb::object bus =
      dispatcher.is_none()
          ? nb::module_::import_("spanlink._core").attr("dispatch")
          : dispatcher;
  new (tracker) Tracker(nb::cast<Bus&>(bus),
                        {std::move(on_link), std::move(on_annotation)},
                        std::move(options), scope == "process");
}

}  // namespace

void BindTracker(nb::module_& module) {
  nb::class_<Tracker>(
      module, "Tracker", nb::type_slots(slots),
      "Listens to a dispatcher (by default `spanlink.dispatch`) and makes "
      "links\n"
      "for as long as it lives, or until `close`.\n\n"
      "`on_link(link)` is called for every link, on the thread that "
      "dispatched\n"
      "what decided it, outside all locks; without it links wait for\n"
      "`take_links`, 65,536 at most. `on_annotation(trace_id, span_id, key,\n"
      "value)` is told on which LLM span an annotation belongs. What they "
      "raise\n"
      "goes to `sys.unraisablehook` and stops nothing.\n\n"
      "`mode`: `live` decides as soon as nothing can change the answer,\n"
      "`settled` when a trace is finished. `policy`: the `first` LLM span "
      "that\n"
      "reads a result is linked to it, or `all`. `scope`: what may be linked\n"
      "with one another, a `trace` or everything in the `process`; the latter\n"
      "is for comparing with trackers that work so. `min_evidence`: weaker "
      "links\n"
      "are not told. `max_spans`, `max_traces`, `idle_seconds`: bounds of "
      "what\n"
      "is kept; the oldest goes first. `seed`: for the keyed hash of "
      "arguments;\n"
      "by default a random one.\n\n"
      "Keeps ids, names and hashes, no arguments. Thread-safe.")
      .def("__init__", &Init, "dispatcher"_a = nb::none(), nb::kw_only(),
           "on_link"_a = nb::none(), "on_annotation"_a = nb::none(),
           "mode"_a = "live", "policy"_a = "first", "scope"_a = "trace",
           "cross_trace"_a = "conversation", "min_evidence"_a = "name",
           "max_spans"_a = nb::none(), "max_traces"_a = nb::none(),
           "idle_seconds"_a = nb::none(), "seed"_a = nb::none(),
           nb::sig(
               "def __init__(self, dispatcher: Dispatcher | None = None, *, "
               "on_link: Callable[[SpanLink], object] | None = None, "
               "on_annotation: Callable[[str, str, str, str], object] | None = "
               "None, mode: str = 'live', policy: str = 'first', scope: str = "
               "'trace', cross_trace: str = 'conversation', min_evidence: str "
               "= 'name', max_spans: int | None = None, max_traces: int | None "
               "= None, idle_seconds: float | None = None, seed: int | None = "
               "None) -> None"))
      .def("take_links", &Tracker::TakeLinks,
           "Returns the links since the last call, in the order in which they\n"
           "were decided.")
      .def("settle", &Tracker::Settle,
           "Decides all that is open, as if every trace were finished.")
      .def("tick", &Tracker::Tick,
           "Settles traces that were idle for too long. Every signal does a\n"
           "part of it; a program that falls silent calls it from a timer.")
      .def("close", &Tracker::Close,
           "Stops listening, after calls on other threads have returned, and\n"
           "decides what is open. A second call does nothing.")
      .def(
          "__enter__", [](nb::handle self) { return nb::borrow(self); },
          nb::sig("def __enter__(self) -> Tracker"))
      .def(
          "__exit__", [](Tracker& self, const nb::args&) { self.Close(); },
          "args"_a, nb::sig("def __exit__(self, *args: object) -> None"))
      .def_prop_ro("stats", &Tracker::Stats,
                   nb::sig("def stats(self) -> dict[str, int]"),
                   "What is kept at the moment, by name.")
      .def_prop_ro("diagnostics", &Tracker::DiagnosticCounts,
                   nb::sig("def diagnostics(self) -> dict[str, int]"),
                   "What was odd about the data, by name, with counts.");
}

}  // namespace spanlink::python
