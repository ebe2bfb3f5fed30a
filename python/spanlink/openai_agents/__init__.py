"""Span links for the OpenAI Agents SDK.

    from agents import add_trace_processor
    from spanlink.openai_agents import SpanLinkProcessor

    add_trace_processor(SpanLinkProcessor(on_link=print))

With hooks, ids are exact, and the LLM span is the current span in hooks around an
LLM call:

    await Runner.run(agent, "…", hooks=SpanLinkHooks(my_hooks))
"""

from typing import TYPE_CHECKING

from spanlink.openai_agents._backend import AllowListExporter, BackendExporter
from spanlink.openai_agents._hooks import SpanLinkHooks
from spanlink.openai_agents._processor import SpanLinkProcessor
from spanlink.openai_agents._records import links_of

if TYPE_CHECKING:
    from spanlink.openai_agents._otel import OtelExporter

__all__ = [
    "AllowListExporter",
    "BackendExporter",
    "OtelExporter",
    "SpanLinkHooks",
    "SpanLinkProcessor",
    "links_of",
]


def __getattr__(name: str) -> object:
    """`OtelExporter` needs opentelemetry-sdk, which others need not have."""
    if name == "OtelExporter":
        from spanlink.openai_agents._otel import OtelExporter

        return OtelExporter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
