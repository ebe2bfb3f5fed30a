"""What `SpanLinkProcessor` knows of traces and of their spans, and the spans that wait.

A span that ended waits for its links and annotations; then it is handed on, once, to
the next processor. What is found for it lives as long as the span, for exporters.
"""

import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

from agents.tracing import Span, TracingProcessor

from spanlink._core import SpanLink
from spanlink.openai_agents import _spans

_log = logging.getLogger("spanlink")
_P = ParamSpec("_P")
_R = TypeVar("_R", bound="Records")

# Spans that carry links. All others are handed on when they end.
_LINKED = ("llm", "tool", "handoff", "guardrail")

# Parents that are looked at, at most: ids that users choose may go in circles.
_MAX_DEPTH = 256

links: "weakref.WeakKeyDictionary[Span[Any], list[SpanLink]]" = (
    weakref.WeakKeyDictionary()
)
arguments: "weakref.WeakKeyDictionary[Span[Any], str]" = weakref.WeakKeyDictionary()
unexecuted: "weakref.WeakSet[Span[Any]]" = weakref.WeakSet()


def links_of(span: Span[Any]) -> tuple[SpanLink, ...]:
    """The links on a span that a `SpanLinkProcessor` has seen, in the order in which
    they were found. For exporters; they live as long as the span."""
    return tuple(links.get(span, ()))


def arguments_of(span: Span[Any]) -> str | None:
    """What a handoff's span does not say: its arguments, as the span of the answer has
    them, which may be handed on later. None where no `SpanLinkProcessor` knows them.
    For exporters; they live as long as the span."""
    return arguments.get(span)


def waits_for_approval(span: Span[Any]) -> bool:
    """Whether a tool's span ended without running it, as far as a `SpanLinkProcessor`
    knows: the span itself looks like that of a tool that returned None."""
    return span in unexecuted


@dataclass(slots=True)
class Entry:
    """What is known of a span that is open, or waits."""

    span: Span[Any]
    kind: str
    ended_at: float | None = None  # None: it is open
    window_open: bool = False  # of an LLM span: a hook may still annotate it
    # As a parent of LLM spans.
    hooks: int = 0
    last_llm: "Span[Any] | None" = None
    prompt_is_known: bool = False
    answer_is_known: bool = False
    # What only hooks know.
    prompt: list[str] | None = None
    tool_call_id: str = ""


@dataclass(slots=True)
class Run:
    """What is known of a trace."""

    conversation_id: str = ""
    ended: bool = True  # or its start was not seen
    last_event: float = 0.0
    # Tool spans without a result, by the agent that they ran for.
    silent: dict[str, list[Entry]] = field(default_factory=dict)
    entries: "OrderedDict[str, Entry]" = field(default_factory=OrderedDict)


def guarded(
    method: Callable[Concatenate[_R, _P], None],
) -> Callable[Concatenate[_R, _P], bool]:
    """Nothing that goes wrong here reaches the run; it is counted. Returns whether
    all went well."""

    @wraps(method)
    def call(self: _R, /, *args: _P.args, **kwargs: _P.kwargs) -> bool:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self._failures += 1
            # The message may quote what the span holds.
            _log.debug("%s: %s", method.__name__, type(error).__name__)
            return False
        return True

    return call


class Records:
    """The spans of traces: those that are open, and those that wait to be handed on.

    Thread-safe; what says so wants the lock to be held. While the next processor
    runs, it is not.
    """

    def __init__(self, next: TracingProcessor | None, max_open: int) -> None:
        self._next = next
        self._max_open = max_open
        self._failures = 0
        self._next_failures = 0

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._runs: OrderedDict[str, Run] = OrderedDict()
        # Spans by trace and span id, oldest first: those that are open, and those
        # that ended and wait.
        self._open: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._waiting: OrderedDict[tuple[str, str], Entry] = OrderedDict()

    # Where a span stands.

    def _run(self, trace_id: str) -> Run:
        """The trace's record. The lock is held."""
        run = self._runs.get(trace_id)
        if run is None:
            run = self._runs[trace_id] = Run()
        self._runs.move_to_end(trace_id)
        run.last_event = monotonic()
        return run

    def _entry(self, span: Span[Any]) -> Entry | None:
        """What is known of a span. The lock is held."""
        run = self._runs.get(span.trace_id)
        return None if run is None else run.entries.get(span.span_id)

    @staticmethod
    def _entry_of(run: Run, span: Span[Any]) -> Entry:
        """The same, a new one if the span began before this processor was there, or
        another one has its id. The lock is held."""
        entry = run.entries.get(span.span_id)
        if entry is None or entry.span is not span:
            entry = Entry(span, _spans.kind_of(span.span_data))
            run.entries[span.span_id] = entry
        return entry

    @staticmethod
    def _around(run: Run, span: Span[Any]) -> Iterator[Entry]:
        """The known spans around a span, the innermost first. The lock is held."""
        for _ in range(_MAX_DEPTH):
            entry = run.entries.get(span.parent_id or "")
            if entry is None:
                return
            yield entry
            span = entry.span

    @staticmethod
    def _parent_of(run: Run, span: Span[Any], kind: str) -> Entry | None:
        """What is known of the parent. That of an LLM span is around custom spans: a
        model may open some around its own. The lock is held."""
        parent = run.entries.get(span.parent_id or "")
        for _ in range(_MAX_DEPTH if kind == "llm" else 0):
            if parent is None or parent.span.span_data.type != "custom":
                break
            parent = run.entries.get(parent.span.parent_id or "")
        return parent

    def _agent_of(self, run: Run, span: Span[Any]) -> str:
        """The open agent span around a span; "" if there is none. The lock is held."""
        for entry in self._around(run, span):
            if entry.kind == "agent":
                return "" if entry.ended_at is not None else entry.span.span_id
        return ""

    def _forget_open_spans(self) -> None:
        """Spans that never end. The lock is held."""
        while len(self._open) > self._max_open:
            (trace_id, span_id), _ = self._open.popitem(last=False)
            run = self._runs.get(trace_id)
            if run is not None:
                run.entries.pop(span_id, None)

    # Spans that wait for links and annotations.

    def _is_settled(self, entry: Entry) -> bool:
        if entry.window_open:
            return False
        if self._next is None or entry.kind not in _LINKED:
            return True
        return entry.span in links

    def _close_window(self, run: Run, parent: Entry | None) -> list[Entry]:
        """No annotation can come any more for the last LLM span under `parent`, if
        that ended. Returns what may be handed on."""
        llm = None if parent is None else parent.last_llm
        entry = None if llm is None else run.entries.get(llm.span_id)
        if parent is None or entry is None or entry.ended_at is None:
            return []
        parent.last_llm = None
        entry.window_open = False
        return [entry] if self._is_settled(entry) else []

    def _hand_on(self, entries: Iterable[Entry]) -> None:
        """Hands spans on, each once, in the order given. Holds no lock then."""
        for entry in entries:
            span = entry.span
            key = (span.trace_id, span.span_id)
            with self._lock:
                run = self._runs.get(span.trace_id)
                if run is not None and run.entries.get(span.span_id) is entry:
                    del run.entries[span.span_id]
                waits = self._waiting.get(key) is entry
                if waits:
                    del self._waiting[key]
            if waits:
                self._tell_next("on_span_end", span)

    def _hand_on_all(self) -> None:
        with self._lock:
            entries = list(self._waiting.values())
        self._hand_on(entries)

    def _tell_next(self, event: str, *args: Any, **kwargs: Any) -> None:
        """What goes wrong there stops neither the run nor what else it is told."""
        if self._next is None:
            return
        try:
            getattr(self._next, event)(*args, **kwargs)
        except Exception as error:
            self._next_failures += 1
            _log.error("the next processor failed: %s: %s", event, type(error).__name__)
