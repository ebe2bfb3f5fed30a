// What must hold for every well-formed run, on generated ones.
//
// The seed is fixed; RC_PARAMS in the environment ("seed=7 max_success=5000")
// gives another one and more cases.
#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
// After gtest, which it needs.
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"
#include "spanlink/tests/run_generator.h"
#include "spanlink/tests/testing.h"

// Set before anything asks for the configuration.
const int kSeedIsFixed =
    setenv("RC_PARAMS", "seed=20261121 max_success=150", /*overwrite=*/0);

namespace rc {

template <>
struct Arbitrary<spanlink::testing::CallPlan> {
  static Gen<spanlink::testing::CallPlan> arbitrary() {
    using spanlink::testing::CallPlan;
    using spanlink::testing::Fate;
    using spanlink::testing::IdStyle;
    return gen::build<CallPlan>(
        gen::set(&CallPlan::tool, gen::inRange(0, 2)),
        gen::set(&CallPlan::arguments, gen::inRange(0, 2)),
        gen::set(
            &CallPlan::id,
            gen::element(IdStyle::kUnique, IdStyle::kUnique, IdStyle::kRepeated,
                         IdStyle::kToolName, IdStyle::kNone)),
        gen::set(&CallPlan::fate,
                 gen::element(Fate::kOk, Fate::kOk, Fate::kFailed,
                              Fate::kRetried, Fate::kUntraced, Fate::kNever)),
        gen::set(&CallPlan::tool_has_id),
        gen::set(&CallPlan::captured, gen::element(true, true, true, false)),
        gen::set(&CallPlan::nested, gen::element(false, false, false, true)),
        gen::set(&CallPlan::delay, gen::inRange(0, 5)));
  }
};

template <>
struct Arbitrary<spanlink::testing::TurnPlan> {
  static Gen<spanlink::testing::TurnPlan> arbitrary() {
    using spanlink::testing::CallPlan;
    using spanlink::testing::TurnPlan;
    const auto rarely = gen::element(false, false, false, true);
    return gen::build<TurnPlan>(
        gen::set(&TurnPlan::calls,
                 gen::resize(4, gen::arbitrary<std::vector<CallPlan>>())),
        gen::set(&TurnPlan::failed_before, rarely),
        gen::set(&TurnPlan::wrapped, rarely),
        gen::set(&TurnPlan::handoff, rarely), gen::set(&TurnPlan::filtered));
  }
};

template <>
struct Arbitrary<spanlink::testing::RunPlan> {
  static Gen<spanlink::testing::RunPlan> arbitrary() {
    using spanlink::testing::RunPlan;
    using spanlink::testing::TurnPlan;
    return gen::build<RunPlan>(
        gen::set(&RunPlan::turns,
                 gen::nonEmpty(
                     gen::resize(3, gen::arbitrary<std::vector<TurnPlan>>()))),
        gen::set(&RunPlan::has_agent), gen::set(&RunPlan::repeats_history));
  }
};

template <>
struct Arbitrary<spanlink::testing::Plan> {
  static Gen<spanlink::testing::Plan> arbitrary() {
    using spanlink::testing::Plan;
    using spanlink::testing::RunPlan;
    const auto runs =
        gen::nonEmpty(gen::resize(2, gen::arbitrary<std::vector<RunPlan>>()));
    return gen::build<Plan>(gen::set(
        &Plan::traces, gen::nonEmpty(gen::resize(
                           2, gen::container<decltype(Plan::traces)>(runs)))));
  }
};

}  // namespace rc

namespace spanlink::testing {
namespace {

constexpr Mode kModes[] = {Mode::kLive, Mode::kSettled};

Options OptionsFor(Mode mode, Evidence min_evidence, UsePolicy policy) {
  Options options = TestOptions(mode);
  options.min_evidence = min_evidence;
  options.use_policy = policy;
  return options;
}

Options Everything(Mode mode) {
  return OptionsFor(mode, Evidence::kOrder, UsePolicy::kFirst);
}

bool IsChoice(const SpanLink& link) {
  return link.kind == LinkKind::kToolChoice ||
         link.kind == LinkKind::kHandoffChoice;
}

// Which of the links cannot all be said, in whatever order the signals came,
// or "".
std::string ContradictionIn(const GeneratedRun& run,
                            const std::vector<SpanLink>& links) {
  std::set<std::string> consumers, edges;
  for (const SpanLink& link : links) {
    const std::string consumer = run.scenario().NameOf(link.consumer);
    const std::string edge =
        consumer + "<-" + run.scenario().NameOf(link.producer);
    if (link.consumer.trace_id != link.producer.trace_id) {
      return edge + " goes from trace to trace";
    }
    if (!edges.insert(edge).second) return edge + " came twice";
    if (IsChoice(link) && !consumers.insert(consumer).second) {
      return consumer + " was chosen by two";
    }
  }
  return "";
}

// Why a set of links cannot be right whatever the run was, or "".
std::string FaultOf(const GeneratedRun& run,
                    const std::vector<SpanLink>& links) {
  const std::string contradiction = ContradictionIn(run, links);
  if (!contradiction.empty()) return contradiction;
  std::map<std::string, size_t> per_attempt;
  for (const SpanLink& link : links) {
    const std::string consumer = run.scenario().NameOf(link.consumer);
    const std::string producer = run.scenario().NameOf(link.producer);
    const std::string edge = consumer + "<-" + producer;
    if (run.nested().contains(consumer) || run.nested().contains(producer)) {
      return edge + " is about a span inside the execution";
    }
    if (link.kind != LinkKind::kToolChoice) continue;
    const std::string attempt =
        producer + "/" + link.tool_call_id + "/" + link.tool_name;
    const size_t calls =
        run.calls(producer, link.tool_call_id.str(), link.tool_name.str());
    if (++per_attempt[attempt + "#" + std::to_string(link.attempt)] > calls) {
      return edge + " is one execution too many of a call";
    }
  }
  return "";
}

// Which link of the graded ones, the exact grades, is not true, or "".
std::string ErrorOf(const GeneratedRun& run,
                    const std::vector<SpanLink>& links) {
  for (const SpanLink& link : links) {
    if (link.evidence > Evidence::kHandoff) continue;
    const std::string consumer = run.scenario().NameOf(link.consumer);
    const std::string producer = run.scenario().NameOf(link.producer);
    const auto& truth = IsChoice(link) ? run.chosen_by() : run.used_by();
    const auto found = truth.find(IsChoice(link) ? consumer : producer);
    if (found != truth.end() &&
        found->second != (IsChoice(link) ? producer : consumer)) {
      return consumer + "<-" + producer + " should be " + found->first +
             " and " + found->second;
    }
    if (!IsChoice(link) && truth.contains(producer + "r")) {
      return consumer + "<-" + producer + ", of which there was a retry";
    }
  }
  return "";
}

// What a person needs to see of a failing case.
void Log(const GeneratedRun& run, Mode mode,
         const std::vector<SpanLink>& links) {
  RC_LOG() << run.plan() << "\n" << mode << ":\n";
  for (const std::string& line : Show(run.scenario(), links)) {
    RC_LOG() << "  " << line << "\n";
  }
}

// The links of a run in one mode, which are logged.
std::vector<SpanLink> LinksOf(const GeneratedRun& run, const Options& options,
                              const std::vector<Signal>& signals) {
  std::vector<SpanLink> links = Play(options, signals).links;
  Log(run, options.mode, links);
  return links;
}

RC_GTEST_PROP(PropertiesTest, NoLinkIsImpossible, (const Plan& plan)) {
  const GeneratedRun run(plan);
  for (const Mode mode : kModes) {
    for (const UsePolicy policy : {UsePolicy::kFirst, UsePolicy::kAll}) {
      RC_ASSERT(
          FaultOf(run, LinksOf(run, OptionsFor(mode, Evidence::kOrder, policy),
                               run.scenario().Signals())) == "");
    }
  }
}

RC_GTEST_PROP(PropertiesTest, ExactGradesAreTrue, (const Plan& plan)) {
  const GeneratedRun run(plan);
  for (const Mode mode : kModes) {
    RC_ASSERT(ErrorOf(run, LinksOf(run, Everything(mode),
                                   run.scenario().Signals())) == "");
  }
}

// Makes every call of a plan one that a linker can know everything about.
Plan Complete(Plan plan) {
  for (auto& runs : plan.traces) {
    for (RunPlan& run : runs) {
      for (TurnPlan& turn : run.turns) {
        turn.filtered = false;
        for (CallPlan& call : turn.calls) {
          const bool ran =
              call.fate == Fate::kFailed || call.fate == Fate::kRetried;
          if (!ran) call.fate = Fate::kOk;
          call.id = IdStyle::kUnique;
          call.captured = true;
        }
      }
    }
  }
  return plan;
}

RC_GTEST_PROP(PropertiesTest, CompleteRunsAreLinkedCompletely,
              (const Plan& plan)) {
  const GeneratedRun run(Complete(plan));
  std::set<std::string> expected;
  for (const auto& [execution, llm] : run.chosen_by()) {
    expected.insert(execution + "<-" + llm);
  }
  for (const auto& [execution, llm] : run.used_by()) {
    expected.insert(llm + "<-" + execution);
  }
  for (const Mode mode : kModes) {
    std::set<std::string> edges;
    for (const SpanLink& link :
         LinksOf(run, TestOptions(mode), run.scenario().Signals())) {
      RC_ASSERT(link.evidence <= Evidence::kHandoff);
      edges.insert(run.scenario().NameOf(link.consumer) + "<-" +
                   run.scenario().NameOf(link.producer));
    }
    RC_ASSERT(edges == expected);
  }
}

RC_GTEST_PROP(PropertiesTest, SettledLinksDoNotDependOnTheOrder,
              (const Plan& plan, uint32_t seed)) {
  const GeneratedRun run(plan);
  const std::vector<Signal> signals = run.scenario().Signals();
  for (const UsePolicy policy : {UsePolicy::kFirst, UsePolicy::kAll}) {
    const Options options =
        OptionsFor(Mode::kSettled, Evidence::kOrder, policy);
    const auto links = LinksOf(run, options, signals);
    const auto again = LinksOf(run, options, Shuffled(signals, seed));
    RC_ASSERT(Show(run.scenario(), links) == Show(run.scenario(), again));
  }
}

// The same links come out in the same order, too.
RC_GTEST_PROP(PropertiesTest, SettledLinksComeInOneOrder,
              (const std::vector<RunPlan>& runs, uint32_t seed)) {
  const GeneratedRun run(Plan{{runs}});  // several scopes settle in turn
  const std::vector<Signal> signals = run.scenario().Signals();
  const Options options = Everything(Mode::kSettled);
  auto links = LinksOf(run, options, signals);
  auto again = LinksOf(run, options, Shuffled(signals, seed));
  for (auto* some : {&links, &again}) {
    for (SpanLink& link : *some) link.consumer_finished = false;
  }
  RC_ASSERT(links == again);
}

// Producers that send no SpanStart but name all spans above theirs; the names
// of agents, which handoffs need, they cannot tell.
RC_GTEST_PROP(PropertiesTest, SettledToolLinksNeedNoStarts,
              (const Plan& plan)) {
  const GeneratedRun run(plan);
  const Options options = Everything(Mode::kSettled);
  auto links = LinksOf(run, options, run.scenario().Signals());
  auto again =
      LinksOf(run, options,
              run.scenario().Signals({.starts = false, .ancestors = true}));
  for (auto* some : {&links, &again}) {
    std::erase_if(*some, [](const SpanLink& link) {
      return link.kind != LinkKind::kToolChoice &&
             link.kind != LinkKind::kToolResult;
    });
  }
  RC_ASSERT(Show(run.scenario(), links) == Show(run.scenario(), again));
}

void ExpectModesAgree(const GeneratedRun& run,
                      const std::vector<Signal>& signals) {
  const auto live = LinksOf(run, Everything(Mode::kLive), signals);
  const auto settled = LinksOf(run, Everything(Mode::kSettled), signals);
  RC_ASSERT(Show(run.scenario(), live) == Show(run.scenario(), settled));
}

RC_GTEST_PROP(PropertiesTest, LiveEqualsSettled, (const Plan& plan)) {
  const GeneratedRun run(plan);
  ExpectModesAgree(run, run.scenario().Signals());
}

RC_GTEST_PROP(PropertiesTest, LiveEqualsSettledOnEveryPromisedOrder,
              (const Plan& plan, uint32_t seed)) {
  const GeneratedRun run(plan);
  ExpectModesAgree(run, run.PromisedOrder(seed));
}

// In any order at all: what live mode says stays possible and is said once.
RC_GTEST_PROP(PropertiesTest, LiveNeverRetracts,
              (const Plan& plan, uint32_t seed)) {
  const GeneratedRun run(plan);
  const auto links = LinksOf(run, Everything(Mode::kLive),
                             Shuffled(run.scenario().Signals(), seed));
  RC_ASSERT(ContradictionIn(run, links) == "");
}

RC_GTEST_PROP(PropertiesTest, BooksAreEmptyAtTheEnd,
              (const Plan& plan, uint32_t seed)) {
  const GeneratedRun run(plan);
  const std::vector<Signal> signals = Shuffled(run.scenario().Signals(), seed);
  for (const Mode mode : kModes) {
    const PlayResult result = Play(Everything(mode), signals);
    RC_ASSERT(result.stats == ToolCallTracker::Stats());
  }
}

// Bounds so narrow that everything is evicted all the time, in any order, from
// producers that name all spans above theirs.
RC_GTEST_PROP(PropertiesTest, NarrowBoundsAreKept,
              (const Plan& plan, uint32_t seed)) {
  const GeneratedRun run(plan);
  const std::vector<Signal> signals =
      Shuffled(run.scenario().Signals(
                   {.starts = seed % 3 != 0, .ancestors = seed % 2 != 0}),
               seed);
  const auto few = [&](size_t most) {
    return *rc::gen::inRange<size_t>(0, most);
  };
  for (const Mode mode : kModes) {
    Options options = Everything(mode);
    options.limits.spans_per_scope = few(6);
    options.limits.calls_per_scope = few(4);
    options.limits.executions_per_scope = few(4);
    options.limits.uses_per_scope = few(4);
    const PlayResult result = Play(options, signals);
    RC_ASSERT(ContradictionIn(run, result.links) == "");
    RC_ASSERT(result.before.calls <=
              options.limits.calls_per_scope * result.before.scopes);
    RC_ASSERT(result.before.executions <=
              options.limits.executions_per_scope * result.before.scopes);
    RC_ASSERT(result.before.uses <=
              options.limits.uses_per_scope * result.before.scopes);
    RC_ASSERT(result.stats == ToolCallTracker::Stats());
  }
}

// A stronger demand shows fewer links and changes none of those it shows.
RC_GTEST_PROP(PropertiesTest, MinimumEvidenceOnlyHides, (const Plan& plan)) {
  const GeneratedRun run(plan);
  const std::vector<Signal> signals = run.scenario().Signals();
  for (const Mode mode : kModes) {
    std::vector<SpanLink> strong;
    for (const SpanLink& link : LinksOf(run, Everything(mode), signals)) {
      if (link.evidence <= Evidence::kArguments) strong.push_back(link);
    }
    const auto shown =
        LinksOf(run, OptionsFor(mode, Evidence::kArguments, UsePolicy::kFirst),
                signals);
    RC_ASSERT(Show(run.scenario(), shown) == Show(run.scenario(), strong));
  }
}

}  // namespace
}  // namespace spanlink::testing
