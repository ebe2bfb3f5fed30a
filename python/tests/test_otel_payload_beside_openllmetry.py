# venvs: frameworks
"""The payload of tools, beside what OpenLLMetry's instrumentation exports of the
same run."""

import agents
import pydantic
from opentelemetry.instrumentation.openai_agents._hooks import (
    OpenTelemetryTracingProcessor,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otel_exports import run_exported
from sdk_runs import Ask, ask, say


class Weather(pydantic.BaseModel):
    city: str


def run_with_tool(result):
    async def body(env):
        @agents.function_tool
        async def get_weather(city: str):
            """Tells the weather."""
            return result

        call = Ask("call_1", get_weather, '{"city":"London"}')
        wire = env.wire(ask(call), say())
        await env.run(env.agent("Clerk", wire, tools=[get_weather]), wire)

    return body


def openllmetry():
    """Its processor, as its instrumentor makes it, and where its spans end up."""
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return OpenTelemetryTracingProcessor(provider.get_tracer("test")), memory


def tool_spans(spans):
    return [s for s in spans if s.attributes.get("gen_ai.tool.name") == "get_weather"]


# R32, R35: where both write the payload of a call, they write the same text.
def test_both_write_the_same_text():
    peer, memory = openllmetry()
    ours = run_exported(run_with_tool("It's cloudy with 15°C"), also=[peer])
    [theirs] = tool_spans(memory.get_finished_spans())
    [ours] = tool_spans(ours.spans)
    for key in ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result"):
        assert ours.attributes[key] == theirs.attributes[key]
    # What the pull request is about: its output panel reads this.
    assert "traceloop.entity.output" not in theirs.attributes
    assert ours.attributes["traceloop.entity.output"] == "It's cloudy with 15°C"


# R38: a model as a result costs it the whole span, and us nothing.
def test_a_model_as_a_result_loses_no_span():
    peer, memory = openllmetry()
    ours = run_exported(run_with_tool(Weather(city="a")), also=[peer])
    assert tool_spans(memory.get_finished_spans()) == []
    [span] = tool_spans(ours.spans)
    assert span.attributes["gen_ai.tool.call.result"] == '{"city": "a"}'
