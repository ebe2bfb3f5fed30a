#include "spanlink/tests/run_generator.h"

#include <algorithm>
#include <random>
#include <utility>
#include <variant>

namespace spanlink::testing {
namespace {

constexpr int64_t kTurn = 1500;       // from turn to turn
constexpr int64_t kLlm = 300;         // the LLM call, from the start of a turn
constexpr int64_t kTools = 700;       // the tools start
constexpr int64_t kRetries = 1000;    // and start again
constexpr int64_t kHandoff = 1300;    // the handoff
constexpr int64_t kBetweenTools = 7;  // more than clocks may differ by

std::string ToolName(const CallPlan& call) {
  return call.tool == 0 ? "search" : "fetch";
}

std::string ArgumentsOf(const CallPlan& call) {
  return call.arguments == 0 ? R"({"q":"x","n":1})" : R"({"q":"y","n":2})";
}

// Of several calls of one tool in one answer none may vanish: which one ran
// would be anybody's guess. Nor can anybody know which of them a retry belongs
// to, unless the arguments say so or nothing else failed.
void MakeDecidable(TurnPlan& turn, CallPlan& call) {
  int calls = 0;
  bool captured = true;
  bool equal_failed = false;
  for (const CallPlan& other : turn.calls) {
    if (other.tool != call.tool) continue;
    ++calls;
    captured &= other.captured;
    equal_failed |=
        other.fate == Fate::kFailed && other.arguments == call.arguments;
  }
  if (calls == 1) return;
  const bool vanishes =
      call.fate == Fate::kUntraced || call.fate == Fate::kNever;
  const bool is_retry = call.fate == Fate::kRetried;
  if (vanishes || (is_retry && (!captured || equal_failed))) {
    call.fate = Fate::kOk;
  }
}

// A result without id is known by its position, so its call must have one.
void MakeDecidable(TurnPlan& turn) {
  for (CallPlan& call : turn.calls) {
    MakeDecidable(turn, call);
    if (call.id == IdStyle::kNone) {
      call.tool_has_id = false;
      if (call.fate == Fate::kNever) call.fate = Fate::kOk;
    }
    if (!call.captured && !call.tool_has_id) call.nested = false;
  }
}

void MakeDecidable(RunPlan& run) {
  bool some_without_id = false;
  for (TurnPlan& turn : run.turns) {
    MakeDecidable(turn);
    for (const CallPlan& call : turn.calls) {
      some_without_id |= call.id == IdStyle::kNone;
    }
  }
  run.repeats_history |= some_without_id;
  for (TurnPlan& turn : run.turns) {
    turn.handoff &= run.has_agent;
    turn.filtered &= turn.handoff && !some_without_id;
  }
}

// The parts of a key "TRACE.RUN.TURN…".
struct Address {
  std::string run;
  int turn = 0;
};

Address AddressOf(const std::string& key) {
  const size_t first = key.find('.');
  if (first == std::string::npos) return {};
  const size_t second = key.find('.', first + 1);
  if (second == std::string::npos) return {key, 0};
  return {key.substr(0, second), std::stoi(key.substr(second + 1))};
}

// Signals that arrive together, and what must have arrived before.
struct Block {
  std::vector<Signal> signals;
  std::vector<size_t> after;
};

std::vector<Signal> RandomOrder(const std::vector<Block>& blocks,
                                uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<bool> done(blocks.size());
  std::vector<Signal> signals;
  for (size_t n = 0; n < blocks.size(); ++n) {
    std::vector<size_t> ready;
    for (size_t i = 0; i < blocks.size(); ++i) {
      const auto& after = blocks[i].after;
      const bool is_ready = std::all_of(after.begin(), after.end(),
                                        [&](size_t j) { return done[j]; });
      if (!done[i] && is_ready) ready.push_back(i);
    }
    const size_t next = ready[random() % ready.size()];
    done[next] = true;
    signals.insert(signals.end(), blocks[next].signals.begin(),
                   blocks[next].signals.end());
  }
  return signals;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Plan& plan) {
  for (size_t t = 0; t < plan.traces.size(); ++t) {
    for (const RunPlan& run : plan.traces[t]) {
      out << "\ntrace " << t << " run agent=" << run.has_agent
          << " history=" << run.repeats_history;
      for (const TurnPlan& turn : run.turns) {
        out << "\n  turn failed_before=" << turn.failed_before
            << " wrapped=" << turn.wrapped << " handoff=" << turn.handoff
            << " filtered=" << turn.filtered;
        for (const CallPlan& call : turn.calls) {
          out << "\n    call " << ToolName(call) << ArgumentsOf(call)
              << " id=" << static_cast<int>(call.id)
              << " fate=" << static_cast<int>(call.fate)
              << " tool_has_id=" << call.tool_has_id
              << " captured=" << call.captured << " nested=" << call.nested
              << " delay=" << call.delay;
        }
      }
    }
  }
  return out;
}

GeneratedRun::GeneratedRun(Plan plan) : plan_(std::move(plan)) {
  for (size_t t = 0; t < plan_.traces.size(); ++t) {
    scenario_.InTrace("trace" + std::to_string(t));
    for (size_t r = 0; r < plan_.traces[t].size(); ++r) {
      MakeDecidable(plan_.traces[t][r]);
      AddRun(plan_.traces[t][r], static_cast<int>(t), static_cast<int>(r));
    }
  }
}

void GeneratedRun::AddRun(const RunPlan& plan, int trace, int number) {
  Run run;
  run.key = std::to_string(trace) + "." + std::to_string(number);
  run.clock = 1000 + 3 * number + 11 * trace;
  run.parent = run.key + ".0task";
  scenario_.Under("").Span(run.parent, SpanKind::kOther);
  if (plan.has_agent) {
    scenario_.Under(run.parent);
    run.parent = run.key + ".0agent";
    scenario_.Agent(run.parent, "agent0");
  }
  int turn = 1;
  for (const TurnPlan& t : plan.turns) AddTurn(plan, t, run, turn++);
  AddTurn(plan, TurnPlan(), run, turn);  // the last answer
}

void GeneratedRun::AddTurn(const RunPlan& plan, const TurnPlan& turn, Run& run,
                           int number) {
  const std::string key = run.key + "." + std::to_string(number);
  scenario_.Under(run.parent);
  if (turn.failed_before) {
    AddUses(plan, run, key + "F");
    scenario_.Llm(key + "F").At(run.clock + 10, run.clock + 200).Failed();
  }
  std::vector<std::string> ids;
  for (const CallPlan& call : turn.calls) {
    const std::string unique = run.key + "-" + std::to_string(run.next_id++);
    switch (call.id) {
      case IdStyle::kUnique:
        ids.push_back(unique);
        break;
      case IdStyle::kRepeated:
        ids.push_back("call_0");
        break;
      case IdStyle::kToolName:
        ids.push_back(ToolName(call));
        break;
      case IdStyle::kNone:
        ids.push_back("");
        break;
    }
  }
  if (turn.handoff) ids.push_back(run.key + "-h" + std::to_string(number));
  if (turn.wrapped) {
    AddUses(plan, run, key + "W");
    AddChoices(turn, run, ids, key + "W");
    scenario_.Llm(key + "W").At(run.clock + kLlm - 20, run.clock + kTools - 20);
    scenario_.Under(key + "W");
  }
  const std::string llm = key + "L";
  AddUses(plan, run, llm);
  AddChoices(turn, run, ids, llm);
  scenario_.Llm(llm).At(run.clock + kLlm, run.clock + kTools - 100);
  NoteUses(plan, run, llm);
  for (size_t i = 0; i < turn.calls.size(); ++i) {
    ++calls_[llm + "/" + ids[i] + "/" + ToolName(turn.calls[i])];
  }
  scenario_.Under(run.parent);
  AddTools(turn, run, ids, llm);
  if (turn.handoff) AddHandoff(turn, run, ids.back(), llm);
  run.answer_ids = std::move(ids);
  run.clock += kTurn;
}

// The results in the prompt: each id once, results without id by position.
void GeneratedRun::AddUses(const RunPlan& plan, const Run& run,
                           const std::string& llm) {
  std::vector<Result> prompt;
  if (plan.repeats_history) prompt = run.history;
  prompt.insert(prompt.end(), run.fresh.begin(), run.fresh.end());
  std::set<std::string> seen;
  std::map<std::string, uint32_t> ordinals;
  for (const Result& result : prompt) {
    if (result.id.empty()) {
      scenario_.O("", llm,
                  {.tool = result.tool, .ordinal = ordinals[result.tool]++});
    } else if (seen.insert(result.id).second) {
      scenario_.O(result.id, llm);
    }
  }
}

void GeneratedRun::NoteUses(const RunPlan& plan, Run& run,
                            const std::string& llm) {
  std::map<std::string, int> times;
  for (const std::string& id : run.answer_ids) ++times[id];
  for (const Result& result : run.fresh) {
    const bool is_unique = result.id.empty() || times[result.id] == 1;
    if (is_unique && !result.execution.empty()) {
      used_by_[result.execution] = llm;
    }
  }
  if (plan.repeats_history) {
    run.history.insert(run.history.end(), run.fresh.begin(), run.fresh.end());
  }
  run.fresh.clear();
}

void GeneratedRun::AddChoices(const TurnPlan& turn, const Run& run,
                              const std::vector<std::string>& ids,
                              const std::string& llm) {
  for (size_t i = 0; i < turn.calls.size(); ++i) {
    scenario_.C(ids[i], ToolName(turn.calls[i]), ArgumentsOf(turn.calls[i]),
                llm);
  }
  if (!turn.handoff) return;
  scenario_.C(ids.back(), "transfer_to_agent" + std::to_string(run.agents + 1),
              "{}", llm);
}

void GeneratedRun::AddExecution(const CallPlan& call, const std::string& id,
                                const std::string& key, int64_t start,
                                Outcome outcome, const std::string& llm) {
  const std::string arguments = ArgumentsOf(call);
  const MaybeText seen =
      call.captured ? MaybeText(arguments) : MaybeText(std::nullopt);
  const std::string tool_id = call.tool_has_id ? id : "";
  const int64_t end = start + 30 + 40 * call.delay;
  scenario_.T(ToolName(call), seen, key, {.id = tool_id, .outcome = outcome});
  scenario_.At(start, end);
  chosen_by_[key] = llm;
}

void GeneratedRun::AddTools(const TurnPlan& turn, Run& run,
                            const std::vector<std::string>& ids,
                            const std::string& llm) {
  for (size_t i = 0; i < turn.calls.size(); ++i) {
    const CallPlan& call = turn.calls[i];
    std::string key = llm + "X" + std::to_string(i);
    const int64_t shift = kBetweenTools * static_cast<int64_t>(i);
    const int64_t start = run.clock + kTools + shift;
    if (call.fate == Fate::kNever) continue;
    if (call.fate == Fate::kUntraced) {
      run.fresh.push_back({ids[i], ToolName(call), ""});
      continue;
    }
    const bool fails = call.fate != Fate::kOk;
    AddExecution(call, ids[i], key, start,
                 fails ? Outcome::kFailed : Outcome::kOk, llm);
    if (call.fate == Fate::kRetried) {
      key += "r";
      AddExecution(call, ids[i], key, run.clock + kRetries + shift,
                   Outcome::kOk, llm);
    } else if (call.nested) {
      scenario_.Under(key).T(
          ToolName(call),
          call.captured ? MaybeText(ArgumentsOf(call)) : std::nullopt,
          key + "in", {.id = call.tool_has_id ? ids[i] : ""});
      scenario_.At(start + 2, start + 28 + 40 * call.delay);
      scenario_.Under(run.parent);
      nested_.insert(key + "in");
    }
    run.fresh.push_back({ids[i], ToolName(call), key});
  }
}

void GeneratedRun::AddHandoff(const TurnPlan& turn, Run& run,
                              const std::string& id, const std::string& llm) {
  const std::string from = "agent" + std::to_string(run.agents);
  const std::string to = "agent" + std::to_string(++run.agents);
  const std::string key = llm + "H";
  scenario_.H(from, to, key).At(run.clock + kHandoff, run.clock + kHandoff + 9);
  chosen_by_[key] = llm;
  run.fresh.push_back({id, "", key});
  if (turn.filtered) {
    run.fresh.clear();
    run.history.clear();
  }
  const std::string turn_key = llm.substr(0, llm.size() - 1);
  scenario_.Under(run.key + ".0task");
  run.parent = turn_key + "agent";
  scenario_.Agent(run.parent, to);
}

size_t GeneratedRun::calls(const std::string& llm, const std::string& id,
                           const std::string& tool) const {
  const auto found = calls_.find(llm + "/" + id + "/" + tool);
  return found == calls_.end() ? 0 : found->second;
}

std::vector<Signal> GeneratedRun::PromisedOrder(uint32_t seed) const {
  std::vector<Block> blocks;
  std::map<SpanContext, size_t> starts;
  std::map<std::string, std::vector<size_t>> llm_ends, tool_ends;
  std::map<SpanContext, std::vector<size_t>> child_ends;
  std::map<std::string, size_t> ends;
  std::optional<size_t> last_start;
  Block ending;
  for (const Signal& signal : scenario_.Signals()) {
    const SpanContext span = SpanOf(signal);
    if (std::holds_alternative<SpanStart>(signal)) {
      Block& block = blocks.emplace_back(Block{{signal}, {}});
      if (last_start) block.after.push_back(*last_start);
      // A retry starts after the attempt that failed has ended.
      const std::string name = scenario_.NameOf(span);
      if (name.ends_with('r')) {
        const auto failed = ends.find(name.substr(0, name.size() - 1));
        if (failed != ends.end()) block.after.push_back(failed->second);
      }
      last_start = starts[span] = blocks.size() - 1;
      continue;
    }
    ending.signals.push_back(signal);
    const auto* finish = std::get_if<SpanFinish>(&signal);
    if (finish == nullptr) continue;
    // Ends come in the order of a real run here, so children are known.
    const size_t number = blocks.size();
    const Address address = AddressOf(scenario_.NameOf(span));
    ends[scenario_.NameOf(span)] = number;
    ending.after = child_ends[span];
    ending.after.push_back(starts[span]);
    if (finish->kind == SpanKind::kLlm) {
      for (const auto* earlier :
           {&llm_ends[address.run], &tool_ends[address.run]}) {
        ending.after.insert(ending.after.end(), earlier->begin(),
                            earlier->end());
      }
      llm_ends[address.run].push_back(number);
    } else if (finish->kind == SpanKind::kTool ||
               finish->kind == SpanKind::kHandoff) {
      const std::vector<size_t>& answers = llm_ends[address.run];
      ending.after.insert(ending.after.end(), answers.begin(), answers.end());
      tool_ends[address.run].push_back(number);
    }
    child_ends[{span.trace_id, finish->span.parent.value_or(SpanId{})}]
        .push_back(number);
    blocks.push_back(std::exchange(ending, {}));
  }
  return RandomOrder(blocks, seed);
}

}  // namespace spanlink::testing
