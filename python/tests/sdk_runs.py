"""Real runs of the OpenAI Agents SDK, offline, with the truth about each.

    run = sdk_runs.run("parallel_identical", "responses", streamed=True,
                       processors=[processor], hooks=SpanLinkHooks)
    for call in run.calls:
        print(call.span_id, call.tool_call_id, call.chosen_by, call.first_used_by)

The agents, the runner, both model classes and the HTTP client are the real
ones; only the answers come from here, through a transport in place of the
network. The truth is taken where things happen: the call id of a tool span from
the hook (or approval check) that runs inside it, the LLM span from the
transport, which runs inside that span and sees which results a request carries
and which calls its answer names. A call belongs to the last answer that its own
conversation got before: each run of an agent loop has a `Wire` of its own. No
span is matched with another by name, arguments or time.

The parts: `sdk_truth` what is known of a run, `sdk_wire` the other end of the
wire, `sdk_harness` what runs a scenario, `sdk_scenarios_*` the scenarios.

Of scenarios that need what the installed release of the SDK does not have,
`missing(scenario)` says what is missing; no test is made of them, and pytest
says at its beginning how many there are. `python sdk_runs.py --expected` writes
the counts of every run, derived from its truth.
"""

import argparse
import json
import pathlib
import random
from collections.abc import Sequence
from typing import Any

import sdk_scenarios_calls  # noqa: F401 (registers them)
import sdk_scenarios_runs  # noqa: F401 (registers them)
import sdk_scenarios_stops  # noqa: F401 (registers them)
from sdk_harness import (
    SCENARIOS,
    Env,
    EventLog,
    WrapHooks,
    X,
    all_runs,
    missing,
    run,
    run_body,
    run_key,
    runs_here,
    slow_tool,
)
from sdk_models import CannedModel, PositionalOnlyModel
from sdk_truth import APIS, CAPABILITIES, Call, Run
from sdk_wire import MODEL, Answer, Ask, Wire, ask, say

__all__ = [
    "APIS",
    "CAPABILITIES",
    "EXPECTED",
    "MODEL",
    "SCENARIOS",
    "Answer",
    "Ask",
    "Call",
    "CannedModel",
    "Env",
    "EventLog",
    "PositionalOnlyModel",
    "Run",
    "Wire",
    "X",
    "acc_workload",
    "all_runs",
    "ask",
    "expected",
    "missing",
    "run",
    "run_body",
    "run_key",
    "runs_here",
    "say",
    "slow_tool",
]

EXPECTED = pathlib.Path(__file__).parent / "expected" / "sdk_runs.json"

# --- The workload of R16 ------------------------------------------------------


def acc_workload(
    seed: int,
    runs: int,
    api: str = "responses",
    streamed: bool = False,
    *,
    hooks: WrapHooks | None = None,
    processors: Sequence[Any] = (),
) -> Run:
    """Runs an outer agent that calls two agents as tools, and the tool that they
    call too, all in parallel; few different arguments, random delays. Each of the
    `runs` has a trace of its own, about 33 tool spans and call ids of its own.
    """
    chance = random.Random(seed)

    async def body(env: Env) -> None:
        for _ in range(runs):
            await _acc_run(env, chance)

    return run_body(body, Env(api, streamed, hooks), "acc", processors)


async def _acc_run(env: Env, chance: random.Random) -> None:
    delays: dict[str, float] = {}
    probe = slow_tool("probe", delays)

    def asks(tool: Any, count: int, key: str = "x") -> list[Ask]:
        made = []
        for _ in range(count):
            call_id = f"call_{len(delays)}_{chance.randrange(16**8):08x}"
            delays[call_id] = chance.uniform(0, 4)
            made.append(Ask(call_id, tool, json.dumps({key: chance.choice("ab")})))
        return made

    turns = 2
    tools = []
    for name in ("left", "right"):
        answers = [ask(*asks(probe, chance.randint(2, 4))) for _ in range(2)]
        more = [ask(*asks(probe, chance.randint(2, 4))) for _ in range(2)]
        wire = env.wire(*answers, say(), *more, say())
        agent = env.agent(name, wire, tools=[probe])
        tools.append(env.as_tool(agent, f"ask_{name}", wire))
    outer = env.wire()
    answers = []
    for _ in range(turns):
        mixed = asks(probe, chance.randint(2, 3))
        for tool in tools:
            mixed += asks(tool, 1, "input")
        chance.shuffle(mixed)
        answers.append(ask(*mixed))
    outer.follow(*answers, say())
    await env.run(env.agent("Outer", outer, tools=[probe, *tools]), outer)


# --- What is expected of a linker ---------------------------------------------


def expected(
    name: str, api: str, streamed: bool, *, hooks: bool = False
) -> dict[str, int]:
    """Returns the counts that a right linker reaches, with or without hooks.

    The tables are the committed ones, written before there was a linker to run.
    """
    row = json.loads(EXPECTED.read_text(encoding="utf-8"))[run_key(name, api, streamed)]
    told = hooks and CAPABILITIES["LLM hooks"]
    counts = {key: row[key] for key in COUNTS}
    return counts if told else {**counts, **row.get("without_hooks", {})}


COUNTS = (
    "tools",
    "handoffs",
    "guardrails",
    "choice_links",
    "result_links",
    "guardrail_links",
)


def expected_row(truth: Run) -> dict[str, Any]:
    """Returns the row of a run: its truth, and what its scenario says beyond."""
    told = SCENARIOS[truth.scenario]
    row: dict[str, Any] = {**truth.counts(), **told.counts}
    if told.without_hooks:
        row["without_hooks"] = told.without_hooks
    if told.why:
        row["why"] = told.why
    return row


def write_expected() -> None:
    """Writes the rows of all runs; those that cannot run here stay as they are."""
    rows = json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.exists() else {}
    for one in all_runs():
        if not missing(one[0]):
            rows[run_key(*one)] = expected_row(run(*one))
    keys = [key for key in (run_key(*one) for one in all_runs()) if key in rows]
    lines = [f"{json.dumps(key)}: {json.dumps(rows[key])}" for key in keys]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--expected", action="store_true", help="write the counts")
    parser.add_argument("runs", nargs="*", help="scenarios to run and print")
    options = parser.parse_args()
    if options.expected:
        write_expected()
    for name, api, streamed in all_runs():
        if name in options.runs and not missing(name):
            truth = run(name, api, streamed)
            print(run_key(name, api, streamed), truth.counts())
            for part in (*truth.calls, *truth.guardrails):
                print("   ", part)


if __name__ == "__main__":
    main()
