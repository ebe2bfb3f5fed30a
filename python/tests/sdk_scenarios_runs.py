"""Scenarios: several runs, approvals, guardrails."""

import asyncio
import itertools
from typing import Any

import agents
from sdk_harness import Env, X, scenario, slow_tool
from sdk_wire import Answer, Ask, Wire, ask, say

# --- Scenarios: agents as tools, several runs --------------------------------


@scenario()
async def agents_as_tools(env: Env) -> None:
    """Two agents run at once; equal ids and arguments inside and outside."""
    probe = slow_tool("probe", {"call_1": 2})
    outer = env.wire()
    tools = [probe]
    for name in ("ask_left", "ask_right"):
        inner = env.wire(ask(Ask("call_0", probe, X), Ask("call_1", probe, X)), say())
        agent = env.agent(name, inner, tools=[probe])
        tools.append(env.as_tool(agent, name, inner))
    input = '{"input":"look"}'
    asks = [Ask(f"call_{i}", tool, input) for i, tool in enumerate(tools[1:])]
    outer.follow(ask(*asks, Ask("call_2", probe, X)), say())
    await env.run(env.agent("Outer", outer, tools=tools), outer)


@scenario()
async def one_agent_as_tool_twice(env: Env) -> None:
    """The same agent runs twice at once, with equal arguments."""
    probe = slow_tool("probe")
    numbers = itertools.count()

    def answer(used: list[str]) -> Answer:
        return say() if used else ask(Ask(f"call_in_{next(numbers)}", probe, X))

    inner = env.wire(script=answer)
    tool = env.as_tool(env.agent("Inner", inner, tools=[probe]), "ask_inner", inner)
    asks = [Ask(f"call_{i}", tool, '{"input":"look"}') for i in range(2)]
    outer = env.wire(ask(*asks), say())
    await env.run(env.agent("Outer", outer, tools=[tool]), outer)


async def _small_run(env: Env) -> None:
    probe = slow_tool("probe", {"call_1": 2})
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def two_runs_in_one_trace(env: Env) -> None:
    with agents.trace("two runs"):
        await _small_run(env)
        await _small_run(env)


@scenario()
async def concurrent_runs_in_one_trace(env: Env) -> None:
    with agents.trace("two runs"):
        await asyncio.gather(_small_run(env), _small_run(env))


@scenario()
async def concurrent_runs_in_two_traces(env: Env) -> None:
    await asyncio.gather(_small_run(env), _small_run(env))


async def _session(env: Env, group_id: str | None) -> None:
    """The first trace ends with a tool; the second one's prompt holds its result."""
    probe, last = slow_tool("probe"), slow_tool("last")
    stop = {"stop_at_tool_names": ["last"]}
    wire = env.wire(
        ask(Ask("call_1", probe, X)),
        ask(Ask("call_2", last, X)),
        ask(Ask("call_3", probe, X)),
        say(),
    )
    agent = env.agent("Solo", wire, tools=[probe, last], tool_use_behavior=stop)
    session = agents.SQLiteSession("session")
    for text in ("go", "go on"):
        config = agents.RunConfig(group_id=group_id)
        await env.run(agent, wire, text, session=session, run_config=config)
    session.close()


@scenario("sessions")
async def session_in_one_group(env: Env) -> None:
    await _session(env, "conversation 1")


@scenario(
    "sessions",
    counts={"result_links": 2},
    why="nothing says that the two traces are one conversation: the result that only"
    " the second trace uses has no link",
)
async def session_without_group(env: Env) -> None:
    await _session(env, None)


@scenario("previous response id", apis=["responses"])
async def previous_response_id(env: Env) -> None:
    """The server keeps the history: it is told where to go on."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), ask(Ask("call_2", probe, X)), say())
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, previous_response_id="resp_before")


@scenario("automatic previous response id", apis=["responses"])
async def automatic_previous_response_id(env: Env) -> None:
    """Prompts hold the results alone, without the calls."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), ask(Ask("call_2", probe, X)), say())
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, auto_previous_response_id=True)


# --- Scenarios: approval -----------------------------------------------------


def _approved_tool(wire: Wire) -> Any:
    """Returns a tool that needs approval, and notes the spans that wait for it."""

    async def needs_approval(context: Any, arguments: Any, call_id: str) -> bool:
        wire.add_call("tool", "pay", call_id, executed=False)
        return True

    @agents.function_tool(needs_approval=needs_approval)
    async def pay(x: str) -> str:
        """Pays."""
        return f"paid {x}"

    return pay


@scenario("approval", why="the span that waits for approval has no result")
async def approval(env: Env) -> None:
    wire = env.wire()
    pay = _approved_tool(wire)
    wire.follow(ask(Ask("call_1", pay, X)), ask(Ask("call_2", pay, X)), say())
    agent = env.agent("Solo", wire, tools=[pay])
    result = await env.run(agent, wire)
    for _ in range(2):
        state = result.to_state()
        state.approve(result.interruptions[0])
        result = await env.run(agent, wire, state)


@scenario(
    "approval",
    why="the spans that wait for approval have no result; without hooks nothing tells"
    " the two executions apart: a link would be graded `order`, which is not shown",
    without_hooks={"choice_links": 3, "result_links": 1},
)
async def approval_of_equal_calls(env: Env) -> None:
    """Two equal calls wait beside one that does not; the second is approved first."""
    wire = env.wire()
    pay, probe = _approved_tool(wire), slow_tool("probe")
    asks = [Ask("call_1", pay, X), Ask("call_2", pay, X), Ask("call_3", probe, X)]
    wire.follow(ask(*asks), say())
    agent = env.agent("Solo", wire, tools=[pay, probe])
    result = await env.run(agent, wire)
    for call_id in ("call_2", "call_1"):
        state = result.to_state()
        (waiting,) = [i for i in result.interruptions if i.call_id == call_id]
        state.approve(waiting)
        result = await env.run(agent, wire, state)


@scenario("approval", why="a rejected call has no result of a tool")
async def approval_rejected(env: Env) -> None:
    wire = env.wire()
    pay = _approved_tool(wire)
    wire.follow(ask(Ask("call_1", pay, X)), say())
    agent = env.agent("Solo", wire, tools=[pay])
    result = await env.run(agent, wire)
    state = result.to_state()
    state.reject(result.interruptions[0])
    await env.run(agent, wire, state)


# --- Scenarios: guardrails ----------------------------------------------------


def _guardrails(
    wire: Wire, *, blocking: bool = False, trips: str = ""
) -> dict[str, Any]:
    """Returns the guardrails of an agent. `trips`: the kind that trips."""

    async def check_input(context: Any, agent: Any, input: Any) -> Any:
        wire.add_guardrail("input_guardrail")
        if not blocking and trips == "input_guardrail":
            await wire.asked.wait()
        return agents.GuardrailFunctionOutput(None, trips == "input_guardrail")

    async def check_output(context: Any, agent: Any, output: Any) -> Any:
        wire.add_guardrail("output_guardrail")
        return agents.GuardrailFunctionOutput(None, trips == "output_guardrail")

    options = {"run_in_parallel": not blocking} if blocking else {}
    return {
        "input_guardrails": [agents.InputGuardrail(check_input, **options)],
        "output_guardrails": [agents.OutputGuardrail(check_output)],
    }


async def _guarded_run(env: Env, *, blocking: bool, trips: str = "") -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say())
    guardrails = _guardrails(wire, blocking=blocking, trips=trips)
    agent = env.agent("Solo", wire, tools=[probe], **guardrails)
    raises = {
        "input_guardrail": agents.InputGuardrailTripwireTriggered,
        "output_guardrail": agents.OutputGuardrailTripwireTriggered,
    }.get(trips, ())
    await env.run(agent, wire, raises=raises)


@scenario()
async def guardrails(env: Env) -> None:
    await _guarded_run(env, blocking=False)


@scenario("blocking guardrails")
async def guardrails_blocking(env: Env) -> None:
    await _guarded_run(env, blocking=True)


@scenario("blocking guardrails", why="the model is never asked: nothing was guarded")
async def input_guardrail_trips(env: Env) -> None:
    await _guarded_run(env, blocking=True, trips="input_guardrail")


@scenario()
async def input_guardrail_trips_in_parallel(env: Env) -> None:
    """The guardrail trips while the model answers, and stops it.

    A streamed run sees that with the next event: that answer must not hang.
    """
    wire = env.wire(say(hangs=not env.streamed))
    guardrails = _guardrails(wire, trips="input_guardrail")
    agent = env.agent("Solo", wire, **guardrails)
    await env.run(agent, wire, raises=agents.InputGuardrailTripwireTriggered)


@scenario()
async def output_guardrail_trips(env: Env) -> None:
    await _guarded_run(env, blocking=False, trips="output_guardrail")
