#include "spanlink/python/module/files.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/python/module/link.h"
#include "spanlink/python/module/options.h"

namespace spanlink::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace): `"x"_a`

struct Wanted {
  Options options;
  LinkProfile profile;
};

Wanted ToWanted(std::string_view policy, std::string_view min_evidence,
                std::string_view cross_trace, std::string_view profile) {
  Wanted wanted;
  wanted.options.use_policy = ToPolicy(policy);
  wanted.options.min_evidence = ToEvidence(min_evidence);
  wanted.options.cross_trace = ToCrossTrace(cross_trace);
  wanted.profile = ToProfile(profile);
  return wanted;
}

template <typename T>
T OrRaise(absl::StatusOr<T> result) {
  if (result.ok()) return *std::move(result);
  throw nb::value_error(std::string(result.status().message()).c_str());
}

TraceFile LinkBytes(std::string_view name, std::string bytes,
                    const Options& options) {
  TraceFile trace =
      OrRaise(TraceFile::Read(std::string(name), std::move(bytes)));
  trace.Link(options);
  return trace;
}

// The links with ids as the trace has them.
std::vector<LinkValue> LinksOf(const TraceFile& trace) {
  std::vector<LinkValue> links;
  for (const SpanLink& link : trace.links()) {
    const SpanSummary* const consumer = trace.Find(link.consumer);
    const SpanSummary* const producer = trace.Find(link.producer);
    LinkValue value = ToLinkValue(link);
    if (consumer != nullptr) {
      value.consumer.SetTexts(std::string(consumer->trace_id_text),
                              std::string(consumer->span_id_text));
    }
    if (producer != nullptr) {
      value.producer.SetTexts(std::string(producer->trace_id_text),
                              std::string(producer->span_id_text));
    }
    links.push_back(std::move(value));
  }
  return links;
}

std::string BytesOf(const nb::bytes& trace) {
  return {trace.c_str(), trace.size()};
}

nb::bytes Link(const nb::bytes& trace, std::string_view policy,
               std::string_view min_evidence, std::string_view cross_trace,
               std::string_view profile) {
  const Wanted wanted = ToWanted(policy, min_evidence, cross_trace, profile);
  std::string bytes = BytesOf(trace);
  {
    const nb::gil_scoped_release release;
    bytes = OrRaise(LinkBytes("trace", std::move(bytes), wanted.options)
                        .Write({.links = wanted.profile}));
  }
  return nb::bytes(bytes.data(), bytes.size());
}

std::vector<LinkValue> FindLinks(const nb::bytes& trace, std::string_view name,
                                 std::string_view policy,
                                 std::string_view min_evidence,
                                 std::string_view cross_trace) {
  const Wanted wanted = ToWanted(policy, min_evidence, cross_trace, "none");
  std::string bytes = BytesOf(trace);
  const nb::gil_scoped_release release;
  return LinksOf(LinkBytes(name, std::move(bytes), wanted.options));
}

// Returns the trace with links and the links. The name is for messages.
std::pair<std::string, std::vector<LinkValue>> LinkAll(std::string_view name,
                                                       std::string bytes,
                                                       const Wanted& wanted) {
  const nb::gil_scoped_release release;
  const TraceFile trace = LinkBytes(name, std::move(bytes), wanted.options);
  return {OrRaise(trace.Write({.links = wanted.profile})), LinksOf(trace)};
}

nb::object LinkNamed(std::string_view name, const nb::bytes& trace,
                     std::string_view policy, std::string_view min_evidence,
                     std::string_view cross_trace, std::string_view profile) {
  const Wanted wanted = ToWanted(policy, min_evidence, cross_trace, profile);
  const auto [bytes, links] = LinkAll(name, BytesOf(trace), wanted);
  return nb::make_tuple(nb::bytes(bytes.data(), bytes.size()), links);
}

}  // namespace

void BindFiles(nb::module_& module) {
  module.def(
      "link", &Link, "trace"_a, nb::kw_only(), "policy"_a = "first",
      "min_evidence"_a = "name", "cross_trace"_a = "conversation",
      "profile"_a = "datadog,semconv",
      "Returns a trace (OTLP in JSON or protobuf, plain or in gzip) with span\n"
      "links on it, in the format in which it came and every other byte as it\n"
      "was. `profile`: the attributes of the\n"
      "links. The GIL is released. O(n log n) for n spans.\n\n"
      "Raises ValueError, with the offset and what was expected there, if the\n"
      "envelope cannot be read; spans that cannot be read pass through.");
  module.def(
      "find_links", &FindLinks, "trace"_a, nb::kw_only(), "name"_a = "trace",
      "policy"_a = "first", "min_evidence"_a = "name",
      "cross_trace"_a = "conversation",
      "Returns the links of a trace as values: OTLP as for `link`,\n"
      "or the recorded events of the OpenAI Agents SDK. Sorted by the\n"
      "start of their consumer. `name`: of the trace, in errors. Raises\n"
      "as `link` does.");
  module.def("link_named", &LinkNamed, "name"_a, "trace"_a, nb::kw_only(),
             "policy"_a, "min_evidence"_a, "cross_trace"_a, "profile"_a,
             nb::sig("def link_named(name: str, trace: bytes, *, policy: str, "
                     "min_evidence: str, cross_trace: str, profile: str) -> "
                     "tuple[bytes, list[SpanLink]]"));
}

}  // namespace spanlink::python
