// Requirements R1-R24, one test or more each, as far as the engine alone can
// show them. Elsewhere:
//   R8, R15   recorded_runs_test.cc, on recorded pairs of runs
//   R14       bench/, which measures what a signal costs
//   R21       also conformance_load_test.cc and tool_call_tracker_test.cc
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/link_collector.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

class RequirementsTest : public ::testing::TestWithParam<Mode> {
 protected:
  std::vector<std::string> LinksOf(const Scenario& s,
                                   const Delivery& delivery = {}) {
    return Show(s, Play(TestOptions(GetParam()), s.Signals(delivery)).links);
  }
};

INSTANTIATE_TEST_SUITE_P(All, RequirementsTest,
                         ::testing::Values(Mode::kLive, Mode::kSettled),
                         [](const auto& info) {
                           return info.param == Mode::kLive ? "Live"
                                                            : "Settled";
                         });

// R1
TEST_P(RequirementsTest, ChoiceLinkIsOnTheToolSpan) {
  Scenario s;
  s.C("call_1", "f", R"({"a":1})", "L").Version("v2").T("f", R"({"a":1})", "X");
  const PlayResult result = Play(TestOptions(GetParam()), s.Signals());
  ASSERT_EQ(result.links.size(), 1u);
  const SpanLink& link = result.links[0];
  EXPECT_EQ(link.consumer, s.Context("X"));
  EXPECT_EQ(link.producer, s.Context("L"));
  EXPECT_EQ(link.kind, LinkKind::kToolChoice);
  EXPECT_EQ(link.attempt, 1u);
  EXPECT_EQ(link.tool_name, "f");
  EXPECT_EQ(link.tool_call_id, "call_1");
  EXPECT_EQ(link.tool_version, "v2");
}

// R2
TEST_P(RequirementsTest, ResultLinkIsOnTheLlmSpan) {
  Scenario s;
  s.C("call_1", "f", "{}", "L1").T("f", "{}", "X").O("call_1", "L2");
  const PlayResult result = Play(TestOptions(GetParam()), s.Signals());
  ASSERT_EQ(result.links.size(), 2u);
  const bool second = result.links[1].kind == LinkKind::kToolResult;
  const SpanLink& link = result.links[second ? 1 : 0];
  EXPECT_EQ(link.consumer, s.Context("L2"));
  EXPECT_EQ(link.producer, s.Context("X"));
  EXPECT_EQ(link.kind, LinkKind::kToolResult);
  EXPECT_EQ(link.tool_name, "f");
  EXPECT_EQ(link.tool_call_id, "call_1");
}

// R3
TEST_P(RequirementsTest, ResultIsUsedByAnotherAgent) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("1", "f", "{}", "L1").C("2", "transfer_to_b", "{}", "L1");
  s.T("f", "{}", "X").H("a", "b", "H");
  s.Under("task").Agent("B", "b").Under("B").O("1", "L2").O("2", "L2");
  EXPECT_THAT(LinksOf(s),
              UnorderedElementsAre("X<-L1 tool_choice(1) arguments",
                                   "H<-L1 handoff_choice(2) handoff",
                                   "L2<-X tool_result(1) arguments",
                                   "L2<-H handoff_result(2) handoff"));
}

// R4
TEST_P(RequirementsTest, AnExecutionConsumesItsCall) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").T("f", "{}", "Y").O("1", "L2");
  EXPECT_THAT(LinksOf(s), ElementsAre("L2<-X tool_result(1) arguments",
                                      "X<-L1 tool_choice(1) arguments"));
}

// R5
TEST_P(RequirementsTest, TheIdWinsOverTheArguments) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").C("2", "f", R"({"a":2})", "L1");
  s.T("f", R"({"a":1})", "X", {.id = "2"}).T("f", R"({"a":1})", "Y");
  EXPECT_THAT(LinksOf(s), ElementsAre("X<-L1 tool_choice(2) tool_call_id",
                                      "Y<-L1 tool_choice(1) arguments"));
}

// R5
TEST_P(RequirementsTest, EqualArgumentsOfAnotherToolDoNotMatch) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").T("g", R"({"a":1})", "X");
  EXPECT_THAT(LinksOf(s), IsEmpty());
}

// R6: three producers that know nothing of the tree and send no SpanStart; the
// dispatcher's own test has them in separate translation units.
TEST_P(RequirementsTest, IndependentProducers) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", R"({"a": 1})", "L1").T("f", R"({"a":1})", "X").O("1", "L2");
  EXPECT_THAT(LinksOf(s, {.starts = false}),
              ElementsAre("L2<-X tool_result(1) arguments",
                          "X<-L1 tool_choice(1) arguments"));
}

// R6
TEST_P(RequirementsTest, IndependentProducersWithUnknownParents) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "L2");
  std::vector<Signal> signals;
  for (Signal& signal : s.Signals({.starts = false, .times = false})) {
    if (auto* choice = std::get_if<LlmToolChoice>(&signal)) {
      choice->llm.parent.reset();
    } else if (auto* call = std::get_if<ToolCall>(&signal)) {
      call->tool.parent.reset();
    } else if (auto* use = std::get_if<ToolCallOutputUsed>(&signal)) {
      use->llm.parent.reset();
    } else {
      continue;
    }
    signals.push_back(signal);
  }
  ASSERT_EQ(signals.size(), 3u);
  EXPECT_THAT(Show(s, Play(TestOptions(GetParam()), signals).links),
              ElementsAre("L2<-X tool_result(1) arguments",
                          "X<-L1 tool_choice(1) arguments"));
}

// R7: an LLM span that reads a result and chooses a call of the same id.
TEST_P(RequirementsTest, UsesBeforeChoices) {
  Scenario s;
  s.C("0", "f", "{}", "L1").T("f", "{}", "X").O("0", "L2");
  s.C("0", "f", "{}", "L2").T("f", "{}", "Y").O("0", "L3");
  const std::vector<std::string> expected = {
      "X<-L1 tool_choice(0) arguments", "L2<-X tool_result(0) arguments",
      "Y<-L2 tool_choice(0) arguments", "L3<-Y tool_result(0) arguments"};
  EXPECT_THAT(LinksOf(s), UnorderedElementsAreArray(expected));
  // The same where the producer reports the choice first.
  std::vector<Signal> signals = s.Signals();
  for (size_t i = 0; i + 1 < signals.size(); ++i) {
    if (std::holds_alternative<ToolCallOutputUsed>(signals[i]) &&
        std::holds_alternative<LlmToolChoice>(signals[i + 1])) {
      std::swap(signals[i], signals[i + 1]);
      break;
    }
  }
  EXPECT_THAT(Show(s, Play(TestOptions(GetParam()), signals).links),
              UnorderedElementsAreArray(expected));
}

Scenario Handoffs(std::string_view tool, MaybeText arguments,
                  std::string_view agent) {
  Scenario s(Scenario::Root::kNone);
  s.Span("task", SpanKind::kOther).Under("task").Agent("A", "a").Under("A");
  s.C("1", tool, arguments, "L1").H("a", agent, "H");
  s.Under("task").Agent("B", agent).Under("B").O("1", "L2").O("1", "L3");
  return s;
}

// R9, R10: the names as the Python SDK and the JavaScript SDK make them.
TEST_P(RequirementsTest, HandoffNames) {
  const std::pair<std::string, std::string> kNames[] = {
      {"transfer_to_billing_agent", "Billing Agent"},
      {"transfer_to_refund_pro_", "Refund-Pro!"},
      {"transfer_to_m_ller", "M\u00fcller"},
      {"transfer_to___", "\u5ba2\u670d"},
      {"transfer_to___bot", "\U0001f916 Bot"},
      {"transfer_to_tab_name", "tab\tname"},
      {"transfer_to_nbsp_name", "nbsp\u00a0name"},
      {"transfer_to_agent_v2", "agent.v2"},
      {"transfer_to_a_b", "A/B"},
      {"transfer_to__stanbul", "\u0130stanbul"},
      {"transfer_to_Billing_Agent", "Billing Agent"},
      {"transfer_to_Refund_Pro_", "Refund-Pro!"},
      {"transfer_to_refund-pro!", "Refund-Pro!"},
  };
  for (const auto& [tool, agent] : kNames) {
    const Scenario s = Handoffs(tool, "{}", agent);
    EXPECT_THAT(LinksOf(s), ElementsAre("H<-L1 handoff_choice(1) handoff",
                                        "L2<-H handoff_result(1) handoff"))
        << tool << " for " << agent;
  }
}

// R11
TEST_P(RequirementsTest, HandoffArgumentsDecideNothing) {
  for (const MaybeText arguments :
       {MaybeText("{}"), MaybeText(""), MaybeText(" { } "), MaybeText("null"),
        MaybeText(R"({"reason":"angry"})"), MaybeText("not JSON"),
        MaybeText()}) {
    EXPECT_THAT(LinksOf(Handoffs("transfer_to_b", arguments, "b")),
                ElementsAre("H<-L1 handoff_choice(1) handoff",
                            "L2<-H handoff_result(1) handoff"));
  }
}

// R11: a handoff tool whose arguments name the agent.
TEST_P(RequirementsTest, HandoffTargetInTheArguments) {
  EXPECT_THAT(
      LinksOf(Handoffs("transfer_to_agent", R"({"agent_name":"Billing Agent"})",
                       "Billing Agent")),
      ElementsAre("H<-L1 handoff_choice(1) handoff",
                  "L2<-H handoff_result(1) handoff"));
}

// R12
TEST_P(RequirementsTest, HandoffByWhatRemains) {
  EXPECT_THAT(LinksOf(Handoffs("escalate", R"({"reason":"r"})", "Boss")),
              ElementsAre("H<-L1 handoff_choice(1) handoff_remaining",
                          "L2<-H handoff_result(1) handoff_remaining"));
}

// R12: a function that nobody ran is not taken for a handoff that has a name.
TEST_P(RequirementsTest, NameBeforeWhatRemains) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").Under("A").C("1", "not_found", "{}", "L1");
  s.C("2", "transfer_to_b", "{}", "L1").H("a", "b", "H");
  EXPECT_THAT(LinksOf(s), ElementsAre("H<-L1 handoff_choice(2) handoff"));
}

// R13
TEST_P(RequirementsTest, HandoffResultIsUsedOnceUnderAnyPolicy) {
  for (const UsePolicy policy : {UsePolicy::kFirst, UsePolicy::kAll}) {
    const Scenario s = Handoffs("transfer_to_b", "{}", "b");
    Options options = TestOptions(GetParam());
    options.use_policy = policy;
    EXPECT_THAT(Show(s, Play(options, s.Signals()).links),
                ElementsAre("H<-L1 handoff_choice(1) handoff",
                            "L2<-H handoff_result(1) handoff"));
  }
}

// R13
TEST_P(RequirementsTest, PolicyOfFunctionResults) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").O("1", "L2").O("1", "L3");
  Options options = TestOptions(GetParam());
  EXPECT_THAT(Show(s, Play(options, s.Signals()).links),
              ElementsAre("L2<-X tool_result(1) arguments",
                          "X<-L1 tool_choice(1) arguments"));
  options.use_policy = UsePolicy::kAll;
  EXPECT_THAT(Show(s, Play(options, s.Signals()).links),
              ElementsAre("L2<-X tool_result(1) arguments",
                          "L3<-X tool_result(1) arguments",
                          "X<-L1 tool_choice(1) arguments"));
}

// The workload of R16: an outer agent calls two agents as tools in parallel,
// and the tool that they call too; arguments from two, random delays.
class EqualCalls {
 public:
  explicit EqualCalls(uint32_t seed) : random_(seed) { AddOuter(); }

  const Scenario& scenario() const { return s_; }
  const std::vector<std::string>& expected() const { return expected_; }

 private:
  std::string Arguments() {
    return random_() % 2 == 0 ? R"({"x":"a"})" : R"({"x":"b"})";
  }

  void Expect(const std::string& tool, const std::string& llm,
              const std::string& id) {
    expected_.push_back(tool + "<-" + llm + " tool_choice(" + id +
                        ") arguments");
  }

  // `calls` executions that start in the order of the answer, 1 ms apart, and
  // end in any order.
  void AddProbes(const std::string& agent, const std::string& llm, int calls,
                 int64_t start) {
    for (int i = 0; i < calls; ++i) {
      const std::string id = agent + std::to_string(i);
      const std::string arguments = Arguments();
      s_.C(id, "probe", arguments, llm);
      s_.T("probe", arguments, "X" + id)
          .At(start + i, start + 20 + static_cast<int64_t>(random_() % 40));
      Expect("X" + id, llm, id);
    }
  }

  void AddInner(const std::string& name, int64_t start) {
    s_.Under("turn").C("call_" + name, "ask", R"({"q":1})", "L");
    s_.T("ask", R"({"q":1})", "ask" + name).At(start, start + 300);
    Expect("ask" + name, "L", "call_" + name);
    s_.Under("ask" + name).Agent(name).Under(name);
    const auto shift = static_cast<int64_t>(random_() % 40);
    s_.Llm("L" + name).At(start + 10 + shift, start + 50 + shift);
    AddProbes(name, "L" + name, 4, start + 60 + shift);
  }

  void AddOuter() {
    s_.Span("turn", SpanKind::kOther).Under("turn").Llm("L").At(400, 490);
    AddInner("p", 500);
    AddInner("q", 501);
    s_.Under("turn");
    AddProbes("o", "L", 3, 502);
  }

  Scenario s_;
  std::mt19937 random_;
  std::vector<std::string> expected_;
};

// R16
TEST_P(RequirementsTest, EqualParallelCallsPairByOrderOfStart) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const EqualCalls calls(seed);
    EXPECT_THAT(LinksOf(calls.scenario()),
                UnorderedElementsAreArray(calls.expected()))
        << "seed " << seed;
  }
}

// R17
TEST_P(RequirementsTest, NestedAgentWithTheSameIdAndArguments) {
  Scenario s;
  s.C("1", "f", "{}", "Lout").C("2", "ask", "{}", "Lout").T("ask", "{}", "ask");
  s.Under("ask").Agent("in").Under("in").C("1", "f", "{}", "Lin");
  s.T("f", "{}", "Xin").O("1", "Lin2").Under("t").T("f", "{}", "Xout");
  s.O("1", "Lout2").O("2", "Lout2");
  EXPECT_THAT(LinksOf(s),
              UnorderedElementsAre("ask<-Lout tool_choice(2) arguments",
                                   "Xin<-Lin tool_choice(1) arguments",
                                   "Lin2<-Xin tool_result(1) arguments",
                                   "Xout<-Lout tool_choice(1) arguments",
                                   "Lout2<-Xout tool_result(1) arguments",
                                   "Lout2<-ask tool_result(2) arguments"));
}

// R18: not found, tripped, hosted: a call that nobody ran leaves the next one
// alone.
TEST_P(RequirementsTest, UnexecutedCallIsNotInTheWay) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L2").T("f", "{}", "X");
  s.O("2", "L3");
  const PlayResult result = Play(TestOptions(GetParam()), s.Signals());
  EXPECT_THAT(Show(s, result.links),
              ElementsAre("L3<-X tool_result(2) arguments",
                          "X<-L2 tool_choice(2) arguments"));
  EXPECT_EQ(result.diagnostics.at(DiagnosticId::kCallNeverExecuted), 1u);
  EXPECT_EQ(result.stats, ToolCallTracker::Stats());
}

// R19
TEST_P(RequirementsTest, ApprovalInALaterRun) {
  Scenario s;
  s.C("1", "f", "{}", "L1");
  s.T("f", "{}", "X", {.id = "1", .outcome = Outcome::kNotExecuted});
  s.FinishScope().Under("").Span("task2", SpanKind::kOther).Under("task2");
  s.T("f", "{}", "Y", {.id = "1"}).Agent("resumed").Under("resumed");
  s.O("1", "L2");
  EXPECT_THAT(LinksOf(s), ElementsAre("L2<-Y tool_result(1) tool_call_id",
                                      "X<-L1 tool_choice(1) tool_call_id",
                                      "Y<-L1 tool_choice(1) tool_call_id"));
}

// R20
TEST_P(RequirementsTest, ArgumentsInCanonicalForm) {
  const std::pair<std::string, std::string> kEqual[] = {
      {R"({"a":1,"b":[1,2]})", "{ \"b\" : [ 1,\n2 ], \"a\" : 1 }"},
      {R"({"a":"\u00fc\/"})", "{\"a\":\"\u00fc/\"}"},
      {R"({"n":1})", R"({"n":1.0})"},
      {R"({"n":100})", R"({"n":1e2})"},
      {"{}", ""},
      {"{}", "null"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {R"("{\"a\":1}")", R"({"a":1})"},
      {"```json\n{\"a\":1}\n```", R"({"a":1})"},
      {"not JSON at all", " not JSON at all\n"},
  };
  for (const auto& [chosen, run] : kEqual) {
    Scenario s;
    s.C("1", "f", chosen, "L").T("f", run, "X");
    EXPECT_THAT(LinksOf(s), ElementsAre("X<-L tool_choice(1) arguments"))
        << chosen << " and " << run;
  }
}

// R20
TEST_P(RequirementsTest, OtherArgumentsAreNotEqual) {
  const std::pair<std::string, std::string> kDifferent[] = {
      {R"({"n":1})", R"({"n":true})"},
      {R"({"n":1})", R"({"n":"1"})"},
      {R"({"n":9007199254740993})", R"({"n":9007199254740992})"},
      {R"({"a":[1,2]})", R"({"a":[2,1]})"},
      {"not JSON at all", "not JSON at  all"},
  };
  for (const auto& [chosen, run] : kDifferent) {
    Scenario s;
    s.C("1", "f", chosen, "L").T("f", run, "X");
    EXPECT_THAT(LinksOf(s), ElementsAre("X<-L tool_choice(1) name"))
        << chosen << " and " << run;
  }
}

// R20: readings that a dialect offers beside the text itself.
TEST_P(RequirementsTest, AlternativeReadingsOfArguments) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L").C("2", "f", R"({"a":2})", "L");
  s.T("f", R"({"kwargs":{"a":2}})", "X", {.alternatives = {R"({"a":2})"}});
  EXPECT_THAT(LinksOf(s), ElementsAre("X<-L tool_choice(2) arguments"));
}

// R21
TEST_P(RequirementsTest, IdleScopesAreSettledAndFreed) {
  Scenario s(Scenario::Root::kNone);
  s.C("1", "f", "{}", "L").T("f", R"({"b":1})", "X");
  Time now = Ms(0);
  Options options = TestOptions(GetParam());
  options.clock = [&now] { return now; };
  LinkCollector collector(options);
  for (const Signal& signal : s.Signals()) collector.tracker().OnSignal(signal);
  now += options.limits.idle - std::chrono::seconds(1);
  collector.tracker().Tick();
  EXPECT_THAT(collector.links(), IsEmpty());
  EXPECT_EQ(collector.tracker().stats().scopes, 1u);
  now += std::chrono::seconds(2);
  collector.tracker().Tick();
  EXPECT_THAT(Show(s, collector.links()),
              ElementsAre("X<-L tool_choice(1) name"));
  EXPECT_EQ(collector.tracker().stats(), ToolCallTracker::Stats());
}

// R22: each link says how it was found.
TEST_P(RequirementsTest, EvidenceOfEveryGrade) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").Under("A").C("1", "f", R"({"a":1})", "L");
  s.C("2", "g", R"({"a":1})", "L").C("3", "h", R"({"a":1})", "L");
  s.C("4", "k", R"({"a":1})", "L").C("5", "k", R"({"a":2})", "L");
  s.C("6", "transfer_to_b", "{}", "L");
  s.T("f", "", "F", {.id = "1"}).T("g", R"({"a":1})", "G");
  s.T("h", R"({"a":2})", "H").T("k", R"({"a":3})", "K1");
  s.T("k", R"({"a":3})", "K2").H("a", "b", "J");
  Options options = TestOptions(GetParam());
  options.min_evidence = Evidence::kOrder;
  EXPECT_THAT(
      Show(s, Play(options, s.Signals()).links),
      ElementsAre("F<-L tool_choice(1) tool_call_id",
                  "G<-L tool_choice(2) arguments", "H<-L tool_choice(3) name",
                  "J<-L handoff_choice(6) handoff",
                  "K1<-L tool_choice(4) order", "K2<-L tool_choice(5) order"));
}

// R22: what is shown does not change what is known.
TEST_P(RequirementsTest, MinimumEvidenceHidesOnly) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L").C("2", "f", R"({"a":2})", "L");
  s.T("f", R"({"a":3})", "X").T("f", R"({"a":2})", "Y").O("1", "L2");
  s.O("2", "L2");
  Options options = TestOptions(GetParam());
  options.min_evidence = Evidence::kToolCallId;
  EXPECT_THAT(Play(options, s.Signals()).links, IsEmpty());
  options.min_evidence = Evidence::kArguments;
  EXPECT_THAT(Show(s, Play(options, s.Signals()).links),
              ElementsAre("L2<-Y tool_result(2) arguments",
                          "Y<-L tool_choice(2) arguments"));
}

// R23
TEST_P(RequirementsTest, IdsAreNotInvented) {
  Scenario s;
  s.C("", "f", "{}", "L").T("f", "{}", "X");
  const PlayResult result = Play(TestOptions(GetParam()), s.Signals());
  ASSERT_EQ(result.links.size(), 1u);
  EXPECT_EQ(result.links[0].tool_call_id, "");
}

// R24
TEST_P(RequirementsTest, HandoffWithoutATarget) {
  Scenario s(Scenario::Root::kNone);
  s.Agent("A", "a").Under("A").C("1", "transfer_to_b", "{}", "L");
  s.H("a", "", "H", Outcome::kFailed);
  const std::vector<std::string> links = LinksOf(s);
  // What remains in the answer is this handoff, whatever its name.
  EXPECT_THAT(links, ElementsAre("H<-L handoff_choice(1) handoff_remaining"));
}

// R24
TEST_P(RequirementsTest, SignalsWithoutIdsAreCountedAndSkipped) {
  const Signal kSignals[] = {SpanStart{}, SpanFinish{},         LlmToolChoice{},
                             ToolCall{},  ToolCallOutputUsed{}, Handoff{}};
  const PlayResult result = Play(TestOptions(GetParam()), kSignals);
  EXPECT_THAT(result.links, IsEmpty());
  EXPECT_EQ(result.diagnostics.at(DiagnosticId::kMalformedSignal),
            std::size(kSignals));
  EXPECT_EQ(result.stats, ToolCallTracker::Stats());
}

// R24: nothing but a place in a trace is known.
TEST_P(RequirementsTest, SignalsWithNothingButIds) {
  SpanRef llm, tool;
  llm.context = {HashTraceId("t"), HashSpanId("l")};
  tool.context = {HashTraceId("t"), HashSpanId("x")};
  const Signal kSignals[] = {
      SpanStart{.span = llm},
      LlmToolChoice{.llm = llm},
      ToolCall{.tool = tool},
      ToolCallOutputUsed{.llm = llm},
      Handoff{.span = tool},
      LlmHook{.parent = llm},
      Annotate{.span_or_parent = llm, .key = "", .value = ""},
      SpanFinish{.span = llm},
      ScopeFinish{.scope = HashTraceId("t")}};
  const PlayResult result = Play(TestOptions(GetParam()), kSignals);
  EXPECT_EQ(result.stats, ToolCallTracker::Stats());
}

// R24: every span is an ancestor of every other.
TEST_P(RequirementsTest, CyclesOfParentsAreCut) {
  Scenario s;
  s.Span("p", SpanKind::kOther).Under("p").Span("q", SpanKind::kOther);
  s.Under("q").C("1", "f", "{}", "L").T("f", "{}", "X");
  std::vector<Signal> signals = s.Signals();
  for (Signal& signal : signals) {
    auto* start = std::get_if<SpanStart>(&signal);
    if (start == nullptr) continue;
    if (start->span.context == s.Context("p")) {
      start->span.parent = s.Context("q").span_id;
    }
  }
  const PlayResult result = Play(TestOptions(GetParam()), signals);
  EXPECT_THAT(Show(s, result.links),
              ElementsAre("X<-L tool_choice(1) arguments"));
  EXPECT_EQ(result.stats, ToolCallTracker::Stats());
}

}  // namespace
}  // namespace spanlink::testing
