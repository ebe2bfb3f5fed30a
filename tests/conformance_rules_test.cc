// Rules of the design (section 5 of docs/design.md) that no row of the
// conformance list shows by itself.
#include "spanlink/tests/conformance.h"

namespace spanlink::testing {
namespace {

// A copy of the signals in which no parent is known.
std::vector<Signal> WithoutParents(std::vector<Signal> signals) {
  for (Signal& signal : signals) {
    if (auto* start = std::get_if<SpanStart>(&signal)) {
      start->span.parent.reset();
    } else if (auto* finish = std::get_if<SpanFinish>(&signal)) {
      finish->span.parent.reset();
    } else if (auto* choice = std::get_if<LlmToolChoice>(&signal)) {
      choice->llm.parent.reset();
    } else if (auto* use = std::get_if<ToolCallOutputUsed>(&signal)) {
      use->llm.parent.reset();
    } else if (auto* call = std::get_if<ToolCall>(&signal)) {
      call->tool.parent.reset();
    }
  }
  return signals;
}

TEST_P(ConformanceTest, LatestAnswerGoesFirst) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L2").T("f", "{}", "X");
  s.T("f", "{}", "Y");
  Expect(s,
         {"X<-L2 tool_choice(2) arguments", "Y<-L1 tool_choice(1) arguments"});
}

// As in a graph, where no LLM span shares its parent with the tools.
TEST_P(ConformanceTest, LatestAnswerGoesFirstInAGraph) {
  Scenario s(Scenario::Root::kNone);
  s.Span("graph", SpanKind::kOther).Under("graph");
  s.Span("model", SpanKind::kOther).Span("tools", SpanKind::kOther);
  s.Under("model").C("1", "f", "{}", "L1").C("2", "f", "{}", "L2");
  s.Under("tools").T("f", "{}", "X").T("f", "{}", "Y");
  Expect(s,
         {"X<-L2 tool_choice(2) arguments", "Y<-L1 tool_choice(1) arguments"});
}

TEST_P(ConformanceTest, NearGoesBeforeLateInAGraph) {
  Scenario s(Scenario::Root::kNone);
  s.Span("graph", SpanKind::kOther).Under("graph");
  s.Span("sub1", SpanKind::kOther).Span("sub2", SpanKind::kOther);
  s.Under("sub1").Span("model1", SpanKind::kOther);
  s.Span("tools1", SpanKind::kOther).Under("sub2");
  s.Span("model2", SpanKind::kOther).Span("tools2", SpanKind::kOther);
  s.Under("model1").C("1", "f", "{}", "L1").Under("model2");
  s.C("2", "f", "{}", "L2").Under("tools1").T("f", "{}", "X1");
  s.Under("tools2").T("f", "{}", "X2");
  Expect(s, {"X1<-L1 tool_choice(1) arguments",
             "X2<-L2 tool_choice(2) arguments"});
}

// Ids repeat: a prompt in another part of the run may hold a result with the id
// of a call here.
TEST_P(ConformanceTest, StrangersWithTheSameIdSayNothingOfACall) {
  Scenario s(Scenario::Root::kNone);
  s.Span("graph", SpanKind::kOther).Under("graph");
  s.Span("sub1", SpanKind::kOther).Span("sub2", SpanKind::kOther);
  s.Under("sub1").C("1", "f", "{}", "L1").Under("sub2").O("1", "M");
  s.Under("sub1").T("f", "{}", "X");
  Expect(s, {"X<-L1 tool_choice(1) arguments"}, {"use_without_execution=1"});
  s.O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments"},
         {"use_without_execution=1"});
}

TEST_P(ConformanceTest, NearReaderCountsBeforeAnEarlierStranger) {
  Scenario s(Scenario::Root::kNone);
  s.Span("graph", SpanKind::kOther).Under("graph");
  s.Span("sub1", SpanKind::kOther).Span("sub2", SpanKind::kOther);
  s.Under("sub1").C("1", "f", "{}", "L1").Under("sub2").O("1", "M");
  s.Under("sub1").O("1", "L2").T("f", "{}", "X");
  Expect(s, {}, {"unmatched_execution=1", "use_without_execution=1"});
}

TEST_P(ConformanceTest, SameToolGoesBeforeTheLatestAnswer) {
  Scenario s;
  s.C("call_0", "g", R"({"y":1})", "LA").C("call_0", "f", R"({"x":1})", "LB");
  s.T("g", R"({"y":1})", "B", {.id = "call_0"});
  Expect(s, {"B<-LA tool_choice(call_0) tool_call_id"}, {"id_reused=1"});
}

TEST_P(ConformanceTest, NameOfTheTargetDecidesAHandoff) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").Under("A").C("h1", "transfer_to_b", "{}", "L1");
  s.C("h2", "transfer_to_c", "{}", "L1").H("a", "c", "Hc");
  Expect(s, {"Hc<-L1 handoff_choice(h2) handoff"}, {"handoff_ignored=1"});
}

// R7: an LLM span is no reader of what it asks for.
TEST_P(ConformanceTest, UsesBeforeChoicesWithoutTimes) {
  Scenario s;
  s.C("0", "f", "{}", "L1").T("f", "{}", "X").O("0", "L2");
  s.C("0", "f", "{}", "L2").T("f", "{}", "Y").O("0", "L3");
  std::vector<Signal> signals = s.Signals({.times = false});
  for (size_t i = 0; i + 1 < signals.size(); ++i) {
    if (std::holds_alternative<ToolCallOutputUsed>(signals[i]) &&
        std::holds_alternative<LlmToolChoice>(signals[i + 1])) {
      std::swap(signals[i], signals[i + 1]);
      break;
    }
  }
  ExpectInOrder(
      s,
      {"X<-L1 tool_choice(0) arguments", "L2<-X tool_result(0) arguments",
       "Y<-L2 tool_choice(0) arguments", "L3<-Y tool_result(0) arguments"},
      {"id_reused=1"}, TestOptions(GetParam()), signals);
}

// An answer that started after the tool did did not choose it.
TEST_P(ConformanceTest, LaterAnswersAreNoCandidates) {
  Scenario s;
  s.T("f", "{}", "X", {.id = "1"}).C("1", "f", "{}", "L1");
  Expect(s, {}, {"unmatched_execution=1"});
}

TEST_P(ConformanceTest, ExecutionInsideItsLlmSpanIsNearest) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "La").At(100, 500).C("2", "f", "{}", "Lb").At(110, 510);
  s.Under("La").T("f", "{}", "Xa").At(220, 300);
  s.Under("Lb").T("f", "{}", "Xb").At(210, 310);
  Expect(s, {"Xa<-La tool_choice(1) arguments",
             "Xb<-Lb tool_choice(2) arguments"});
}

TEST_P(ConformanceTest, SecondSuccessOfAnIdIsAnAttempt) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X", {.id = "1"});
  s.T("f", "{}", "Y", {.id = "1"}).O("1", "L2");
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id",
             "Y<-L1 tool_choice(1) tool_call_id attempt 2",
             "L2<-Y tool_result(1) tool_call_id"});
}

TEST_P(ConformanceTest, ResultIsOfTheLastAttemptBeforeTheUse) {
  Scenario s;
  s.C("1", "f", "{}", "L1");
  s.T("f", "{}", "X", {.id = "1", .outcome = Outcome::kFailed}).O("1", "L2");
  s.T("f", "{}", "Y", {.id = "1"}).O("1", "L3");
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id",
             "L2<-X tool_result(1) tool_call_id",
             "Y<-L1 tool_choice(1) tool_call_id attempt 2"});
}

TEST_P(ConformanceTest, ResultOfAnUnknownCall) {
  Scenario s;
  s.T("f", "{}", "X", {.id = "9"}).O("9", "L1").O("9", "L2");
  Expect(s, {"L1<-X tool_result(9) tool_call_id"},
         {"choice_missing=1", "unmatched_execution=1"});
}

TEST_P(ConformanceTest, ResultOfWhichNothingIsKnown) {
  Scenario s;
  s.O("9", "L1");
  Expect(s, {}, {"unmatched_use=1"});
}

TEST_P(ConformanceTest, InnerLlmSpanUsesTheResult) {
  for (const UsePolicy policy : {UsePolicy::kFirst, UsePolicy::kAll}) {
    Scenario s;
    s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "Lout");
    s.Under("Lout").O("1", "Lin");
    Options options = TestOptions(GetParam());
    options.use_policy = policy;
    Expect(
        s,
        {"X<-L1 tool_choice(1) arguments", "Lin<-X tool_result(1) arguments"},
        {}, options);
  }
}

TEST_P(ConformanceTest, FailedInnerLlmSpanUsesNothing) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "Lout");
  s.Under("Lout").O("1", "Lin").Failed();
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "Lout<-X tool_result(1) arguments"},
         {"use_by_failed_llm=1"});
}

// Instrumentations that give an agent span the messages of its LLM spans.
TEST_P(ConformanceTest, AgentSpanThatRepeatsIsNoProducer) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").C("1", "f", "{}", "A").O("1", "A");
  s.Under("A").C("1", "f", "{}", "L1").T("f", "{}", "X", {.id = "1"});
  s.O("1", "L2");
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id",
             "L2<-X tool_result(1) tool_call_id"});
}

TEST_P(ConformanceTest, AgentSpanWithoutLlmSpansIsAProducer) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").C("1", "f", "{}", "A");
  s.Under("A").T("f", "{}", "X", {.id = "1"});
  Expect(s, {"X<-A tool_choice(1) tool_call_id"});
}

// Where nobody knows the tree, the times say which span may be the inner one.
TEST_P(ConformanceTest, DuplicateOfUnknownAncestryWhileUnused) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "Lout").At(100, 200).C("1", "f", "{}", "Lin");
  s.At(110, 160).T("f", "{}", "X").T("f", "{}", "Y");
  ExpectInOrder(s, {"X<-Lin tool_choice(1) arguments"},
                {"choice_duplicate=1", "unmatched_execution=1"},
                TestOptions(GetParam()), WithoutParents(s.Signals()));
}

// Neither can be inside the other.
TEST_P(ConformanceTest, TimesSpeakAgainstADuplicate) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "L1").At(100, 150).C("1", "f", "{}", "L2").At(110, 160);
  s.T("f", "{}", "X").T("f", "{}", "Y");
  ExpectInOrder(
      s, {"X<-L2 tool_choice(1) arguments", "Y<-L1 tool_choice(1) arguments"},
      {"id_reused=1"}, TestOptions(GetParam()), WithoutParents(s.Signals()));
}

TEST_P(ConformanceTest, UsedCallOfUnknownAncestryIsNoDuplicate) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "L2");
  s.C("1", "f", "{}", "L3").T("f", "{}", "Y").O("1", "L4");
  ExpectInOrder(
      s,
      {"X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments",
       "Y<-L3 tool_choice(1) arguments", "L4<-Y tool_result(1) arguments"},
      {"id_reused=1"}, TestOptions(GetParam()), WithoutParents(s.Signals()));
}

// The result of an untraced call whose id comes back: the nearer call counts.
TEST_P(ConformanceTest, UseBelongsToTheLatestCallOfItsId) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1");
  s.T("f", R"({"a":1})", "X", {.id = "1"}).O("1", "L2");
  s.C("1", "f", R"({"a":2})", "L2").O("1", "L3");
  Expect(s,
         {"X<-L1 tool_choice(1) tool_call_id",
          "L2<-X tool_result(1) tool_call_id"},
         {"id_reused=1", "use_without_execution=1"});
}

// Both sides have an id and the ids differ: whatever else is equal, it is
// another call.
TEST_P(ConformanceTest, ExecutionWithAnotherIdIsOfAnotherCall) {
  Scenario s;
  s.C("call_1", "f", "{}", "L1").T("f", "{}", "X", {.id = "call_2"});
  Expect(s, {}, {"unmatched_execution=1"});
}

TEST_P(ConformanceTest, TimesThatGoBackwardsAreCounted) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X", {.id = "1"}).At(400, 350);
  ExpectInOrder(s, {"X<-L1 tool_choice(1) tool_call_id"}, {"clock_skew=1"},
                TestOptions(GetParam()), s.Signals());
}

TEST_P(ConformanceTest, CyclesAreCounted) {
  Scenario s;
  s.Span("p", SpanKind::kOther).Under("p").Span("q", SpanKind::kOther);
  s.Under("q").C("1", "f", "{}", "L").T("f", "{}", "X", {.id = "1"});
  std::vector<Signal> signals = s.Signals();
  for (Signal& signal : signals) {
    auto* start = std::get_if<SpanStart>(&signal);
    if (start == nullptr || start->span.context != s.Context("p")) continue;
    start->span.parent = s.Context("q").span_id;
  }
  const PlayResult result = Play(TestOptions(GetParam()), signals);
  EXPECT_EQ(Show(s, result.links), Lines{"X<-L tool_choice(1) tool_call_id"});
  EXPECT_GE(result.diagnostics.count(DiagnosticId::kParentCycle), 1u);
}

}  // namespace
}  // namespace spanlink::testing
