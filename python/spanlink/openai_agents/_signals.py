"""From what the OpenAI Agents SDK tells of a span to signals."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from agents.tracing import Span, Trace

from spanlink._core import Dispatcher, SpanLink
from spanlink.openai_agents import _spans
from spanlink.openai_agents._records import Entry, Records, Run, guarded, unexecuted

# Answers whose calls were not executed so far, and how long the arguments of one may
# be, in characters.
_MAX_ANSWERS = 256
_MAX_ARGUMENTS = 1 << 16


class Signals(Records):
    """Dispatches what the spans of the records hold, as they start and end."""

    _dispatch: Dispatcher

    def _reset(self) -> None:
        super()._reset()
        # Arguments that were not used so far, by trace and LLM span, then by id and
        # tool; oldest answers first.
        self._answers: OrderedDict[
            tuple[str, str], dict[tuple[str, str], str | None]
        ] = OrderedDict()

    @guarded
    def _start_trace(self, trace: Trace) -> None:
        with self._lock:
            run = self._run(trace.trace_id)
            run.ended = False
            run.conversation_id = str(getattr(trace, "group_id", None) or "")

    @guarded
    def _end_trace(self, trace: Trace) -> None:
        trace_id = trace.trace_id
        with self._lock:
            run = self._run(trace_id)
            run.ended = True
        self._finish_if_over(trace_id, run)

    def _finish_if_over(self, trace_id: str, run: Run) -> None:
        """Nothing more is expected of a trace that ended when no span of it is open:
        a tool that is cancelled ends later than its trace. A run that goes on after
        an approval has no other end."""
        with self._lock:
            is_over = run.ended and not any(
                entry.ended_at is None for entry in run.entries.values()
            )
        if is_over:
            self._finish(trace_id, run)

    @guarded
    def _finish(self, trace_id: str, run: Run) -> None:
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

    @guarded
    def _start_span(self, span: Span[Any]) -> None:
        kind = _spans.kind_of(span.span_data)
        with self._lock:
            run = self._run(span.trace_id)
            entry = run.entries[span.span_id] = Entry(span, kind)
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

    @guarded
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

    # What a span holds.

    def _report_llm(self, span: Span[Any], parent: Entry | None, outcome: str) -> None:
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

    def _report_or_defer_tool(self, run: Run, entry: Entry, outcome: str) -> None:
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

    def _report_silent(self, run: Run, agent_id: str, outcome: str) -> None:
        with self._lock:
            entries = run.silent.pop(agent_id, [])
        for entry in entries:
            self._report_tool(entry, outcome)

    @guarded
    def _report_tool(self, entry: Entry, outcome: str) -> None:
        span = entry.span
        if outcome == "not_executed":
            with self._lock:
                unexecuted.add(span)
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
