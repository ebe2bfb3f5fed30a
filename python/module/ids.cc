#include "spanlink/python/module/ids.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "spanlink/dispatch/mutex.h"

namespace spanlink::python {
namespace {

namespace nb = nanobind;

// Texts by id in two generations: when the younger one is full, the older one
// goes.
template <typename Id>
class Texts {
 public:
  void Remember(const Id& id, std::string_view text) {
    has_id_texts = true;
    const MutexLock lock(&mutex_);
    if (FindLocked(id) == nullptr) {
      Insert(id, std::make_shared<const std::string>(text));
    }
  }

  IdText Find(const Id& id) {
    const MutexLock lock(&mutex_);
    return FindLocked(id);
  }

 private:
  // Moves what is old to the younger generation.
  IdText FindLocked(const Id& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto young = young_.find(id);
    if (young != young_.end()) return young->second;
    const auto old = old_.find(id);
    if (old == old_.end()) return nullptr;
    IdText text = old->second;
    Insert(id, text);
    return text;
  }

  void Insert(const Id& id, IdText text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (young_.size() >= kTextsPerGeneration) old_ = std::exchange(young_, {});
    young_.insert_or_assign(id, std::move(text));
  }

  Mutex mutex_;
  absl::flat_hash_map<Id, IdText> young_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<Id, IdText> old_ ABSL_GUARDED_BY(mutex_);
};

// Of the whole process; never destroyed: threads may outlive the interpreter.
Texts<TraceId>& TraceTexts() {
  static auto* const texts = new Texts<TraceId>();
  return *texts;
}
Texts<SpanId>& SpanTexts() {
  static auto* const texts = new Texts<SpanId>();
  return *texts;
}

// The bytes of a number, the most significant first.
template <typename Id>
bool ReadNumber(nb::handle number, Id* id) noexcept {
  try {
    const nb::object bytes =
        number.attr("to_bytes")(id->bytes.size(), nb::str("big"));
    const char* data = PyBytes_AsString(bytes.ptr());
    std::copy_n(data, id->bytes.size(), id->bytes.begin());
    return true;
  } catch (nb::python_error&) {  // negative, or too large
    return false;
  }
}

// The last string that was read, known by its address, and what it meant. The
// GIL guards it. It is never given back: threads may outlive the interpreter.
template <typename Value>
struct Known {
  bool Is(nb::handle object) const { return object.ptr() == text.ptr(); }
  void Set(nb::handle object, const Value& meaning) {
    object.inc_ref();
    text.dec_ref();
    text = object;
    value = meaning;
  }

  nb::handle text;
  Value value{};
};

template <typename Value, size_t kCount>
using Names = std::array<std::pair<std::string_view, Value>, kCount>;

constexpr Names<SpanKind, 6> kKinds = {{{"other", SpanKind::kOther},
                                        {"agent", SpanKind::kAgent},
                                        {"llm", SpanKind::kLlm},
                                        {"tool", SpanKind::kTool},
                                        {"handoff", SpanKind::kHandoff},
                                        {"guardrail", SpanKind::kGuardrail}}};
constexpr Names<Outcome, 3> kOutcomes = {
    {{"ok", Outcome::kOk},
     {"failed", Outcome::kFailed},
     {"not_executed", Outcome::kNotExecuted}}};

// Programs give the same literal again and again.
template <typename Value, size_t kCount>
Value Parse(const Names<Value, kCount>& names, nb::handle word,
            const char* what) {
  static Known<Value> last;
  if (last.Is(word)) return last.value;
  Text text;
  ReadText(word, &text);
  for (const auto& [name, value] : names) {
    if (name != text.view) continue;
    last.Set(word, value);
    return value;
  }
  std::string known;
  for (const auto& [name, value] : names) {
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw nb::value_error(
      absl::StrFormat("%s is one of %s", what, known).c_str());
}

}  // namespace

bool ReadEncoded(nb::handle object, Text* text) noexcept {
  PyErr_Clear();
  text->encoded = nb::steal(
      PyUnicode_AsEncodedString(object.ptr(), "utf-8", "surrogatepass"));
  if (!text->encoded.is_valid()) {
    PyErr_Clear();
    return false;
  }
  text->view = {PyBytes_AsString(text->encoded.ptr()),
                static_cast<size_t>(PyBytes_Size(text->encoded.ptr()))};
  return true;
}

bool ReadArguments(nb::handle object, ToolArguments* arguments) noexcept {
  if (object.is_none()) return true;
  if (!PyUnicode_Check(object.ptr())) {
    try {
      arguments->json = nb::module_::import_("json").attr("dumps")(object);
    } catch (nb::python_error&) {
      return false;
    }
    object = arguments->json;
  }
  if (!ReadText(object, &arguments->text)) return false;
  arguments->view = arguments->text.view;
  return true;
}

bool ReadTraceId(nb::handle object, TraceId* id) noexcept {
  // Signals of one trace follow one another, with the same text if not the same
  // object.
  static Known<TraceId> last;
  static std::string_view last_text;  // of the object
  if (last.Is(object)) {
    *id = last.value;
    return true;
  }
  if (PyLong_Check(object.ptr())) return ReadNumber(object, id);
  Text text;
  if (!ReadText(object, &text)) return false;
  *id = {};
  if (text.view.empty()) return true;
  if (text.view == last_text) {
    *id = last.value;
  } else if (const auto hex = TraceId::FromHex(text.view)) {
    *id = *hex;
  } else {
    *id = HashTraceId(text.view);
    TraceTexts().Remember(*id, text.view);
    return true;
  }
  last.Set(object, *id);
  last_text = text.view;
  return true;
}

bool ReadSpanId(nb::handle object, SpanId* id) noexcept {
  if (PyLong_Check(object.ptr())) return ReadNumber(object, id);
  Text text;
  if (!ReadText(object, &text)) return false;
  *id = {};
  if (text.view.empty()) return true;
  if (const auto hex = SpanId::FromHex(text.view)) {
    *id = *hex;
  } else {
    *id = HashSpanId(text.view);
    SpanTexts().Remember(*id, text.view);
  }
  return true;
}

bool ReadTime(nb::handle object, Time* time) noexcept {
  if (!PyLong_Check(object.ptr())) return false;
  const int64_t nanoseconds = PyLong_AsLongLong(object.ptr());
  if (nanoseconds == -1 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return false;
  }
  *time = Time(Duration(nanoseconds));
  return true;
}

IdText FindRememberedText(const TraceId& id) { return TraceTexts().Find(id); }

IdText FindRememberedText(const SpanId& id) { return SpanTexts().Find(id); }

SpanRef Place(const TraceArg& trace, const SpanArg& span, const Parent& parent,
              const Moment& start, const Moment& end) {
  SpanRef ref = Place(trace, span);
  if (parent) ref.parent = parent->id;
  if (start) ref.start = start->time;
  if (end) ref.end = end->time;
  return ref;
}

SpanKind ToSpanKind(const Word& name) {
  return Parse(kKinds, name.text, "kind");
}

Outcome ToOutcome(const Word& name) {
  return Parse(kOutcomes, name.text, "outcome");
}

std::string_view SpanKindName(SpanKind kind) {
  return kKinds[static_cast<size_t>(kind)].first;
}

}  // namespace spanlink::python
