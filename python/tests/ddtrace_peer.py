"""The same run, told to ddtrace's LinkTracker and to spanlink.

The LinkTracker is the real one, and so are the spans that carry its links. The
spans belong to no tracer and are never finished: nothing is written anywhere,
and no agent is asked for.

What is told, and when, is what ddtrace's integrations tell their tracker: when
an LLM span ends, the results in its prompt and then the calls in its answer;
when a tool's span ends, the tool; a guardrail when it starts.
"""

import contextlib
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

# Before the import, which else looks for an agent on this machine.
os.environ["DD_TRACE_AGENT_URL"] = "unix:///nonexistent"
os.environ["DD_TRACE_ENABLED"] = "false"
os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"

import ddtrace
from ddtrace._trace.span import Span as DdSpan
from ddtrace.ext import SpanTypes
from ddtrace.llmobs._utils import LinkTracker, get_llmobs_span_links
from runs import Event, Span, trace_id_of, traces_of

import spanlink

DDTRACE_VERSION: str = ddtrace.__version__


class Result(NamedTuple):
    links: list[str]  # "X<-L1": X is the consumer, L1 the producer
    kept: int  # what the tracker still holds in the end


# ddtrace.


def ddtrace_links(events: Sequence[Event]) -> Result:
    """Tells `events` to a LinkTracker."""
    tracker = LinkTracker()
    spans = _dd_spans(events)
    for moment, _, span in events:
        # Its event bus drops what a listener raises.
        with contextlib.suppress(Exception):
            if span and moment == "start" and span.kind == "guardrail":
                tracker.on_guardrail_span_start(spans[span.name])
            elif span and moment == "end":
                _tell_ddtrace(tracker, span, spans[span.name])
    names = {str(spans[name].span_id): name for name in spans}
    links = [
        f"{name}<-{names[link['span_id']]}"
        for name, span in spans.items()
        for link in get_llmobs_span_links(span) or []
    ]
    return Result(links, _kept(tracker))


def _dd_spans(events: Sequence[Event]) -> dict[str, DdSpan]:
    spans: dict[str, DdSpan] = {}
    for span in dict.fromkeys(event.span for event in events):
        if span is not None:
            spans[span.name] = DdSpan(
                span.title or span.kind,
                span_type=SpanTypes.LLM,
                trace_id=int(span.trace_id, 16),
                span_id=int(span.span_id, 16),
            )
    for span in dict.fromkeys(event.span for event in events):
        if span is not None and span.parent is not None:
            spans[span.name]._parent = spans[span.parent.name]
    return spans


def _tell_ddtrace(tracker: LinkTracker, span: Span, dd_span: DdSpan) -> None:
    if span.kind == "llm":
        for use in span.uses:
            tracker.on_tool_call_output_used(use.id, dd_span)
        context = {"span_id": str(dd_span.span_id), "trace_id": span.trace_id}
        for choice in span.choices:
            tracker.on_llm_tool_choice(
                choice.id, choice.tool, choice.arguments, context
            )
        tracker.on_llm_span_finish(dd_span)
    elif span.execution is not None:
        id, tool, arguments = span.execution
        tracker.on_tool_call(tool, arguments, "function", dd_span, id or None)
    elif span.handover is not None:
        # Its integration makes the tool's name from the agent's in this way, and
        # stands "{}" in for the arguments.
        tool = "transfer_to_" + span.handover.to_agent.replace(" ", "_").lower()
        tracker.on_tool_call(tool, "{}", "handoff", dd_span)
    elif span.kind == "agent":
        tracker.on_openai_agent_span_finish()


def _kept(tracker: LinkTracker) -> int:
    return (
        len(tracker._tool_calls)
        + len(tracker._lookup_tool_id)
        + len(tracker._active_guardrail_spans)
    )


# spanlink.


class Delivery(NamedTuple):
    """How much of what it might know a program tells."""

    spans: bool = True  # that a span begins, and that one ends
    times: bool = True
    parents: bool = True


EVERYTHING = Delivery()
THREE_SIGNALS = Delivery(spans=False, times=False, parents=False)  # as ddtrace hears


def tell_spanlink(
    dispatcher: spanlink.Dispatcher, event: Event, delivery: Delivery = EVERYTHING
) -> None:
    """Dispatches one event."""
    span = event.span
    if span is None:
        dispatcher.scope_finish(trace_id_of(event.trace))
    elif event.moment == "start":
        if delivery.spans:
            dispatcher.span_start(
                span.trace_id,
                span.span_id,
                kind=span.kind,
                name=span.title,
                tool_call_id=span.execution.id if span.execution else "",
                **_where(span, delivery, ended=False),
            )
    else:
        _tell_end(dispatcher, span, _where(span, delivery, ended=True))
        if delivery.spans:
            dispatcher.span_finish(
                span.trace_id,
                span.span_id,
                kind=span.kind,
                outcome=span.outcome,
                **_where(span, delivery, ended=True),
            )


def _tell_end(
    dispatcher: spanlink.Dispatcher, span: Span, where: dict[str, Any]
) -> None:
    ids = (span.trace_id, span.span_id)
    for use in span.uses:
        dispatcher.tool_call_output_used(
            *ids,
            use.id,
            use.tool,
            ordinal=use.ordinal,
            llm_outcome=span.outcome,
            **where,
        )
    for choice in span.choices:
        dispatcher.llm_tool_choice(
            *ids,
            choice.tool,
            choice.arguments,
            choice.id,
            index=choice.position,
            **where,
        )
    if span.execution is not None:
        id, tool, arguments = span.execution
        dispatcher.tool_call(*ids, tool, arguments, id, outcome=span.outcome, **where)
    if span.handover is not None:
        dispatcher.handoff(*ids, *span.handover, outcome=span.outcome, **where)


def _where(span: Span, delivery: Delivery, *, ended: bool) -> dict[str, Any]:
    where: dict[str, Any] = {}
    if delivery.parents:
        where["parent_id"] = span.parent.span_id if span.parent else ""
    if delivery.times:
        where["start"] = _nanoseconds(span.start)
        if ended:
            where["end"] = _nanoseconds(span.end)
    return where


def _nanoseconds(milliseconds: int) -> int:
    return (1_767_225_600_000 + milliseconds) * 1_000_000


class SpanlinkResult(NamedTuple):
    links: list[str]  # "X<-L1 tool_choice(1) arguments", " attempt 2" on retries
    diagnostics: dict[str, int]
    kept: int
    live: int  # how many links came before anything was settled


def spanlink_links(
    events: Sequence[Event], delivery: Delivery = EVERYTHING, **options: Any
) -> SpanlinkResult:
    """Dispatches `events` to a tracker of their own, then finishes all traces."""
    dispatcher = spanlink.Dispatcher()
    with spanlink.Tracker(dispatcher, seed=7, **options) as tracker:
        for event in events:
            tell_spanlink(dispatcher, event, delivery)
        links = tracker.take_links()
        live = len(links)
        for trace in traces_of(events):
            dispatcher.scope_finish(trace_id_of(trace))
        tracker.settle()
        links += tracker.take_links()
        stats, diagnostics = tracker.stats, tracker.diagnostics
    names = {
        (event.span.trace_id, event.span.span_id): event.span.name
        for event in events
        if event.span
    }
    return SpanlinkResult(
        [show(link, names) for link in links],
        {name: count for name, count in diagnostics.items() if count},
        sum(count for name, count in stats.items() if name != "parked_calls"),
        live,
    )


def show(link: spanlink.SpanLink, names: dict[tuple[str, str], str]) -> str:
    """A link as a line, in the notation of the conformance list."""
    consumer = names[link.trace_id, link.span_id]
    producer = names[link.linked_trace_id, link.linked_span_id]
    id = f"({link.tool_call_id})" if link.tool_call_id else ""
    line = f"{consumer}<-{producer} {link.kind}{id} {link.evidence}"
    if link.kind in ("tool_choice", "handoff_choice") and link.attempt > 1:
        line += f" attempt {link.attempt}"
    return line


def edges(lines: Sequence[str]) -> list[str]:
    """The lines without kind and evidence, sorted."""
    return sorted(line.split(" ", 1)[0] for line in lines)
