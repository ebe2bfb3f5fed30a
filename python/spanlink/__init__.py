"""Span links for LLM agents: which answer chose which tool call, which prompt
used which result, who handed over to whom.

    spanlink.link(trace)              a trace in, the same trace with links out
    spanlink.dispatch.tool_call(...)  what an integration sees, on the bus
    spanlink.Tracker(on_link=print)   links from what is on the bus
    spanlink.annotate(key=value)      metadata for the LLM span around or beside

`spanlink.openai_agents` links runs of the OpenAI Agents SDK while they happen,
`spanlink.opentelemetry` the spans of any OpenTelemetry instrumentation.
"""

import sys

if "t" in getattr(sys, "abiflags", ""):
    raise ImportError(
        "spanlink does not support free-threaded Python: its callbacks rely on the "
        "GIL. Use the default build of this version of Python."
    )

from spanlink._annotate import annotate
from spanlink._core import (
    Dispatcher,
    SpanLink,
    SpanSummary,
    Tracker,
    __version__,
    dispatch,
    find_links,
    link,
)
from spanlink._files import link_file

__all__ = [
    "Dispatcher",
    "SpanLink",
    "SpanSummary",
    "Tracker",
    "__version__",
    "annotate",
    "dispatch",
    "find_links",
    "link",
    "link_file",
]
