// ViewBuilder: linked traces for tests of the command's renderers, without a
// reader or an engine.
//
//   ViewBuilder b;
//   b.Add("a1", SpanKind::kLlm, "chat");
//   b.Add("b1", SpanKind::kTool, "search");
//   b.Link("b1", "a1", LinkKind::kToolChoice, Evidence::kArguments);
//   RenderTable(b.View(), …);
//
// Span ids are hexadecimal digits, filled up with zeros on the right. Every
// span starts a second after the one before and lasts half a second.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_TESTS_VIEW_BUILDER_H_
#define SPANLINK_TESTS_VIEW_BUILDER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/pipeline/text_pool.h"
#include "spanlink/viewer/trace_view.h"

namespace spanlink::testing {

class ViewBuilder {
 public:
  static SpanId Id(std::string_view digits) {
    std::string hex(digits);
    hex.resize(16, '0');
    return SpanId::FromHex(hex).value();
  }

  // Returns the span, to be changed; valid until the next call.
  SpanSummary& Add(std::string_view id, SpanKind kind, std::string_view name) {
    SpanSummary span;
    span.context = {trace_, Id(id)};
    span.trace_id_text = texts_.Keep(trace_.ToHex());
    span.span_id_text = texts_.Keep(span.context.span_id.ToHex());
    span.name = texts_.Keep(name);
    span.kind = kind;
    span.start = Time(std::chrono::seconds(1 + spans_.size()));
    span.end = *span.start + std::chrono::milliseconds(500);
    spans_.push_back(span);
    return spans_.back();
  }

  SpanLink& Link(std::string_view consumer, std::string_view producer,
                 LinkKind kind, Evidence evidence) {
    SpanLink link;
    link.consumer = {trace_, Id(consumer)};
    link.producer = {trace_, Id(producer)};
    link.kind = kind;
    link.evidence = evidence;
    links_.push_back(link);
    return links_.back();
  }

  void Event(DiagnosticId id, std::string_view span) {
    events_.push_back({id, {trace_, Id(span)}});
  }

  // The spans that follow belong to another trace.
  void NextTrace() { ++trace_.bytes[0]; }

  std::vector<SpanLink>& links() { return links_; }
  std::vector<SpanSummary>& spans() { return spans_; }
  TraceView View() const { return {spans_, links_, events_}; }

 private:
  TraceId trace_ = TraceId::FromHex("0af7651916cd43dd8448eb211c80319c").value();
  TextPool texts_;
  std::vector<SpanSummary> spans_;
  std::vector<SpanLink> links_;
  std::vector<DiagnosticEvent> events_;
};

// Collects what a renderer writes.
class Rendered {
 public:
  TextSink sink() {
    return [this](std::string_view text) { text_ += text; };
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_VIEW_BUILDER_H_
