// Ids and texts as Python has them.
//
// A trace or span id is text or a number. 32 (16) hex digits and numbers are
// the ids themselves; any other text, such as the OpenAI Agents SDK's
// `span_…`, is mapped to an id, and remembered so that links can show it.
//
// Thread safety: Thread-safe, with the GIL held.
// Complexity: O(length of the text). At most 2 * `kTextsPerGeneration` texts of
// traces and as many of spans are remembered; those that were not mentioned for
// longest go first, and show as hex digits from then on.
#ifndef SPANLINK_PYTHON_MODULE_IDS_H_
#define SPANLINK_PYTHON_MODULE_IDS_H_

#include <nanobind/nanobind.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spanlink/model/signals.h"
#include "spanlink/model/span_context.h"

namespace spanlink::python {

inline constexpr size_t kTextsPerGeneration = size_t{1} << 15;

// What a function takes; the casters below make them.
struct TraceArg {
  TraceId id;
};
struct SpanArg {
  SpanId id;
};
struct TimeArg {
  Time time;
};
using Parent = std::optional<SpanArg>;  // None: not known; "" and 0: a root
using Moment = std::optional<TimeArg>;

// The UTF-8 of a string. Text that has none (lone surrogates) is encoded as
// Python's `surrogatepass` does. The string outlives the call, and this.
struct Text {
  nanobind::object encoded;  // what `view` points into, if not the string
  std::string_view view;
};

// A word out of a fixed set, such as "tool". The string outlives the call.
struct Word {
  nanobind::handle text;
};

// The arguments of a tool: a string; None: not captured; anything else: as
// `json.dumps` writes it.
struct ToolArguments {
  nanobind::object json;
  Text text;
  std::optional<std::string_view> view;
};

// Each returns whether `object` is one, and fills the second argument.
bool ReadTraceId(nanobind::handle object, TraceId* id) noexcept;
bool ReadSpanId(nanobind::handle object, SpanId* id) noexcept;
bool ReadTime(nanobind::handle object, Time* time) noexcept;
bool ReadArguments(nanobind::handle object, ToolArguments* text) noexcept;

// What has lone surrogates.
bool ReadEncoded(nanobind::handle object, Text* text) noexcept;
// Most strings lend their own UTF-8, which lives as long as they do.
inline bool ReadText(nanobind::handle object, Text* text) noexcept {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (data == nullptr) [[unlikely]]
    return ReadEncoded(object, text);
  text->view = {data, static_cast<size_t>(size)};
  return true;
}

// The text that an id was made from; null: its hex digits.
using IdText = std::shared_ptr<const std::string>;
IdText FindRememberedText(const TraceId& id);
IdText FindRememberedText(const SpanId& id);
// Programs whose ids are hex digits pay nothing for the others.
inline std::atomic<bool> has_id_texts{false};
template <typename Id>
IdText FindText(const Id& id) {
  const bool has_any = has_id_texts.load(std::memory_order_relaxed);
  return has_any ? FindRememberedText(id) : nullptr;
}

template <typename Id>
std::string TextOf(const Id& id, const IdText& text) {
  return text == nullptr ? id.ToHex() : *text;
}
template <typename Id>
std::string TextOf(const Id& id) {
  return TextOf(id, FindText(id));
}

// Where a span stands.
inline SpanRef Place(const TraceArg& trace, const SpanArg& span) {
  return {.context = {trace.id, span.id}};
}
SpanRef Place(const TraceArg& trace, const SpanArg& span, const Parent& parent,
              const Moment& start = {}, const Moment& end = {});

// Names as in Python: "llm", "not_executed" …. Raise a ValueError that lists
// what there is.
SpanKind ToSpanKind(const Word& name);
Outcome ToOutcome(const Word& name);
std::string_view SpanKindName(SpanKind kind);

}  // namespace spanlink::python

namespace nanobind::detail {

// NOLINTBEGIN(readability-identifier-naming): names that nanobind wants
template <>
struct type_caster<spanlink::python::TraceArg> {
  NB_TYPE_CASTER(spanlink::python::TraceArg, const_name("str | int"))
  bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
    return spanlink::python::ReadTraceId(src, &value.id);
  }
};
template <>
struct type_caster<spanlink::python::SpanArg> {
  NB_TYPE_CASTER(spanlink::python::SpanArg, const_name("str | int"))
  bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
    return spanlink::python::ReadSpanId(src, &value.id);
  }
};
template <>
struct type_caster<spanlink::python::TimeArg> {
  NB_TYPE_CASTER(spanlink::python::TimeArg, const_name("int"))
  bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
    return spanlink::python::ReadTime(src, &value.time);
  }
};
template <>
struct type_caster<spanlink::python::Text> {
  NB_TYPE_CASTER(spanlink::python::Text, const_name("str"))
  bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
    return spanlink::python::ReadText(src, &value);
  }
};
template <>
struct type_caster<spanlink::python::Word> {
  NB_TYPE_CASTER(spanlink::python::Word, const_name("str"))
  bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
    value.text = src;
    return PyUnicode_Check(src.ptr());
  }
};
template <>
struct type_caster<spanlink::python::ToolArguments> {
  NB_TYPE_CASTER(spanlink::python::ToolArguments, const_name("object"))
  bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
    return spanlink::python::ReadArguments(src, &value);
  }
};
// NOLINTEND(readability-identifier-naming)

}  // namespace nanobind::detail

#endif  // SPANLINK_PYTHON_MODULE_IDS_H_
