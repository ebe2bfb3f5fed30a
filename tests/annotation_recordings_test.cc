// Annotations made in the hooks of real runs of the OpenAI Agents SDK reach the
// LLM span between the two hooks, though in each of them the current span is
// its parent (R25, R26).
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "spanlink/linker/annotation_book.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

using nlohmann::json;

SpanKind KindOf(const std::string& type) {
  if (type == "response" || type == "generation") return SpanKind::kLlm;
  if (type == "function") return SpanKind::kTool;
  if (type == "handoff") return SpanKind::kHandoff;
  if (type == "guardrail") return SpanKind::kGuardrail;
  return type == "agent" ? SpanKind::kAgent : SpanKind::kOther;
}

// Plays the events of one recording; every hook says "start" or "end" and the
// number of its parent's call.
class Replay {
 public:
  Replay() {
    options_.on_annotations = [](std::span<const Annotation>) {};
  }

  void OnEvent(const json& event) {
    const std::string name = event["ev"];
    if (name == "span_start" || name == "span_end") {
      OnSpan(event, name == "span_start");
    } else if (name == "hook_llm_start" || name == "hook_llm_end") {
      OnHook(event["current_span"], name == "hook_llm_start");
    } else if (name == "trace_end") {
      book_.OnScopeFinish(batch_);
    }
  }

  // Compares what was bound with the hooks around each LLM span; returns how
  // many LLM spans there are.
  size_t Check() {
    book_.OnScopeFinish(batch_);
    std::map<SpanId, std::vector<std::string>> bound;
    for (const Batch::BoundAnnotation& annotation : batch_.annotations) {
      bound[annotation.llm.span_id].push_back(annotation.key);
    }
    EXPECT_EQ(bound, expected_);
    EXPECT_EQ(diagnostics_.count(DiagnosticId::kEvictedAnnotation), 0u);
    return expected_.size();
  }

 private:
  SpanRef Ref(const std::string& id) {
    return {.context = {trace_, HashSpanId(id)}};
  }

  void OnSpan(const json& event, bool is_start) {
    SpanRef ref = Ref(event["span_id"]);
    const bool has_parent = event["parent_id"].is_string();
    const std::string parent =
        has_parent ? event["parent_id"].get<std::string>() : "";
    ref.parent = has_parent ? HashSpanId(parent) : SpanId{};
    const SpanKind kind = KindOf(event["type"]);
    if (is_start) {
      book_.OnSpanStart({.span = ref, .kind = kind}, batch_);
    } else {
      book_.OnSpanFinish({.span = ref, .kind = kind}, batch_);
    }
    if (is_start && kind == SpanKind::kLlm) {
      last_llm_[parent] = ref.context.span_id;
      expected_[ref.context.span_id] = {"start " +
                                        std::to_string(calls_[parent])};
    }
  }

  void OnHook(const std::string& parent, bool is_start) {
    using Phase = LlmHook::Phase;
    const SpanRef ref = Ref(parent);
    if (is_start) {
      ++calls_[parent];
      book_.OnLlmHook({ref, Phase::kStart}, batch_);
    }
    const std::string key =
        (is_start ? "start " : "end ") + std::to_string(calls_[parent]);
    book_.OnAnnotate({ref, key, "value"}, batch_);
    if (is_start) return;
    expected_[last_llm_[parent]].push_back(key);
    book_.OnLlmHook({ref, Phase::kEnd}, batch_);
  }

  const TraceId trace_ = HashTraceId("trace");
  Options options_;
  Diagnostics diagnostics_;
  AnnotationBook book_{trace_, &options_, &diagnostics_};
  Batch batch_;
  std::map<std::string, int> calls_;
  std::map<std::string, SpanId> last_llm_;
  std::map<SpanId, std::vector<std::string>> expected_;
};

TEST(AnnotationRecordingsTest, BothHooksReachTheSpanBetweenThem) {
  const std::optional<std::string> shared = testing::SharedDir();
  if (!shared) {
    GTEST_SKIP() << "no ../shared beside the checkout: 0 of 18 recordings";
  }
  size_t files = 0;
  size_t llm_spans = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(*shared + "/data/openai_agents")) {
    SCOPED_TRACE(file.path().filename().string());
    std::istringstream lines(*testing::ReadFile(file.path().string()));
    Replay replay;
    for (std::string line; std::getline(lines, line);) {
      replay.OnEvent(json::parse(line, nullptr, false));
    }
    llm_spans += replay.Check();
    ++files;
  }
  std::printf("%zu recordings, %zu LLM spans\n", files, llm_spans);
  EXPECT_GE(files, 18u);
  EXPECT_GE(llm_spans, 30u);
}

}  // namespace
}  // namespace spanlink
