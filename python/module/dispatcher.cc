#include "spanlink/python/module/dispatcher.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "spanlink/python/module/finished_span.h"
#include "spanlink/python/module/ids.h"

namespace spanlink::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace): `"x"_a`
using std::string_view;

// What `dispatch("name", …)` may call.
constexpr std::array<string_view, 10> kSignals = {"span_start",
                                                  "span_finish",
                                                  "llm_tool_choice",
                                                  "tool_call",
                                                  "tool_call_output_used",
                                                  "handoff",
                                                  "llm_hook",
                                                  "annotate",
                                                  "scope_finish",
                                                  "finished_span"};

nb::object Call(nb::handle self, string_view signal, const nb::args& args,
                const nb::kwargs& kwargs) {
  if (std::ranges::find(kSignals, signal) == kSignals.end()) {
    throw nb::value_error(
        "not the name of a signal: see the methods of Dispatcher");
  }
  return self.attr(nb::str(signal.data(), signal.size()))(*args, **kwargs);
}

// NOLINTBEGIN(readability-function-size): one parameter a field of the signal
void OnSpanStart(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                 const Word& kind, const Text& name, const Text& tool_call_id,
                 const Text& conversation_id, const Parent& parent,
                 const Moment& start) {
  bus->Dispatch(SpanStart{.span = Place(trace, span, parent, start),
                          .kind = ToSpanKind(kind),
                          .name = name.view,
                          .tool_call_id = tool_call_id.view,
                          .conversation_id = conversation_id.view});
}

void OnSpanFinish(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                  const Word& kind, const Word& outcome, const Parent& parent,
                  const Moment& start, const Moment& end) {
  bus->Dispatch(SpanFinish{.span = Place(trace, span, parent, start, end),
                           .kind = ToSpanKind(kind),
                           .outcome = ToOutcome(outcome)});
}

void OnLlmToolChoice(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                     const Text& tool_name, const ToolArguments& arguments,
                     const Text& tool_call_id, uint32_t index,
                     const Text& tool_version, const Parent& parent,
                     const Moment& start, const Moment& end) {
  bus->Dispatch(LlmToolChoice{.llm = Place(trace, span, parent, start, end),
                              .index = index,
                              .tool_call_id = tool_call_id.view,
                              .tool_name = tool_name.view,
                              .tool_version = tool_version.view,
                              .arguments = arguments.view});
}

void OnToolCall(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                const Text& tool_name, const ToolArguments& arguments,
                const Text& tool_call_id, const Word& kind, const Word& outcome,
                const Parent& parent, const Moment& start, const Moment& end) {
  bus->Dispatch(ToolCall{.tool = Place(trace, span, parent, start, end),
                         .tool_call_id = tool_call_id.view,
                         .tool_name = tool_name.view,
                         .arguments = arguments.view,
                         .kind = ToSpanKind(kind),
                         .outcome = ToOutcome(outcome)});
}

void OnToolCallOutputUsed(const Bus& bus, const TraceArg& trace,
                          const SpanArg& span, const Text& tool_call_id,
                          const Text& tool_name, uint32_t ordinal,
                          const Word& llm_outcome, const Parent& parent,
                          const Moment& start, const Moment& end) {
  bus->Dispatch(
      ToolCallOutputUsed{.llm = Place(trace, span, parent, start, end),
                         .tool_call_id = tool_call_id.view,
                         .tool_name = tool_name.view,
                         .ordinal = ordinal,
                         .llm_outcome = ToOutcome(llm_outcome)});
}

// The same without what is rarely given: each argument costs nanobind time.
void OnPlainChoice(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                   const Text& tool_name, const ToolArguments& arguments,
                   const Text& tool_call_id) {
  bus->Dispatch(LlmToolChoice{.llm = Place(trace, span),
                              .tool_call_id = tool_call_id.view,
                              .tool_name = tool_name.view,
                              .arguments = arguments.view});
}

void OnPlainCall(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                 const Text& tool_name, const ToolArguments& arguments,
                 const Text& tool_call_id) {
  bus->Dispatch(ToolCall{.tool = Place(trace, span),
                         .tool_call_id = tool_call_id.view,
                         .tool_name = tool_name.view,
                         .arguments = arguments.view});
}

void OnPlainUse(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                const Text& tool_call_id, const Text& tool_name) {
  bus->Dispatch(ToolCallOutputUsed{.llm = Place(trace, span),
                                   .tool_call_id = tool_call_id.view,
                                   .tool_name = tool_name.view});
}

void OnHandoff(const Bus& bus, const TraceArg& trace, const SpanArg& span,
               const Text& from_agent, const Text& to_agent,
               const Word& outcome, const Parent& parent, const Moment& start,
               const Moment& end) {
  bus->Dispatch(Handoff{.span = Place(trace, span, parent, start, end),
                        .from_agent = from_agent.view,
                        .to_agent = to_agent.view,
                        .outcome = ToOutcome(outcome)});
}
// NOLINTEND(readability-function-size)

void OnLlmHook(const Bus& bus, const TraceArg& trace, const SpanArg& parent,
               string_view phase) {
  if (phase != "start" && phase != "end") {
    throw nb::value_error("phase is one of start, end");
  }
  bus->Dispatch(LlmHook{.parent = Place(trace, parent),
                        .phase = phase == "start" ? LlmHook::Phase::kStart
                                                  : LlmHook::Phase::kEnd});
}

void OnAnnotate(const Bus& bus, const TraceArg& trace, const SpanArg& span,
                const Text& key, const Text& value) {
  bus->Dispatch(Annotate{.span_or_parent = Place(trace, span),
                         .key = key.view,
                         .value = value.view});
}

void OnScopeFinish(const Bus& bus, const TraceArg& trace) {
  bus->Dispatch(ScopeFinish{trace.id});
}

void BindSpanSignals(nb::class_<Bus>& bus) {
  bus.def(
      "span_start", &OnSpanStart, "trace_id"_a, "span_id"_a, nb::kw_only(),
      "kind"_a = "other", "name"_a = "", "tool_call_id"_a = "",
      "conversation_id"_a = "", "parent_id"_a = nb::none(),
      "start"_a = nb::none(),
      "A span began, or its place in the tree became known. `name`: of the\n"
      "tool or the agent. A second call fills in what the first left out.");
  bus.def("span_finish", &OnSpanFinish, "trace_id"_a, "span_id"_a,
          nb::kw_only(), "kind"_a = "other", "outcome"_a = "ok",
          "parent_id"_a = nb::none(), "start"_a = nb::none(),
          "end"_a = nb::none(),
          "A span ended; an LLM span after its uses and choices.");
  bus.def("llm_hook", &OnLlmHook, "trace_id"_a, "parent_id"_a, "phase"_a,
          "User code around an LLM call begins (`start`) or ends (`end`); it\n"
          "runs under the parent of the LLM span.");
  bus.def("annotate", &OnAnnotate, "trace_id"_a, "span_id"_a, "key"_a,
          "value"_a,
          "Metadata for an LLM span: `span_id` is the span itself or, from a\n"
          "hook, its parent.");
  bus.def("scope_finish", &OnScopeFinish, "trace_id"_a,
          "Nothing more is expected of a trace: what is undecided is decided.");
}

// Tried before those of `BindCallSignals`.
void BindPlainCallSignals(nb::class_<Bus>& bus) {
  bus.def("llm_tool_choice", &OnPlainChoice, "trace_id"_a, "span_id"_a,
          "tool_name"_a, "arguments"_a = nb::none(), "tool_call_id"_a = "",
          "The short form, without what is rarely known.");
  bus.def("tool_call", &OnPlainCall, "trace_id"_a, "span_id"_a, "tool_name"_a,
          "arguments"_a = nb::none(), "tool_call_id"_a = "",
          "The short form, without what is rarely known.");
  bus.def("tool_call_output_used", &OnPlainUse, "trace_id"_a, "span_id"_a,
          "tool_call_id"_a = "", "tool_name"_a = "",
          "The short form, without what is rarely known.");
}

void BindCallSignals(nb::class_<Bus>& bus) {
  bus.def(
      "llm_tool_choice", &OnLlmToolChoice, "trace_id"_a, "span_id"_a,
      "tool_name"_a, "arguments"_a = nb::none(), "tool_call_id"_a = "",
      nb::kw_only(), "index"_a = 0, "tool_version"_a = "",
      "parent_id"_a = nb::none(), "start"_a = nb::none(), "end"_a = nb::none(),
      "The answer of the LLM span `span_id` names a tool and arguments.\n"
      "`index`: position among the calls of the answer. `arguments`: as the\n"
      "model wrote them; \"\": none; None: not captured, or cut.");
  bus.def(
      "tool_call", &OnToolCall, "trace_id"_a, "span_id"_a, "tool_name"_a,
      "arguments"_a = nb::none(), "tool_call_id"_a = "", nb::kw_only(),
      "kind"_a = "tool", "outcome"_a = "ok", "parent_id"_a = nb::none(),
      "start"_a = nb::none(), "end"_a = nb::none(),
      "The span `span_id` of a tool ended. `outcome` is `not_executed` where\n"
      "it waits for an approval.");
  bus.def("tool_call_output_used", &OnToolCallOutputUsed, "trace_id"_a,
          "span_id"_a, "tool_call_id"_a = "", "tool_name"_a = "", nb::kw_only(),
          "ordinal"_a = 0, "llm_outcome"_a = "ok", "parent_id"_a = nb::none(),
          "start"_a = nb::none(), "end"_a = nb::none(),
          "The input of the LLM span `span_id` holds a tool's result. Without\n"
          "an id, `tool_name` and the `ordinal` among its results say which.");
  bus.def("handoff", &OnHandoff, "trace_id"_a, "span_id"_a, "from_agent"_a = "",
          "to_agent"_a = "", nb::kw_only(), "outcome"_a = "ok",
          "parent_id"_a = nb::none(), "start"_a = nb::none(),
          "end"_a = nb::none(),
          "The span `span_id` of a handoff ended. Names of agents, not of the\n"
          "tools that stand for them.");
}

}  // namespace

void BindDispatcher(nb::module_& module) {
  nb::class_<Bus> bus(
      module, "Dispatcher",
      "A bus for signals: what integrations see of a run, one method a kind "
      "of\n"
      "fact. `spanlink.dispatch` is the bus of the process, where packages "
      "that\n"
      "know nothing of one another meet; others are for isolation.\n\n"
      "Calls are synchronous and run the listeners before they return. Nearly\n"
      "every argument may be left out: who knows less gets weaker evidence.\n\n"
      "Ids are text or numbers; 32 (16) hex digits are the id itself. A\n"
      "`parent_id` of None is not known, \"\" says that there is none. `kind` "
      "is\n"
      "one of `other`, `agent`, `llm`, `tool`, `handoff`, `guardrail`, and\n"
      "`outcome` one of `ok`, `failed`, `not_executed`. `start` and `end` are\n"
      "nanoseconds since 1970; without them the order of the calls stands in.\n"
      "Arguments of tools are text, or an object that is written as JSON; "
      "they\n"
      "are hashed and not kept.\n\n"
      "Thread-safe. Raises TypeError and ValueError for arguments that are no\n"
      "ids, names or times; never for what a listener does.");
  bus.def(nb::init<>());
  bus.def(
      "__call__", &Call, "signal"_a, "args"_a, "kwargs"_a,
      nb::sig("def __call__(self, signal: str, *args: Any, **kwargs: Any) "
              "-> SpanSummary | None"),
      "Dispatches a signal by its name: `dispatch(\"tool_call\", trace_id,\n"
      "span_id, \"add\")`, for programs that replay what they recorded.");
  BindSpanSignals(bus);
  BindPlainCallSignals(bus);
  BindCallSignals(bus);
  BindFinishedSpan(module, bus);
  bus.def_prop_ro(
      "listener_failures",
      [](const Bus& self) { return self->listener_failures(); },
      "How often a listener failed.");
  module.attr("dispatch") =
      nb::cast(new Bus(&DefaultDispatcher()), nb::rv_policy::take_ownership);
}

}  // namespace spanlink::python
