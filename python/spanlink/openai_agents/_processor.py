"""SpanLinkProcessor: links a run of the OpenAI Agents SDK while it happens.

The walk of the data: the SDK tells the processor of every span (`on_span_start`,
`on_span_end`), `_spans.py` reads what a span holds, signals go to the dispatcher,
the tracker decides, and links and annotations come back here, still inside the
call of the SDK: to the callback, and onto the spans that wait for them.
"""

import json
import logging
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from inspect import signature
from time import monotonic
from typing import Any, Concatenate, ParamSpec

from agents.tracing import Span, Trace, TracingProcessor

from spanlink._core import Dispatcher, SpanLink, Tracker, dispatch
from spanlink.openai_agents import _spans

_log = logging.getLogger("spanlink")
_P = ParamSpec("_P")

# Spans that carry links. All others are handed on when they end.
_LINKED = ("llm", "tool", "handoff", "guardrail")

# Answers whose calls were not executed so far, and how long the arguments of one may
# be, in characters.
_MAX_ANSWERS = 256
_MAX_ARGUMENTS = 1 << 16

# Parents that are looked at, at most: ids that users choose may go in circles.
_MAX_DEPTH = 256

_links: "weakref.WeakKeyDictionary[Span[Any], list[SpanLink]]" = (
    weakref.WeakKeyDictionary()
)
_arguments: "weakref.WeakKeyDictionary[Span[Any], str]" = weakref.WeakKeyDictionary()
_unexecuted: "weakref.WeakSet[Span[Any]]" = weakref.WeakSet()
_live: "weakref.WeakSet[SpanLinkProcessor]" = weakref.WeakSet()
_live_lock = threading.Lock()


def links_of(span: Span[Any]) -> tuple[SpanLink, ...]:
    """The links on a span that a `SpanLinkProcessor` has seen, in the order in which
    they were found. For exporters; they live as long as the span."""
    return tuple(_links.get(span, ()))


def arguments_of(span: Span[Any]) -> str | None:
    """What a handoff's span does not say: its arguments, as the span of the answer has
    them, which may be handed on later. None where no `SpanLinkProcessor` knows them.
    For exporters; they live as long as the span."""
    return _arguments.get(span)


def waits_for_approval(span: Span[Any]) -> bool:
    """Whether a tool's span ended without running it, as far as a `SpanLinkProcessor`
    knows: the span itself looks like that of a tool that returned None."""
    return span in _unexecuted


def processors_of(span: Span[Any]) -> "list[SpanLinkProcessor]":
    """The processors that know a span: those that hooks talk to about it."""
    with _live_lock:
        live = list(_live)
    return [processor for processor in live if processor.knows(span)]


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
    prompt_is_known: bool = False
    answer_is_known: bool = False
    # What only hooks know.
    prompt: list[str] | None = None
    tool_call_id: str = ""


@dataclass(slots=True)
class _Run:
    """What is known of a trace."""

    conversation_id: str = ""
    ended: bool = True  # or its start was not seen
    last_event: float = 0.0
    # Tool spans without a result, by the agent that they ran for.
    silent: dict[str, list[_Entry]] = field(default_factory=dict)
    entries: "OrderedDict[str, _Entry]" = field(default_factory=OrderedDict)


def _guarded(
    method: Callable[Concatenate["SpanLinkProcessor", _P], None],
) -> Callable[Concatenate["SpanLinkProcessor", _P], bool]:
    """Nothing that goes wrong here reaches the run; it is counted. Returns whether
    all went well."""

    @wraps(method)
    def call(self: "SpanLinkProcessor", /, *args: _P.args, **kwargs: _P.kwargs) -> bool:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self._failures += 1
            # The message may quote what the span holds.
            _log.debug("%s: %s", method.__name__, type(error).__name__)
            return False
        return True

    return call


class SpanLinkProcessor(TracingProcessor):
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
        self._on_link = on_link
        self._next = next
        self._dispatch = dispatcher or dispatch
        self._policy = policy
        self._min_evidence = min_evidence
        self._linger = linger
        self._max_open = max_open
        self._max_waiting = max_waiting
        self._max_traces = max_traces
        self._failures = 0
        self._next_failures = 0
        self._reset()
        with _live_lock:
            _live.add(self)

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        # Spans by trace and span id, oldest first: those that are open, and those
        # that ended and wait.
        self._open: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._waiting: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        # Arguments that were not used so far, by trace and LLM span, then by id and
        # tool; oldest answers first.
        self._answers: OrderedDict[
            tuple[str, str], dict[tuple[str, str], str | None]
        ] = OrderedDict()
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

    def _tell_next(self, event: str, *args: Any, **kwargs: Any) -> None:
        """What goes wrong there stops neither the run nor what else it is told."""
        if self._next is None:
            return
        try:
            getattr(self._next, event)(*args, **kwargs)
        except Exception as error:
            self._next_failures += 1
            _log.error("the next processor failed: %s: %s", event, type(error).__name__)

    # The same, as signals.

    @_guarded
    def _start_trace(self, trace: Trace) -> None:
        with self._lock:
            run = self._run(trace.trace_id)
            run.ended = False
            run.conversation_id = str(getattr(trace, "group_id", None) or "")
        self._forget_old_runs()

    @_guarded
    def _end_trace(self, trace: Trace) -> None:
        trace_id = trace.trace_id
        with self._lock:
            run = self._run(trace_id)
            run.ended = True
        self._finish_if_over(trace_id, run)

    def _finish_if_over(self, trace_id: str, run: _Run) -> None:
        """Nothing more is expected of a trace that ended when no span of it is open:
        a tool that is cancelled ends later than its trace. A run that goes on after
        an approval has no other end."""
        with self._lock:
            is_over = run.ended and not any(
                entry.ended_at is None for entry in run.entries.values()
            )
        if is_over:
            self._finish(trace_id, run)

    @_guarded
    def _finish(self, trace_id: str, run: _Run) -> None:
        for agent_id in list(run.silent):
            self._report_silent(run, agent_id, "not_executed")
        try:
            self._dispatch.scope_finish(trace_id)
        finally:  # also of a trace whose id is none
            with self._lock:
                ended = [e for e in run.entries.values() if e.ended_at is not None]
                for span_id in run.entries:
                    self._open.pop((trace_id, span_id), None)
                run.entries = OrderedDict((e.span.span_id, e) for e in ended)
            self._hand_on(ended)

    @_guarded
    def _start_span(self, span: Span[Any]) -> None:
        kind = _spans.kind_of(span.span_data)
        with self._lock:
            run = self._run(span.trace_id)
            entry = run.entries[span.span_id] = _Entry(span, kind)
            self._open[span.trace_id, span.span_id] = entry
            self._forget_open_spans()
            agent_id = self._agent_of(run, span)
        if kind in ("llm", "handoff"):  # the run goes on: they were executed
            self._report_silent(run, agent_id, "ok")
        self._dispatch.span_start(
            span.trace_id,
            span.span_id,
            kind=kind,
            name=str(getattr(span.span_data, "name", None) or ""),
            conversation_id=run.conversation_id,
            parent_id=span.parent_id or "",
        )
        with self._lock:
            parent = self._parent_of(run, span, kind)
            ready = self._close_window(run, parent)
            if parent is not None and kind == "llm":
                parent.last_llm = span
                parent.prompt_is_known = parent.answer_is_known = False
        self._hand_on(ready)

    @_guarded
    def _end_span(self, span: Span[Any]) -> None:
        with self._lock:
            run = self._run(span.trace_id)
            entry = self._entry_of(run, span)
            parent = self._parent_of(run, span, entry.kind)
        outcome = "failed"
        try:
            outcome = _spans.outcome_of(span, entry.kind)
            if entry.kind == "llm":
                self._report_llm(span, parent, outcome)
            elif entry.kind == "tool":
                self._report_or_defer_tool(run, entry, outcome)
            elif entry.kind == "handoff":
                self._report_handoff(span, outcome)
            elif entry.kind == "agent":
                self._report_silent(run, span.span_id, "not_executed")
        finally:  # also of a span that cannot be read
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

    def _report_llm(self, span: Span[Any], parent: _Entry | None, outcome: str) -> None:
        used = list(_spans.uses_of(span.span_data))
        given_up = _spans.was_given_up(span.span_data)
        self._report_uses(span, used, "failed" if given_up else outcome)
        choices = list(_spans.choices_of(span.span_data))
        self._remember_arguments(span, choices)
        self._report_choices(span, choices)
        if parent is not None and parent.last_llm is span:
            parent.prompt_is_known = bool(used)
            parent.answer_is_known = bool(choices)

    def _report_uses(self, span: Span[Any], ids: Iterable[str], outcome: str) -> None:
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

    def _remember_arguments(
        self, span: Span[Any], choices: Iterable[_spans.Choice]
    ) -> None:
        """Those that an LLM span says, for the handoffs among its calls; what only
        hooks know is not meant for a trace. Calls of equal ids and names cannot be
        told apart."""
        answer: dict[tuple[str, str], str | None] = {}
        for choice in choices:
            key, arguments = (choice.tool_call_id, choice.tool_name), choice.arguments
            if arguments is not None and len(arguments) > _MAX_ARGUMENTS:
                arguments = None
            is_clear = answer.setdefault(key, arguments) == arguments
            answer[key] = arguments if is_clear else None
        if answer:
            with self._lock:
                self._answers[span.trace_id, span.span_id] = answer
                if len(self._answers) > _MAX_ANSWERS:
                    self._answers.popitem(last=False)

    def _take_arguments(self, link: SpanLink) -> str | None:
        """What the call of a link was given; it is forgotten. The lock is held."""
        key = (link.linked_trace_id, link.linked_span_id)
        answer = self._answers.get(key, {})
        arguments = answer.pop((link.tool_call_id, link.tool_name), None)
        if not answer:
            self._answers.pop(key, None)
        return arguments

    def _report_or_defer_tool(self, run: _Run, entry: _Entry, outcome: str) -> None:
        """A tool span without a result returned None, or waits for an approval: what
        its agent does next tells. The hook of a tool runs only if the tool does."""
        span = entry.span
        is_silent = outcome == "ok" and getattr(span.span_data, "output", None) is None
        if is_silent and not entry.tool_call_id:
            with self._lock:
                agent_id = self._agent_of(run, span)
                if agent_id:
                    run.silent.setdefault(agent_id, []).append(entry)
                    return
            outcome = "failed"  # cancelled, after its agent was
        self._report_tool(entry, outcome)

    def _report_silent(self, run: _Run, agent_id: str, outcome: str) -> None:
        with self._lock:
            entries = run.silent.pop(agent_id, [])
        for entry in entries:
            self._report_tool(entry, outcome)

    @staticmethod
    def _around(run: _Run, span: Span[Any]) -> Iterator[_Entry]:
        """The known spans around a span, the innermost first. The lock is held."""
        for _ in range(_MAX_DEPTH):
            entry = run.entries.get(span.parent_id or "")
            if entry is None:
                return
            yield entry
            span = entry.span

    @staticmethod
    def _parent_of(run: _Run, span: Span[Any], kind: str) -> _Entry | None:
        """What is known of the parent. That of an LLM span is around custom spans: a
        model may open some around its own. The lock is held."""
        parent = run.entries.get(span.parent_id or "")
        for _ in range(_MAX_DEPTH if kind == "llm" else 0):
            if parent is None or parent.span.span_data.type != "custom":
                break
            parent = run.entries.get(parent.span.parent_id or "")
        return parent

    def _agent_of(self, run: _Run, span: Span[Any]) -> str:
        """The open agent span around a span; "" if there is none. The lock is held."""
        for entry in self._around(run, span):
            if entry.kind == "agent":
                return "" if entry.ended_at is not None else entry.span.span_id
        return ""

    @_guarded
    def _report_tool(self, entry: _Entry, outcome: str) -> None:
        span = entry.span
        if outcome == "not_executed":
            with self._lock:
                _unexecuted.add(span)
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

    # What hooks know besides. Called by `_hooks.py`, about spans that are known.

    def knows(self, span: Span[Any]) -> bool:
        """Whether the span is open, or waits."""
        with self._lock:
            return self._entry(span) is not None

    @_guarded
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

    @_guarded
    def end_llm_hook(self, parent: Span[Any]) -> None:
        """The hook after the LLM call ended."""
        self._dispatch.llm_hook(parent.trace_id, parent.span_id, "end")
        ready: list[_Entry] = []
        with self._lock:
            entry = self._entry(parent)
            if entry is not None and entry.hooks > 0:
                entry.hooks -= 1
                if entry.hooks == 0:
                    entry.prompt = None
                    ready = self._close_window(self._run(parent.trace_id), entry)
        self._hand_on(ready)

    @_guarded
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

    @_guarded
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

    @_guarded
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
                    _arguments[entry.span] = arguments
                known = _links.setdefault(entry.span, [])
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

    # Spans that wait for links and annotations.

    @_guarded
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

    def _entry(self, span: Span[Any]) -> _Entry | None:
        """What is known of a span. The lock is held."""
        run = self._runs.get(span.trace_id)
        return None if run is None else run.entries.get(span.span_id)

    @staticmethod
    def _entry_of(run: _Run, span: Span[Any]) -> _Entry:
        """The same, a new one if the span began before this processor was there, or
        another one has its id. The lock is held."""
        entry = run.entries.get(span.span_id)
        if entry is None or entry.span is not span:
            entry = _Entry(span, _spans.kind_of(span.span_data))
            run.entries[span.span_id] = entry
        return entry

    def _run(self, trace_id: str) -> _Run:
        """The trace's record. The lock is held."""
        run = self._runs.get(trace_id)
        if run is None:
            run = self._runs[trace_id] = _Run()
        self._runs.move_to_end(trace_id)
        run.last_event = monotonic()
        return run

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

    def _forget_open_spans(self) -> None:
        """Spans that never end. The lock is held."""
        while len(self._open) > self._max_open:
            (trace_id, span_id), _ = self._open.popitem(last=False)
            run = self._runs.get(trace_id)
            if run is not None:
                run.entries.pop(span_id, None)


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
