#include "spanlink/python/module/link.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>

#include <string>
#include <string_view>
#include <tuple>

#include "absl/strings/str_format.h"
#include "spanlink/pipeline/link_attributes.h"
#include "spanlink/python/module/ids.h"
#include "spanlink/python/module/options.h"

namespace spanlink::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace): `"x"_a`

// What a link is rebuilt from, in the order of the constructor.
using State = std::tuple<std::string, std::string, std::string, std::string,
                         std::string, std::string, std::string, std::string,
                         std::string, uint32_t, bool>;

State StateOf(const LinkValue& link) {
  return {link.consumer.trace_id(),
          link.consumer.span_id(),
          link.producer.trace_id(),
          link.producer.span_id(),
          std::string(LinkKindName(link.kind)),
          std::string(EvidenceName(link.evidence)),
          link.tool_name.str(),
          link.tool_call_id.str(),
          link.tool_version.str(),
          link.attempt,
          link.consumer_finished};
}

// NOLINTNEXTLINE(readability-function-size): one parameter a field
void Init(LinkValue* link, std::string trace_id, std::string span_id,
          std::string linked_trace_id, std::string linked_span_id,
          const std::string& kind, const std::string& evidence,
          std::string_view tool_name, std::string_view tool_call_id,
          std::string_view tool_version, uint32_t attempt,
          bool consumer_finished) {
  const auto parsed_kind = ParseLinkKind(kind);
  const auto parsed_evidence = ParseEvidence(evidence);
  if (!parsed_kind) throw nb::value_error("kind is not that of a link");
  if (!parsed_evidence) throw nb::value_error("evidence is not that of a link");
  new (link) LinkValue{.kind = *parsed_kind,
                       .evidence = *parsed_evidence,
                       .attempt = attempt,
                       .consumer_finished = consumer_finished,
                       .tool_name = tool_name,
                       .tool_call_id = tool_call_id,
                       .tool_version = tool_version};
  link->consumer.SetTexts(std::move(trace_id), std::move(span_id));
  link->producer.SetTexts(std::move(linked_trace_id),
                          std::move(linked_span_id));
}

std::string Repr(const LinkValue& link) {
  std::string call;
  if (!link.tool_name.empty()) call += " " + link.tool_name;
  if (!link.tool_call_id.empty()) call += " " + link.tool_call_id;
  return absl::StrFormat("<SpanLink %s -> %s: %s by %s%s>",
                         link.producer.span_id(), link.consumer.span_id(),
                         std::string(LinkKindName(link.kind)),
                         std::string(EvidenceName(link.evidence)), call);
}

// With the ids that a program made itself as it made them.
nb::object Reduce(nb::handle self) {
  const auto& link = nb::cast<const LinkValue&>(self);
  return nb::make_tuple(self.type(), nb::cast(StateOf(link)));
}

nb::dict AttributesOf(const LinkValue& link, std::string_view profile) {
  SpanLink value;
  value.kind = link.kind;
  value.evidence = link.evidence;
  value.attempt = link.attempt;
  value.tool_version = link.tool_version;
  nb::dict attributes;
  for (const OtlpLinkAttribute& attribute :
       ToOtlpLink(value, ToProfile(profile)).attributes) {
    const std::string_view value = attribute.value;
    const nb::str text(value.data(), value.size());
    attributes[nb::str(attribute.key.data(), attribute.key.size())] =
        attribute.is_integer ? nb::object(nb::int_(text)) : nb::object(text);
  }
  return attributes;
}

template <ShortText LinkValue::*kText>
std::string_view View(const LinkValue& link) {
  return link.*kText;
}

LinkValue::End ToEnd(const SpanContext& span) {
  return {span, FindText(span.trace_id), FindText(span.span_id)};
}

}  // namespace

LinkValue ToLinkValue(const SpanLink& link) {
  return {ToEnd(link.consumer), ToEnd(link.producer), link.kind,
          link.evidence,        link.attempt,         link.consumer_finished,
          link.tool_name,       link.tool_call_id,    link.tool_version};
}

void BindLink(nb::module_& module) {
  // Pooled: most links live no longer than the callback that they are given to.
  nb::class_<LinkValue>(module, "SpanLink", nb::pooled(),
                        "One data-flow edge of a run, from the output of a "
                        "producer to the input\n"
                        "of a consumer. Stored on the consumer, the later "
                        "span, as OpenTelemetry's\n"
                        "span links are. An immutable value: compares by what "
                        "it says, hashes and\n"
                        "pickles.")
      .def("__init__", &Init, "trace_id"_a, "span_id"_a, "linked_trace_id"_a,
           "linked_span_id"_a, "kind"_a, "evidence"_a, "tool_name"_a = "",
           "tool_call_id"_a = "", "tool_version"_a = "", "attempt"_a = 1,
           "consumer_finished"_a = false)
      .def_prop_ro(
          "trace_id",
          [](const LinkValue& link) { return link.consumer.trace_id(); },
          "Trace of the consumer.")
      .def_prop_ro(
          "span_id",
          [](const LinkValue& link) { return link.consumer.span_id(); },
          "The consumer: the span that carries the link.")
      .def_prop_ro(
          "linked_trace_id",
          [](const LinkValue& link) { return link.producer.trace_id(); },
          "Trace of the producer; another one only across the traces of\n"
          "a conversation.")
      .def_prop_ro(
          "linked_span_id",
          [](const LinkValue& link) { return link.producer.span_id(); },
          "The producer: the span that the link points at.")
      .def_prop_ro(
          "from_", [](const LinkValue&) { return "output"; },
          "Which end of the producer: always `output`.")
      .def_prop_ro(
          "to", [](const LinkValue&) { return "input"; },
          "Which end of the consumer: always `input`.")
      .def_prop_ro(
          "kind", [](const LinkValue& link) { return LinkKindName(link.kind); },
          "`tool_choice`, `tool_result`, `handoff_choice`,\n"
          "`handoff_result`, `input_guardrail` or `output_guardrail`.")
      .def_prop_ro(
          "evidence",
          [](const LinkValue& link) { return EvidenceName(link.evidence); },
          "How the link is known, strongest first: `tool_call_id`,\n"
          "`arguments`, `handoff`, `structure`, `handoff_remaining`, `name`,\n"
          "`order`.")
      .def_prop_ro("tool_name", &View<&LinkValue::tool_name>,
                   "The tool's name; empty for guardrails.")
      .def_prop_ro(
          "tool_call_id", &View<&LinkValue::tool_call_id>,
          "The provider's id of the call; empty where it gave none. Never\n"
          "made up.")
      .def_prop_ro("tool_version", &View<&LinkValue::tool_version>,
                   "The version that the choice named, if it did.")
      .def_ro("attempt", &LinkValue::attempt,
              "1 for the first execution of a call, 2 for its first retry.")
      .def_ro("consumer_finished", &LinkValue::consumer_finished,
              "The consumer had ended before the link was known.")
      .def("attributes", &AttributesOf, "profile"_a = "datadog,semconv",
           nb::sig("def attributes(self, profile: str = 'datadog,semconv') -> "
                   "dict[str, str | int]"),
           "Returns the attributes of the link as OpenTelemetry has them.\n"
           "`profile`: `datadog` (`from`, `to`), `semconv`\n"
           "(`gen_ai.attribution.link_type`), both with a comma, or `none`;\n"
           "`spanlink.kind` and `spanlink.evidence` are always there.")
      .def(
          "__eq__",
          [](const LinkValue& a, const LinkValue& b) { return a == b; },
          nb::is_operator(),
          nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def("__hash__",
           [](const LinkValue& link) {
             return nb::hash(nb::cast(StateOf(link)));
           })
      .def("__repr__", &Repr)
      .def("__reduce__", &Reduce,
           nb::sig("def __reduce__(self) -> tuple[type[SpanLink], "
                   "tuple[object, ...]]"));
}

}  // namespace spanlink::python
