// RunGenerator: well-formed runs of agents, with the links that are true.
//
// A `Plan` says in small numbers what happens: which traces, which runs side by
// side in one trace, which turns of a run, which calls of a turn and what
// became of them. `GeneratedRun` lays a plan out in time as a `Scenario` and
// keeps what really chose and used what. Plans that nobody could tell apart
// (two equal calls of which one leaves no span) are made decidable first.
//
// Names of spans are "TRACE.RUN.TURN" and what the span is: "0.1.2L".
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_TESTS_RUN_GENERATOR_H_
#define SPANLINK_TESTS_RUN_GENERATOR_H_

#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "spanlink/tests/testing.h"

namespace spanlink::testing {

enum class Fate : uint8_t {
  kOk,
  kFailed,    // ran and failed; the model reads the error
  kRetried,   // failed, then ran again
  kUntraced,  // ran without a span; the model reads the result
  kNever,
};
enum class IdStyle : uint8_t { kUnique, kRepeated, kToolName, kNone };

struct CallPlan {
  int tool = 0;       // 0 … 1
  int arguments = 0;  // 0 … 1
  IdStyle id = IdStyle::kUnique;
  Fate fate = Fate::kOk;
  bool tool_has_id = false;
  bool captured = true;  // the tool span holds the arguments
  bool nested = false;   // the tool span has another one of the call inside
  int delay = 0;         // 0 … 4: when it ends
};

struct TurnPlan {
  std::vector<CallPlan> calls;
  bool failed_before = false;  // the LLM call failed once
  bool wrapped = false;        // the LLM span has another one around it
  bool handoff = false;        // another agent goes on
  bool filtered = false;       // and does not see the tool calls so far
};

struct RunPlan {
  std::vector<TurnPlan> turns;
  bool has_agent = true;
  bool repeats_history = true;
};

struct Plan {
  std::vector<std::vector<RunPlan>> traces;
};
std::ostream& operator<<(std::ostream& out, const Plan& plan);

class GeneratedRun {
 public:
  explicit GeneratedRun(Plan plan);

  const Scenario& scenario() const { return scenario_; }
  const Plan& plan() const { return plan_; }  // made decidable

  // Which LLM span chose what an execution ran.
  const std::map<std::string, std::string>& chosen_by() const {
    return chosen_by_;
  }
  // Which LLM span used the result of an execution first, where no reader of
  // the trace can be in doubt.
  const std::map<std::string, std::string>& used_by() const { return used_by_; }
  // Tool spans inside the execution of their own call.
  const std::set<std::string>& nested() const { return nested_; }
  // How many calls an LLM span made under this id and name.
  size_t calls(const std::string& llm, const std::string& id,
               const std::string& tool) const;

  // The signals in some other order that a program may send them in: spans
  // start in order of time and before they end, children end before parents,
  // answers come before the ends of their executions, results before uses.
  std::vector<Signal> PromisedOrder(uint32_t seed) const;

 private:
  struct Result {
    std::string id, tool, execution;  // the execution may be none
  };
  struct Run {
    std::string key, parent;
    int64_t clock = 0;
    int agents = 0;
    int next_id = 0;
    std::vector<Result> history;
    std::vector<Result> fresh;            // since the last LLM span
    std::vector<std::string> answer_ids;  // of its calls
  };

  void AddRun(const RunPlan& plan, int trace, int number);
  void AddTurn(const RunPlan& plan, const TurnPlan& turn, Run& run, int number);
  void AddLlm(const RunPlan& plan, const TurnPlan& turn, Run& run,
              const std::string& key);
  void AddUses(const RunPlan& plan, const Run& run, const std::string& llm);
  void AddChoices(const TurnPlan& turn, const Run& run,
                  const std::vector<std::string>& ids, const std::string& llm);
  void AddExecution(const CallPlan& call, const std::string& id,
                    const std::string& key, int64_t start, Outcome outcome,
                    const std::string& llm);
  void AddTools(const TurnPlan& turn, Run& run,
                const std::vector<std::string>& ids, const std::string& llm);
  void AddHandoff(const TurnPlan& turn, Run& run, const std::string& id,
                  const std::string& llm);
  void NoteUses(const RunPlan& plan, Run& run, const std::string& llm);

  Plan plan_;
  Scenario scenario_{Scenario::Root::kNone};
  std::map<std::string, std::string> chosen_by_, used_by_;
  std::map<std::string, size_t> calls_;
  std::set<std::string> nested_;
};

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_RUN_GENERATOR_H_
