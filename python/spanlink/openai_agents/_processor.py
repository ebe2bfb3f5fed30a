"""SpanLinkProcessor: links a run of the OpenAI Agents SDK while it happens.

The walk of the data: the SDK tells the processor of every span (`on_span_start`,
`on_span_end`), `_spans.py` reads what a span holds, signals go to the dispatcher,
the tracker decides, and links and annotations come back here, still inside the
call of the SDK: to the callback, and onto the spans that wait for them.
"""

import json
import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from time import monotonic
from typing import Any, Concatenate, ParamSpec

from agents.tracing import Span, Trace, TracingProcessor

from spanlink._core import Dispatcher, SpanLink, Tracker, dispatch
from spanlink.openai_agents import _spans

_log = logging.getLogger("spanlink")
_P = ParamSpec("_P")

# Spans that carry links. All others are handed on when they end.
_LINKED = ("llm", "tool", "handoff", "guardrail")

_links: "weakref.WeakKeyDictionary[Span[Any], list[SpanLink]]" = (
    weakref.WeakKeyDictionary()
)
# Those that hooks talk to.
live_processors: "weakref.WeakSet[SpanLinkProcessor]" = weakref.WeakSet()


def links_of(span: Span[Any]) -> tuple[SpanLink, ...]:
    """The links on a span that a `SpanLinkProcessor` has seen, in the order in which
    they were found. For exporters; they live as long as the span."""
    return tuple(_links.get(span, ()))


@dataclass(slots=True)
class _Entry:
    """What is known of a span that is open, or waits."""

    span: Span[Any]
    kind: str
    ended_at: float | None = None  # None: it is open
    window_open: bool = False  # of an LLM span: a hook may still annotate it
    # As a parent of LLM spans.
    hooks: int = 0
    last_llm: "Span[Any] | None" = None
    answer_is_known: bool = False
    # What only hooks know.
    prompt: list[str] | None = None
    tool_call_id: str = ""


@dataclass(slots=True)
class _Run:
    """What is known of a trace."""

    conversation_id: str = ""
    ended: bool = True  # or its start was not seen
    entries: "OrderedDict[str, _Entry]" = field(default_factory=OrderedDict)


def _guarded(
    method: Callable[Concatenate["SpanLinkProcessor", _P], None],
) -> Callable[Concatenate["SpanLinkProcessor", _P], None]:
    """Nothing that goes wrong here reaches the run; it is counted."""

    @wraps(method)
    def call(self: "SpanLinkProcessor", *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self._failures += 1
            # The message may quote what the span holds.
            _log.debug("%s: %s", method.__name__, type(error).__name__)

    return call


class SpanLinkProcessor(TracingProcessor):
    """A tracing processor that links spans while a run happens.

        add_trace_processor(SpanLinkProcessor(on_link=print))

    `on_link(link)` is called for every link of the runs that this processor sees,
    on the thread of the run, as soon as nothing can change it; the last ones when
    the trace ends. What it raises goes to `sys.unraisablehook`.

    `next`: a processor that is told everything later: a span that ended is handed
    on when its links and annotations are known, at the latest with the end of its
    trace, after `linger` seconds, or when `max_waiting` others wait. An exporter
    behind it finds them by `links_of(span)` and in `span.span_data.metadata`:

        set_trace_processors([SpanLinkProcessor(next=BatchTraceProcessor(exporter))])

    `dispatcher`: where signals go; by default the one of the process, so that other
    packages may report a part of what happens. `policy` and `min_evidence` are those
    of `spanlink.Tracker`.

    With `SpanLinkHooks` in the run, ids are exact, and it links without sensitive
    data.

    Keeps ids, names and hashes of a trace until it ends, and the spans that are open
    or wait. Thread-safe. Raises nothing into the run.
    """

    def __init__(
        self,
        on_link: Callable[[SpanLink], object] | None = None,
        *,
        next: TracingProcessor | None = None,
        dispatcher: Dispatcher | None = None,
        policy: str = "first",
        min_evidence: str = "name",
        linger: float = 30.0,
        max_waiting: int = 4096,
        max_traces: int = 4096,
    ) -> None:
        self._on_link = on_link
        self._next = next
        self._dispatch = dispatcher or dispatch
        self._linger = linger
        self._max_waiting = max_waiting
        self._max_traces = max_traces
        self._failures = 0
        self._lock = threading.RLock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        # Spans that ended and wait, oldest first.
        self._waiting: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._tracker = Tracker(
            self._dispatch,
            on_link=self._take_link,
            on_annotation=self._take_annotation,
            policy=policy,
            min_evidence=min_evidence,
        )
        live_processors.add(self)

    @property
    def diagnostics(self) -> dict[str, int]:
        """What was odd about the data, by name, with counts; `processor_failure`:
        calls of the SDK that could not be handled."""
        counts = dict(self._tracker.diagnostics)
        if self._failures:
            counts["processor_failure"] = self._failures
        return counts

    @property
    def stats(self) -> dict[str, int]:
        """What is kept at the moment, by name: the tracker's, and `traces`,
        `open_spans`, `waiting_spans`."""
        with self._lock:
            entries = sum(len(run.entries) for run in self._runs.values())
            return {
                **self._tracker.stats,
                "traces": sum(not run.ended for run in self._runs.values()),
                "open_spans": entries - len(self._waiting),
                "waiting_spans": len(self._waiting),
            }

    # What the SDK tells.

    def on_trace_start(self, trace: Trace) -> None:
        self._start_trace(trace)
        if self._next is not None:
            self._next.on_trace_start(trace)

    def on_trace_end(self, trace: Trace) -> None:
        self._end_trace(trace.trace_id)
        if self._next is not None:
            self._next.on_trace_end(trace)

    def on_span_start(self, span: Span[Any]) -> None:
        self._start_span(span)
        if self._next is not None:
            self._next.on_span_start(span)

    def on_span_end(self, span: Span[Any]) -> None:
        self._end_span(span)
        self._hand_on(self._let_wait(span))

    def shutdown(self) -> None:
        """Hands on what waits, and stops listening."""
        self._hand_on_all()
        self._tracker.close()
        live_processors.discard(self)
        if self._next is not None:
            self._next.shutdown()

    def force_flush(self) -> None:
        """Hands on every span that waits, with the links that are known."""
        self._hand_on_all()
        if self._next is not None:
            self._next.force_flush()

    # The same, as signals.

    @_guarded
    def _start_trace(self, trace: Trace) -> None:
        with self._lock:
            run = self._run(trace.trace_id)
            run.ended = False
            run.conversation_id = str(getattr(trace, "group_id", None) or "")

    @_guarded
    def _end_trace(self, trace_id: str) -> None:
        self._dispatch.scope_finish(trace_id)
        with self._lock:
            run = self._run(trace_id)
            run.ended = True
            entries = [e for e in run.entries.values() if e.ended_at is not None]
            self._forget_open(run)
        self._hand_on(entries)

    @_guarded
    def _start_span(self, span: Span[Any]) -> None:
        kind = _spans.kind_of(span.span_data)
        with self._lock:
            run = self._run(span.trace_id)
            run.entries[span.span_id] = _Entry(span, kind)
        self._dispatch.span_start(
            span.trace_id,
            span.span_id,
            kind=kind,
            name=str(getattr(span.span_data, "name", None) or ""),
            conversation_id=run.conversation_id,
            parent_id=span.parent_id or "",
        )
        with self._lock:
            parent = run.entries.get(span.parent_id or "")
            ready = self._close_window(run, parent)
            if parent is not None and kind == "llm":
                parent.last_llm = span
                parent.answer_is_known = False
        self._hand_on(ready)

    @_guarded
    def _end_span(self, span: Span[Any]) -> None:
        with self._lock:
            run = self._run(span.trace_id)
            entry = run.entries.get(span.span_id)
            if entry is None:  # it began before this processor was there
                entry = _Entry(span, _spans.kind_of(span.span_data))
                run.entries[span.span_id] = entry
            parent = run.entries.get(span.parent_id or "")
        outcome = _spans.outcome_of(span, entry.kind)
        if entry.kind == "llm":
            self._report_llm(span, parent, outcome)
        elif entry.kind == "tool":
            self._report_tool(span, entry, outcome)
        elif entry.kind == "handoff":
            self._report_handoff(span, outcome)
        self._dispatch.span_finish(
            span.trace_id,
            span.span_id,
            kind=entry.kind,
            outcome=outcome,
            parent_id=span.parent_id or "",
        )
        with self._lock:
            ready = self._close_window(run, entry)
        self._hand_on(ready)

    # What a span holds, as signals.

    def _report_llm(
        self, span: Span[Any], parent: _Entry | None, outcome: str
    ) -> None:
        used = list(_spans.uses_of(span.span_data))
        if not used and parent is not None and parent.prompt is not None:
            used = parent.prompt
        self._report_uses(span, used, outcome)
        choices = list(_spans.choices_of(span.span_data))
        self._report_choices(span, choices)
        if parent is not None and parent.last_llm is span:
            parent.answer_is_known = bool(choices)

    def _report_uses(
        self, span: Span[Any], ids: Iterable[str], outcome: str
    ) -> None:
        seen: dict[str, int] = {}
        for tool_call_id in ids:
            self._dispatch.tool_call_output_used(
                span.trace_id,
                span.span_id,
                tool_call_id,
                ordinal=seen.get(tool_call_id, 0),
                llm_outcome=outcome,
            )
            seen[tool_call_id] = seen.get(tool_call_id, 0) + 1

    def _report_choices(
        self, span: Span[Any], choices: Iterable[_spans.Choice]
    ) -> None:
        for index, choice in enumerate(choices):
            self._dispatch.llm_tool_choice(
                span.trace_id,
                span.span_id,
                choice.tool_name,
                choice.arguments,
                choice.tool_call_id,
                index=index,
            )

    def _report_tool(self, span: Span[Any], entry: _Entry, outcome: str) -> None:
        arguments = getattr(span.span_data, "input", None)
        self._dispatch.tool_call(
            span.trace_id,
            span.span_id,
            str(span.span_data.name),
            arguments if isinstance(arguments, str) else None,
            _spans.tool_call_id_of(span.span_data) or entry.tool_call_id,
            outcome=outcome,
        )

    def _report_handoff(self, span: Span[Any], outcome: str) -> None:
        self._dispatch.handoff(
            span.trace_id,
            span.span_id,
            str(getattr(span.span_data, "from_agent", None) or ""),
            str(getattr(span.span_data, "to_agent", None) or ""),
            outcome=outcome,
        )

    # What hooks know besides. Called by `_hooks.py`.

    @_guarded
    def begin_llm_hook(self, parent: Span[Any], prompt: Any) -> None:
        """A hook before an LLM call begins; `prompt`: the items of its input."""
        self._dispatch.llm_hook(parent.trace_id, parent.span_id, "start")
        with self._lock:
            run = self._run(parent.trace_id)
            entry = run.entries.get(parent.span_id)
            ready = self._close_window(run, entry)
            if entry is not None:
                entry.hooks += 1
                entry.prompt = list(_spans.uses_in(prompt))
        self._hand_on(ready)

    @_guarded
    def end_llm_hook(self, parent: Span[Any]) -> None:
        """The hook after the LLM call ended."""
        self._dispatch.llm_hook(parent.trace_id, parent.span_id, "end")
        ready: list[_Entry] = []
        with self._lock:
            run = self._run(parent.trace_id)
            entry = run.entries.get(parent.span_id)
            if entry is not None and entry.hooks > 0:
                entry.hooks -= 1
                if entry.hooks == 0:
                    entry.prompt = None
                    ready = self._close_window(run, entry)
        self._hand_on(ready)

    @_guarded
    def note_answer(self, parent: Span[Any], items: Any) -> None:
        """The items of the answer, for an LLM span that does not say them."""
        with self._lock:
            entry = self._run(parent.trace_id).entries.get(parent.span_id)
            llm = None if entry is None else entry.last_llm
            if entry is None or llm is None or entry.answer_is_known:
                return
            entry.answer_is_known = True
        self._report_choices(llm, _spans.choices_in(items))

    @_guarded
    def note_tool_call_id(self, span: Span[Any], tool_call_id: str) -> None:
        """Which call the tool's span executes."""
        with self._lock:
            entry = self._run(span.trace_id).entries.get(span.span_id)
            if entry is None:
                return
            entry.tool_call_id = tool_call_id
        self._dispatch.span_start(
            span.trace_id,
            span.span_id,
            kind="tool",
            name=str(span.span_data.name),
            tool_call_id=tool_call_id,
        )

    def last_llm_span(self, parent: Span[Any]) -> Span[Any] | None:
        """The LLM span under `parent` that started last, while it may be annotated."""
        with self._lock:
            entry = self._run(parent.trace_id).entries.get(parent.span_id)
            return None if entry is None else entry.last_llm

    # What the tracker decides.

    def _take_link(self, link: SpanLink) -> None:
        with self._lock:
            run = self._runs.get(link.trace_id)
            if run is None:
                return  # of somebody else who uses this dispatcher
            entry = run.entries.get(link.span_id)
            if entry is not None:
                _links.setdefault(entry.span, []).append(link)
        if self._on_link is not None:
            self._on_link(link)

    def _take_annotation(
        self, trace_id: str, span_id: str, key: str, value: str
    ) -> None:
        with self._lock:
            run = self._runs.get(trace_id)
            entry = None if run is None else run.entries.get(span_id)
            if entry is not None:
                set_metadata(entry.span, {key: json.loads(value)})

    # Spans that wait for links and annotations.

    def _let_wait(self, span: Span[Any]) -> list[_Entry]:
        """A span ended. Returns what may be handed on."""
        with self._lock:
            run = self._run(span.trace_id)
            entry = run.entries.setdefault(
                span.span_id, _Entry(span, _spans.kind_of(span.span_data))
            )
            parent = run.entries.get(span.parent_id or "")
            entry.ended_at = monotonic()
            entry.window_open = parent is not None and parent.last_llm is span
            self._waiting[span.trace_id, span.span_id] = entry
            ready = [entry] if self._is_settled(entry) else []
            latest_end = entry.ended_at - self._linger
            excess = len(self._waiting) - len(ready) - self._max_waiting
            for waiting in self._waiting.values():
                if excess <= 0 and (waiting.ended_at or 0.0) > latest_end:
                    break
                if waiting not in ready:
                    ready.append(waiting)
                    excess -= 1
        # A run that goes on after an approval has no end of its trace.
        if span.parent_id is None and run.ended:
            self._end_trace(span.trace_id)
        return ready

    def _is_settled(self, entry: _Entry) -> bool:
        if entry.window_open:
            return False
        if self._next is None or entry.kind not in _LINKED:
            return True
        return entry.span in _links

    def _close_window(self, run: _Run, parent: _Entry | None) -> list[_Entry]:
        """No annotation can come any more for the last LLM span under `parent`, if
        that ended. Returns what may be handed on."""
        llm = None if parent is None else parent.last_llm
        entry = None if llm is None else run.entries.get(llm.span_id)
        if parent is None or entry is None or entry.ended_at is None:
            return []
        parent.last_llm = None
        entry.window_open = False
        return [entry] if self._is_settled(entry) else []

    def _hand_on(self, entries: Iterable[_Entry]) -> None:
        """Hands spans on, each once, in the order given. Holds no lock then."""
        for entry in entries:
            span = entry.span
            with self._lock:
                run = self._runs.get(span.trace_id)
                if run is not None and run.entries.get(span.span_id) is entry:
                    del run.entries[span.span_id]
                mine = self._waiting.pop((span.trace_id, span.span_id), None)
            if mine is not None and self._next is not None:
                self._next.on_span_end(span)

    def _hand_on_all(self) -> None:
        with self._lock:
            entries = list(self._waiting.values())
        self._hand_on(entries)

    def _forget_open(self, run: _Run) -> None:
        """Spans that were cancelled hard never end."""
        for span_id, entry in list(run.entries.items()):
            if entry.ended_at is None:
                del run.entries[span_id]

    def _run(self, trace_id: str) -> _Run:
        """The trace's record. Those that were not heard of for longest are forgotten;
        what waits of them waits on."""
        run = self._runs.get(trace_id)
        if run is None:
            run = self._runs[trace_id] = _Run()
            if len(self._runs) > self._max_traces:
                self._runs.popitem(last=False)
        else:
            self._runs.move_to_end(trace_id)
        return run


def set_metadata(span: Span[Any], values: dict[str, Any]) -> None:
    """Adds to the metadata of a span, which the SDK exports with it."""
    metadata = getattr(span.span_data, "metadata", None)
    if isinstance(metadata, dict):
        metadata.update(values)
    else:
        span.span_data.metadata = dict(values)  # type: ignore[attr-defined]
