"""Adds links to the OpenTelemetry spans of any framework as they end.

    pip install spanlink opentelemetry-sdk pydantic-ai-slim
    python examples/opentelemetry_any_framework.py

Here it is Pydantic AI, whose instrumentation is built in, with its own test model,
so that it needs no key and no network. For another framework, install its
instrumentation; the three lines around the exporter stay the same.
"""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from pydantic_ai import Agent
from pydantic_ai.agent import InstrumentationSettings
from pydantic_ai.models.test import TestModel

from spanlink.opentelemetry import LinkingSpanProcessor


def show(span: ReadableSpan) -> str:
    context = span.get_span_context()
    text = f"{context.span_id if context else 0:016x}  {span.name}\n"
    for link in span.links:
        says = link.attributes or {}
        kind, evidence = says["spanlink.kind"], says["spanlink.evidence"]
        text += f"    <- {link.context.span_id:016x}  {kind!s} by {evidence!s}\n"
    return text


# The three lines. A real exporter goes into a BatchSpanProcessor here.
provider = TracerProvider()
exporter = SimpleSpanProcessor(ConsoleSpanExporter(formatter=show))
provider.add_span_processor(LinkingSpanProcessor(exporter))


def main() -> None:
    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))
    agent = Agent(TestModel(), name="desk")

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Returns the forecast for a city."""
        return f"{city}: dry, 19 degrees"

    @agent.tool_plain
    def find_trains(day: str) -> str:
        """Lists the trains of a day."""
        return f"{day}: 09:30, 13:30"

    print(agent.run_sync("Which train, and do I need an umbrella?").output)
    provider.shutdown()


if __name__ == "__main__":
    main()
