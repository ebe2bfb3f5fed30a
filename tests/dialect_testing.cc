#include "spanlink/tests/dialect_testing.h"

#include <optional>
#include <string_view>
#include <variant>

#include "spanlink/dialects/registry.h"

namespace spanlink::testing {
namespace {

std::string Name(SpanKind kind) {
  static constexpr const char* kNames[] = {"other", "agent",   "llm",
                                           "tool",  "handoff", "guardrail"};
  return kNames[static_cast<size_t>(kind)];
}

std::string Name(Outcome outcome) {
  static constexpr const char* kNames[] = {" ok", " failed", " not_executed"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string Field(std::string_view prefix, std::string_view text) {
  return text.empty() ? "" : std::string(prefix) + std::string(text);
}

std::string Text(const std::optional<std::string_view>& arguments) {
  return " " + std::string(arguments.value_or("-"));
}

struct Writer {
  std::string operator()(const SpanStart& s) {
    return "start " + Name(s.kind) + Field(" ", s.name) +
           Field(" id=", s.tool_call_id) +
           Field(" conversation=", s.conversation_id);
  }
  std::string operator()(const SpanFinish& s) {
    return "finish " + Name(s.kind) + Name(s.outcome);
  }
  std::string operator()(const LlmToolChoice& s) {
    return "choice " + std::to_string(s.index) + Field(" ", s.tool_call_id) +
           Field(" ", s.tool_name) + Text(s.arguments);
  }
  std::string operator()(const ToolCall& s) {
    std::string line = "tool" + Field(" ", s.tool_call_id) +
                       Field(" ", s.tool_name) + Text(s.arguments);
    for (const std::string_view other : s.alternative_arguments) {
      line += " |" + std::string(other);
    }
    return line + Name(s.outcome);
  }
  std::string operator()(const ToolCallOutputUsed& s) {
    return "use" + Field(" ", s.tool_call_id) + Field(" ", s.tool_name) + " #" +
           std::to_string(s.ordinal) + Name(s.llm_outcome);
  }
  std::string operator()(const Handoff& s) {
    return "handoff " + std::string(s.from_agent) + " -> " +
           std::string(s.to_agent) + Name(s.outcome);
  }
  template <typename Other>
  std::string operator()(const Other&) {
    return "unexpected";
  }
};

void Fill(const Pairs& pairs, AttributeType type, AttributeList* list) {
  for (const auto& [key, text] : pairs) list->Add({key, type, text});
}

}  // namespace

void SignalLines::OnSignal(const Signal& signal) {
  lines_.push_back(std::visit(Writer(), signal));
}

Span::Span(std::string name, Pairs attributes)
    : name_(std::move(name)), attributes_(std::move(attributes)) {}

Span& Span::Structured(Pairs attributes) {
  structured_ = std::move(attributes);
  return *this;
}

Span& Span::Event(std::string name, Pairs attributes) {
  event_texts_.emplace_back(std::move(name), std::move(attributes));
  return *this;
}

Span& Span::Failed(std::string message) {
  failed_ = true;
  status_message_ = std::move(message);
  return *this;
}

Span& Span::DroppedAttributes() {
  dropped_ = true;
  return *this;
}

FinishedSpan Span::Finished() {
  list_.Clear();
  Fill(attributes_, AttributeType::kString, &list_);
  Fill(structured_, AttributeType::kJson, &list_);
  list_.Seal();
  events_.clear();
  for (const auto& [name, pairs] : event_texts_) {
    SpanEvent& event = events_.emplace_back();
    event.name = name;
    Fill(pairs, AttributeType::kString, &event.attributes);
    event.attributes.Seal();
  }
  FinishedSpan span;
  span.name = name_;
  span.failed = failed_;
  span.status_message = status_message_;
  span.dropped_attributes = dropped_;
  span.attributes = &list_;
  span.events = events_;
  return span;
}

SpanFacts Span::Facts() {
  SpanFacts facts;
  DecodeSpan(Finished(), &facts);
  return facts;
}

std::string DialectOf(Span& span) {
  SpanFacts facts;
  const Dialect* dialect = DecodeSpan(span.Finished(), &facts);
  return dialect == nullptr ? "" : std::string(dialect->name());
}

std::vector<std::string> Signals(const SpanFacts& facts) {
  SignalLines sink;
  EmitSignals(facts, SpanRef{}, &sink);
  return sink.lines();
}

std::vector<std::string> Signals(Span& span) { return Signals(span.Facts()); }
std::vector<std::string> Signals(Span&& span) { return Signals(span.Facts()); }

}  // namespace spanlink::testing
