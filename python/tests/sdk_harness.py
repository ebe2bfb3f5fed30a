"""Runs of scenarios: their registry, what they are written with, and tools."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import agents
from sdk_truth import APIS, CAPABILITIES, Run, SpanEvent
from sdk_wire import Answer, Script, Wire

# --- Running ----------------------------------------------------------------


class TruthHooks(agents.RunHooks[Any]):
    """Tells the wire of a run which span is which call."""

    def __init__(self, wire: Wire):
        self._wire = wire

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self._wire.add_call("tool", tool.name, context.tool_call_id)

    async def on_handoff(self, context: Any, from_agent: Any, to_agent: Any) -> None:
        self._wire.add_handoff(to_agent)


class EventLog(agents.tracing.TracingProcessor):
    """Notes what a processor is told."""

    def __init__(self) -> None:
        self.events: list[SpanEvent] = []

    def on_trace_start(self, trace: Any) -> None:
        self.events.append(SpanEvent("trace_start", trace.trace_id))

    def on_trace_end(self, trace: Any) -> None:
        self.events.append(SpanEvent("trace_end", trace.trace_id))

    def on_span_start(self, span: Any) -> None:
        self._add("span_start", span)

    def on_span_end(self, span: Any) -> None:
        self._add("span_end", span)

    def shutdown(self) -> None:
        pass

    def force_flush(self) -> None:
        pass

    def _add(self, event: str, span: Any) -> None:
        place = (span.trace_id, span.span_id, span.parent_id, span.span_data.type)
        self.events.append(SpanEvent(event, *place, error=span.error))


WrapHooks = Callable[[agents.RunHooks[Any]], agents.RunHooks[Any]]
MakeAgentHooks = Callable[[], "agents.AgentHooks[Any]"]


class Env:
    """What a scenario is written with."""

    def __init__(
        self,
        api: str,
        streamed: bool,
        wrap: WrapHooks | None = None,
        agent_hooks: MakeAgentHooks | None = None,
    ):
        self.api = api
        self.streamed = streamed
        self.wires: list[Wire] = []
        self.outcome: Any = None
        self._wrap = wrap
        self._agent_hooks = agent_hooks

    def wire(self, *answers: Answer, script: Script | None = None) -> Wire:
        wire = Wire(self, script or answers)
        self.wires.append(wire)
        return wire

    def agent(self, name: str, wire: Wire, **fields: Any) -> agents.Agent[Any]:
        fields.setdefault("model", wire.model())
        if self._agent_hooks:
            fields["hooks"] = self._agent_hooks()
        return agents.Agent(name=name, instructions="Follow the script.", **fields)

    def hooks(self, wire: Wire) -> agents.RunHooks[Any]:
        hooks = TruthHooks(wire)
        return self._wrap(hooks) if self._wrap else hooks

    def as_tool(self, agent: agents.Agent[Any], name: str, wire: Wire) -> Any:
        """Returns `agent` as a tool, with hooks."""
        if CAPABILITIES["hooks of agents as tools"]:
            return agent.as_tool(name, "Asks an agent.", hooks=self.hooks(wire))

        @agents.function_tool(name_override=name)
        async def run_agent(input: str) -> str:
            result = await agents.Runner.run(agent, input, hooks=self.hooks(wire))
            return str(result.final_output)

        return run_agent

    async def run(
        self,
        agent: agents.Agent[Any],
        wire: Wire,
        input: Any = "go",
        *,
        watch: Callable[[Any, Any], bool] | None = None,
        raises: type[BaseException] | tuple[type[BaseException], ...] = (),
        **options: Any,
    ) -> Any:
        """Runs `agent` to its end, and notes how it ended.

        `watch(result, event)` sees the events of a streamed run; where it returns
        True the consumer goes away.
        """
        options["hooks"] = self.hooks(wire)
        result = None
        try:
            if self.streamed:
                result = agents.Runner.run_streamed(agent, input, **options)
                await _consume(result, watch)
            else:
                result = await agents.Runner.run(agent, input, **options)
            self.outcome = result.final_output
            assert not raises, f"no {raises}"
        except raises as error:
            self.outcome = error
        finally:
            wire.end_of_run()
        return result


async def _consume(result: Any, watch: Callable[[Any, Any], bool] | None) -> None:
    async for event in result.stream_events():
        if watch and watch(result, event):
            return  # the consumer goes away without closing its stream


Body = Callable[[Env], Any]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A scenario and the runs of it that make sense."""

    name: str
    body: Body
    needs: tuple[str, ...]
    apis: tuple[str, ...]
    streamed: tuple[bool, ...]
    why: str  # why not every span has every link
    counts: dict[str, int]  # of links, where no evidence leads to what is true
    without_hooks: dict[str, int]  # the same where no hooks are installed


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *needs: str,
    apis: Sequence[str] = APIS,
    streamed: Sequence[bool] = (False, True),
    why: str = "",
    counts: dict[str, int] | None = None,
    without_hooks: dict[str, int] | None = None,
) -> Callable[[Body], Body]:
    def register(body: Body) -> Body:
        SCENARIOS[body.__name__] = Scenario(
            body.__name__,
            body,
            needs,
            tuple(apis),
            tuple(streamed),
            why,
            counts or {},
            without_hooks or {},
        )
        return body

    return register


def missing(name: str) -> list[str]:
    """Returns what a scenario needs and the installed SDK does not have."""
    return [need for need in SCENARIOS[name].needs if not CAPABILITIES[need]]


def all_runs() -> list[tuple[str, str, bool]]:
    """Returns every (scenario, api, streamed), also what this release cannot run."""
    return [
        (s.name, api, streamed)
        for s in SCENARIOS.values()
        for api in s.apis
        for streamed in s.streamed
    ]


def runs_here() -> list[tuple[str, str, bool]]:
    """Returns those that the installed release of the SDK can run."""
    return [one for one in all_runs() if not missing(one[0])]


def run_key(name: str, api: str, streamed: bool) -> str:
    return f"{name}/{api}/{'streamed' if streamed else 'plain'}"


def run(
    name: str,
    api: str,
    streamed: bool = False,
    *,
    hooks: WrapHooks | None = None,
    agent_hooks: MakeAgentHooks | None = None,
    processors: Sequence[Any] = (),
) -> Run:
    """Runs a scenario in an event loop of its own. Returns the truth about it.

    `hooks`: wraps the run hooks of the harness, as `SpanLinkHooks` does.
    `agent_hooks`: makes the hooks of each agent. `processors` replace the SDK's.
    """
    return run_body(
        SCENARIOS[name].body,
        Env(api, streamed, hooks, agent_hooks),
        name,
        processors,
    )


async def _with_limit(running: Any) -> None:
    """Ends what hangs, without a task in between: scenarios look at all tasks."""
    task = asyncio.current_task()
    assert task is not None
    limit = asyncio.get_running_loop().call_later(30, task.cancel)
    try:
        await running
    finally:
        limit.cancel()


def run_body(body: Body, env: Env, name: str, processors: Sequence[Any]) -> Run:
    log = EventLog()
    agents.set_trace_processors([log, *processors])
    try:
        asyncio.run(_with_limit(body(env)))
    finally:
        agents.set_trace_processors([])
    wires = env.wires
    return Run(
        scenario=name,
        api=env.api,
        streamed=env.streamed,
        calls=[call for wire in wires for call in wire.settle()],
        guardrails=[guardrail for wire in wires for guardrail in wire.guardrails],
        exchanges=[exchange for wire in wires for exchange in wire.exchanges],
        events=log.events,
        outcome=env.outcome,
    )


# --- Tools ------------------------------------------------------------------


def slow_tool(name: str, delays: dict[str, float] | None = None) -> Any:
    """Returns a tool with one argument. `delays`: milliseconds by call id."""

    @agents.function_tool(name_override=name)
    async def tool(context: agents.RunContextWrapper[Any], x: str) -> str:
        """Looks something up."""
        if delays:
            await asyncio.sleep(delays.get(context.tool_call_id, 0) / 1000)
        return f"{name} says {x}"

    return tool


def hanging_tool(started: asyncio.Event) -> Any:
    @agents.function_tool(name_override="hang")
    async def tool(x: str) -> str:
        """Never ends."""
        started.set()
        await asyncio.Event().wait()
        return x

    return tool


X = '{"x":"a"}'
Y = '{"x": "b"}'
