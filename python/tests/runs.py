"""Runs of agents, written down with no tracker in mind.

A `Run` is told in the notation of the conformance list:

    run = Run()
    run.chose("1", "f", "{}", "L1")     # the answer of L1 asks for f
    run.ran("f", "{}", "X")             # tool span X ran it
    run.used("1", "L2")                 # the prompt of L2 holds the result

A span comes to be where it is first named, as a child of the span that `under`
named last. Spans of a trace follow one another in time; `at` gives the span
named last other times. `run.events()` is what a program sees of it, in order
of time: spans that start, spans that end.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

STEP = 100  # milliseconds between the starts of spans that follow one another
DURATION = 60  # of a span


class Choice(NamedTuple):
    id: str
    tool: str
    arguments: str | None
    position: int  # in the answer


class Use(NamedTuple):
    id: str
    tool: str
    ordinal: int


class Execution(NamedTuple):
    id: str
    tool: str
    arguments: str | None


class Handover(NamedTuple):
    from_agent: str
    to_agent: str


@dataclass(eq=False)
class Span:
    name: str  # in this run; what it is called in a trace is `title`
    trace: str
    kind: str
    parent: "Span | None"
    start: int
    end: int
    timed: bool = False  # by `at`; otherwise a parent covers its children
    title: str = ""
    outcome: str = "ok"
    choices: list[Choice] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    execution: Execution | None = None
    handover: Handover | None = None

    @property
    def trace_id(self) -> str:
        return trace_id_of(self.trace)

    @property
    def span_id(self) -> str:
        return _hex(f"{self.trace}/{self.name}", 8)


class Event(NamedTuple):
    moment: str  # "start" or "end" of a span, "finish" of a trace
    trace: str
    span: Span | None


class Run:
    def __init__(self) -> None:
        self.spans: dict[str, Span] = {}
        self.finishes: list[tuple[int, str]] = []
        self._trace = ""
        self._places: dict[str, Span | None] = {}
        self._homes: dict[str, Span | None] = {}
        self._origins: dict[str, int] = {}
        self._clocks: dict[str, int] = {}

    # Where the spans that follow belong.

    def in_trace(
        self, trace: str, root: str = "agent", *, begin: int | None = None
    ) -> "Run":
        """The spans that follow belong to this trace.

        A trace that is new begins at this time, or else now, with a root span
        of this kind, or with none if it is "".
        """
        now = self._clocks.get(self._trace, 0) if begin is None else begin
        self._trace = trace
        if trace not in self._clocks:
            self._clocks[trace] = now
            self._places[trace] = None
            if root:
                self._touch(trace, root).title = trace
                self._places[trace] = self._last
                self._clocks[trace] = now
            self.mark()
        return self

    def mark(self) -> "Run":
        """Lets `at` count from here on, and `under()` lead back to this place."""
        self._origins[self._trace] = self.clock
        self._homes[self._trace] = self._places[self._trace]
        return self

    def under(self, name: str | None = None) -> "Run":
        """The spans that follow are children of this one; "" makes them roots."""
        home = self._homes[self._trace]
        self._places[self._trace] = home if name is None else self.spans.get(name)
        return self

    # What happens.

    def chose(
        self, id: str, tool: str, arguments: str | None, llm: str, *, position: int = -1
    ) -> "Run":
        choices = self._touch(llm, "llm").choices
        number = len(choices) if position < 0 else position
        choices.append(Choice(id, tool, arguments, number))
        return self

    def ran(
        self,
        tool: str,
        arguments: str | None,
        name: str,
        *,
        id: str = "",
        outcome: str = "ok",
    ) -> "Run":
        span = self._touch(name, "tool")
        span.title, span.outcome = tool, outcome
        span.execution = Execution(id, tool, arguments)
        return self

    def used(self, id: str, llm: str, *, tool: str = "", ordinal: int = 0) -> "Run":
        self._touch(llm, "llm").uses.append(Use(id, tool, ordinal))
        return self

    def handed(
        self, from_agent: str, to_agent: str, name: str, *, outcome: str = "ok"
    ) -> "Run":
        span = self._touch(name, "handoff")
        span.outcome = outcome
        span.handover = Handover(from_agent, to_agent)
        return self

    def span(self, name: str, kind: str, title: str = "") -> "Run":
        self._touch(name, kind).title = title
        return self

    def agent(self, name: str, title: str = "") -> "Run":
        """An agent's span, under which the spans that follow stand."""
        return self.span(name, "agent", title or name).under(name)

    # About the span named last.

    def at(self, start: int, end: int) -> "Run":
        span = self._last
        origin = self._origins[span.trace]
        span.start, span.end = origin + start, origin + end
        span.timed = True
        self._clocks[span.trace] = max(self._clocks[span.trace], span.end)
        return self

    def failed(self) -> "Run":
        self._last.outcome = "failed"
        return self

    def finish_trace(self) -> "Run":
        """The current trace is reported finished at this point."""
        self.clock += STEP
        self.finishes.append((self.clock, self._trace))
        return self

    @property
    def place(self) -> str:
        """The name of the span under which spans stand now, or ""."""
        place = self._places[self._trace]
        return place.name if place else ""

    @property
    def clock(self) -> int:
        return self._clocks[self._trace]

    @clock.setter
    def clock(self, value: int) -> None:
        self._clocks[self._trace] = value

    def _touch(self, name: str, kind: str) -> Span:
        span = self.spans.get(name)
        if span is None:
            self.clock += STEP
            start, parent = self.clock, self._places[self._trace]
            span = Span(name, self._trace, kind, parent, start, start + DURATION)
            self.spans[name] = span
        self._last = span
        return span

    # What a program sees.

    def events(self) -> list[Event]:
        """Everything in order of time.

        Of equal times, parents start before their children and end after them.
        """
        self._cover()
        timed: list[tuple[int, int, Event]] = []
        for number, span in enumerate(self.spans.values(), 1):
            timed.append((span.start, number, Event("start", span.trace, span)))
            timed.append((span.end, -number, Event("end", span.trace, span)))
        for time, trace in self.finishes:
            timed.append((time, 0, Event("finish", trace, None)))
        timed.sort(key=lambda entry: entry[:2])
        return [event for _, _, event in timed]

    def _cover(self) -> None:
        # Children were named after their parents: going backwards meets every
        # child before its parent.
        covers: dict[str, tuple[int, int]] = {}
        for span in reversed(self.spans.values()):
            if not span.timed and span.name in covers:
                span.start, span.end = covers[span.name]
            if span.parent is not None:
                start, end = covers.get(span.parent.name, (span.start, span.end))
                covers[span.parent.name] = (
                    min(start, span.start - 1),
                    max(end, span.end + 1),
                )


def traces_of(events: Sequence[Event]) -> list[str]:
    return list(dict.fromkeys(event.trace for event in events))


def trace_id_of(trace: str) -> str:
    return _hex(trace, 16)


def _hex(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
