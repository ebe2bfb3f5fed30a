"""Span links for the OpenAI Agents SDK.

    from agents import add_trace_processor
    from spanlink.openai_agents import SpanLinkProcessor

    add_trace_processor(SpanLinkProcessor(on_link=print))
"""

from spanlink.openai_agents._processor import SpanLinkProcessor, links_of

__all__ = ["SpanLinkProcessor", "links_of"]
