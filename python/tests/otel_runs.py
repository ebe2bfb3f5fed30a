"""Runs real agent frameworks under real OpenTelemetry instrumentations.

Every run is offline: the frameworks use their real model classes over a canned
HTTP transport. A run returns the spans that the instrumentation made and the
truth about its tool calls. The truth is taken where things happen, never by
comparing names, arguments or times:

* which call a tool span executed: inside the body of the tool, from the call id
  that the framework hands to it and the OpenTelemetry span of that moment;
* who chose a call and who read its result: inside the transport, from the ids in
  the answer and in the request and the OpenTelemetry span of that moment.

Two of the instrumentations for LangChain do not make their spans current, so there
the span of the moment is looked up in them by the run id of the framework.

    setup = next(s for s in SETUPS if s.key == "langgraph-sync/openinference")
    run = setup.run("parallel", processor)
    run.spans   # what the instrumentation made, as it ended
    run.calls   # the truth, one CallTruth a tool call

The processor gets all spans, in front of the one that fills `run.spans`, and is
flushed but not shut down. One run at a time a process: instrumentations patch
modules.
"""

import asyncio
import contextlib
import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import otel_frameworks as frameworks
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    ReadableSpan,
    Span,
    SpanLimits,
    SpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otel_conversation import SCENARIOS, CallTruth, Conversation, Gate, Scenario
from otel_conversation import SpanRef as SpanRef
from otel_conversation import ref_of as ref_of
from otel_instrumentations import (
    Instrumentation,
    agents_and_client_openinference,
    agents_gen_ai,
    agents_openinference,
    agents_openllmetry,
    client_gen_ai,
    client_openai_v2,
    client_openinference,
    client_openllmetry,
    google_adk_built_in,
    lang_chain_gen_ai,
    lang_chain_openinference,
    lang_chain_openllmetry,
    pydantic_built_in,
    without_content,
)

Runner = Callable[[Conversation], Any]  # a coroutine function for async frameworks


@dataclass(frozen=True)
class OtelRun:
    spans: tuple[ReadableSpan, ...]  # in the order in which they ended
    calls: tuple[CallTruth, ...]
    problems: tuple[str, ...]  # faults of the harness; empty in a good run
    lives: tuple["Life", ...]  # how spans began and ended

    def choice_links(self) -> set[tuple[SpanRef, SpanRef]]:
        """Returns (tool span, LLM span that chose it)."""
        return {(c.tool, c.chosen_by) for c in self.calls if c.tool and c.chosen_by}

    def result_links(self) -> set[tuple[SpanRef, SpanRef]]:
        """Returns (LLM span, tool span whose result it read first)."""
        return {
            (c.first_used_by, c.tool) for c in self.calls if c.tool and c.first_used_by
        }


# What there is to run.


@dataclass(frozen=True)
class Setup:
    """A framework, in one of its ways to run, under an instrumentation."""

    framework: str
    instrumentation: str
    runner: Runner
    instrument: Instrumentation
    packages: tuple[str, ...]  # whose versions the matrix shows

    @property
    def key(self) -> str:
        return f"{self.framework}/{self.instrumentation}"

    @property
    def installed(self) -> bool:
        """Whether this environment has the packages; see python/requirements."""
        return set(self.packages) <= _INSTALLED

    def run(self, scenario: str, processor: SpanProcessor | None = None) -> OtelRun:
        """Runs `scenario`; `processor` gets the spans, and is flushed at the end.

        Raises what the framework raises, and TimeoutError if it does not run the
        calls of one answer at the same time.
        """
        return _run(self, SCENARIOS[scenario], processor)


_INSTALLED = {d.metadata["Name"] for d in importlib.metadata.distributions()}

_OPENINFERENCE = "openinference-instrumentation"
_OTEL = "opentelemetry-instrumentation"
_GEN_AI = "opentelemetry-instrumentation-genai"

_HIDE = {"OPENINFERENCE_HIDE_INPUTS": "true", "OPENINFERENCE_HIDE_OUTPUTS": "true"}
_NO_TRACELOOP_CONTENT = {"TRACELOOP_TRACE_CONTENT": "false"}
_NO_CAPTURE = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "no_content"}


def _setups(
    package: str,
    runners: dict[str, Runner],
    *instrumentations: tuple[str, Instrumentation, tuple[str, ...]],
) -> Iterator[Setup]:
    for framework, runner in runners.items():
        for name, instrument, packages in instrumentations:
            yield Setup(framework, name, runner, instrument, (package, *packages))


SETUPS = (
    *_setups(
        "openai-agents",
        {
            "openai-agents-responses": frameworks.run_openai_agents_responses,
            "openai-agents-chat": frameworks.run_openai_agents_chat,
        },
        (
            "openinference",
            agents_openinference,
            (f"{_OPENINFERENCE}-openai-agents",),
        ),
        (
            "openinference+client",
            agents_and_client_openinference,
            (f"{_OPENINFERENCE}-openai-agents", f"{_OPENINFERENCE}-openai"),
        ),
        (
            "openinference-no-content",
            without_content(agents_openinference, **_HIDE),
            (f"{_OPENINFERENCE}-openai-agents",),
        ),
        ("openllmetry", agents_openllmetry, (f"{_OTEL}-openai-agents",)),
        (
            "openllmetry-no-content",
            without_content(agents_openllmetry, **_NO_TRACELOOP_CONTENT),
            (f"{_OTEL}-openai-agents",),
        ),
        (
            "otel-genai",
            agents_gen_ai,
            (f"{_GEN_AI}-openai-agents", f"{_GEN_AI}-openai"),
        ),
        (
            "otel-genai-no-content",
            without_content(agents_gen_ai, **_NO_CAPTURE),
            (f"{_GEN_AI}-openai-agents", f"{_GEN_AI}-openai"),
        ),
    ),
    *_setups(
        "langgraph",
        {
            "langchain-sync": frameworks.run_lang_chain,
            "langchain-async": frameworks.run_lang_chain_async,
            "langgraph-sync": frameworks.run_lang_graph,
            "langgraph-async": frameworks.run_lang_graph_async,
        },
        ("openinference", lang_chain_openinference, (f"{_OPENINFERENCE}-langchain",)),
        ("openllmetry", lang_chain_openllmetry, (f"{_OTEL}-langchain",)),
        ("otel-genai", lang_chain_gen_ai, (f"{_GEN_AI}-langchain",)),
    ),
    *_setups(
        "pydantic-ai-slim",
        {
            "pydantic-ai-sync": frameworks.run_pydantic_ai,
            "pydantic-ai-async": frameworks.run_pydantic_ai_async,
        },
        *(
            (f"built-in-v{version}", pydantic_built_in(version), ())
            for version in (2, 3, 4, 5, 6)
        ),
        ("built-in-no-content", pydantic_built_in(5, content=False), ()),
    ),
    *_setups(
        "google-adk",
        {"google-adk": frameworks.run_google_adk},
        ("built-in", google_adk_built_in, ()),
        (
            "built-in-no-content",
            without_content(google_adk_built_in, **_NO_CAPTURE),
            (),
        ),
    ),
    *_setups(
        "openai",
        {
            "openai-sync": frameworks.run_openai_loop,
            "openai-async": frameworks.run_openai_loop_async,
        },
        ("openinference", client_openinference, (f"{_OPENINFERENCE}-openai",)),
        ("openllmetry", client_openllmetry, (f"{_OTEL}-openai",)),
        ("otel-genai", client_gen_ai, (f"{_GEN_AI}-openai",)),
        ("otel-openai-v2", client_openai_v2, (f"{_OTEL}-openai-v2",)),
    ),
)


# Running.


@dataclass
class Life:
    """How a span began and ended, as a span processor sees it."""

    span: SpanRef
    parent: SpanRef | None
    start_keys: frozenset[str]  # of the attributes
    started: int  # place among all starts and ends of the run
    started_in: int  # thread
    ended: int = -1
    ended_in: int = 0


class LifeRecorder(SpanProcessor):
    def __init__(self) -> None:
        self.lives: dict[SpanRef, Life] = {}
        self._lock = threading.Lock()
        self._events = 0

    def on_start(self, span: Span, parent_context: Any = None) -> None:
        ref = ref_of(span)
        assert ref is not None
        keys = frozenset(span.attributes or {})
        with self._lock:
            self.lives[ref] = Life(
                ref, parent_of(span), keys, self._events, threading.get_ident()
            )
            self._events += 1

    def on_end(self, span: ReadableSpan) -> None:
        ref = ref_of(span)
        assert ref is not None
        with self._lock:
            life = self.lives[ref]
            life.ended, life.ended_in = self._events, threading.get_ident()
            self._events += 1


def parent_of(span: ReadableSpan) -> SpanRef | None:
    if span.parent is None:
        return None
    trace_id, span_id = span.parent.trace_id, span.parent.span_id
    return SpanRef(format(trace_id, "032x"), format(span_id, "016x"))


def _run(setup: Setup, scenario: Scenario, processor: SpanProcessor | None) -> OtelRun:
    exporter = InMemorySpanExporter()
    lives = LifeRecorder()
    provider = TracerProvider(
        resource=Resource({"service.name": "travel-desk"}),
        # OpenInference writes an attribute for every part of every message.
        span_limits=SpanLimits(max_span_attributes=10_000),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(lives)
    if processor is not None:
        provider.add_span_processor(processor)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    meeting = Gate(scenario.runs)
    conversations = [
        Conversation(number, scenario, meeting) for number in range(scenario.runs)
    ]
    with setup.instrument(provider), contextlib.ExitStack() as stack:
        if scenario.one_trace:
            tracer = provider.get_tracer("requests")
            stack.enter_context(tracer.start_as_current_span("request"))
        _run_all(setup.runner, conversations)
    provider.force_flush()
    return OtelRun(
        exporter.get_finished_spans(),
        tuple(call for c in conversations for call in c.truth()),
        tuple(problem for c in conversations for problem in c.problems()),
        tuple(lives.lives.values()),
    )


def _run_all(runner: Runner, conversations: list[Conversation]) -> None:
    if not asyncio.iscoroutinefunction(runner):
        frameworks.in_threads(runner, conversations)
        return

    async def run() -> None:
        await asyncio.gather(*map(runner, conversations))

    asyncio.run(run())
