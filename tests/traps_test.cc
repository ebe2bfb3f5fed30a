// The twenty traps of the reference (dialects.md, section C), end to end: spans
// in a file, links out. A trap has one test or more, by its number.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "spanlink/pipeline/trace_file.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

using Attributes = std::vector<std::pair<std::string, std::string>>;

// A trace as OTLP/JSON. Spans are called by one letter, which is their name in
// links; times are milliseconds.
class Spans {
 public:
  Spans& Span(char id, char parent, int start, int end, Attributes attributes,
              const std::string& name = "x") {
    json span = {{"traceId", "0af7651916cd43dd8448eb211c80319c"},
                 {"spanId", Id(id)},
                 {"name", name},
                 {"startTimeUnixNano", Nanos(start)},
                 {"endTimeUnixNano", Nanos(end)},
                 {"attributes", List(attributes)}};
    if (parent != 0) span["parentSpanId"] = Id(parent);
    spans_.push_back(std::move(span));
    return *this;
  }
  // Of the last span.
  Spans& Event(const std::string& name, Attributes attributes) {
    spans_.back()["events"].push_back(
        {{"name", name}, {"attributes", List(attributes)}});
    return *this;
  }
  Spans& Structured(const std::string& key, json value) {
    spans_.back()["attributes"].push_back({{"key", key}, {"value", value}});
    return *this;
  }

  // "tool<-llm tool_choice arguments", sorted by consumer's start.
  std::vector<std::string> Links(Evidence weakest = Evidence::kName,
                                 const ReadOptions& read = {}) const {
    auto file = TraceFile::Read("FILE", Bytes(), nullptr, read);
    EXPECT_THAT(file, IsOk());
    if (!file.ok()) return {};
    Options options;
    options.min_evidence = weakest;
    file->Link(options);
    std::vector<std::string> lines;
    for (const SpanLink& link : file->links()) {
      lines.push_back(Name(link.consumer) + "<-" + Name(link.producer) + " " +
                      std::string(LinkKindName(link.kind)) + " " +
                      std::string(EvidenceName(link.evidence)));
    }
    return lines;
  }
  std::string Bytes() const {
    json spans = json::array();
    for (size_t i = 0; i < spans_.size(); ++i) {
      spans.push_back(spans_[reversed_ ? spans_.size() - 1 - i : i]);
    }
    return json{{"resourceSpans",
                 {{{"scopeSpans",
                    {{{"scope", {{"name", scope_}}}, {"spans", spans}}}}}}}}
        .dump();
  }
  Spans& Reversed() {
    reversed_ = true;
    return *this;
  }
  Spans& Scope(std::string scope) {
    scope_ = std::move(scope);
    return *this;
  }

 private:
  static std::string Id(char id) { return std::string(14, '1') + Hex(id); }
  static std::string Hex(char id) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return {kDigits[size_t(id) / 16], kDigits[size_t(id) % 16]};
  }
  static std::string Nanos(int ms) {
    return std::to_string(1700000000000000000 + int64_t{ms} * 1000000);
  }
  static std::string Name(const SpanContext& context) {
    return {static_cast<char>(context.span_id.bytes[7])};
  }
  static json List(const Attributes& attributes) {
    json list = json::array();
    for (const auto& [key, text] : attributes) {
      list.push_back({{"key", key}, {"value", {{"stringValue", text}}}});
    }
    return list;
  }

  std::vector<json> spans_;
  std::string scope_ = "s";
  bool reversed_ = false;
};

const Attributes kAgent = {{"gen_ai.operation.name", "invoke_agent"},
                           {"gen_ai.agent.name", "a"}};

std::string Call(const std::string& id, const std::string& name,
                 const std::string& arguments) {
  return R"({"type":"tool_call","id":")" + id + R"(","name":")" + name +
         R"(","arguments":)" + arguments + "}";
}

Attributes Answer(const std::string& calls) {
  return {{"gen_ai.operation.name", "chat"},
          {"gen_ai.output.messages", R"([{"parts":[)" + calls + "]}]"}};
}

Attributes Reads(const std::string& id) {
  return {{"gen_ai.operation.name", "chat"},
          {"gen_ai.input.messages",
           R"([{"role":"tool","parts":[{"type":"tool_call_response","id":")" +
               id + R"(","response":1}]}])"}};
}

Attributes Tool(const std::string& id, const std::string& name,
                const std::string& arguments) {
  Attributes attributes = {{"gen_ai.operation.name", "execute_tool"},
                           {"gen_ai.tool.name", name}};
  if (!id.empty()) attributes.emplace_back("gen_ai.tool.call.id", id);
  if (!arguments.empty()) {
    attributes.emplace_back("gen_ai.tool.call.arguments", arguments);
  }
  return attributes;
}

TEST(TrapsTest, Trap01WrappersAreNoProducers) {
  const std::string calls =
      R"([{"toolCallId":"a","toolName":"f","input":"{}"}])";
  EXPECT_THAT(Spans()
                  .Span('g', 0, 0, 99,
                        {{"ai.operationId", "ai.generateText"},
                         {"ai.response.toolCalls", calls}})
                  .Span('l', 'g', 1, 10,
                        {{"ai.operationId", "ai.generateText.doGenerate"},
                         {"ai.response.toolCalls", calls}})
                  .Span('t', 'g', 11, 12,
                        {{"ai.operationId", "ai.toolCall"},
                         {"ai.toolCall.name", "f"},
                         {"ai.toolCall.id", "a"}})
                  .Links(),
              ElementsAre("t<-l tool_choice tool_call_id"));
}

// One inference with a span of the framework, one of the convention without
// content and one of the client library.
TEST(TrapsTest, Trap01TheInnermostSpanWithContentProduces) {
  EXPECT_THAT(
      Spans()
          .Span(
              'c', 0, 0, 20,
              {{"gcp.vertex.agent.event_id", "e"},
               {"gcp.vertex.agent.llm_response",
                R"({"content":{"parts":[{"function_call":{"id":"a","name":"f","args":{}}}]}})"}},
              "call_llm")
          .Span('g', 'c', 1, 20,
                {{"gen_ai.operation.name", "generate_content"},
                 {"gcp.vertex.agent.event_id", "e"}})
          .Span('o', 'g', 2, 10,
                {{"llm.request.type", "chat"},
                 {"gen_ai.completion.0.tool_calls.0.id", "a"},
                 {"gen_ai.completion.0.tool_calls.0.name", "f"},
                 {"gen_ai.completion.0.tool_calls.0.arguments", "{}"}})
          .Span('t', 'g', 11, 12, Tool("a", "f", "{}"))
          .Links(),
      ElementsAre("t<-o tool_choice tool_call_id"));
}

// An agent without LLM spans is the producer.
TEST(TrapsTest, Trap01AnAgentWithoutLlmSpansProduces) {
  EXPECT_THAT(
      Spans()
          .Span(
              'g', 0, 0, 99,
              {{"openinference.span.kind", "AGENT"},
               {"llm.output_messages.0.message.tool_calls.0.tool_call.id", "a"},
               {"llm.output_messages.0.message.tool_calls.0.tool_call."
                "function.name",
                "f"}})
          .Span('t', 'g', 11, 12,
                {{"openinference.span.kind", "TOOL"},
                 {"tool.name", "f"},
                 {"tool.id", "a"}})
          .Links(),
      ElementsAre("t<-g tool_choice tool_call_id"));
}

TEST(TrapsTest, Trap02HistoryIsNoChoice) {
  Spans run;
  run.Span('g', 0, 0, 99, kAgent)
      .Span('h', 'g', 1, 2,
            {{"gen_ai.operation.name", "chat"},
             {"gen_ai.input.messages",
              R"([{"parts":[)" + Call("a", "f", "{}") + "]}]"}})
      .Event("gen_ai.assistant.message",
             {{"tool_calls",
               R"([{"id":"a","function":{"name":"f","arguments":"{}"}}])"}})
      .Span('t', 'g', 5, 6, Tool("a", "f", "{}"));
  EXPECT_THAT(run.Links(), IsEmpty());
}

// The tool runs inside its LLM span, ends first and comes first in the file.
TEST(TrapsTest, Trap03NoOrderIsRequired) {
  Spans run;
  run.Span('g', 0, 0, 99, kAgent)
      .Span('l', 'g', 1, 20, Answer(Call("a", "f", "{}")))
      .Span('t', 'l', 10, 12, Tool("a", "f", "{}"))
      .Span('m', 'g', 21, 30, Reads("a"));
  const auto links = ElementsAre("t<-l tool_choice tool_call_id",
                                 "m<-t tool_result tool_call_id");
  EXPECT_THAT(run.Links(), links);
  EXPECT_THAT(run.Reversed().Links(), links);
}

TEST(TrapsTest, Trap04AnIdThatIsTheToolsNameRepeats) {
  EXPECT_THAT(Spans()
                  .Span('g', 0, 0, 99, kAgent)
                  .Span('l', 'g', 1, 2, Answer(Call("f", "f", R"({"x":1})")))
                  .Span('t', 'g', 3, 4, Tool("f", "f", R"({"x":1})"))
                  .Span('m', 'g', 5, 6, Answer(Call("f", "f", R"({"x":2})")))
                  .Span('u', 'g', 7, 8, Tool("f", "f", R"({"x":2})"))
                  .Links(),
              ElementsAre("t<-l tool_choice tool_call_id",
                          "u<-m tool_choice tool_call_id"));
}

TEST(TrapsTest, Trap04PlaceholdersAreNoIds) {
  for (const char* id : {"unknown", "<not specified>", "(merged)", "  "}) {
    EXPECT_THAT(Spans()
                    .Span('l', 0, 1, 2,
                          Answer(Call(id, "f", R"({"x":1})") + "," +
                                 Call(id, "g", R"({"y":1})")))
                    .Span('t', 0, 3, 4, Tool(id, "g", R"({"y":1})"))
                    .Links(),
                ElementsAre("t<-l tool_choice arguments"))
        << id;
  }
}

// A Responses item has an id of its own; results and tools name the call's.
TEST(TrapsTest, Trap05TheCallsIdIsTheId) {
  EXPECT_THAT(
      Spans()
          .Span('g', 0, 0, 99, kAgent)
          .Span(
              'l', 'g', 1, 2,
              {{"openinference.span.kind", "LLM"},
               {"output.value",
                R"({"object":"response","output":[{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}"}]})"}})
          .Span('t', 'g', 3, 4, Tool("call_1", "f", ""))
          .Span(
              'm', 'g', 5, 6,
              {{"gen_ai.operation.name", "chat"},
               {"gen_ai.input.messages",
                R"([{"parts":[{"type":"tool_call","id":"fc_1","name":"f"}]},{"parts":[{"type":"tool_call_response","id":"call_1"}]}])"}})
          .Links(),
      ElementsAre("t<-l tool_choice tool_call_id",
                  "m<-t tool_result tool_call_id"));
}

TEST(TrapsTest, Trap06AnIdIsFoundInWhatTheToolReturned) {
  EXPECT_THAT(
      Spans()
          .Span('l', 0, 1, 2,
                Answer(Call("a", "f", "{}") + "," + Call("b", "f", "{}")))
          .Span(
              't', 0, 3, 4,
              {{"traceloop.span.kind", "tool"},
               {"traceloop.entity.name", "f"},
               {"traceloop.entity.output",
                R"({"output":{"lc":1,"type":"constructor","kwargs":{"content":"1","tool_call_id":"b"}}})"}})
          .Links(),
      ElementsAre("t<-l tool_choice tool_call_id"));
}

TEST(TrapsTest, Trap06WithoutAnIdArgumentsAndThenTheNameDecide) {
  EXPECT_THAT(
      Spans()
          .Span('g', 0, 0, 99, kAgent)
          .Span('l', 'g', 1, 2,
                Answer(Call("a", "f", R"({"x":1})") + "," +
                       Call("b", "f", R"({"x":2})") + "," +
                       Call("c", "h", R"({"x":2})")))
          .Span('t', 'g', 3, 10, Tool("", "f", R"({"x":2})"))
          .Span('u', 'g', 4, 9, Tool("", "h", R"({"x":2,"default":1})"))
          .Links(),
      ElementsAre("t<-l tool_choice arguments", "u<-l tool_choice name"));
}

TEST(TrapsTest, Trap07SpellingsOfArgumentsAreEqual) {
  for (
      const char* arguments :
      {R"({ "b" : null, "a" : 1.0 })", R"({'a': 1, 'b': None})",
       R"({"args":[],"kwargs":{"a":1,"b":null}})",
       R"({"input":{"a":1,"b":null}})",
       R"({"input_str":"{'a': 1, 'b': None}","tags":[],"inputs":{"a":1,"b":null}})",
       R"("{\"a\":1,\"b\":null}")"}) {
    EXPECT_THAT(Spans()
                    .Span('l', 0, 1, 2,
                          Answer(Call("", "f", R"("{\"a\":1,\"b\":null}")") +
                                 "," + Call("", "f", R"({"a":2})")))
                    .Span('t', 0, 3, 4, Tool("", "f", arguments))
                    .Links(),
                ElementsAre("t<-l tool_choice arguments"))
        << arguments;
  }
}

TEST(TrapsTest, Trap08WhatWasCutMatchesNothing) {
  const std::string cut =
      R"({"x":")" + std::string(1018, 'y') + "z";  // 1024 bytes in all
  EXPECT_THAT(Spans()
                  .Span('l', 0, 1, 2, Answer(Call("", "f", R"({"x":1})")))
                  .Span('t', 0, 3, 4, Tool("", "f", cut))
                  .Links(),
              ElementsAre("t<-l tool_choice name"));
  EXPECT_THAT(
      Spans()
          .Span('l', 0, 1, 2, Answer(Call("", "f", R"("abc... [truncated]")")))
          .Span('t', 0, 3, 4, Tool("", "f", "abc... [truncated]"))
          .Links(),
      ElementsAre("t<-l tool_choice name"));
}

TEST(TrapsTest, Trap09RedactedArgumentsMatchNothing) {
  for (const char* text : {"__REDACTED__", "readacted", "[REDACTED]",
                           "<replaced>", "<not serializable>"}) {
    const std::string quoted = "\"" + std::string(text) + "\"";
    EXPECT_THAT(
        Spans()
            .Span('l', 0, 1, 2,
                  Answer(Call("", "f", quoted) + "," + Call("", "f", quoted)))
            .Span('t', 0, 3, 4, Tool("", "f", text))
            .Links(),
        Not(Contains(::testing::HasSubstr("arguments"))))
        << text;
  }
}

TEST(TrapsTest, Trap10ResultsComeInManyShapes) {
  for (
      const char* message :
      {R"({"role":"tool","parts":[{"type":"tool_call_response","id":" a ","result":1}]})",
       R"({"role":"user","parts":[{"type":"tool_call_response","id":"a","content":1}]})",
       R"({"role":"tool","tool_call_id":"a","content":"1"})",
       R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]})",
       R"({"role":"user","content":[{"toolResult":{"toolUseId":"a"}}]})",
       R"({"role":"user","parts":[{"function_response":{"id":"a","name":"f"}}]})",
       R"({"role":"tool","content":[{"type":"tool-result","toolCallId":"a"}]})",
       R"({"type":"function_call_output","call_id":"a","output":"1"})"}) {
    EXPECT_THAT(
        Spans()
            .Span('g', 0, 0, 99, kAgent)
            .Span('l', 'g', 1, 2, Answer(Call("a", "f", "{}")))
            .Span('t', 'g', 3, 4, Tool("a", "f", "{}"))
            .Span('m', 'g', 5, 6,
                  {{"gen_ai.operation.name", "chat"},
                   {"gen_ai.input.messages", "[" + std::string(message) + "]"}})
            .Links(),
        Contains("m<-t tool_result tool_call_id"))
        << message;
  }
}

// Flattened, several results of one message overwrite one another's id.
TEST(TrapsTest, Trap10AllResultsOfAMessageAreFound) {
  EXPECT_THAT(
      Spans()
          .Span('g', 0, 0, 99, kAgent)
          .Span('l', 'g', 1, 2,
                Answer(Call("a", "f", "{}") + "," + Call("b", "h", "{}")))
          .Span('t', 'g', 3, 4, Tool("a", "f", "{}"))
          .Span('u', 'g', 3, 4, Tool("b", "h", "{}"))
          .Span(
              'm', 'g', 5, 6,
              {{"openinference.span.kind", "LLM"},
               {"llm.input_messages.2.message.role", "user"},
               {"llm.input_messages.2.message.tool_call_id", "b"},
               {"input.value",
                R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"b"}]}]})"}})
          .Links(),
      UnorderedElementsAre(
          "t<-l tool_choice tool_call_id", "u<-l tool_choice tool_call_id",
          "m<-t tool_result tool_call_id", "m<-u tool_result tool_call_id"));
}

TEST(TrapsTest, Trap11OnlyTheFirstReaderUsesAResult) {
  EXPECT_THAT(Spans()
                  .Span('g', 0, 0, 99, kAgent)
                  .Span('l', 'g', 1, 2, Answer(Call("a", "f", "{}")))
                  .Span('t', 'g', 3, 4, Tool("a", "f", "{}"))
                  .Span('m', 'g', 5, 6, Reads("a"))
                  .Span('n', 'g', 7, 8, Reads("a"))
                  .Links(),
              ElementsAre("t<-l tool_choice tool_call_id",
                          "m<-t tool_result tool_call_id"));
}

TEST(TrapsTest, Trap12EveryCarrierOfMessagesIsRead) {
  const std::string messages = R"([{"parts":[)" + Call("a", "f", "{}") + "]}]";
  const std::string choice =
      R"({"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}})";
  const json structured = json::parse(
      R"({"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"parts","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[)"
      R"({"key":"type","value":{"stringValue":"tool_call"}},{"key":"id","value":{"stringValue":"a"}},{"key":"name","value":{"stringValue":"f"}}]}}]}}}]}}]}})");
  const Attributes chat = {{"gen_ai.operation.name", "chat"}};
  std::vector<Spans> runs(5);
  runs[0].Span('l', 0, 1, 2, Answer(Call("a", "f", "{}")));
  runs[1]
      .Span('l', 0, 1, 2, chat)
      .Structured("gen_ai.output.messages", structured);
  runs[2]
      .Span('l', 0, 1, 2, chat)
      .Event("gen_ai.client.inference.operation.details",
             {{"gen_ai.output.messages", messages}});
  runs[3].Span('l', 0, 1, 2, chat).Event("gen_ai.choice", {{"body", choice}});
  runs[4].Span('l', 0, 1, 2,
               {{"llm.request.type", "chat"},
                {"gen_ai.completion.0.tool_calls.0.id", "a"},
                {"gen_ai.completion.0.tool_calls.0.name", "f"}});
  for (size_t i = 0; i < runs.size(); ++i) {
    EXPECT_THAT(runs[i].Span('t', 0, 3, 4, Tool("a", "f", "")).Links(),
                ElementsAre("t<-l tool_choice tool_call_id"))
        << i;
  }
}

TEST(TrapsTest, Trap13WithoutContentNothingIsGuessed) {
  Spans run;
  run.Span('l', 0, 1, 2,
           {{"gen_ai.operation.name", "chat"},
            {"gen_ai.response.finish_reasons", R"(["tool_calls"])"}})
      .Span('t', 0, 3, 4, Tool("a", "f", ""));
  EXPECT_THAT(run.Links(Evidence::kOrder), IsEmpty());
  auto file = TraceFile::Read("FILE", run.Bytes());
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->diagnostics().count(DiagnosticId::kContentMissing), 1u);
}

// Events keep ids and names where content is off.
TEST(TrapsTest, Trap13IdsOfEventsStillJoin) {
  EXPECT_THAT(
      Spans()
          .Span('l', 0, 1, 2, {{"gen_ai.operation.name", "chat"}})
          .Event("gen_ai.choice",
                 {{"message",
                   R"({"tool_calls":[{"id":"a","function":{"name":"f"}}]})"}})
          .Span('t', 0, 3, 4, Tool("a", "f", ""))
          .Links(),
      ElementsAre("t<-l tool_choice tool_call_id"));
}

TEST(TrapsTest, Trap14TheOuterOfTwoToolSpansIsTheExecution) {
  Attributes client = Tool("", "f", "{}");
  client.emplace_back("mcp.method.name", "tools/call");
  EXPECT_THAT(Spans()
                  .Span('l', 0, 1, 2, Answer(Call("a", "f", "{}")))
                  .Span('t', 0, 3, 9, Tool("a", "f", "{}"))
                  .Span('c', 't', 4, 8, client, "tools/call f")
                  .Links(),
              ElementsAre("t<-l tool_choice tool_call_id"));
}

TEST(TrapsTest, Trap15AResultOfAnAgentBelongsToTheOuterLlm) {
  EXPECT_THAT(
      Spans()
          .Span('g', 0, 0, 99, kAgent)
          .Span('l', 'g', 1, 2, Answer(Call("a", "ask_b", "{}")))
          .Span('t', 'g', 3, 20, Tool("", "ask_b", "{}"))
          .Span('b', 't', 4, 25,
                {{"gen_ai.operation.name", "invoke_agent"},
                 {"gen_ai.agent.name", "b"}})
          .Span('i', 'b', 5, 6, Answer(Call("c", "f", "{}")))
          .Span('u', 'b', 7, 8, Tool("", "f", "{}"))
          .Span('j', 'b', 9, 10, Reads("c"))
          .Span('m', 'g', 30, 31, Reads("a"))
          .Links(),
      ElementsAre("t<-l tool_choice arguments", "u<-i tool_choice arguments",
                  "j<-u tool_result arguments", "m<-t tool_result arguments"));
}

TEST(TrapsTest, Trap16HandoffsAreKnownInEveryDialect) {
  const std::vector<std::pair<Attributes, std::string>> handoffs = {
      {{{"gen_ai.operation.name", "agent_handoff"},
        {"gen_ai.handoff.to_agent", "Math Tutor"}},
       "x"},
      {{{"traceloop.span.kind", "handoff"},
        {"gen_ai.handoff.to_agent", "Math Tutor"}},
       "x"},
      {{{"openinference.span.kind", "TOOL"}, {"output.value", "Math Tutor"}},
       "handoff to Math Tutor"},
      {{{"logfire.msg_template", "Handoff: {from_agent} -> {to_agent}"},
        {"to_agent", "Math Tutor"}},
       "x"}};
  for (const auto& [attributes, name] : handoffs) {
    EXPECT_THAT(Spans()
                    .Span('g', 0, 0, 99, kAgent)
                    .Span('l', 'g', 1, 2,
                          Answer(Call("a", "transfer_to_other", "{}") + "," +
                                 Call("b", "transfer_to_math_tutor", "{}")))
                    .Span('h', 'g', 3, 4, attributes, name)
                    .Links(),
                ElementsAre("h<-l handoff_choice handoff"))
        << attributes[0].second;
  }
}

TEST(TrapsTest, Trap17GuardrailsAreKnownInEveryDialect) {
  const std::vector<Attributes> guardrails = {
      {{"openinference.span.kind", "GUARDRAIL"}},
      {{"gen_ai.operation.name", "guardrail_check"}},
      {{"mlflow.spanType", "\"GUARDRAIL\""}},
      {{"langfuse.observation.type", "guardrail"}},
      {{"logfire.msg_template", "Guardrail {name!r} {triggered=}"},
       {"name", "n"}}};
  for (const Attributes& attributes : guardrails) {
    // The guardrail runs beside the LLM span, and longer.
    EXPECT_THAT(Spans()
                    .Span('g', 0, 0, 99, kAgent)
                    .Span('i', 'g', 1, 30, attributes)
                    .Span('l', 'g', 2, 20, Answer(""))
                    .Span('o', 'g', 40, 50, attributes)
                    .Links(Evidence::kOrder),
                ElementsAre(StartsWith("l<-i input_guardrail"),
                            StartsWith("o<-l output_guardrail")))
        << attributes[0].first;
  }
}

TEST(TrapsTest, Trap18TextIsNoCallUnlessAsked) {
  Spans run;
  run.Span(
         'l', 0, 1, 2,
         {{"gen_ai.operation.name", "chat"},
          {"gen_ai.output.messages",
           R"repr([{"role":"assistant","parts":[{"type":"text","content":"ResponseFunctionToolCall(arguments='{\"x\":1}', call_id='a', name='f')"}]}])repr"}})
      .Span('t', 0, 3, 4, Tool("", "f", R"({"x": 1})"));
  EXPECT_THAT(run.Links(), IsEmpty());
  EXPECT_THAT(run.Links(Evidence::kName, {.react = true}),
              ElementsAre("t<-l tool_choice arguments"));
}

TEST(TrapsTest, Trap19TheScopesNameDecidesNothing) {
  for (const char* scope :
       {"opentelemetry.instrumentation.httpx", "langfuse-sdk", "ai",
        "opentelemetry.instrumentation.openai_agents", ""}) {
    EXPECT_THAT(Spans()
                    .Scope(scope)
                    .Span('l', 0, 1, 2,
                          {{"llm.request.type", "chat"},
                           {"gen_ai.completion.0.tool_calls.0.id", "a"},
                           {"gen_ai.completion.0.tool_calls.0.name", "f"}})
                    .Span('t', 0, 3, 4, Tool("a", "f", ""))
                    .Span('p', 0, 3, 4, {{"http.request.method", "POST"}})
                    .Links(),
                ElementsAre("t<-l tool_choice tool_call_id"));
  }
}

// W20 of the peers' failures: a tool of free text has no id on its span, and
// its arguments are no JSON on either side.
TEST(TrapsTest, W20FreeTextToolsAreLinkedByTheirText) {
  const auto calls = [](const std::string& text, const std::string& id) {
    return json{{"type", "custom_tool_call"},
                {"call_id", id},
                {"name", "calc"},
                {"input", text}};
  };
  const auto tool = [](const std::string& text) {
    return Attributes{{"openinference.span.kind", "TOOL"},
                      {"tool.name", "calc"},
                      {"input.value", text}};
  };
  const json answer = {calls("4 + 4", "a"), calls("4 * 4", "b")};
  const json result = {{{"type", "custom_tool_call_output"},
                        {"call_id", "b"},
                        {"output", "16"}}};
  EXPECT_THAT(
      Spans()
          .Span('l', 0, 1, 2,
                {{"openinference.span.kind", "LLM"},
                 {"output.value", json{{"output", answer}}.dump()}})
          .Span('t', 0, 3, 4, tool("4 * 4"))
          .Span('u', 0, 5, 6, tool("4 + 4"))
          .Span('m', 0, 7, 8,
                {{"openinference.span.kind", "LLM"},
                 {"input.value", json{{"input", result}}.dump()}})
          .Links(),
      ElementsAre("t<-l tool_choice arguments", "u<-l tool_choice arguments",
                  "m<-t tool_result arguments"));
}

// Hex of any case; the other formats are in json_formats_test.cc.
TEST(TrapsTest, Trap20IdsInUpperCaseAreTheSame) {
  Spans run;
  run.Span('l', 0, 1, 2, Answer(Call("a", "f", "{}")))
      .Span('t', 'l', 3, 4, Tool("a", "f", ""));
  std::string bytes = run.Bytes();
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  bytes.replace(bytes.rfind(trace), trace.size(),
                "0AF7651916CD43DD8448EB211C80319C");
  auto file = TraceFile::Read("FILE", bytes);
  ASSERT_THAT(file, IsOk());
  file->Link({});
  EXPECT_EQ(file->links().size(), 1u);
}

}  // namespace
}  // namespace spanlink::testing
