#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/content.h"
#include "spanlink/dialects/dialect.h"
#include "spanlink/dialects/python_literal.h"
#include "spanlink/fuzz/targets.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/json/json_escapes.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/pipeline/otlp_decoder.h"
#include "spanlink/pipeline/trace_file.h"

namespace spanlink::fuzz {
namespace {

// A span as lines of text, so that a corpus can be read and written by hand:
//
//   ~NAME            its name            key=TEXT    an attribute
//   !MESSAGE         it failed           key:JSON    a structured one
//   ^                it lost attributes  key#NUMBER  a number
//   @NAME            an event, to which the attributes behind it belong
class SpanText {
 public:
  explicit SpanText(std::string_view bytes) {
    size_t begin = 0;
    while (begin < bytes.size()) {
      const size_t end = std::min(bytes.find('\n', begin), bytes.size());
      if (end > begin) AddLine(bytes.substr(begin, end - begin));
      begin = end + 1;
    }
    attributes_.Seal();
    for (SpanEvent& event : events_) event.attributes.Seal();
    span_.attributes = &attributes_;
    span_.events = events_;
  }
  SpanText(const SpanText&) = delete;

  const FinishedSpan& span() const { return span_; }
  // All that is said about the span.
  const std::vector<std::string_view>& texts() const { return texts_; }
  // The span in a file of OTLP/JSON.
  std::string Otlp() const {
    std::string json =
        R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":)"
        R"("5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
        R"("name":)";
    AppendJsonString(span_.name, &json);
    json += R"(,"status":{"code":2,"message":)";
    AppendJsonString(span_.status_message, &json);
    json += R"(},"attributes":)";
    AppendAttributes(attributes_, &json);
    json += R"(,"events":[)";
    for (const SpanEvent& event : events_) {
      json += &event == events_.data() ? R"({"name":)" : R"(,{"name":)";
      AppendJsonString(event.name, &json);
      json += R"(,"attributes":)";
      AppendAttributes(event.attributes, &json);
      json += "}";
    }
    return json + "]}]}]}]}";
  }

 private:
  void AddLine(std::string_view line) {
    const std::string_view rest = line.substr(1);
    texts_.push_back(rest);
    switch (line.front()) {
      case '~':
        span_.name = rest;
        return;
      case '!':
        span_.failed = true;
        span_.status_message = rest;
        return;
      case '^':
        span_.dropped_attributes = true;
        return;
      case '@':
        events_.push_back({rest, {}});
        return;
      default:
        AddAttribute(line);
    }
  }

  void AddAttribute(std::string_view line) {
    const size_t divider = line.find_first_of("=:#");
    if (divider == line.npos) return;
    Attribute attribute{line.substr(0, divider), AttributeType::kString,
                        line.substr(divider + 1)};
    if (line[divider] == ':' && IsJson(attribute.text)) {
      attribute.type = AttributeType::kJson;
    } else if (line[divider] == '#') {
      attribute.type = AttributeType::kScalar;
    }
    texts_.push_back(attribute.key);
    texts_.push_back(attribute.text);
    (events_.empty() ? attributes_ : events_.back().attributes).Add(attribute);
  }

  // Structured values and numbers as texts: reading them is the business of the
  // targets of OTLP.
  static void AppendAttributes(const AttributeList& list, std::string* json) {
    std::string_view separator = "[";
    for (const Attribute& attribute : list.WithPrefix("")) {
      json->append(separator).append(R"({"key":)");
      AppendJsonString(attribute.key, json);
      json->append(R"(,"value":{"stringValue":)");
      AppendJsonString(attribute.text, json);
      json->append("}}");
      separator = ",";
    }
    json->append(separator == "[" ? "[]" : "]");
  }

  AttributeList attributes_;
  std::vector<SpanEvent> events_;
  FinishedSpan span_;
  std::vector<std::string_view> texts_;
};

// What a text says, and what is inside of strings in it, and of strings in
// these.
std::vector<std::string> Readings(std::string_view text) {
  constexpr size_t kMaxDepth = 8;
  std::vector<std::string> readings = {std::string(text)};
  for (size_t i = 0; i < readings.size() && i < kMaxDepth; ++i) {
    std::string inside;
    UnescapeJson(readings[i], &inside);
    if (inside != readings[i]) readings.push_back(std::move(inside));
  }
  return readings;
}

class Sources {
 public:
  explicit Sources(const std::vector<std::string_view>& texts) {
    for (const std::string_view text : texts) {
      for (std::string& reading : Readings(text)) {
        if (const auto json = PythonLiteralToJson(reading)) {
          for (std::string& inside : Readings(*json)) {
            texts_.push_back(std::move(inside));
          }
        }
        texts_.push_back(std::move(reading));
      }
    }
  }
  bool Have(std::string_view fact) const {
    return std::any_of(texts_.begin(), texts_.end(),
                       [fact](const std::string& text) {
                         return text.find(fact) != text.npos;
                       });
  }

 private:
  std::deque<std::string> texts_;
};

void CheckFacts(const SpanFacts& facts, const SpanText& text, size_t size) {
  const Sources sources(text.texts());
  size_t found =
      facts.result.value_or("").size() + facts.arguments.value_or("").size();
  for (const std::string& fact :
       {facts.name, facts.agent, facts.conversation_id, facts.tool_call_id,
        facts.from_agent, facts.to_agent}) {
    Check(sources.Have(fact), "names and ids are what the span says");
  }
  for (const ChoiceFact& choice : facts.choices) {
    Check(sources.Have(choice.id) && sources.Have(choice.name),
          "names and ids of calls are what the span says");
    found += 1 + choice.arguments.value_or("").size();
  }
  for (const UseFact& use : facts.uses) {
    Check(sources.Have(use.id) && sources.Have(use.name),
          "names and ids of results are what the span says");
    ++found;
  }
  Check(found <= 4 * size + 64, "there is no more in a span than it says");
}

class NoSink final : public SignalSink {
 public:
  void OnSignal(const Signal&) override {}
};

// Without links: one span has none.
std::string Written(const std::string& bytes, const WriteOptions& options) {
  auto file = TraceFile::Read("f", bytes);
  Check(file.ok(), "what is written can be read");
  const auto written = file->Write(options);
  Check(written.ok(), "what is read can be written");
  return *written;
}

// Nothing that a GenAI span may not keep is left.
void CheckStripped(const std::string& stripped) {
  const auto spans = ReadOtlp({"f", stripped});
  Check(spans.ok() && spans->spans.size() == 1, "a stripped span is a span");
  OtlpDecoder decoder(OtlpFormat::kJson);
  decoder.Read(stripped, spans->spans[0]);
  const FinishedSpan& left = decoder.Finish();
  Check(left.status_message.empty(), "the message of the status is gone");
  for (const Attribute& attribute : left.attributes->WithPrefix("")) {
    Check(IsFreeOfContent(attribute.key, false), "texts of the span are gone");
  }
  for (const SpanEvent& event : left.events) {
    for (const Attribute& attribute : event.attributes.WithPrefix("")) {
      Check(IsEventFreeOfContent(attribute.key, false),
            "texts of events are gone");
    }
  }
}

}  // namespace

void FuzzDialect(const Dialect& dialect, std::string_view bytes) {
  constexpr size_t kMaxBytes = size_t{1} << 14;  // every fact is searched in it
  if (bytes.size() > kMaxBytes) return;
  const SpanText text(bytes);
  if (!dialect.Recognizes(text.span())) return;
  Check(IsGenAi(text.span()), "a span that is recognised is one of GenAI");
  SpanFacts facts;
  facts.wants_text = facts.wants_result = true;
  dialect.Decode(text.span(), &facts);
  CheckFacts(facts, text, bytes.size());
  NoSink sink;
  EmitSignals(facts, {}, &sink);

  const std::string file = text.Otlp();
  const WriteOptions strip = {.strip_content = true};
  const std::string stripped = Written(file, strip);
  Check(Written(stripped, strip) == stripped, "stripping again does nothing");
  CheckStripped(stripped);
  const WriteOptions payload = {
      .tool_payload = {.semconv = true, .traceloop = true}};
  const std::string paid = Written(file, payload);
  Check(Written(paid, payload) == paid, "a payload is written once");
  Check(Written(paid, strip) == stripped, "a payload is stripped");
}

}  // namespace spanlink::fuzz
