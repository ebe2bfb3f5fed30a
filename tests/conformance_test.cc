// The sequences on which the best peer fails: calls, executions and uses. The
// names of the tests begin with the row of the conformance list.
#include "spanlink/tests/conformance.h"

namespace spanlink::testing {
namespace {

constexpr MaybeText kNotCaptured = std::nullopt;

INSTANTIATE_TEST_SUITE_P(All, ConformanceTest,
                         ::testing::Values(Mode::kLive, Mode::kSettled),
                         [](const auto& info) {
                           return info.param == Mode::kLive ? "Live"
                                                            : "Settled";
                         });

TEST_P(ConformanceTest, W1ParallelEqualCallsPairByStart) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "A").At(200, 300).T("f", "{}", "B").At(210, 310);
  s.O("1", "L2").O("2", "L2");
  Expect(s,
         {"A<-L1 tool_choice(1) arguments", "B<-L1 tool_choice(2) arguments",
          "L2<-A tool_result(1) arguments", "L2<-B tool_result(2) arguments"});
}

TEST_P(ConformanceTest, W1FinishInReverseOrder) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "A").At(200, 400).T("f", "{}", "B").At(210, 310);
  s.O("1", "L2").O("2", "L2");
  Expect(s,
         {"A<-L1 tool_choice(1) arguments", "B<-L1 tool_choice(2) arguments",
          "L2<-A tool_result(1) arguments", "L2<-B tool_result(2) arguments"});
}

TEST_P(ConformanceTest, W1WithoutSpanStartTimesTellTheOrder) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "A").At(200, 400).T("f", "{}", "B").At(210, 310);
  s.O("1", "L2").O("2", "L2");
  ExpectInOrder(
      s,
      {"A<-L1 tool_choice(1) arguments", "B<-L1 tool_choice(2) arguments",
       "L2<-A tool_result(1) arguments", "L2<-B tool_result(2) arguments"},
      {}, TestOptions(GetParam()),
      s.Signals({.starts = false, .ancestors = true}));
}

TEST_P(ConformanceTest, W1WithoutTimesStartSignalsTellTheOrder) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "A").At(200, 400).T("f", "{}", "B").At(210, 310);
  s.O("1", "L2").O("2", "L2");
  ExpectInOrder(
      s,
      {"A<-L1 tool_choice(1) arguments", "B<-L1 tool_choice(2) arguments",
       "L2<-A tool_result(1) arguments", "L2<-B tool_result(2) arguments"},
      {}, TestOptions(GetParam()), s.Signals({.times = false}));
}

// Neither SpanStart nor times: a tool is heard of when it ends, which says
// nothing of the order in which equal calls started.
TEST_P(ConformanceTest, W1UnknownStartOrderIsOrder) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "A").T("f", "{}", "B").O("1", "L2").O("2", "L2");
  const std::vector<Signal> signals =
      s.Signals({.starts = false, .times = false, .ancestors = true});
  Options options = TestOptions(GetParam());
  options.min_evidence = Evidence::kOrder;
  ExpectInOrder(s,
                {"A<-L1 tool_choice(1) order", "B<-L1 tool_choice(2) order",
                 "L2<-A tool_result(1) order", "L2<-B tool_result(2) order"},
                {}, options, signals);
  ExpectInOrder(s, {}, {}, TestOptions(GetParam()), signals);
}

// Of one answer, the call that nothing ran goes before the one that failed.
TEST_P(ConformanceTest, W1FailedCallComesLastInItsAnswer) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", std::nullopt, "A", {.outcome = Outcome::kFailed});
  s.T("f", std::nullopt, "B");
  Options options = TestOptions(GetParam());
  options.min_evidence = Evidence::kOrder;
  ExpectInOrder(
      s, {"A<-L1 tool_choice(1) order", "B<-L1 tool_choice(2) order"}, {},
      options, s.Signals({.starts = false, .times = false, .ancestors = true}));
}

TEST_P(ConformanceTest, W2IdsDecideInAnyOrder) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "B", {.id = "2"}).At(200, 400);
  s.T("f", "{}", "A", {.id = "1"}).At(210, 310);
  s.O("1", "L2").O("2", "L2");
  Expect(s, {"A<-L1 tool_choice(1) tool_call_id",
             "B<-L1 tool_choice(2) tool_call_id",
             "L2<-A tool_result(1) tool_call_id",
             "L2<-B tool_result(2) tool_call_id"});
}

TEST_P(ConformanceTest, W2IdsInOrderOfTheAnswer) {
  Scenario s;
  s.C("1", "f", "{}", "L1").C("2", "f", "{}", "L1");
  s.T("f", "{}", "A", {.id = "1"}).T("f", "{}", "B", {.id = "2"});
  s.O("1", "L2").O("2", "L2");
  Expect(s, {"A<-L1 tool_choice(1) tool_call_id",
             "B<-L1 tool_choice(2) tool_call_id",
             "L2<-A tool_result(1) tool_call_id",
             "L2<-B tool_result(2) tool_call_id"});
}

TEST_P(ConformanceTest, W3UntracedToolPoisonsNothing) {
  Scenario s;
  s.C("1", "f", "{}", "L1").O("1", "L2").C("2", "f", "{}", "L3");
  s.T("f", "{}", "X").O("2", "L4");
  Expect(s,
         {"X<-L3 tool_choice(2) arguments", "L4<-X tool_result(2) arguments"},
         {"use_without_execution=1"});
}

TEST_P(ConformanceTest, W3UntracedToolWithIdOnTheNextOne) {
  Scenario s;
  s.C("1", "f", "{}", "L1").O("1", "L2").C("2", "f", "{}", "L3");
  s.T("f", "{}", "X", {.id = "2"}).O("2", "L4");
  Expect(s,
         {"X<-L3 tool_choice(2) tool_call_id",
          "L4<-X tool_result(2) tool_call_id"},
         {"use_without_execution=1"});
}

// Presumed executed outside the trace: an equal execution without the id is
// none of it.
TEST_P(ConformanceTest, W3PresumedUntracedIsNotClaimedByArguments) {
  Scenario s;
  s.C("1", "f", "{}", "L1").O("1", "L2").T("f", "{}", "X");
  Expect(s, {}, {"unmatched_execution=1", "use_without_execution=1"});
}

TEST_P(ConformanceTest, W4TracesDoNotMix) {
  Scenario s;
  s.InTrace("A").InTrace("B");
  s.InTrace("A").C("a", "now", "{}", "LA");
  s.InTrace("B").C("b", "now", "{}", "LB");
  s.T("now", "{}", "TB").InTrace("A").T("now", "{}", "TA");
  s.InTrace("B").O("b", "LB2").InTrace("A").O("a", "LA2");
  Expect(
      s,
      {"TB<-LB tool_choice(b) arguments", "TA<-LA tool_choice(a) arguments",
       "LB2<-TB tool_result(b) arguments", "LA2<-TA tool_result(a) arguments"});
}

TEST_P(ConformanceTest, W4EqualIdsInTwoTracesDoNotMix) {
  Scenario s;
  s.InTrace("A").C("1", "now", "{}", "LA");
  s.InTrace("B").C("1", "now", "{}", "LB");
  s.T("now", "{}", "TB", {.id = "1"});
  s.InTrace("A").T("now", "{}", "TA", {.id = "1"});
  s.InTrace("B").O("1", "LB2").InTrace("A").O("1", "LA2");
  Expect(s, {"TB<-LB tool_choice(1) tool_call_id",
             "TA<-LA tool_choice(1) tool_call_id",
             "LB2<-TB tool_result(1) tool_call_id",
             "LA2<-TA tool_result(1) tool_call_id"});
}

// R31
TEST_P(ConformanceTest, W5EnclosingSpanRepeatsTheChoice) {
  Scenario s;
  s.Llm("Lout").At(0, 300).Under("Lout").C("1", "f", "{}", "Lin").At(10, 50);
  s.Under("t").T("f", "{}", "X", {.id = "1"}).At(100, 200);
  s.C("1", "f", "{}", "Lout").O("1", "L2");
  Expect(s,
         {"X<-Lin tool_choice(1) tool_call_id",
          "L2<-X tool_result(1) tool_call_id"},
         {"choice_duplicate=1"});
}

// R31
TEST_P(ConformanceTest, W5EnclosingSpanReportsFirst) {
  Scenario s;
  s.C("1", "f", "{}", "Lout").At(0, 60);
  s.Under("Lout").C("1", "f", "{}", "Lin").At(10, 50).Reported(70);
  s.Under("t").T("f", "{}", "X", {.id = "1"}).At(100, 200).O("1", "L2");
  Expect(s,
         {"X<-Lin tool_choice(1) tool_call_id",
          "L2<-X tool_result(1) tool_call_id"},
         {"choice_duplicate=1"});
}

// R31
TEST_P(ConformanceTest, W5DuplicateIsNoSecondCallWithoutIdOnTheTool) {
  Scenario s;
  s.Llm("Lout").At(0, 300).Under("Lout").C("1", "f", "{}", "Lin").At(10, 50);
  s.Under("t").T("f", "{}", "X").At(100, 200).C("1", "f", "{}", "Lout");
  s.T("f", "{}", "Y").At(400, 450);
  Expect(s, {"X<-Lin tool_choice(1) arguments"},
         {"choice_duplicate=1", "unmatched_execution=1"});
}

TEST_P(ConformanceTest, W6ToolEndsBeforeTheAnswer) {
  Scenario s;
  s.C("1", "f", "{}", "L1").At(0, 300);
  s.T("f", "{}", "X", {.id = "1"}).At(100, 200).O("1", "L2");
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id",
             "L2<-X tool_result(1) tool_call_id"});
}

TEST_P(ConformanceTest, W7OrderOfKeys) {
  Scenario s;
  s.C("1", "search", R"({"limit":5,"query":"x"})", "L1");
  s.T("search", R"({"query":"x","limit":5})", "X").O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments"});
}

TEST_P(ConformanceTest, W8WhiteSpace) {
  Scenario s;
  s.C("1", "search", R"({ "query" : "x",  "limit" : 5 })", "L1");
  s.T("search", R"({"limit":5,"query":"x"})", "X").O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments"});
}

TEST_P(ConformanceTest, W9SecondEqualCallWithIds) {
  constexpr std::string_view kRaw = R"({"b": 1, "a": 2})";
  constexpr std::string_view kSorted = R"({"a":2,"b":1})";
  Scenario s;
  s.C("1", "s", kRaw, "L1").T("s", kSorted, "A", {.id = "1"});
  s.O("1", "L2").C("2", "s", kRaw, "L2").T("s", kSorted, "B", {.id = "2"});
  s.O("2", "L3");
  Expect(s, {"A<-L1 tool_choice(1) tool_call_id",
             "L2<-A tool_result(1) tool_call_id",
             "B<-L2 tool_choice(2) tool_call_id",
             "L3<-B tool_result(2) tool_call_id"});
}

TEST_P(ConformanceTest, W10OneIdForTwoTools) {
  Scenario s;
  s.C("call_0", "f", R"({"x":1})", "LA").C("call_0", "g", R"({"y":1})", "LB");
  s.T("f", R"({"x":1})", "A").T("g", R"({"y":1})", "B", {.id = "call_0"});
  Expect(s,
         {"A<-LA tool_choice(call_0) arguments",
          "B<-LB tool_choice(call_0) tool_call_id"},
         {"id_reused=1"});
}

TEST_P(ConformanceTest, W10OneIdTwiceInOneTool) {
  Scenario s;
  s.C("call_0", "f", R"({"x":1})", "L1");
  s.T("f", R"({"x":1})", "A", {.id = "call_0"}).O("call_0", "L2");
  s.C("call_0", "f", R"({"x":2})", "L2");
  s.T("f", R"({"x":2})", "B", {.id = "call_0"}).O("call_0", "L3");
  Expect(s,
         {"A<-L1 tool_choice(call_0) tool_call_id",
          "L2<-A tool_result(call_0) tool_call_id",
          "B<-L2 tool_choice(call_0) tool_call_id",
          "L3<-B tool_result(call_0) tool_call_id"},
         {"id_reused=1"});
}

TEST_P(ConformanceTest, W11EmptyId) {
  Scenario s;
  s.C("", "f", "{}", "L1").T("f", "{}", "X");
  s.O("", "L2", {.tool = "f", .ordinal = 0});
  Expect(s, {"X<-L1 tool_choice arguments", "L2<-X tool_result arguments"});
}

TEST_P(ConformanceTest, W11SeveralEmptyIds) {
  Scenario s;
  s.C("", "f", R"({"a":1})", "L1").C("", "f", R"({"a":2})", "L1");
  s.T("f", R"({"a":2})", "Y").T("f", R"({"a":1})", "X");
  s.O("", "L2", {.tool = "f", .ordinal = 0});
  s.O("", "L2", {.tool = "f", .ordinal = 1});
  Expect(s, {"X<-L1 tool_choice arguments", "Y<-L1 tool_choice arguments",
             "L2<-X tool_result arguments", "L2<-Y tool_result arguments"});
}

TEST_P(ConformanceTest, W12NeverExecuted) {
  Scenario s;
  s.C("1", "final_result", R"({"a":1})", "L1");
  Expect(s, {}, {"call_never_executed=1"});
}

TEST_P(ConformanceTest, W13RetryLinksTooAndGivesTheResult) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1");
  s.T("f", R"({"a":1})", "X", {.outcome = Outcome::kFailed});
  s.T("f", R"({"a":1})", "Y").O("1", "L2");
  Expect(s, {"X<-L1 tool_choice(1) arguments",
             "Y<-L1 tool_choice(1) arguments attempt 2",
             "L2<-Y tool_result(1) arguments"});
}

TEST_P(ConformanceTest, W13RetryWithIds) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1");
  s.T("f", R"({"a":1})", "X", {.id = "1", .outcome = Outcome::kFailed});
  s.T("f", R"({"a":1})", "Y", {.id = "1"}).O("1", "L2");
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id",
             "Y<-L1 tool_choice(1) tool_call_id attempt 2",
             "L2<-Y tool_result(1) tool_call_id"});
}

// The error of a tool is a result that the model reads.
TEST_P(ConformanceTest, W13LastFailureGivesTheResult) {
  Scenario s;
  s.C("1", "f", "{}", "L1");
  s.T("f", "{}", "X", {.outcome = Outcome::kFailed}).O("1", "L2");
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments"});
}

TEST_P(ConformanceTest, W14FailedLlmDoesNotConsume) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").T("f", R"({"a":1})", "X");
  s.O("1", "L2").Failed().O("1", "L2r");
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "L2r<-X tool_result(1) arguments"},
         {"use_by_failed_llm=1"});
}

TEST_P(ConformanceTest, W15FirstOfOverlappingUses) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").At(200, 300);
  s.O("1", "Lmain").At(400, 800).O("1", "Lmod").At(500, 700);
  const std::string first = GetParam() == Mode::kLive ? "Lmod" : "Lmain";
  Expect(s, {"X<-L1 tool_choice(1) arguments",
             first + "<-X tool_result(1) arguments"});
}

TEST_P(ConformanceTest, W15AllUses) {
  Scenario s;
  s.C("1", "f", "{}", "L1").T("f", "{}", "X").At(200, 300);
  s.O("1", "Lmain").At(400, 800).O("1", "Lmod").At(500, 700);
  Options options = TestOptions(GetParam());
  options.use_policy = UsePolicy::kAll;
  Expect(s,
         {"X<-L1 tool_choice(1) arguments", "Lmain<-X tool_result(1) arguments",
          "Lmod<-X tool_result(1) arguments"},
         {}, options);
}

TEST_P(ConformanceTest, W16UsedBeforeTheToolSpanEnds) {
  Scenario s;
  s.C("1", "f", "{}", "L1").At(0, 50);
  s.T("f", "{}", "X", {.id = "1"}).At(100, 400).O("1", "L2").At(200, 300);
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id",
             "L2<-X tool_result(1) tool_call_id"});
}

// A result cannot come from a tool that started later.
TEST_P(ConformanceTest, W16UsedBeforeTheToolStarts) {
  Scenario s;
  s.C("1", "f", "{}", "L1").O("1", "L2").T("f", "{}", "X", {.id = "1"});
  Expect(s, {"X<-L1 tool_choice(1) tool_call_id"}, {"use_without_execution=1"});
}

TEST_P(ConformanceTest, W19ArgumentsNotCapturedOneOpenCall) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").T("f", kNotCaptured, "X").O("1", "L2");
  Expect(s, {"X<-L1 tool_choice(1) name", "L2<-X tool_result(1) name"});
}

TEST_P(ConformanceTest, W19ArgumentsNotCapturedTwoOpenCalls) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").C("2", "f", R"({"a":2})", "L1");
  s.T("f", kNotCaptured, "X");
  Expect(s, {});
  Options options = TestOptions(GetParam());
  options.min_evidence = Evidence::kOrder;
  Expect(s, {"X<-L1 tool_choice(1) order"}, {}, options);
}

// Once two executions contested two calls, the last one is no unique match.
TEST_P(ConformanceTest, W19ContestedToTheLast) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").C("2", "f", R"({"a":2})", "L1");
  s.T("f", kNotCaptured, "X").T("f", kNotCaptured, "Y");
  Expect(s, {});
  Options options = TestOptions(GetParam());
  options.min_evidence = Evidence::kOrder;
  Expect(s, {"X<-L1 tool_choice(1) order", "Y<-L1 tool_choice(2) order"}, {},
         options);
}

TEST_P(ConformanceTest, W27SpellingOfNumbers) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").T("f", R"({"a":1.0})", "X");
  Expect(s, {"X<-L1 tool_choice(1) arguments"});
}

TEST_P(ConformanceTest, W27ArgumentsChangedOnTheWay) {
  Scenario s;
  s.C("1", "f", R"({"a":1})", "L1").T("f", R"({"a":1,"b":2})", "X");
  Expect(s, {"X<-L1 tool_choice(1) name"});
}

}  // namespace
}  // namespace spanlink::testing
