"""Scenarios: tools and handoffs."""

import itertools
import json
import sys
from typing import Any

import agents
import pydantic
from sdk_harness import Env, X, Y, scenario, slow_tool
from sdk_wire import Ask, ask, say

# --- Scenarios: tools -------------------------------------------------------


@scenario()
async def single_tool(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def parallel_identical(env: Env) -> None:
    probe = slow_tool("probe")
    equal = [Ask(f"call_{i}", probe, X) for i in range(3)]
    wire = env.wire(ask(*equal, Ask("call_other", probe, Y)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def reversed_finish(env: Env) -> None:
    probe = slow_tool("probe", {"call_0": 9, "call_1": 6, "call_2": 3})
    asks = [Ask(f"call_{i}", probe, X) for i in range(4)]
    wire = env.wire(ask(*asks), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario("tool concurrency")
async def one_tool_at_a_time(env: Env) -> None:
    probe = slow_tool("probe", {"call_0": 3})
    asks = [Ask(f"call_{i}", probe, X) for i in range(3)]
    wire = env.wire(ask(*asks), say())
    limit = agents.ToolExecutionConfig(max_function_tool_concurrency=1)
    config = agents.RunConfig(tool_execution=limit)
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario("tracing config")
async def no_task_and_turn_spans(env: Env) -> None:
    probe = slow_tool("probe")
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    config = agents.RunConfig(tracing={"include_task_and_turn_spans": False})
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario()
async def equal_calls_in_each_turn(env: Env) -> None:
    probe = slow_tool("probe")
    turns = [ask(Ask(f"call_{i}", probe, X)) for i in range(3)]
    wire = env.wire(*turns, say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def tool_returns_none(env: Env) -> None:
    @agents.function_tool
    async def forget(x: str) -> None:
        """Forgets."""

    wire = env.wire(ask(Ask("call_1", forget, X)), say())
    await env.run(env.agent("Solo", wire, tools=[forget]), wire)


@scenario()
async def call_shaped_arguments(env: Env) -> None:
    """W26: arguments that look like a call."""

    @agents.function_tool
    async def greet(name: str, id: str, args: str) -> str:
        """Greets."""
        return f"Hello {name}"

    probe = slow_tool("probe")
    shaped = json.dumps({"name": "probe", "id": "call_2", "args": X})
    asks = [Ask("call_1", greet, shaped), Ask("call_2", probe, X)]
    wire = env.wire(ask(*asks), say())
    await env.run(env.agent("Solo", wire, tools=[probe, greet]), wire)


@scenario()
async def structured_output(env: Env) -> None:
    class Weather(pydantic.BaseModel):
        city: str
        degrees: int

    @agents.function_tool
    async def weather(city: str) -> Weather:
        """Tells the weather."""
        return Weather(city=city, degrees=15)

    asks = [Ask(f"call_{i}", weather, '{"city":"K\\u00f6ln"}') for i in range(2)]
    wire = env.wire(ask(*asks), say('{"city":"K\\u00f6ln","degrees":15}'))
    agent = env.agent("Solo", wire, tools=[weather], output_type=Weather)
    await env.run(agent, wire)


@scenario()
async def tool_error_told(env: Env) -> None:
    """The tool fails, the model is told and tries again."""
    attempts = itertools.count()

    @agents.function_tool
    async def flaky(x: str) -> str:
        """Works the second time."""
        if next(attempts) == 0:
            raise RuntimeError("not yet")
        return x

    wire = env.wire(ask(Ask("call_1", flaky, X)), ask(Ask("call_2", flaky, X)), say())
    await env.run(env.agent("Solo", wire, tools=[flaky]), wire)


@scenario(why="the failed tool ends the run: no prompt holds its result")
async def tool_error_raised(env: Env) -> None:
    @agents.function_tool(failure_error_function=None)
    async def broken(x: str) -> str:
        """Fails."""
        raise RuntimeError("broken")

    wire = env.wire(ask(Ask("call_1", broken, X)))
    agent = env.agent("Solo", wire, tools=[broken])
    await env.run(agent, wire, raises=(agents.UserError, RuntimeError))


@scenario(why="the last result is used by no prompt")
async def max_turns(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), ask(Ask("call_2", probe, X)))
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, max_turns=2, raises=agents.MaxTurnsExceeded)


@scenario(why="a tool that does not exist ends the run: nothing is executed")
async def tool_not_found(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X), Ask("call_2", "nowhere", X)))
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, raises=agents.ModelBehaviorError)


@scenario(
    "tool_not_found_behavior",
    why="a tool that does not exist has no span: 2 of 3 calls",
)
async def tool_not_found_told(env: Env) -> None:
    probe = slow_tool("probe")
    asks = [Ask("call_1", "nowhere", X), Ask("call_2", probe, X)]
    wire = env.wire(ask(*asks), ask(Ask("call_3", probe, X)), say())
    config = agents.RunConfig(tool_not_found_behavior="return_error_to_model")
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario(why="the run stops at the tools: no prompt holds their results")
async def stop_on_first_tool(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X), Ask("call_2", probe, X)))
    agent = env.agent(
        "Solo", wire, tools=[probe], tool_use_behavior="stop_on_first_tool"
    )
    await env.run(agent, wire)


@scenario("tool guardrails")
async def tool_guardrail_rejects(env: Env) -> None:
    """A guardrail refuses the first call: its span exists, its tool never starts."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X), Ask("call_2", probe, Y)), say())

    @agents.tool_input_guardrail
    def only_b(data: Any) -> Any:
        if data.context.tool_call_id != "call_1":
            return agents.ToolGuardrailFunctionOutput.allow()
        # The hooks are not called for it.
        wire.add_call("tool", probe.name, data.context.tool_call_id)
        return agents.ToolGuardrailFunctionOutput.reject_content("refused")

    probe.tool_input_guardrails = [only_b]
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


async def _reuse_call_id(env: Env) -> None:
    probe = slow_tool("probe")
    again = ask(Ask("call_1", probe, X))
    wire = env.wire(again, again, ask(Ask("call_2", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario("repeated call ids")
async def reused_call_id_runs_again(env: Env) -> None:
    await _reuse_call_id(env)


@scenario(
    "one invocation a call id",
    why="the SDK runs a repeated call once: the call of the second answer has no span",
)
async def reused_call_id_runs_once(env: Env) -> None:
    await _reuse_call_id(env)


_MCP_SERVER = """
try:
    from mcp.server import MCPServer as Server
except ImportError:
    from mcp.server.fastmcp import FastMCP as Server
server = Server("canned")

@server.tool()
def look(x: str) -> str:
    return "MCP says " + x

server.run()
"""


@scenario(apis=["responses"])
async def mcp_tool(env: Env) -> None:
    """A tool of a real MCP server, which is a process of its own."""
    from agents.mcp import MCPServerStdio

    async with MCPServerStdio(
        params={"command": sys.executable, "args": ["-c", _MCP_SERVER]}
    ) as server:
        asks = [Ask(f"call_{i}", "look", X) for i in range(2)]
        wire = env.wire(ask(*asks), say())
        await env.run(env.agent("Solo", wire, mcp_servers=[server]), wire)


# --- Scenarios: handoffs ----------------------------------------------------


async def _hand_over(
    env: Env,
    *,
    to: str = "Billing Agent",
    arguments: str = "{}",
    name: str = "",
    config: agents.RunConfig | None = None,
    **options: Any,
) -> None:
    """A tool, a handoff, and a tool of the agent that took over."""
    probe = slow_tool("probe")
    wire = env.wire()
    target = env.agent(to, wire, tools=[probe])
    if name:
        options["tool_name_override"] = name
    triage = env.agent(
        "Triage", wire, tools=[probe], handoffs=[agents.handoff(target, **options)]
    )
    wire.follow(
        ask(Ask("call_1", probe, X)),
        ask(Ask("call_2", target, arguments, name)),
        ask(Ask("call_3", probe, X)),
        say(),
    )
    await env.run(triage, wire, run_config=config)


@scenario()
async def handoff(env: Env) -> None:
    await _hand_over(env)


@scenario()
async def handoff_empty_arguments(env: Env) -> None:
    await _hand_over(env, arguments="")


class _Reason(pydantic.BaseModel):
    reason: str


async def _on_handoff(context: Any, reason: _Reason) -> None:
    pass


@scenario()
async def handoff_input_type(env: Env) -> None:
    options = {"input_type": _Reason, "on_handoff": _on_handoff}
    await _hand_over(env, arguments='{"reason":"angry"}', **options)


@scenario()
async def handoff_name_override(env: Env) -> None:
    await _hand_over(env, name="escalate")


@scenario()
async def handoff_unicode_name(env: Env) -> None:
    await _hand_over(env, to="Kündigung 🤖 客服")


@scenario()
async def handoff_punctuation_name(env: Env) -> None:
    await _hand_over(env, to="Q&A-Agent v2.1!")


@scenario("nested handoff history")
async def handoff_nested_history(env: Env) -> None:
    await _hand_over(env, config=agents.RunConfig(nest_handoff_history=True))


@scenario()
async def handoff_remove_all_tools(env: Env) -> None:
    """No result id reaches the target: its first LLM span is known by its agent."""
    from agents.extensions import handoff_filters

    await _hand_over(env, input_filter=handoff_filters.remove_all_tools)


@scenario(why="the SDK runs the first of several handoffs; the others have no span")
async def handoff_several(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire()
    second = env.agent("Second", wire, tools=[probe])
    first = env.agent("First", wire, tools=[probe], handoffs=[second])
    triage = env.agent("Triage", wire, handoffs=[first, second])
    wire.follow(
        ask(Ask("call_1", first), Ask("call_2", second)),
        ask(Ask("call_3", probe, X)),
        ask(Ask("call_4", second)),
        say(),
    )
    await env.run(triage, wire)


@scenario()
async def handoff_ping_pong(env: Env) -> None:
    wire = env.wire()
    ping = env.agent("Ping", wire)
    pong = env.agent("Pong", wire, handoffs=[ping])
    ping.handoffs = [pong]
    turns = [pong, ping, pong]
    answers = [ask(Ask(f"call_{i}", agent)) for i, agent in enumerate(turns)]
    wire.follow(*answers, say())
    await env.run(ping, wire)


@scenario()
async def handoff_plus_tools(env: Env) -> None:
    """One answer with tools around a handoff; the tools run first."""
    probe = slow_tool("probe", {"call_1": 3})
    wire = env.wire()
    target = env.agent("Billing Agent", wire, tools=[probe])
    triage = env.agent("Triage", wire, tools=[probe], handoffs=[target])
    tools = [Ask("call_1", probe, X), Ask("call_3", probe, X)]
    wire.follow(
        ask(tools[0], Ask("call_2", target), tools[1]),
        ask(Ask("call_4", probe, X)),
        say(),
    )
    await env.run(triage, wire)


@scenario("nested handoff history")
async def handoff_plus_tools_nested_history(env: Env) -> None:
    """The target reads the results of the tools in a history told as text."""
    probe = slow_tool("probe")
    wire = env.wire()
    target = env.agent("Billing Agent", wire)
    triage = env.agent("Triage", wire, tools=[probe], handoffs=[target])
    wire.follow(ask(Ask("call_1", probe, X), Ask("call_2", target)), say())
    config = agents.RunConfig(nest_handoff_history=True)
    await env.run(triage, wire, run_config=config)


@scenario(why="the handoff fails and ends the run")
async def handoff_callback_fails(env: Env) -> None:
    """The handoff span ends without knowing whom it hands over to."""
    wire = env.wire()
    target = env.agent("Billing Agent", wire)

    async def fail(context: Any) -> None:
        wire.add_handoff(target)  # the hook is not called
        raise RuntimeError("broken")

    triage = env.agent(
        "Triage", wire, handoffs=[agents.handoff(target, on_handoff=fail)]
    )
    wire.follow(ask(Ask("call_1", target)))
    await env.run(triage, wire, raises=RuntimeError)
