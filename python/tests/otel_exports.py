"""Real runs of the SDK, exported as OpenTelemetry spans.

exported = run_exported(body)               # an `async def body(env)`
exported = run_exported("single_tool")      # or a scenario of sdk_runs
exported.one("execute_tool probe").attributes
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import agents
import pytest
import sdk_runs
from agents.tracing import TracingProcessor, custom_span
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sdk_runs import Ask, ask, say

from spanlink.openai_agents import SpanLinkProcessor
from spanlink.openai_agents._otel import OtelExporter

ARGUMENTS = ("gen_ai.tool.call.arguments", "traceloop.entity.input")
RESULT = ("gen_ai.tool.call.result", "traceloop.entity.output")
ALL_RUNS = [
    pytest.param(*one, id=sdk_runs.run_key(*one)) for one in sdk_runs.runs_here()
]
BOTH_APIS = pytest.mark.parametrize("api", sdk_runs.APIS)


SECRET = "s3cret-7Qx"


class OneBatch(TracingProcessor):
    """Exports everything at the end, on the thread of the test."""

    def __init__(self, exporter: Any):
        self.items: list[Any] = []
        self._exporter = exporter

    def on_trace_start(self, trace: Any) -> None:
        self.items.append(trace)

    def on_trace_end(self, trace: Any) -> None:
        pass

    def on_span_start(self, span: Any) -> None:
        pass

    def on_span_end(self, span: Any) -> None:
        self.items.append(span)

    def shutdown(self) -> None:
        self.force_flush()

    def force_flush(self) -> None:
        self._exporter.export(self.items)
        self.items = []


@dataclass
class Exported:
    spans: list[ReadableSpan]
    exporter: OtelExporter
    calls: list[sdk_runs.Call] = field(default_factory=list)

    def all(self, name: str) -> list[ReadableSpan]:
        """The spans with a name that begins like this, in order of start."""
        found = [s for s in self.spans if f"{s.name} ".startswith(f"{name} ")]
        return sorted(found, key=lambda span: span.start_time)

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.all(name)
        return span

    def children(self, span: ReadableSpan) -> list[ReadableSpan]:
        return [
            s
            for s in self.spans
            if s.parent is not None and s.parent.span_id == span.context.span_id
        ]

    def tree(self) -> list[Any]:
        """Names and links of the spans, each with what is below it, in order."""
        roots = [span for span in self.spans if span.parent is None]
        return [self._branch(span) for span in by_start(roots)]

    def _branch(self, span: ReadableSpan) -> Any:
        below = [self._branch(child) for child in by_start(self.children(span))]
        return (span.name, self.named_links(span), below)

    def named_links(self, span: ReadableSpan) -> list[tuple[str, dict[str, Any]]]:
        names = {s.context.span_id: s.name for s in self.spans}
        return [
            (names[link.context.span_id], dict(link.attributes)) for link in span.links
        ]


def by_start(spans: list[ReadableSpan]) -> list[ReadableSpan]:
    # Names order what starts in the same microsecond.
    return sorted(spans, key=lambda span: (span.start_time, span.name))


def run_exported(
    body: str | Callable[[sdk_runs.Env], Any],
    api: str = "responses",
    streamed: bool = False,
    *,
    hooks: Any = None,
    also: Any = (),
    batch: type[OneBatch] = OneBatch,
    **options: Any,
) -> Exported:
    """Runs a scenario in front of an `OtelExporter` with these options. `also`: other
    tracing processors."""
    memory = InMemorySpanExporter()
    exporter = OtelExporter(memory, **options)
    processor = SpanLinkProcessor(next=batch(exporter))
    env = sdk_runs.Env(api, streamed, hooks)
    if isinstance(body, str):
        body = sdk_runs.SCENARIOS[body].body
    agents.set_trace_processors([processor, *also])
    try:
        asyncio.run(body(env))
    finally:
        agents.set_trace_processors([])
        processor.shutdown()
    calls = [call for wire in env.wires for call in wire.settle()]
    return Exported(list(memory.get_finished_spans()), exporter, calls)


def one_tool(result, arguments='{"city":"London"}'):
    """A run with a tool that returns this."""

    async def body(env):
        @agents.function_tool
        async def get_weather(city: str):
            """Tells the weather."""
            if isinstance(result, Exception):
                raise result
            return result

        wire = env.wire(ask(Ask("call_1", get_weather, arguments)), say("fine"))
        await env.run(env.agent("Clerk", wire, tools=[get_weather]), wire)

    return body


def pair(span, keys):
    """The two attributes, which are equal, as one; None if both are absent."""
    values = {span.attributes.get(key) for key in keys}
    assert len(values) == 1
    return values.pop()


def export_spans(make_span, change=lambda data: None, **trace):
    """Exports one span in a trace of its own."""
    memory = InMemorySpanExporter()
    batch = OneBatch(OtelExporter(memory))
    agents.set_trace_processors([batch])
    with agents.trace("run", **trace), make_span() as span:
        change(span.span_data)
    agents.set_trace_processors([])
    batch.force_flush()
    return memory.get_finished_spans()


def exported_id(span_id):
    [span] = export_spans(lambda: custom_span("c", span_id=span_id))
    return span.context.span_id
