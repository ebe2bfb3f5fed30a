"""Real instrumentations, each a context manager around runs.

`instrument(provider)` has a framework write its spans to `provider` inside the
`with` and leaves nothing behind. One at a time a process: they patch modules.
"""

import contextlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import wrapt
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from otel_conversation import Call

Instrumentation = Callable[[TracerProvider], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def _instrumented(provider: TracerProvider, *instrumentors: Any) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.callback(_unwrap_what_is_left)
        for instrumentor in instrumentors:
            instrumentor.instrument(tracer_provider=provider, skip_dep_check=True)
            stack.callback(instrumentor.uninstrument)
        yield


_PATCHED = ("openai.", "langchain", "langgraph.")


def _unwrap_what_is_left() -> None:
    """Takes off patches that instrumentors forget when they are uninstalled."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(_PATCHED):
            continue
        owners = [v for v in vars(module).values() if isinstance(v, type)]
        for owner in (module, *owners):
            for attribute, value in list(vars(owner).items()):
                if isinstance(value, wrapt.FunctionWrapper):
                    setattr(owner, attribute, inspect.unwrap(value))


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _capture() -> Iterator[None]:
    """Has OpenTelemetry's own instrumentations write content, if nobody forbade it."""
    name = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    with _environment(**{name: os.environ.get(name, "span_only")}):
        yield


@contextlib.contextmanager
def _agents_processors() -> Iterator[None]:
    """Without the exporter to OpenAI, and without anybody else's afterwards."""
    import agents

    agents.set_trace_processors([])
    try:
        yield
    finally:
        agents.set_trace_processors([])


@contextlib.contextmanager
def agents_openinference(provider: TracerProvider) -> Iterator[None]:
    from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

    with _agents_processors(), _instrumented(provider, OpenAIAgentsInstrumentor()):
        yield


@contextlib.contextmanager
def agents_and_client_openinference(provider: TracerProvider) -> Iterator[None]:
    """Both at once: every model call has two LLM spans, one inside the other."""
    from openinference.instrumentation.openai import OpenAIInstrumentor

    with (
        agents_openinference(provider),
        _instrumented(provider, OpenAIInstrumentor()),
    ):
        yield


@contextlib.contextmanager
def agents_openllmetry(provider: TracerProvider) -> Iterator[None]:
    from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor

    with _agents_processors(), _instrumented(provider, OpenAIAgentsInstrumentor()):
        yield


@contextlib.contextmanager
def agents_gen_ai(provider: TracerProvider) -> Iterator[None]:
    """OpenTelemetry's own: LLM spans come from its package for the client."""
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
    from opentelemetry.instrumentation.genai.openai_agents import (
        OpenAIAgentsInstrumentor,
    )

    with (
        _capture(),
        _agents_processors(),
        _instrumented(provider, OpenAIInstrumentor(), OpenAIAgentsInstrumentor()),
    ):
        yield


@contextlib.contextmanager
def lang_chain_openinference(provider: TracerProvider) -> Iterator[None]:
    from openinference.instrumentation.langchain import LangChainInstrumentor

    with _instrumented(provider, LangChainInstrumentor()):
        yield


@contextlib.contextmanager
def lang_chain_openllmetry(provider: TracerProvider) -> Iterator[None]:
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    with _instrumented(provider, LangchainInstrumentor()):
        yield


@contextlib.contextmanager
def lang_chain_gen_ai(provider: TracerProvider) -> Iterator[None]:
    from opentelemetry.instrumentation.genai.langchain import LangChainInstrumentor

    with _capture(), _instrumented(provider, LangChainInstrumentor()):
        yield


def pydantic_built_in(version: Any, content: bool = True) -> Instrumentation:
    @contextlib.contextmanager
    def instrumented(provider: TracerProvider) -> Iterator[None]:
        import warnings

        from pydantic_ai import Agent
        from pydantic_ai.models.instrumented import InstrumentationSettings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # older versions are deprecated
            settings = InstrumentationSettings(
                tracer_provider=provider, version=version, include_content=content
            )
        Agent.instrument_all(settings)
        try:
            yield
        finally:
            Agent.instrument_all(False)

    return instrumented


class _Forwarder(SpanProcessor):
    target: SpanProcessor | None = None

    def on_start(self, span: Span, parent_context: Any = None) -> None:
        if self.target is not None:
            self.target.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        if self.target is not None:
            self.target.on_end(span)


_forwarder = _Forwarder()


@contextlib.contextmanager
def google_adk_built_in(provider: TracerProvider) -> Iterator[None]:
    """ADK takes the provider of the process, which can be set only once."""
    if not isinstance(otel.get_tracer_provider(), TracerProvider):
        of_process = TracerProvider(resource=provider.resource, shutdown_on_exit=False)
        of_process.add_span_processor(_forwarder)
        otel.set_tracer_provider(of_process)
    _forwarder.target = provider._active_span_processor
    try:
        with _capture():
            yield
    finally:
        _forwarder.target = None


def without_content(instrument: Instrumentation, **variables: str) -> Instrumentation:
    """Returns `instrument` with environment variables that keep secrets out."""

    @contextlib.contextmanager
    def instrumented(provider: TracerProvider) -> Iterator[None]:
        with _environment(**variables), instrument(provider):
            yield

    return instrumented


# A client's instrumentation makes no spans for agents and tools. The hand-written
# loop makes them, with a helper that the convention ships or as its documents say.


@dataclass
class HandSpans:
    """How a convention writes the spans that no client instrumentation makes."""

    agent: Callable[[], Any]  # context manager
    tool: Callable[[Call], Any]  # context manager, gives a setter of the result


def gen_ai_spans(provider: TracerProvider) -> HandSpans:
    tracer = provider.get_tracer("desk")

    @contextlib.contextmanager
    def agent() -> Iterator[None]:
        with tracer.start_as_current_span("invoke_agent desk") as span:
            span.set_attribute("gen_ai.operation.name", "invoke_agent")
            span.set_attribute("gen_ai.agent.name", "desk")
            yield

    @contextlib.contextmanager
    def tool(call: Call) -> Iterator[Callable[[str], None]]:
        with tracer.start_as_current_span(f"execute_tool {call.name}") as span:
            span.set_attribute("gen_ai.operation.name", "execute_tool")
            span.set_attribute("gen_ai.tool.name", call.name)
            span.set_attribute("gen_ai.tool.type", "function")
            span.set_attribute("gen_ai.tool.call.id", call.id)
            arguments = json.dumps(call.arguments)
            span.set_attribute("gen_ai.tool.call.arguments", arguments)
            yield lambda result: span.set_attribute("gen_ai.tool.call.result", result)

    return HandSpans(agent, tool)


def openinference_spans(provider: TracerProvider) -> HandSpans:
    from openinference.instrumentation import OITracer, TraceConfig

    tracer = OITracer(provider.get_tracer("desk"), config=TraceConfig())

    @contextlib.contextmanager
    def agent() -> Iterator[None]:
        with tracer.start_as_current_span("desk", openinference_span_kind="agent"):
            yield

    @contextlib.contextmanager
    def tool(call: Call) -> Iterator[Callable[[str], None]]:
        with tracer.start_as_current_span(
            call.name, openinference_span_kind="tool"
        ) as span:
            span.set_tool(name=call.name, parameters={"city": {"type": "string"}})
            span.set_input(call.arguments)
            yield span.set_output

    return HandSpans(agent, tool)


def openllmetry_spans(provider: TracerProvider) -> HandSpans:
    tracer = provider.get_tracer("desk")

    @contextlib.contextmanager
    def agent() -> Iterator[None]:
        with tracer.start_as_current_span("desk.agent") as span:
            span.set_attribute("traceloop.span.kind", "agent")
            span.set_attribute("traceloop.entity.name", "desk")
            yield

    @contextlib.contextmanager
    def tool(call: Call) -> Iterator[Callable[[str], None]]:
        with tracer.start_as_current_span(f"{call.name}.tool") as span:
            span.set_attribute("traceloop.span.kind", "tool")
            span.set_attribute("traceloop.entity.name", call.name)
            span.set_attribute(
                "traceloop.entity.input",
                json.dumps({"args": [], "kwargs": call.arguments}),
            )
            yield lambda result: span.set_attribute(
                "traceloop.entity.output", json.dumps(result)
            )

    return HandSpans(agent, tool)


_hand_spans: HandSpans | None = None  # of the instrumentation at work


def hand_spans() -> HandSpans:
    assert _hand_spans is not None
    return _hand_spans


@contextlib.contextmanager
def _hand_written(spans: HandSpans) -> Iterator[None]:
    global _hand_spans
    _hand_spans = spans
    try:
        yield
    finally:
        _hand_spans = None


@contextlib.contextmanager
def client_gen_ai(provider: TracerProvider) -> Iterator[None]:
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

    with (
        _capture(),
        _instrumented(provider, OpenAIInstrumentor()),
        _hand_written(gen_ai_spans(provider)),
    ):
        yield


@contextlib.contextmanager
def client_openai_v2(provider: TracerProvider) -> Iterator[None]:
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

    # Without the first, content goes into log records and none onto spans. It is
    # read once a process.
    with (
        _environment(OTEL_SEMCONV_STABILITY_OPT_IN="gen_ai_latest_experimental"),
        _capture(),
        _instrumented(provider, OpenAIInstrumentor()),
        _hand_written(gen_ai_spans(provider)),
    ):
        yield


@contextlib.contextmanager
def client_openllmetry(provider: TracerProvider) -> Iterator[None]:
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    with (
        _instrumented(provider, OpenAIInstrumentor()),
        _hand_written(openllmetry_spans(provider)),
    ):
        yield


@contextlib.contextmanager
def client_openinference(provider: TracerProvider) -> Iterator[None]:
    from openinference.instrumentation.openai import OpenAIInstrumentor

    with (
        _instrumented(provider, OpenAIInstrumentor()),
        _hand_written(openinference_spans(provider)),
    ):
        yield
