"""Span links for OpenTelemetry spans of any GenAI instrumentation.

provider.add_span_processor(
    LinkingSpanProcessor(BatchSpanProcessor(OTLPSpanExporter()))
)
"""

import json
import logging
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import (
    Link,
    SpanContext,
    StatusCode,
    TraceFlags,
    get_current_span,
)

from spanlink import _annotate
from spanlink._core import Dispatcher, SpanLink, SpanSummary, Tracker, dispatch

_log = logging.getLogger("spanlink")

# OpenTelemetry's default limit for one span.
MAX_LINKS = 128
# The first of these that a link has says whether it is the same link.
_IDENTITY = ("spanlink.kind", "gen_ai.attribution.link_type", "from")

_Key = tuple[int, int]  # trace id, span id


@dataclass(slots=True)
class _Waiting:
    """A span that ended and may get links."""

    span: ReadableSpan
    ended_at: float
    wanted: int | None  # links that settle it; None: only the end of its trace
    links: list[SpanLink] = field(default_factory=list)

    def is_settled(self) -> bool:
        return self.wanted is not None and len(self.links) >= self.wanted


@dataclass(slots=True)
class _Trace:
    """What is known of a trace in this process."""

    open_spans: int = 0
    last_event: float = 0.0
    has_root: bool = False  # a span without a parent ended
    has_handoff: bool = False
    waiting: set[_Key] = field(default_factory=set)
    settled: list[_Key] = field(default_factory=list)  # of those, by a later link
    # Links of spans that do not wait: they have not ended yet, or went on already.
    others: dict[_Key, list[SpanLink]] = field(default_factory=dict)


class LinkingSpanProcessor(SpanProcessor):
    """A span processor that adds links to spans as they end, in front of another
    one, `next`, which exports them.

    Spans are decoded whatever instrumentation wrote them (docs/dialects.md). A span
    that cannot carry a link goes on at once, as the object that it is; one that can
    waits for what it lacks: the end of its trace, or `linger` seconds. At most
    `max_waiting` spans wait, of at most `max_traces` traces; the oldest go on first.
    Nothing is changed of a span but its links: those it has stay first, none is added
    twice, at most 128 are kept and the rest is counted in `dropped_links`.

    `dispatcher`: where signals go; by default the one of the process, so that other
    packages may report a part of what happens. `policy` and `min_evidence` are those
    of `spanlink.Tracker`, `profile` that of `SpanLink.attributes`.

    Jaeger takes a link into the same trace for the parent of a span that has none.

    Keeps ids, names and hashes of a trace until it ends, and the spans that wait.
    Thread-safe, and safe to fork: a child starts without the spans of its parent.
    Raises nothing; what goes wrong here is counted, and the span goes on unlinked.
    """

    def __init__(
        self,
        next: SpanProcessor,
        *,
        dispatcher: Dispatcher | None = None,
        policy: str = "first",
        min_evidence: str = "name",
        profile: str = "datadog,semconv",
        linger: float = 5.0,
        max_waiting: int = 8192,
        max_traces: int = 8192,
    ) -> None:
        self._next = next
        self._dispatch = dispatcher or dispatch
        self._policy = policy
        self._min_evidence = min_evidence
        self._profile = profile
        self._linger = linger
        self._max_waiting = max_waiting
        self._max_traces = max_traces
        self._failures = 0
        self._late_links = 0
        self._reset()
        # Fails here, and not at the first link, for a profile that there is not.
        SpanLink("", "", "", "", "tool_choice", "order").attributes(profile)
        _live_processors.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._traces: OrderedDict[int, _Trace] = OrderedDict()
        self._waiting: OrderedDict[_Key, _Waiting] = OrderedDict()
        self._timer: threading.Thread | None = None
        self._closed = False
        self._tracker = Tracker(
            self._dispatch,
            on_link=self._take_link,
            policy=self._policy,
            min_evidence=self._min_evidence,
        )

    @property
    def diagnostics(self) -> dict[str, int]:
        """What was odd about the data, by name, with counts. `processor_failure`: spans
        that could not be handled; `late_link`: links that were found after their
        span had gone on."""
        counts = dict(self._tracker.diagnostics)
        for name, count in (
            ("processor_failure", self._failures),
            ("late_link", self._late_links),
        ):
            if count:
                counts[name] = count
        return counts

    @property
    def stats(self) -> dict[str, int]:
        """What is kept at the moment, by name: the tracker's, and `traces` and
        `waiting_spans`."""
        with self._lock:
            own = {"traces": len(self._traces), "waiting_spans": len(self._waiting)}
        return {**self._tracker.stats, **own}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._next.on_start(span, parent_context)
        try:
            self._start(span)
        except Exception as error:
            self._count_failure(error)

    def on_end(self, span: ReadableSpan) -> None:
        try:
            ready = self._end(span)
        except Exception as error:
            self._count_failure(error)
            ready = [_Waiting(span, 0.0, 0)]
        self._hand_on(ready)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Hands on every span that waits, with the links that are known."""
        self._hand_on(self._take_waiting())
        return self._next.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Decides what is open, hands on every span that waits, and ends the timer."""
        with self._lock:
            self._closed = True
            self._wake.notify_all()
        self._tracker.close()
        self._hand_on(self._take_waiting())
        self._next.shutdown()

    # A span, as signals.

    def _start(self, span: Span) -> None:
        context = span.get_span_context()
        if context is None:
            return
        with self._lock:
            trace = self._trace(context.trace_id)
            trace.open_spans += 1
            trace.last_event = monotonic()
        self._dispatch.span_start(
            context.trace_id,
            context.span_id,
            parent_id=_parent_id(span),
            start=span.start_time,
        )

    def _end(self, span: ReadableSpan) -> list[_Waiting]:
        """Returns the spans that may go on."""
        context = span.get_span_context()
        if context is None:
            return [_Waiting(span, 0.0, 0)]
        key = (context.trace_id, context.span_id)
        now = monotonic()
        entry = _Waiting(span, now, None)
        with self._lock:
            trace = self._trace(context.trace_id)
            self._waiting[key] = entry  # for the links that come now
            entry.links = trace.others.pop(key, [])
            trace.waiting.add(key)
        summary = self._report(span, context)
        with self._lock:
            trace.open_spans = max(0, trace.open_spans - 1)
            trace.last_event = now
            trace.has_root = trace.has_root or span.parent is None
            trace.has_handoff = trace.has_handoff or _is_handoff(summary)
            entry.wanted = _links_wanted(summary, trace.has_handoff)
            is_over = trace.open_spans == 0 and trace.has_root
        if is_over:
            return self._finish(context.trace_id)
        return self._take_settled(entry, key)

    def _report(self, span: ReadableSpan, context: SpanContext) -> SpanSummary | None:
        status = span.status
        return self._dispatch.finished_span(
            context.trace_id,
            context.span_id,
            parent_id=_parent_id(span),
            name=span.name,
            start=span.start_time,
            end=span.end_time,
            failed=status.status_code is StatusCode.ERROR,
            status_message=status.description or "",
            attributes=span.attributes,
            events=[(event.name, event.attributes) for event in span.events],
            dropped_attributes=span.dropped_attributes > 0,
        )

    # Links, and the spans that wait for them.

    def _take_link(self, link: SpanLink) -> None:
        """Called by the tracker, inside of a call that dispatches."""
        key = _key_of(link.trace_id, link.span_id)
        if key is None:
            return  # of somebody else who uses this dispatcher
        with self._lock:
            trace = self._traces.get(key[0])
            entry = self._waiting.get(key)
            if entry is not None:
                entry.links.append(link)
                if trace is not None and entry.is_settled():
                    trace.settled.append(key)
            elif trace is not None:
                trace.others.setdefault(key, []).append(link)

    def _take_settled(self, entry: _Waiting, key: _Key) -> list[_Waiting]:
        """Takes `entry` if it is settled, what its links settled besides, and what is
        too much."""
        with self._lock:
            keys = [key] if entry.is_settled() else []
            trace = self._traces.get(key[0])
            if trace is not None:
                keys += trace.settled
                trace.settled.clear()
            ready = self._pop(keys)
            excess = len(self._waiting) - self._max_waiting
            ready += self._pop(
                [k for k, _ in zip(self._waiting, range(excess), strict=False)]
            )
            self._start_timer()
        return ready

    def _finish(self, trace_id: int) -> list[_Waiting]:
        """Nothing more is expected of a trace: takes all that waits of it."""
        self._dispatch.scope_finish(trace_id)
        with self._lock:
            trace = self._traces.pop(trace_id, None)
            if trace is None:
                return []
            self._late_links += sum(map(len, trace.others.values()))
            return self._pop(list(trace.waiting))

    def _take_waiting(self) -> list[_Waiting]:
        with self._lock:
            return self._pop(list(self._waiting))

    def _pop(self, keys: Iterable[_Key]) -> list[_Waiting]:
        """Takes entries out, in the order of their end. The lock is held."""
        taken = []
        for key in keys:
            entry = self._waiting.pop(key, None)
            if entry is not None:
                taken.append(entry)
            if key[0] in self._traces:
                self._traces[key[0]].waiting.discard(key)
        return sorted(taken, key=lambda entry: entry.ended_at)

    def _hand_on(self, entries: Iterable[_Waiting]) -> None:
        for entry in entries:
            span = entry.span
            try:
                span = with_links(span, entry.links, self._profile)
            except Exception as error:
                self._count_failure(error)
            self._next.on_end(span)

    # The timer: for spans whose trace does not end here, or not soon.

    def _start_timer(self) -> None:
        """The lock is held."""
        if self._timer is None and not self._closed and self._next_deadline():
            self._timer = threading.Thread(
                target=self._run_timer, name="spanlink", daemon=True
            )
            self._timer.start()

    def _run_timer(self) -> None:
        while True:
            with self._lock:
                deadline = self._next_deadline()
                if self._closed or deadline is None:
                    self._timer = None
                    return
                self._wake.wait(max(0.0, deadline - monotonic()))
            self._hand_on(self._take_overdue())

    def _next_deadline(self) -> float | None:
        """When something will have waited for too long; None: nothing waits. The lock
        is held."""
        times = [t.last_event for t in self._traces.values() if t.open_spans == 0]
        times += [entry.ended_at for entry in islice(self._waiting.values(), 1)]
        return min(times) + self._linger if times else None

    def _take_overdue(self) -> list[_Waiting]:
        latest = monotonic() - self._linger
        with self._lock:
            silent = [
                trace_id
                for trace_id, trace in self._traces.items()
                if trace.open_spans == 0 and trace.last_event <= latest
            ]
        ready = [entry for trace_id in silent for entry in self._finish(trace_id)]
        with self._lock:
            overdue = [k for k, e in self._waiting.items() if e.ended_at <= latest]
            return ready + self._pop(overdue)

    def _trace(self, trace_id: int) -> _Trace:
        """The trace's record. Those that were not heard of for longest are forgotten;
        what waits of them waits on. The lock is held."""
        trace = self._traces.get(trace_id)
        if trace is None:
            trace = self._traces[trace_id] = _Trace()
            if len(self._traces) > self._max_traces:
                self._traces.popitem(last=False)
        else:
            self._traces.move_to_end(trace_id)
        return trace

    def _count_failure(self, error: Exception) -> None:
        self._failures += 1
        # The message may quote what the span holds.
        _log.debug("a span was not linked: %s", type(error).__name__)


def _annotate_current(values: Mapping[str, str]) -> bool:
    """Puts metadata on the current span, which is the LLM span in the code of a model
    and of a client. Others have no place of their own for it."""
    span = get_current_span()
    if not span.is_recording():
        return False
    for key, value in values.items():
        plain = json.loads(value)
        known = isinstance(plain, (str, bool, int, float))
        span.set_attribute(key, plain if known else value)
    return True


_annotate.register(_annotate_current)


def with_links(
    span: ReadableSpan, links: Iterable[SpanLink], profile: str = "datadog,semconv"
) -> ReadableSpan:
    """Returns the span with links added, or the span itself where there is nothing to
    add. The given span is not changed."""
    old = tuple(span.links)
    added: list[Link] = []
    for link in links:
        new = to_otel_link(link, profile)
        if new is not None and not any(
            _is_same(other, new, link) for other in (*old, *added)
        ):
            added.append(new)
    return _LinkedSpan(span, old, added) if added else span


def to_otel_link(link: SpanLink, profile: str = "datadog,semconv") -> Link | None:
    """Returns the link as OpenTelemetry has it: to the producer, with attributes. None
    if the producer's ids are none of OpenTelemetry's."""
    key = _key_of(link.linked_trace_id, link.linked_span_id)
    if key is None:
        return None
    context = SpanContext(*key, is_remote=False, trace_flags=TraceFlags(0x01))
    return Link(context, link.attributes(profile))


class _LinkedSpan(ReadableSpan):
    """A span like another one, with more links."""

    def __init__(
        self, span: ReadableSpan, old: tuple[Link, ...], added: list[Link]
    ) -> None:
        vars(self).update(vars(span))
        links = (*old, *added)
        self._links = links[: max(len(old), MAX_LINKS)]
        self._dropped_links = span.dropped_links + len(links) - len(self._links)

    @property
    def dropped_links(self) -> int:
        return self._dropped_links


def _is_same(old: Link, new: Link, link: SpanLink) -> bool:
    """Whether `old` says already what `new`, made from `link`, says."""
    if _ids(old) != _ids(new):
        return False
    has, says = old.attributes or {}, link.attributes()
    key = next((key for key in _IDENTITY if key in has), None)
    return key is not None and has[key] == says.get(key)


def _ids(link: Link) -> _Key:
    return link.context.trace_id, link.context.span_id


def _key_of(trace_id: str, span_id: str) -> _Key | None:
    """The numbers of OpenTelemetry's ids; None for the texts of others."""
    try:
        if len(trace_id) == 32 and len(span_id) == 16:
            return int(trace_id, 16), int(span_id, 16)
    except ValueError:
        pass
    return None


def _parent_id(span: ReadableSpan) -> int:
    return 0 if span.parent is None else span.parent.span_id


def _is_handoff(summary: SpanSummary | None) -> bool:
    return summary is not None and summary.kind == "handoff"


def _links_wanted(summary: SpanSummary | None, after_handoff: bool) -> int | None:
    """How many links settle a span of this kind."""
    if summary is None or summary.kind == "other":
        return 0
    if summary.kind in ("tool", "handoff", "guardrail"):
        return 1
    # Which of the results in a prompt are old ones is not known here.
    if summary.uses == 0 and not after_handoff:
        return 0
    return None if after_handoff else summary.uses


def _reset_in_child() -> None:
    for processor in list(_live_processors):
        processor._reset()


_live_processors: "weakref.WeakSet[LinkingSpanProcessor]" = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_in_child)
