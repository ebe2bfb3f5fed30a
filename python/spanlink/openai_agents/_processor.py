"""SpanLinkProcessor: links a run of the OpenAI Agents SDK while it happens.

The walk of the data: the SDK tells the processor of every span (`on_span_start`,
`on_span_end`), `_signals.py` dispatches what it holds, the tracker decides, and links
and annotations come back here, still inside the call of the SDK: to the callback, and
onto the spans that wait for them in `_records.py`.
"""

import json
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from inspect import signature
from time import monotonic
from typing import Any

from agents.tracing import Span, Trace, TracingProcessor

from spanlink._core import Dispatcher, SpanLink, Tracker, dispatch
from spanlink.openai_agents import _records, _spans
from spanlink.openai_agents._records import Entry, guarded
from spanlink.openai_agents._signals import Signals

_live: "weakref.WeakSet[SpanLinkProcessor]" = weakref.WeakSet()
_live_lock = threading.Lock()


def processors_of(span: Span[Any]) -> "list[SpanLinkProcessor]":
    """The processors that know a span: those that hooks talk to about it."""
    with _live_lock:
        live = list(_live)
    return [processor for processor in live if processor.knows(span)]


class SpanLinkProcessor(Signals, TracingProcessor):
    """A tracing processor that links spans while a run happens.

        add_trace_processor(SpanLinkProcessor(on_link=print))

    `on_link(link)` is called for every link of the runs that this processor sees,
    on the thread of the run, as soon as nothing can change it; the last ones when
    the trace ends. What it raises goes to `sys.unraisablehook`; while it runs, only
    its thread waits.

    `next`: a processor that is told everything later: a span that ended is handed
    on when its links and annotations are known, at the latest with the end of its
    trace, after `linger` seconds, or when `max_waiting` others wait. What it raises
    is logged and counted, and while it runs, only its thread waits. An exporter
    behind it finds them by `links_of(span)` and in `span.span_data.metadata`:

        set_trace_processors([SpanLinkProcessor(next=BatchTraceProcessor(exporter))])

    `dispatcher`: where signals go; by default the one of the process, so that other
    packages may report a part of what happens. `policy` and `min_evidence` are those
    of `spanlink.Tracker`.

    With `SpanLinkHooks` in the run, ids are exact, and it links without sensitive
    data.

    Keeps ids, names and hashes of a trace until it ends, the arguments of at most 256
    answers until they are executed, and the spans that are open or wait; at most
    `max_open` and `max_waiting` of them and `max_traces` traces, the oldest go first.
    Thread-safe, and safe to fork: a child starts without the spans of its parent.
    Raises nothing into the run.
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
        max_open: int = 65_536,
        max_waiting: int = 4096,
        max_traces: int = 4096,
    ) -> None:
        super().__init__(next, max_open)
        self._on_link = on_link
        self._dispatch = dispatcher or dispatch
        self._policy = policy
        self._min_evidence = min_evidence
        self._linger = linger
        self._max_waiting = max_waiting
        self._max_traces = max_traces
        self._reset()
        with _live_lock:
            _live.add(self)

    def _reset(self) -> None:
        super()._reset()
        self._tracker = Tracker(
            self._dispatch,
            on_link=self._take_link,
            on_annotation=self._take_annotation,
            policy=self._policy,
            min_evidence=self._min_evidence,
        )

    @property
    def diagnostics(self) -> dict[str, int]:
        """What was odd about the data, by name, with counts; `processor_failure`:
        calls of the SDK that could not be handled; `next_failure`: calls of `next`
        that raised."""
        counts = dict(self._tracker.diagnostics)
        if self._failures:
            counts["processor_failure"] = self._failures
        if self._next_failures:
            counts["next_failure"] = self._next_failures
        return counts

    @property
    def stats(self) -> dict[str, int]:
        """What is kept at the moment, by name: the tracker's, and `traces`,
        `open_spans`, `waiting_spans`."""
        with self._lock:
            return {
                **self._tracker.stats,
                "traces": sum(not run.ended for run in self._runs.values()),
                "open_spans": len(self._open),
                "waiting_spans": len(self._waiting),
            }

    # What the SDK tells.

    def on_trace_start(self, trace: Trace) -> None:
        self._start_trace(trace)
        self._forget_old_runs()
        self._tell_next("on_trace_start", trace)

    def on_trace_end(self, trace: Trace) -> None:
        self._end_trace(trace)
        self._tell_next("on_trace_end", trace)

    def on_span_start(self, span: Span[Any]) -> None:
        self._start_span(span)
        self._tell_next("on_span_start", span)

    def on_span_end(self, span: Span[Any]) -> None:
        self._end_span(span)
        if not self._let_wait(span):  # it has no ids
            self._tell_next("on_span_end", span)

    def shutdown(self, timeout: float | None = None) -> None:
        """Hands on what waits, and stops listening, after calls of `on_link` on other
        threads have returned. `timeout`: in seconds, for `next`, if that knows it."""
        self._hand_on_all()
        self._tracker.close()
        with _live_lock:
            _live.discard(self)
        if self._next is not None:
            has_limit = timeout is not None and _takes_timeout(self._next.shutdown)
            self._tell_next("shutdown", **({"timeout": timeout} if has_limit else {}))

    def force_flush(self) -> None:
        """Hands on every span that waits, with the links that are known."""
        self._hand_on_all()
        self._tell_next("force_flush")

    @guarded
    def _let_wait(self, span: Span[Any]) -> None:
        """A span ended: hands on what may go, and lets it wait until it may."""
        with self._lock:
            run = self._run(span.trace_id)
            entry = self._entry_of(run, span)
            parent = self._parent_of(run, span, entry.kind)
            entry.ended_at = monotonic()
            entry.window_open = parent is not None and parent.last_llm is span
            key = (span.trace_id, span.span_id)
            self._open.pop(key, None)
            other = self._waiting.pop(key, None)
            self._waiting[key] = entry
            is_settled = self._is_settled(entry)
            ready = [entry] if is_settled else []
            latest_end = entry.ended_at - self._linger
            excess = len(self._waiting) - len(ready) - self._max_waiting
            for waiting in self._waiting.values():
                if excess <= 0 and (waiting.ended_at or 0.0) > latest_end:
                    break
                if waiting is not entry or not is_settled:
                    ready.append(waiting)
                    excess -= 1
        if other is not None and other is not entry:  # one with the same id
            self._tell_next("on_span_end", other.span)
        self._finish_if_over(span.trace_id, run)
        self._forget_old_runs()
        self._hand_on(ready)

    @guarded
    def _forget_old_runs(self) -> None:
        """Finishes traces that ended with spans that never end, and forgets those that
        were not heard of for longest."""
        with self._lock:
            if not self._runs:
                return
            trace_id, run = next(iter(self._runs.items()))
            is_silent = run.last_event < monotonic() - self._linger
            if not (run.ended and is_silent) and len(self._runs) <= self._max_traces:
                return
            self._runs.move_to_end(trace_id)  # another thread takes another one
        self._finish(trace_id, run)  # its last links are still to be told
        with self._lock:
            if self._runs.get(trace_id) is run:
                del self._runs[trace_id]

    # What hooks know besides. Called by `_hooks.py`, about spans that are known.

    def knows(self, span: Span[Any]) -> bool:
        """Whether the span is open, or waits."""
        with self._lock:
            return self._entry(span) is not None

    @guarded
    def begin_llm_hook(self, parent: Span[Any], prompt: Any) -> None:
        """A hook before an LLM call begins; `prompt`: the items of its input."""
        self._dispatch.llm_hook(parent.trace_id, parent.span_id, "start")
        with self._lock:
            entry = self._entry(parent)
            if entry is None:
                return
            if entry.last_llm is not None:
                entry.hooks = 0  # of a call that is over; it failed
            ready = self._close_window(self._run(parent.trace_id), entry)
            entry.hooks += 1
            entry.prompt = list(_spans.uses_in(prompt))
        self._hand_on(ready)

    @guarded
    def end_llm_hook(self, parent: Span[Any]) -> None:
        """The hook after the LLM call ended."""
        self._dispatch.llm_hook(parent.trace_id, parent.span_id, "end")
        ready: list[Entry] = []
        with self._lock:
            entry = self._entry(parent)
            if entry is not None and entry.hooks > 0:
                entry.hooks -= 1
                if entry.hooks == 0:
                    entry.prompt = None
                    ready = self._close_window(self._run(parent.trace_id), entry)
        self._hand_on(ready)

    @guarded
    def annotate(self, span: Span[Any], values: Mapping[str, str]) -> None:
        """Metadata, as JSON, for the LLM span that `span` is or is the parent of.
        Custom spans around the code that annotates do not matter."""
        with self._lock:
            target = span
            for entry in self._around(self._run(span.trace_id), span):
                if target.span_data.type != "custom":
                    break
                target = entry.span
        for key, value in values.items():
            self._dispatch.annotate(span.trace_id, target.span_id, key, value)

    @guarded
    def note_answer(self, parent: Span[Any], items: Any) -> None:
        """The model answered, with these items. Now it counts what it was asked, too;
        both for an LLM span that does not say them."""
        with self._lock:
            entry = self._entry(parent)
            llm = None if entry is None else entry.last_llm
            if entry is None or llm is None:
                return
            used = [] if entry.prompt_is_known else entry.prompt or []
            tell_answer = not entry.answer_is_known
            entry.prompt_is_known = entry.answer_is_known = True
        self._report_uses(llm, used, "ok")
        if tell_answer:
            self._report_choices(llm, _spans.choices_in(items))

    @guarded
    def note_tool_call_id(self, span: Span[Any], tool_call_id: str) -> None:
        """Which call the tool's span executes."""
        with self._lock:
            entry = self._entry(span)
            if entry is None or entry.kind != "tool":
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
            entry = self._entry(parent)
            return None if entry is None else entry.last_llm

    # What the tracker decides.

    def _take_link(self, link: SpanLink) -> None:
        with self._lock:
            run = self._runs.get(link.trace_id)
            if run is None:
                return  # of somebody else who uses this dispatcher
            entry = run.entries.get(link.span_id)
            is_choice = link.kind in ("tool_choice", "handoff_choice")
            arguments = self._take_arguments(link) if is_choice else None
            if entry is not None:
                if arguments is not None and link.kind == "handoff_choice":
                    _records.arguments[entry.span] = arguments
                known = _records.links.setdefault(entry.span, [])
                if link not in known:  # found by another processor
                    known.append(link)
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


def set_metadata(span: Span[Any], values: dict[str, Any]) -> None:
    """Adds to the metadata of a span, which the SDK exports with it."""
    metadata = getattr(span.span_data, "metadata", None)
    if isinstance(metadata, dict):
        metadata.update(values)
    else:
        span.span_data.metadata = dict(values)


def _takes_timeout(shutdown: Callable[..., object]) -> bool:
    try:
        return "timeout" in signature(shutdown).parameters
    except (TypeError, ValueError):
        return False


def _reset_in_child() -> None:
    global _live_lock
    _live_lock = threading.Lock()  # a thread that is not there may hold the old one
    for processor in list(_live):
        processor._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_in_child)
