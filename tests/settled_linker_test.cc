#include "spanlink/linker/settled_linker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spanlink/linker/engine.h"

namespace spanlink {
namespace {

Options Collecting(std::vector<std::string>* out) {
  Options options;
  options.mode = Mode::kSettled;
  options.limits = Limits::ForFiles();
  options.seed = 7;
  options.on_links = [out](std::span<const SpanLink> links) {
    for (const SpanLink& link : links) {
      out->push_back(link.consumer.trace_id.ToHex() +
                     link.consumer.span_id.ToHex() + "<-" +
                     link.producer.trace_id.ToHex() +
                     link.producer.span_id.ToHex() + " " +
                     std::string(EvidenceName(link.evidence)));
    }
  };
  options.on_diagnostics = [out](std::span<const DiagnosticEvent> events) {
    for (const DiagnosticEvent& event : events) {
      out->push_back(std::string(Describe(event.id).name) +
                     event.span.span_id.ToHex());
    }
  };
  return options;
}

SpanRef Ref(uint8_t trace, uint8_t span, uint8_t parent) {
  SpanRef ref;
  ref.context.trace_id.bytes.fill(trace);
  ref.context.span_id.bytes.fill(span);
  ref.parent = SpanId{};
  if (parent != 0) ref.parent->bytes.fill(parent);
  ref.start = Time(Duration(trace * 1000 + span * 10));
  ref.end = *ref.start + Duration(5);
  return ref;
}

// An answer with two calls of which one runs, and an LLM span that reads the
// result.
void EmitTrace(uint8_t trace, SignalSink* sink) {
  sink->OnSignal(SpanStart{Ref(trace, 1, 0), SpanKind::kAgent, "a"});
  const SpanRef llm = Ref(trace, 2, 1);
  sink->OnSignal(SpanStart{llm, SpanKind::kLlm});
  sink->OnSignal(LlmToolChoice{llm, 0, "c1", "f", {}, "{}"});
  sink->OnSignal(LlmToolChoice{llm, 1, "c2", "g", {}, "{}"});
  sink->OnSignal(SpanFinish{llm, SpanKind::kLlm});
  sink->OnSignal(ToolCall{Ref(trace, 3, 1), "c1", "f", "{}"});
  const SpanRef reader = Ref(trace, 4, 1);
  sink->OnSignal(ToolCallOutputUsed{reader, "c1"});
  sink->OnSignal(SpanFinish{reader, SpanKind::kLlm});
}

TEST(SettledLinkerTest, FindsWhatATrackerFinds) {
  std::vector<std::string> linked, tracked;
  Diagnostics diagnostics;
  SettledLinker linker(Collecting(&linked), &diagnostics);
  Engine engine(Collecting(&tracked));
  for (const uint8_t number : {1, 2, 3}) {
    TraceId trace;
    trace.bytes.fill(number);
    linker.Begin(trace);
    EmitTrace(number, &linker);
    linker.Finish();
    EmitTrace(number, &engine);
  }
  engine.SettleAll();
  EXPECT_EQ(linked, tracked);
  EXPECT_EQ(linked.size(), 9u);
  EXPECT_EQ(diagnostics.count(DiagnosticId::kCallNeverExecuted), 3u);
}

TEST(SettledLinkerTest, SinksMayBeAbsent) {
  Diagnostics diagnostics;
  SettledLinker linker({}, &diagnostics);
  TraceId trace;
  trace.bytes.fill(1);
  linker.Begin(trace);
  EmitTrace(1, &linker);
  linker.Finish();
  EXPECT_EQ(diagnostics.count(DiagnosticId::kCallNeverExecuted), 1u);
}

}  // namespace
}  // namespace spanlink
