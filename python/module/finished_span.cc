#include "spanlink/python/module/finished_span.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>

#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spanlink/dialects/registry.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/python/module/ids.h"

namespace spanlink::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace): `"x"_a`

// What the caller should know of the span. Nothing of its content.
struct Summary {
  std::string_view kind;
  std::string_view dialect;
  size_t choices = 0;
  size_t uses = 0;
};

// Attributes of Python as a dialect reads them. Keeps what the views point to.
class PythonAttributes {
 public:
  // REQUIRES: called once; `mapping` outlives this.
  void Fill(nb::handle mapping) {
    if (!mapping.is_none()) {
      const nb::object items = mapping.attr("items")();
      for (const nb::handle item : items) Add(item[0], item[1]);
    }
    list_.Seal();
  }

  const AttributeList& list() const { return list_; }

  // The text of a string that lives as long as this; "" if it is none.
  std::string_view Keep(const nb::object& string) {
    kept_.push_back(string);
    Text text;
    ReadText(string, &text);
    if (text.encoded.is_valid()) kept_.push_back(text.encoded);
    return text.view;
  }

 private:
  void Add(const nb::object& key, const nb::object& value) {
    if (!PyUnicode_Check(key.ptr()) || value.is_none()) return;
    const std::string_view name = Keep(key);
    PyObject* const pointer = value.ptr();
    if (PyUnicode_Check(pointer)) {
      list_.Add({name, AttributeType::kString, Keep(value)});
    } else if (PyBool_Check(pointer)) {
      list_.Add({name, AttributeType::kScalar,
                 pointer == Py_True ? "true" : "false"});
    } else if (PyLong_Check(pointer) || PyFloat_Check(pointer) ||
               PyBytes_Check(pointer)) {
      list_.Add({name, AttributeType::kScalar, Keep(nb::str(value))});
    } else {
      list_.Add({name, AttributeType::kJson, Keep(Json(value))});
    }
  }

  // A value that JSON does not know is written as Python shows it.
  static nb::object Json(const nb::object& value) {
    return nb::module_::import_("json").attr("dumps")(
        value,
        "default"_a = nb::handle(reinterpret_cast<PyObject*>(&PyUnicode_Type)));
  }

  std::vector<nb::object> kept_;
  AttributeList list_;
};

// Passes signals on to a dispatcher.
class ToBus final : public SignalSink {
 public:
  explicit ToBus(const Bus& bus) : bus_(bus) {}
  void OnSignal(const Signal& signal) override {
    std::visit([this](const auto& typed) { bus_->Dispatch(typed); }, signal);
  }

 private:
  const Bus& bus_;
};

// What was captured of one span: `Decode` reads it while this lives.
struct CapturedSpan {
  CapturedSpan(nb::handle span_attributes, nb::handle span_events) {
    attributes.Fill(span_attributes);
    for (const nb::handle event : span_events) {
      const nb::object name = event[0];
      const nb::object values = event[1];
      PythonAttributes& captured = event_attributes.emplace_back();
      captured.Fill(values);
      events.push_back({captured.Keep(name), captured.list()});
    }
  }

  PythonAttributes attributes;
  std::deque<PythonAttributes> event_attributes;
  std::vector<SpanEvent> events;
};

// NOLINTNEXTLINE(readability-function-size): one parameter a part of the span
std::optional<Summary> OnFinishedSpan(const Bus& bus, const TraceArg& trace_id,
                                      const SpanArg& span_id,
                                      const Parent& parent, const Text& name,
                                      const Moment& start, const Moment& end,
                                      bool failed, const Text& status_message,
                                      nb::handle attributes, nb::handle events,
                                      bool dropped_attributes) {
  const SpanRef ref = Place(trace_id, span_id, parent, start, end);
  const CapturedSpan captured(attributes, events);
  const FinishedSpan span{.name = name.view,
                          .failed = failed,
                          .status_message = status_message.view,
                          .dropped_attributes = dropped_attributes,
                          .attributes = &captured.attributes.list(),
                          .events = captured.events};
  SpanFacts facts;
  const Dialect* const dialect = DecodeSpan(span, &facts);
  if (dialect == nullptr && failed) facts.outcome = Outcome::kFailed;
  ToBus sink(bus);
  EmitSignals(facts, ref, &sink);
  if (dialect == nullptr) return std::nullopt;
  return Summary{SpanKindName(facts.kind), dialect->name(),
                 facts.choices.size(), facts.uses.size()};
}

}  // namespace

void BindFinishedSpan(nb::module_& module, nb::class_<Bus>& bus) {
  nb::class_<Summary>(module, "SpanSummary",
                      "What a dialect made of a finished span.")
      .def_ro("kind", &Summary::kind,
              "`other`, `agent`, `llm`, `tool`, `handoff` or `guardrail`.")
      .def_ro("dialect", &Summary::dialect,
              "The convention that the span is written in.")
      .def_ro("choices", &Summary::choices,
              "Calls in the answer of an LLM span.")
      .def_ro("uses", &Summary::uses,
              "Results of tools in the prompt of an LLM span.");
  bus.def(
      "finished_span", &OnFinishedSpan, "trace_id"_a, "span_id"_a,
      nb::kw_only(), "parent_id"_a = nb::none(), "name"_a = "",
      "start"_a = nb::none(), "end"_a = nb::none(), "failed"_a = false,
      "status_message"_a = "", "attributes"_a = nb::none(),
      "events"_a = nb::make_tuple(), "dropped_attributes"_a = false,
      nb::sig("def finished_span(self, trace_id: str | int, span_id: str | "
              "int, *, parent_id: str | int | None = None, name: str = '', "
              "start: int | None = None, end: int | None = None, failed: "
              "bool = False, status_message: str = '', attributes: "
              "Mapping[str, Any] | None = None, events: Iterable[tuple[str, "
              "Mapping[str, Any] | None]] = (), dropped_attributes: bool = "
              "False) -> SpanSummary | None"),
      "A finished span, whatever instrumentation wrote it: its attributes\n"
      "are decoded and dispatched as signals. `events`: pairs of a name and\n"
      "attributes. Returns None if no dialect knows the span; its place in\n"
      "the tree is dispatched all the same. docs/dialects.md lists them.");
}

}  // namespace spanlink::python
