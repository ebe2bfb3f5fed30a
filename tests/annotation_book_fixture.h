// An AnnotationBook that is told of spans by name.
#ifndef SPANLINK_TESTS_ANNOTATION_BOOK_FIXTURE_H_
#define SPANLINK_TESTS_ANNOTATION_BOOK_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/linker/annotation_book.h"

namespace spanlink {

inline Options AnnotationOptions() {
  Options options;
  options.on_annotations = [](std::span<const Annotation>) {};
  options.on_diagnostics = [](std::span<const DiagnosticEvent>) {};
  return options;
}

// Spans by name; what was bound reads "LLM span: key".
class AnnotationBookTest : public ::testing::Test {
 protected:
  void Start(std::string_view span, SpanKind kind,
             std::optional<std::string_view> parent) {
    book_.OnSpanStart({.span = Ref(span, parent), .kind = kind}, batch_);
  }
  void StartLlm(std::string_view span, std::string_view parent = "turn") {
    Start(span, SpanKind::kLlm, parent);
  }
  void StartTool(std::string_view span, std::string_view parent = "turn") {
    Start(span, SpanKind::kTool, parent);
  }
  void End(std::string_view span, SpanKind kind,
           std::optional<std::string_view> parent = std::nullopt) {
    book_.OnSpanFinish({.span = Ref(span, parent), .kind = kind}, batch_);
  }
  void EndLlm(std::string_view span) { End(span, SpanKind::kLlm); }
  void EndTurn() { End("turn", SpanKind::kOther); }
  void HookStart(std::string_view parent = "turn") {
    book_.OnLlmHook({Ref(parent, {}), LlmHook::Phase::kStart}, batch_);
  }
  void HookEnd(std::string_view parent = "turn") {
    book_.OnLlmHook({Ref(parent, {}), LlmHook::Phase::kEnd}, batch_);
  }
  void Note(std::string_view key, std::string_view span = "turn",
            std::string_view value = "v") {
    book_.OnAnnotate({Ref(span, {}), key, value}, batch_);
  }

  // Returns what was bound since the last call.
  std::vector<std::string> Bound() {
    std::vector<std::string> bound;
    for (const Batch::BoundAnnotation& annotation : batch_.annotations) {
      EXPECT_EQ(annotation.llm.trace_id, trace_);
      bound.push_back(names_[annotation.llm.span_id] + ": " + annotation.key);
    }
    batch_.annotations.clear();
    return bound;
  }
  std::vector<std::string> BoundByScopeFinish() {
    book_.OnScopeFinish(batch_);
    EXPECT_EQ(book_.size(), 0u);
    EXPECT_EQ(book_.spans(), 0u);
    return Bound();
  }
  uint64_t lost() const {
    EXPECT_EQ(batch_.events.size(),
              diagnostics_.count(DiagnosticId::kEvictedAnnotation));
    return diagnostics_.count(DiagnosticId::kEvictedAnnotation);
  }
  SpanRef Ref(std::string_view span, std::optional<std::string_view> parent) {
    SpanRef ref{.context = {trace_, Id(span)}};
    if (parent) ref.parent = Id(*parent);
    return ref;
  }
  SpanId Id(std::string_view name) {
    const SpanId id = HashSpanId(name);
    names_[id] = name;
    return id;
  }

  const TraceId trace_ = HashTraceId("trace");
  Options options_ = AnnotationOptions();
  Diagnostics diagnostics_;
  AnnotationBook book_{trace_, &options_, &diagnostics_};
  Batch batch_;
  std::map<SpanId, std::string> names_;
};

}  // namespace spanlink

#endif  // SPANLINK_TESTS_ANNOTATION_BOOK_FIXTURE_H_
