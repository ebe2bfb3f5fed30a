// Dialect: one convention for writing GenAI spans as attributes.
//
// A dialect is recognised by the keys of a span and never by the name of its
// instrumentation scope: exporters collapse scopes, and two packages share one
// name. One trace may hold several dialects, so each span is asked for itself.
// docs/dialects.md says how to add one.
//
// Thread safety: dialects are stateless; thread-safe.
#ifndef SPANLINK_DIALECTS_DIALECT_H_
#define SPANLINK_DIALECTS_DIALECT_H_

#include <span>
#include <string_view>

#include "spanlink/dialects/attributes.h"
#include "spanlink/dialects/span_facts.h"

namespace spanlink {

struct SpanEvent {
  std::string_view name;
  AttributeList attributes;
};

// A finished span, whatever file or protocol it came in.
struct FinishedSpan {
  std::string_view name;
  bool failed = false;              // its status is an error
  std::string_view status_message;  // of the error
  // The producer dropped attributes: message lists have holes.
  bool dropped_attributes = false;
  const AttributeList* attributes = nullptr;  // never null
  std::span<const SpanEvent> events;
};

// What a person may want to know of a dialect, in a line each.
struct DialectNotes {
  std::string_view keys;   // that it is recognised by
  std::string_view calls;  // where it finds the calls of an answer
  std::string_view tools;  // what it reads of a tool's span
};

// What the keys of a convention hold, for a trace that is to go on without its
// content. In a key `#` stands for a number, and `*` in front or at the end for
// anything. The lists of all dialects together apply to every GenAI span:
// dialects/content.h.
struct ContentKeys {
  // Prompts, answers, arguments, results. They go whatever type they are of.
  std::span<const std::string_view> content;
  // Texts that are none of it: names, kinds, models. Of the attributes that no
  // list knows numbers and booleans stay, texts go.
  std::span<const std::string_view> kept;
  // The same for attributes of events and log records alone.
  std::span<const std::string_view> kept_in_events = {};
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  // For reports: "openinference".
  virtual std::string_view name() const = 0;
  // For `spanlink dialects`.
  virtual DialectNotes notes() const = 0;
  // Returns whether `Decode` understands the span. Cheap: looks at keys.
  virtual bool Recognizes(const FinishedSpan& span) const = 0;
  // Fills `facts`. They are clear but for the kind, where a dialect that was
  // asked before knows it. What cannot be read is counted there.
  virtual void Decode(const FinishedSpan& span, SpanFacts* facts) const = 0;
  // What must not be seen where content is unwanted, and what may be.
  virtual ContentKeys content_keys() const = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_DIALECT_H_
