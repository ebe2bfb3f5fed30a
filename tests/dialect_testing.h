// Builders for tests of the dialects: a span from its attributes, and the
// signals of a span as text.
//
//   EXPECT_THAT(Signals(Span("chat m", {{"gen_ai.operation.name", "chat"}})),
//               ElementsAre("start llm", "finish llm ok"));
//
// Lifetime: values; a span points at its own texts and is not copied.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_TESTS_DIALECT_TESTING_H_
#define SPANLINK_TESTS_DIALECT_TESTING_H_

#include <string>
#include <utility>
#include <vector>

#include "spanlink/dialects/dialect.h"
#include "spanlink/dialects/span_facts.h"
#include "spanlink/model/signals.h"

namespace spanlink::testing {

// Writes each signal as a line: what it is, then the fields that are set.
//
//   start tool f id=call_1 conversation=c
//   use call_1 f #0 ok
//   choice 0 call_1 f {"a":1}          (without arguments: -)
//   tool call_1 f {"a":1} |{} ok       (each other reading behind a bar)
//   handoff a -> b ok
//   finish tool ok
class SignalLines final : public SignalSink {
 public:
  void OnSignal(const Signal& signal) override;
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A finished span; chain the setters.
class Span {
 public:
  Span(std::string name, Pairs attributes);
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  // The texts are JSON: structured attributes.
  Span& Structured(Pairs attributes);
  Span& Event(std::string name, Pairs attributes);
  Span& Failed(std::string message = "");
  Span& DroppedAttributes();

  // The span as a dialect sees it; valid as long as this object.
  FinishedSpan Finished();
  // What the registry's dialects make of it.
  SpanFacts Facts();

 private:
  std::string name_;
  Pairs attributes_;
  Pairs structured_;
  std::vector<std::pair<std::string, Pairs>> event_texts_;
  std::string status_message_;
  bool failed_ = false;
  bool dropped_ = false;
  AttributeList list_;
  std::vector<SpanEvent> events_;
};

// The name of the first dialect that recognises the span, "" if none does.
std::string DialectOf(Span& span);
// The signals of a span, as the registry's dialects read it.
std::vector<std::string> Signals(Span& span);
std::vector<std::string> Signals(Span&& span);
std::vector<std::string> Signals(const SpanFacts& facts);

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_DIALECT_TESTING_H_
