# venvs: sdk-newest sdk-oldest
"""spanlink.annotate: metadata on the LLM span around or beside the calling code."""

import datetime
import json
import subprocess
import sys
from typing import Any

import agents
import hook_runs
import pytest
import sdk_runs
from hook_runs import Observed, llm_hooks, metadata_of, streamed_or_not

import spanlink
from spanlink import _annotate
from spanlink.openai_agents import SpanLinkProcessor


# Without spans of turns, code between two LLM calls, that is no hook, is beside
# neither.
class Annotating(agents.RunHooks[Any]):
    def __init__(self, truth: Any = None) -> None:
        self.calls = 0

    async def on_llm_start(self, *arguments: Any) -> None:
        self.calls += 1
        spanlink.annotate(call=self.calls, before=True)

    async def on_llm_end(self, *arguments: Any) -> None:
        spanlink.annotate(after=self.calls)


class AnnotatingModel(sdk_runs.CannedModel):
    """Annotates its LLM span while that is open, also from a span inside it."""

    def _respond(self, messages: Any) -> Any:
        spanlink.annotate(asked="before")
        with agents.tracing.response_span() as span:
            spanlink.annotate(inside=1)
            with agents.tracing.custom_span("retrieval"):
                spanlink.annotate(deeper=2)
            span.span_data.input = messages
            span.span_data.response = self._answer(messages)
        spanlink.annotate(answered="after")
        return span.span_data.response


@llm_hooks
@streamed_or_not
@pytest.mark.parametrize("wrapped", [False, True])
def test_in_hooks_it_is_the_llm_span_of_their_call(streamed, wrapped):  # R26
    async def body(env: sdk_runs.Env) -> None:
        probe = sdk_runs.slow_tool("probe")
        wire = env.wire(*hook_runs.one_tool_call(probe))
        if not wrapped:  # it works without SpanLinkHooks
            hooks = Annotating()
            env.hooks = lambda wire: hooks  # type: ignore[method-assign]
        config = agents.RunConfig()
        agent = env.agent("Solo", wire, tools=[probe])
        await env.run(agent, wire, run_config=config)

    seen = Observed(
        body,
        streamed=streamed,
        hooks=Annotating if wrapped else None,
        agent_hooks=None,
    )
    expected = [
        {"call": 1, "before": True, "after": 1},
        {"call": 2, "before": True, "after": 2},
    ]
    found = [seen.behind.handed_on[s.span_id] for s in seen.beside.llm_spans()]
    assert found == expected
    assert seen.is_clean()


@streamed_or_not
def test_in_a_model_it_is_the_span_around(streamed):  # R26
    model = hook_runs.model_body(lambda wire: AnnotatingModel(wire, opens_span=True))
    seen = Observed(model, streamed=streamed, hooks=None, agent_hooks=None)
    everything = {"asked": "before", "inside": 1, "deeper": 2, "answered": "after"}
    for span in seen.beside.llm_spans():
        assert metadata_of(span) == everything
        assert seen.behind.handed_on[span.span_id] == everything
    assert seen.evicted() == 0
    assert seen.is_clean()


def test_in_a_tool_there_is_no_llm_span():  # R28
    @agents.function_tool
    async def probe(x: str) -> str:
        """Looks something up."""
        spanlink.annotate(lost=x)
        return x

    async def body(env: sdk_runs.Env) -> None:
        wire = env.wire(*hook_runs.one_tool_call(probe))
        await env.run(env.agent("Solo", wire, tools=[probe]), wire)

    seen = Observed(body, hooks=None, agent_hooks=None)
    assert not any(metadata_of(span) for span in seen.beside.spans)
    assert seen.evicted() == 1
    assert seen.is_clean()


def test_metadata_that_is_there_stays():  # R26
    class Own(sdk_runs.CannedModel):
        def _respond(self, messages: Any) -> Any:
            with agents.tracing.response_span() as span:
                span.span_data.metadata = {"mine": 1, "both": 1}
                spanlink.annotate(both=2)
                return self._answer(messages)

    seen = Observed(
        hook_runs.model_body(lambda wire: Own(wire, opens_span=True)),
        hooks=None,
        agent_hooks=None,
    )
    for span in seen.beside.llm_spans():
        assert metadata_of(span) == {"mine": 1, "both": 2}


def test_where_there_is_no_span_nothing_happens():  # R28
    processor = SpanLinkProcessor()
    spanlink.annotate(key="value")
    spanlink.annotate()
    with agents.trace("unseen"):
        spanlink.annotate(key="value")
    with agents.trace("unseen"), agents.tracing.custom_span("by no processor"):
        spanlink.annotate(key="value")
    assert not any(processor.stats.values())
    assert processor.diagnostics == {}
    processor.shutdown()


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("no")


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("text", "text"),
        (None, None),
        ({"a": [1, 2.5, True]}, {"a": [1, 2.5, True]}),
        ({"at": datetime.date(2026, 1, 2)}, {"at": "2026-01-02"}),
        (float("nan"), "nan"),
        ({(1, 2): 3}, "{(1, 2): 3}"),
        (CIRCLE, "[[...]]"),
        ("\ud800", "\ud800"),
        (Unspeakable(), "<Unspeakable>"),
    ],
)
def test_values_are_json_or_text(value, told):  # R35
    assert json.loads(_annotate.to_json(value)) == told


def test_the_first_integration_that_knows_the_span_gets_it(monkeypatch):
    asked: list[Any] = []

    def integration(name: str, knows: bool) -> Any:
        def annotator(values: Any) -> bool:
            asked.append((name, dict(values)))
            return knows

        return annotator

    monkeypatch.setattr(_annotate, "_annotators", [])
    _annotate.register(integration("second", True))
    _annotate.register(integration("third", True))
    _annotate.register(integration("first", False), first=True)
    spanlink.annotate(key=1)
    assert asked == [("first", {"key": "1"}), ("second", {"key": "1"})]


def test_spanlink_itself_imports_no_integration():  # R14
    program = (
        "import sys, spanlink; spanlink.annotate(key=1);"
        "print({name.partition('.')[0] for name in sys.modules}"
        " & {'agents', 'openai', 'opentelemetry'})"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "set()\n"
