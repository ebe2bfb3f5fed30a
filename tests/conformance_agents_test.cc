// The sequences on which the best peer fails: handoffs, guardrails, and what
// lies beyond its list: runs side by side, approvals, nested and old results.
#include "spanlink/tests/conformance.h"

namespace spanlink::testing {
namespace {

// One run: a task, agent "a" that hands over, agent `to` that goes on.
Scenario HandoffRun(std::string_view tool, std::string_view arguments,
                    std::string_view to) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("1", tool, arguments, "L1").H("a", to, "H1");
  s.Under("task").Agent("X", to).Under("X").O("1", "L2").O("1", "L3");
  return s;
}

TEST_P(ConformanceTest, W17HandoffWithArguments) {
  Expect(
      HandoffRun("transfer_to_x", R"({"reason":"r"})", "x"),
      {"H1<-L1 handoff_choice(1) handoff", "L2<-H1 handoff_result(1) handoff"});
}

TEST_P(ConformanceTest, W17HandoffWithEmptyArguments) {
  Expect(
      HandoffRun("transfer_to_billing_agent", "", "Billing Agent"),
      {"H1<-L1 handoff_choice(1) handoff", "L2<-H1 handoff_result(1) handoff"});
}

TEST_P(ConformanceTest, W17HandoffWithNameOverride) {
  Expect(HandoffRun("escalate", R"({"reason":"r"})", "Refund Pro!"),
         {"H1<-L1 handoff_choice(1) handoff_remaining",
          "L2<-H1 handoff_result(1) handoff_remaining"});
}

TEST_P(ConformanceTest, W17HandoffWithPunctuationInTheName) {
  Expect(
      HandoffRun("transfer_to_q_a_agent", R"({"reason":"r"})", "Q&A-Agent"),
      {"H1<-L1 handoff_choice(1) handoff", "L2<-H1 handoff_result(1) handoff"});
}

TEST_P(ConformanceTest, W17HandoffWithUnicodeInTheName) {
  Expect(
      HandoffRun("transfer_to_m_ller___", "{}", "M\u00fcller \u5ba2\u670d"),
      {"H1<-L1 handoff_choice(1) handoff", "L2<-H1 handoff_result(1) handoff"});
  Expect(
      HandoffRun("transfer_to_m_ller", "{}", "M\u00fcller"),
      {"H1<-L1 handoff_choice(1) handoff", "L2<-H1 handoff_result(1) handoff"});
}

// What remains after the functions took theirs is the handoff.
TEST_P(ConformanceTest, W17OverrideBesideAFunction) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("1", "f", "{}", "L1").C("2", "escalate", "{}", "L1").T("f", "{}", "T1");
  s.H("a", "x", "H1").Under("task").Agent("X", "x").Under("X");
  s.O("1", "L2").O("2", "L2");
  Expect(s, {"T1<-L1 tool_choice(1) arguments",
             "H1<-L1 handoff_choice(2) handoff_remaining",
             "L2<-T1 tool_result(1) arguments",
             "L2<-H1 handoff_result(2) handoff_remaining"});
}

Scenario TwoHandoffsInOneAnswer(Outcome outcome) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("h1", "transfer_to_b", "{}", "L1").C("h2", "transfer_to_c", "{}", "L1");
  s.H("a", "b", "Hb", outcome);
  s.Under("task").Agent("B", "b").Under("B").O("h1", "L2").O("h2", "L2");
  s.C("h3", "transfer_to_c", "{}", "L3").H("b", "c", "Hc");
  return s;
}

TEST_P(ConformanceTest, W18SiblingsOfAHandoffAreIgnored) {
  Expect(
      TwoHandoffsInOneAnswer(Outcome::kOk),
      {"Hb<-L1 handoff_choice(h1) handoff", "L2<-Hb handoff_result(h1) handoff",
       "Hc<-L3 handoff_choice(h3) handoff"},
      {"handoff_ignored=1"});
}

// The SDK marks the handoff that ran as an error when there were several.
TEST_P(ConformanceTest, W18MultipleHandoffsErrorIsNoFailure) {
  Expect(
      TwoHandoffsInOneAnswer(Outcome::kFailed),
      {"Hb<-L1 handoff_choice(h1) handoff", "L2<-Hb handoff_result(h1) handoff",
       "Hc<-L3 handoff_choice(h3) handoff"},
      {"handoff_ignored=1"});
}

// The ignored sibling is not claimed by a later handoff without its own call.
TEST_P(ConformanceTest, W18IgnoredSiblingStaysClosed) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").Under("A");
  s.C("h1", "transfer_to_b", "{}", "L1").C("h2", "transfer_to_c", "{}", "L1");
  s.H("a", "b", "Hb").H("a", "c", "Hc");
  Expect(s, {"Hb<-L1 handoff_choice(h1) handoff"},
         {"handoff_ignored=1", "unmatched_execution=1"});
}

TEST_P(ConformanceTest, G1TenThousandOutputGuardrails) {
  Scenario s;
  std::vector<std::string> links;
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    s.Under("t").Agent("P" + n).Under("P" + n).Llm("l" + n);
    s.Span("g" + n, SpanKind::kGuardrail);
    links.push_back("g" + n + "<-l" + n + " output_guardrail structure");
  }
  ExpectInOrder(s, links, {}, TestOptions(GetParam()), s.Signals());
}

TEST_P(ConformanceTest, G1GuardrailOfTheAgentSeesTheLlmOfATurn) {
  Scenario s;
  s.Agent("P").Under("P").Span("turn", SpanKind::kOther).Under("turn");
  s.Llm("l").Under("P").Span("g", SpanKind::kGuardrail);
  Expect(s, {"g<-l output_guardrail structure"});
}

TEST_P(ConformanceTest, G2BlockedWithoutAnLlmSpan) {
  Scenario s;
  s.Agent("P").Under("P").Span("g", SpanKind::kGuardrail).Failed();
  s.Under("t").Llm("later");
  Expect(s, {});
  if (GetParam() == Mode::kSettled) return;
  const PlayResult result = Play(TestOptions(GetParam()), s.Signals());
  EXPECT_EQ(result.before.guardrails, 0u);
}

TEST_P(ConformanceTest, G3AgentsSideBySide) {
  Scenario s;
  s.Agent("PA").Agent("PB").Under("PA").Llm("lA").Under("PB").Llm("lB");
  s.Under("PA").Span("gA", SpanKind::kGuardrail);
  Expect(s, {"gA<-lA output_guardrail structure"});
}

TEST_P(ConformanceTest, G4RootsOfTwoTraces) {
  Scenario s(Scenario::Root::kNone);
  s.InTrace("A").Llm("l").InTrace("B").Span("g", SpanKind::kGuardrail);
  Expect(s, {});
}

TEST_P(ConformanceTest, G5OutputGuardrailIsNoInputGuardrail) {
  Scenario s;
  s.Agent("P").Under("P").Llm("l1").Span("g", SpanKind::kGuardrail).Llm("l2");
  Expect(s, {"g<-l1 output_guardrail structure"});
}

TEST_P(ConformanceTest, G5OutputGuardrailTakesTheLastLlm) {
  Scenario s;
  s.Agent("P").Under("P").Llm("l1").Llm("l2").Span("g", SpanKind::kGuardrail);
  Expect(s, {"g<-l2 output_guardrail structure"});
}

TEST_P(ConformanceTest, G5InputGuardrailSeesTheFirstLlmOnly) {
  Scenario s;
  s.Agent("P").Under("P").Span("g", SpanKind::kGuardrail).At(110, 130);
  s.Llm("l1").Llm("l2");
  Expect(s, {"l1<-g input_guardrail structure"});
}

TEST_P(ConformanceTest, G5InputGuardrailBesideTheLlm) {
  Scenario s;
  s.Agent("P").Under("P").Span("g", SpanKind::kGuardrail).At(200, 500);
  s.Llm("l1").At(210, 300).Llm("l2").At(520, 600);
  Expect(s, {"l1<-g input_guardrail structure"});
}

TEST_P(ConformanceTest, G5GuardrailDoesNotSeeOtherAgents) {
  Scenario s;
  s.Agent("P").Under("P").Span("g", SpanKind::kGuardrail).Agent("Q").Under("Q");
  s.Llm("inner").Under("P").Llm("own");
  Expect(s, {"own<-g input_guardrail structure"});
}

// Two runs of one trace that take turns; ids and arguments are equal in both.
Scenario TwoRuns(const std::string& tool_id) {
  Scenario s(Scenario::Root::kNone);
  s.Span("taska", SpanKind::kOther).Span("taskb", SpanKind::kOther);
  s.Under("taska").C("1", "f", "{}", "La").At(300, 400);
  s.Under("taskb").C("1", "f", "{}", "Lb").At(310, 390);
  s.T("f", "{}", "Xb", {.id = tool_id}).At(410, 600);
  s.Under("taska").T("f", "{}", "Xa", {.id = tool_id}).At(420, 500);
  s.Under("taskb").O("1", "L2b").At(610, 700);
  s.Under("taska").O("1", "L2a").At(620, 690);
  return s;
}

TEST_P(ConformanceTest, N1TwoRunsInOneTraceById) {
  Expect(TwoRuns("1"),
         {"Xa<-La tool_choice(1) tool_call_id",
          "Xb<-Lb tool_choice(1) tool_call_id",
          "L2a<-Xa tool_result(1) tool_call_id",
          "L2b<-Xb tool_result(1) tool_call_id"},
         {"id_reused=1"});
}

TEST_P(ConformanceTest, N1TwoRunsInOneTraceByArguments) {
  Expect(
      TwoRuns(""),
      {"Xa<-La tool_choice(1) arguments", "Xb<-Lb tool_choice(1) arguments",
       "L2a<-Xa tool_result(1) arguments", "L2b<-Xb tool_result(1) arguments"},
      {"id_reused=1"});
}

// As the Agents SDK nests them: task, agent, turn.
TEST_P(ConformanceTest, N1TwoRunsOfTheSdk) {
  Scenario s(Scenario::Root::kNone);
  for (const std::string n : {"a", "b"}) {
    s.Under("").Span("task" + n, SpanKind::kOther).Under("task" + n);
    s.Agent("P" + n, "W").Under("P" + n);
    s.Span("turn1" + n, SpanKind::kOther).Span("turn2" + n, SpanKind::kOther);
  }
  s.Under("turn1a").C("1", "f", "{}", "La").Under("turn1b");
  s.C("1", "f", "{}", "Lb").T("f", "{}", "Xb").Under("turn1a");
  s.T("f", "{}", "Xa").Under("turn2a").O("1", "L2a").Under("turn2b");
  s.O("1", "L2b");
  Expect(
      s,
      {"Xa<-La tool_choice(1) arguments", "Xb<-Lb tool_choice(1) arguments",
       "L2a<-Xa tool_result(1) arguments", "L2b<-Xb tool_result(1) arguments"},
      {"id_reused=1"});
}

// The tool of one run is not traced: nothing of the other run stands in.
TEST_P(ConformanceTest, N1UntracedToolOfOneRun) {
  Scenario s(Scenario::Root::kNone);
  s.Span("taska", SpanKind::kOther).Span("taskb", SpanKind::kOther);
  s.Under("taska").C("1", "f", "{}", "La").Under("taskb");
  s.C("1", "f", "{}", "Lb").T("f", "{}", "Xb", {.id = "1"});
  s.Under("taska").O("1", "L2a").Under("taskb").O("1", "L2b");
  Expect(s,
         {"Xb<-Lb tool_choice(1) tool_call_id",
          "L2b<-Xb tool_result(1) tool_call_id"},
         {"id_reused=1", "use_without_execution=1"});
}

TEST_P(ConformanceTest, N2SubgraphsWhoseLlmIsNotAboveTheTool) {
  Scenario s(Scenario::Root::kNone);
  s.Span("graph", SpanKind::kOther).Under("graph");
  s.Span("sub1", SpanKind::kOther).Span("sub2", SpanKind::kOther);
  s.Under("sub1").Span("agent1", SpanKind::kOther);
  s.Span("tools1", SpanKind::kOther);
  s.Under("sub2").Span("agent2", SpanKind::kOther);
  s.Span("tools2", SpanKind::kOther);
  s.Under("agent1").C("1", "f", "{}", "L1").Under("agent2");
  s.C("2", "f", "{}", "L2").Under("tools2").T("f", "{}", "X2");
  s.Under("tools1").T("f", "{}", "X1");
  Expect(s, {"X1<-L1 tool_choice(1) arguments",
             "X2<-L2 tool_choice(2) arguments"});
}

// The tool of the earlier subgraph starts first, though its call is the older.
TEST_P(ConformanceTest, N2NearIsBeforeLate) {
  Scenario s;
  s.Span("sub1", SpanKind::kOther).Span("sub2", SpanKind::kOther);
  s.Under("sub1").C("1", "f", "{}", "L1").Under("sub2");
  s.C("2", "f", "{}", "L2").Under("sub1").T("f", "{}", "X1").Under("sub2");
  s.T("f", "{}", "X2");
  Expect(s, {"X1<-L1 tool_choice(1) arguments",
             "X2<-L2 tool_choice(2) arguments"});
}

TEST_P(ConformanceTest, N2KnownDifferentAgentsNeverMeet) {
  Scenario s;
  s.Agent("PA").Agent("PB").Under("PA").C("1", "f", "{}", "L");
  s.Under("PB").T("f", "{}", "X");
  Expect(s, {}, {"unmatched_execution=1"});
}

TEST_P(ConformanceTest, N2AnIdGoesThroughTheBarrier) {
  Scenario s;
  s.Agent("PA").Agent("PB").Under("PA").C("1", "f", "{}", "L");
  s.Under("PB").T("f", "{}", "X", {.id = "1"});
  Expect(s, {"X<-L tool_choice(1) tool_call_id"});
}

// Some LLM spans end after the tools that they chose (Google ADK), and two runs
// side by side may use equal ids: an answer from the other run is not the one.
TEST_P(ConformanceTest, N1AnAnswerOfTheOwnRunMayEndLater) {
  Scenario s;
  s.Span("run1", SpanKind::kOther).At(0, 100);
  s.Span("run2", SpanKind::kOther).At(0, 101);
  s.Under("run1").C("1", "f", "{}", "L1").At(1, 50);
  s.Under("run2").C("1", "f", "{}", "L2").At(2, 20);
  s.Under("run1").T("f", "{}", "X1", {.id = "1"}).At(10, 15);
  s.Under("run2").T("f", "{}", "X2", {.id = "1"}).At(25, 30);
  const Scenario& scenario = s;
  ExpectInOrder(scenario,
                {"X1<-L1 tool_choice(1) tool_call_id",
                 "X2<-L2 tool_choice(1) tool_call_id"},
                {"id_reused=1"}, TestOptions(GetParam()), scenario.Signals());
}

// Older releases of the Agents SDK have no span around the agents of a run.
TEST_P(ConformanceTest, N9AHandoffBetweenRootsLeadsToTheOnlyAgentOfThatName) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "A").Under("A").C("1", "transfer_to_b", "{}", "L1");
  s.H("A", "B", "H1").Under("").Agent("B", "B").Under("B").Llm("L2").Llm("L3");
  Expect(s, {"H1<-L1 handoff_choice(1) handoff",
             "L2<-H1 handoff_result(1) handoff"});
}

TEST_P(ConformanceTest, N9AHandoffBetweenRootsDoesNotChooseAmongAgents) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "A").Under("A").C("1", "transfer_to_b", "{}", "L1");
  s.H("A", "B", "H1").Under("").Agent("B", "B").Under("B").Llm("L2");
  s.Under("").Agent("B2", "B").Under("B2").Llm("L3");
  Expect(s, {"H1<-L1 handoff_choice(1) handoff"});
}

// Two integrations that see the same run tell everything twice.
TEST_P(ConformanceTest, T2EverySignalTwice) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1").At(1, 9);
  s.T("f", "{}", "A").At(10, 40).T("f", "{}", "B").At(11, 30);
  s.O("1", "L2").O("2", "L2").At(50, 60);
  std::vector<Signal> twice;
  for (const Signal& signal : s.Signals()) twice.insert(twice.end(), 2, signal);
  ExpectInOrder(
      s,
      {"A<-L1 tool_choice(1) arguments", "B<-L1 tool_choice(2) arguments",
       "L2<-A tool_result(1) arguments", "L2<-B tool_result(2) arguments"},
      {"choice_repeated=2"}, TestOptions(GetParam()), twice);
}

Scenario Approval(bool finish_between) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1");
  s.T("f", R"({"a":1})", "X", {.outcome = Outcome::kNotExecuted});
  if (finish_between) s.FinishScope();
  s.Under("").Span("task2", SpanKind::kOther).Under("task2");
  s.T("f", R"({"a":1})", "Y").O("1", "L2");
  return s;
}

TEST_P(ConformanceTest, N3ApprovalInOneGo) {
  Expect(Approval(/*finish_between=*/false),
         {"X<-L1 tool_choice(1) arguments", "Y<-L1 tool_choice(1) arguments",
          "L2<-Y tool_result(1) arguments"},
         {"execution_pending=1"});
}

TEST_P(ConformanceTest, N3ApprovalAfterTheScopeWasFinished) {
  const Scenario s = Approval(/*finish_between=*/true);
  ExpectInOrder(
      s,
      {"X<-L1 tool_choice(1) arguments", "Y<-L1 tool_choice(1) arguments",
       "L2<-Y tool_result(1) arguments"},
      {"execution_pending=1"}, TestOptions(GetParam()), s.Signals());
}

// Beside the call that waits, others ran: the run goes on with their results.
TEST_P(ConformanceTest, N3ApprovalKeepsTheResultsOfTheTrace) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "g", "{}", "L1");
  s.T("f", "{}", "X", {.outcome = Outcome::kNotExecuted}).T("g", "{}", "Z");
  s.FinishScope();
  s.T("f", "{}", "Y").O("1", "L2").O("2", "L2");
  ExpectInOrder(
      s,
      {"X<-L1 tool_choice(1) arguments", "Z<-L1 tool_choice(2) arguments",
       "Y<-L1 tool_choice(1) arguments", "L2<-Y tool_result(1) arguments",
       "L2<-Z tool_result(2) arguments"},
      {"execution_pending=1"}, TestOptions(GetParam()), s.Signals());
}

TEST_P(ConformanceTest, N3ApprovalsOfEqualCallsAreInDoubt) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "X1", {.outcome = Outcome::kNotExecuted});
  s.T("f", "{}", "X2", {.outcome = Outcome::kNotExecuted});
  s.FinishScope();
  s.T("f", "{}", "Y2").FinishScope();
  s.T("f", "{}", "Y1");
  Options options = TestOptions(GetParam());
  const std::vector<std::string> pending = {"X1<-L1 tool_choice(1) arguments",
                                            "X2<-L1 tool_choice(2) arguments"};
  ExpectInOrder(s, pending, {"execution_pending=2"}, options, s.Signals());
}

TEST_P(ConformanceTest, N4OutermostExecutionOfACall) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X", {.id = "1"}).Under("X");
  s.T("f", "{}", "inner", {.id = "1"}).Under("t").O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) tool_call_id",
          "L2<-X tool_result(1) tool_call_id"},
         {"execution_nested=1"});
}

TEST_P(ConformanceTest, N4OutermostExecutionWithoutIds) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").Under("X");
  s.T("f", "{}", "inner").Under("t").O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments"},
         {"execution_nested=1"});
}

TEST_P(ConformanceTest, N4OutermostExecutionAloneHasTheId) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X", {.id = "1"}).Under("X");
  s.T("f", "{}", "inner").Under("t").O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) tool_call_id",
          "L2<-X tool_result(1) tool_call_id"},
         {"execution_nested=1"});
}

TEST_P(ConformanceTest, N5TwoCallsOfOneIdInOneAnswer) {
  Scenario s;
  s.C("f", "f", "{}", "L1").C("f", "f", "{}", "L1");
  s.T("f", "{}", "A", {.id = "f"}).T("f", "{}", "B", {.id = "f"});
  Expect(s,
         {"A<-L1 tool_choice(f) tool_call_id",
          "B<-L1 tool_choice(f) tool_call_id"},
         {"id_reused=1"});
}

TEST_P(ConformanceTest, N5TwoCallsOfOneIdWithoutIdOnTheTools) {
  Scenario s;
  s.C("f", "f", "{}", "L1").C("f", "f", "{}", "L1");
  s.T("f", "{}", "A").T("f", "{}", "B");
  Expect(s,
         {"A<-L1 tool_choice(f) arguments", "B<-L1 tool_choice(f) arguments"},
         {"id_reused=1"});
}

TEST_P(ConformanceTest, N6OldResultsInLaterPrompts) {
  Scenario s;
  s.C("1", "f", "{}", "L0").T("f", "{}", "X", {.id = "1"});
  for (int i = 1; i <= 8; ++i) s.O("1", "L" + std::to_string(i));
  Expect(s, {"X<-L0 tool_choice(1) tool_call_id",
             "L1<-X tool_result(1) tool_call_id"});
}

TEST_P(ConformanceTest, N6OldResultsBesideNewCalls) {
  Scenario s;
  s.C("1", "f", "{}", "L0").T("f", "{}", "X1");
  s.O("1", "L1").C("2", "f", "{}", "L1").T("f", "{}", "X2");
  s.O("1", "L2").O("2", "L2").C("3", "f", "{}", "L2").T("f", "{}", "X3");
  s.O("1", "L3").O("2", "L3").O("3", "L3");
  Expect(
      s,
      {"X1<-L0 tool_choice(1) arguments", "L1<-X1 tool_result(1) arguments",
       "X2<-L1 tool_choice(2) arguments", "L2<-X2 tool_result(2) arguments",
       "X3<-L2 tool_choice(3) arguments", "L3<-X3 tool_result(3) arguments"});
}

// Whatever is dispatched a second time changes nothing.
TEST_P(ConformanceTest, N8SameSignalsTwice) {
  Scenario guarded;
  guarded.Agent("P").Under("P").Llm("l1").Span("g", SpanKind::kGuardrail);
  guarded.Llm("l2");
  Scenario retried;
  retried.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  retried.T("f", "{}", "X", {.outcome = Outcome::kFailed});
  retried.T("f", "{}", "Y").T("f", "{}", "Z").O("1", "L2").O("2", "L2");
  const Scenario scenarios[] = {std::move(guarded),
                                std::move(retried),
                                TwoHandoffsInOneAnswer(Outcome::kOk),
                                TwoRuns("1"),
                                TwoRuns(""),
                                Approval(/*finish_between=*/false)};
  for (const Scenario& s : scenarios) {
    const std::vector<Signal> once = s.Signals();
    std::vector<Signal> twice = once;
    twice.insert(twice.end(), once.begin(), once.end());
    const PlayResult expected = Play(TestOptions(GetParam()), once);
    const PlayResult result = Play(TestOptions(GetParam()), twice);
    EXPECT_FALSE(expected.links.empty());
    EXPECT_EQ(Show(s, result.links), Show(s, expected.links));
    EXPECT_EQ(result.stats, expected.stats);
  }
}

TEST_P(ConformanceTest, N9HandoffWithoutAResultId) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("1", "transfer_to_b", "{}", "L1").H("a", "b", "H1");
  s.Under("task").Agent("B", "b").Under("B").Llm("L2").Llm("L3");
  Expect(s, {"H1<-L1 handoff_choice(1) handoff",
             "L2<-H1 handoff_result(1) handoff"});
}

TEST_P(ConformanceTest, N9ThereAndBack) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A1", "a").Under("A1");
  s.C("1", "transfer_to_b", "{}", "L1").H("a", "b", "H1");
  s.Under("task").Agent("B", "b").Under("B");
  s.C("2", "transfer_to_a", "{}", "L2").H("b", "a", "H2");
  s.Under("task").Agent("A2", "a").Under("A2").Llm("L3").Llm("L4");
  Expect(
      s,
      {"H1<-L1 handoff_choice(1) handoff", "L2<-H1 handoff_result(1) handoff",
       "H2<-L2 handoff_choice(2) handoff", "L3<-H2 handoff_result(2) handoff"});
}

}  // namespace
}  // namespace spanlink::testing
