"""What the tests of hooks have in common: real runs with hooks on both levels, and
processors that note what an exporter would see.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import agents
import pytest
import sdk_runs
from agents.tracing import get_current_span

from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor

LLM_TYPES = ("response", "generation")
# Since 0.14. Without them all LLM spans of a run are under its agent span.
HAS_TURNS = sdk_runs.CAPABILITIES["tracing config"]

HAS_LLM_HOOKS = sdk_runs.CAPABILITIES["LLM hooks"]


def llm_hooks(test: Callable[..., None]) -> Callable[..., None]:
    """For a test that needs such hooks, on top of what gives it parameters: where there
    are none, one test is skipped, and not each of its cases."""
    if HAS_LLM_HOOKS:
        return test

    @pytest.mark.skip(reason="this release of the SDK has no LLM hooks")
    def left_out() -> None:
        pass

    left_out.__name__ = test.__name__
    return left_out


has_span_metadata = pytest.mark.skipif(
    not HAS_TURNS,
    reason="this release of the SDK does not export the metadata of spans",
)
each_model = pytest.mark.parametrize("api", sdk_runs.APIS)
streamed_or_not = pytest.mark.parametrize(
    "streamed", [False, True], ids=["plain", "streamed"]
)


def metadata_of(span: Any) -> dict[str, Any]:
    return dict(getattr(span.span_data, "metadata", None) or {})


class Sink(agents.tracing.TracingProcessor):
    """Keeps the spans that ended, and the metadata that each had by then."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.handed_on: dict[str, dict[str, Any]] = {}

    def on_trace_start(self, trace: Any) -> None:
        pass

    def on_trace_end(self, trace: Any) -> None:
        pass

    def on_span_start(self, span: Any) -> None:
        pass

    def on_span_end(self, span: Any) -> None:
        self.spans.append(span)
        self.handed_on[span.span_id] = json.loads(json.dumps(metadata_of(span)))

    def shutdown(self) -> None:
        pass

    def force_flush(self) -> None:
        pass

    def llm_spans(self) -> list[Any]:
        return [s for s in self.spans if s.span_data.type in LLM_TYPES]

    def errors(self) -> list[tuple[str, Any]]:
        return [(s.span_data.type, s.error) for s in self.spans if s.error]


class Tagging:
    """Hooks of either level that put two keys on the LLM span, and note which span
    was current. `level`: the first part of the keys."""

    level: str

    def __init__(self, *, replace: bool = False) -> None:
        self.replace = replace
        self.current: list[Any] = []

    async def on_llm_start(
        self, context: Any, agent: Any, instructions: Any, items: Any
    ) -> None:
        self.put("start_agent", agent.name)

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        self.put("end_response_id", response.response_id)

    def put(self, key: str, value: Any) -> None:
        span = get_current_span()
        self.current.append(span)
        data: Any = span.span_data
        if self.replace:
            data.metadata = {f"{self.level}_hook_{key}": value}
        else:
            data.metadata[f"{self.level}_hook_{key}"] = value


class RunTags(Tagging, agents.RunHooks[Any]):
    level = "run"

    def __init__(self, truth: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.truth = truth or agents.RunHooks[Any]()

    async def on_tool_start(self, *arguments: Any) -> None:
        await self.truth.on_tool_start(*arguments)

    async def on_handoff(self, *arguments: Any, **named: Any) -> None:
        await self.truth.on_handoff(*arguments, **named)


class AgentTags(Tagging, agents.AgentHooks[Any]):
    level = "agent"


class Observed:
    """One run with a `SpanLinkProcessor`, and what came out at its exporters."""

    def __init__(
        self,
        scenario: str | Callable[[sdk_runs.Env], Any],
        api: str = "responses",
        streamed: bool = False,
        *,
        hooks: Any = RunTags,
        agent_hooks: Any = AgentTags,
        processors: Sequence[Any] = (),
        **options: Any,
    ) -> None:
        """`hooks` are made from the hooks of the harness; None: those alone, and
        nothing of spanlink. `agent_hooks` of None: none."""
        self.links: list[Any] = []
        self.behind, self.beside = Sink(), Sink()
        self.processor = SpanLinkProcessor(
            self.links.append, next=self.behind, **options
        )
        self.run_hooks: list[Any] = []
        self.agent_hooks: list[Any] = []

        def wrap(truth: Any) -> Any:
            self.run_hooks.append(hooks(truth))
            return SpanLinkHooks(wrap=self.run_hooks[-1])

        def make() -> Any:
            self.agent_hooks.append(agent_hooks())
            return SpanLinkHooks(wrap=self.agent_hooks[-1])

        given = {
            "hooks": wrap if hooks else None,
            "agent_hooks": make if agent_hooks else None,
        }
        listeners = [self.processor, self.beside, *processors]
        if isinstance(scenario, str):
            self.truth = sdk_runs.run(
                scenario, api, streamed, processors=listeners, **given
            )
        else:
            env = sdk_runs.Env(api, streamed, given["hooks"], given["agent_hooks"])
            self.truth = sdk_runs.run_body(scenario, env, "", listeners)
        self.kept = {k: n for k, n in self.processor.stats.items() if n}
        self.processor.shutdown()

    def is_clean(self) -> bool:
        """Nothing of the run was kept, and nothing failed."""
        failures = self.processor.diagnostics.get("processor_failure", 0)
        return self.kept == {} and failures == 0

    def evicted(self) -> int:
        return self.processor.diagnostics.get("evicted_annotation", 0)


def observe(scenario: str, *arguments: Any, **options: Any) -> Observed:
    lacking = sdk_runs.missing(scenario)
    if lacking:
        pytest.skip(f"this release of the SDK lacks: {', '.join(lacking)}")
    return Observed(scenario, *arguments, **options)


def tags(response_id: Any, levels: tuple[str, ...] = ("run", "agent")) -> Any:
    """Returns what hooks of these levels put on an LLM span."""
    return {
        **{f"{level}_hook_start_agent": "Solo" for level in levels},
        **{f"{level}_hook_end_response_id": response_id for level in levels},
    }


def tree_of(seen: Observed) -> list[tuple[str, str, str]]:
    """Returns (event, type of the span, type of its parent), in order."""
    types = {e.span_id: e.type for e in seen.truth.events}
    return [
        (e.event, e.type, types.get(e.parent_id or "", "")) for e in seen.truth.events
    ]


def model_body(make: Callable[[sdk_runs.Wire], Any], *answers: Any) -> Any:
    """A scenario of one agent, whose model is `make(wire)`."""

    async def body(env: sdk_runs.Env) -> None:
        probe = sdk_runs.slow_tool("probe")
        wire = env.wire(*(answers or one_tool_call(probe)))
        await env.run(env.agent("Solo", wire, tools=[probe], model=make(wire)), wire)

    return body


def one_tool_call(probe: Any) -> list[sdk_runs.Answer]:
    asked = sdk_runs.ask(sdk_runs.Ask("call_1", probe, sdk_runs.X))
    return [asked, sdk_runs.say()]
