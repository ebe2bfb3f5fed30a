"""What tests of faults are made of: processors that fail, block and count, and the
shape of a run, by which two runs compare.
"""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import sdk_runs
from agents.tracing import TracingProcessor

EVENTS = ("on_trace_start", "on_trace_end", "on_span_start", "on_span_end")


def shape(run: sdk_runs.Run) -> tuple[Any, ...]:
    """Everything that is the same in each run of a scenario: what the SDK told its
    processors, in order, and what the models were asked. Ids are numbered."""
    numbers: dict[str | None, int] = {None: -1}

    def number(name: str | None) -> int:
        return numbers.setdefault(name, len(numbers))

    events = [
        (
            event.event,
            event.type,
            number(event.trace_id),
            number(event.span_id),
            number(event.parent_id),
            event.error and event.error["message"],
        )
        for event in run.events
    ]
    asked = [(e.used, e.chosen, e.completed) for e in run.exchanges]
    return events, asked, repr(run.outcome)


class Recorder(TracingProcessor):
    """Counts what it is told, by id."""

    def __init__(self) -> None:
        self.told: Counter[tuple[str, str]] = Counter()
        self.spans: list[Any] = []  # that ended, in order
        self.shut_down = 0

    def on_trace_start(self, trace: Any) -> None:
        self.told["on_trace_start", trace.trace_id] += 1

    def on_trace_end(self, trace: Any) -> None:
        self.told["on_trace_end", trace.trace_id] += 1

    def on_span_start(self, span: Any) -> None:
        self.told["on_span_start", span.span_id] += 1

    def on_span_end(self, span: Any) -> None:
        self.told["on_span_end", span.span_id] += 1
        self.spans.append(span)

    def shutdown(self) -> None:
        self.shut_down += 1

    def force_flush(self) -> None:
        pass


class Collector(Recorder):
    """Keeps the spans that ended, and asks them nothing."""

    def on_trace_end(self, trace: Any) -> None:
        pass

    def on_span_start(self, span: Any) -> None:
        pass

    def on_span_end(self, span: Any) -> None:
        self.spans.append(span)


class Acting(Recorder):
    """Does something at each event, or at those named."""

    def __init__(self, act: Callable[[], object], events: tuple[str, ...] = EVENTS):
        super().__init__()
        for name in events:
            setattr(self, name, self._with(act, getattr(self, name)))

    @staticmethod
    def _with(act: Callable[[], object], method: Callable[[Any], None]) -> Any:
        def call(item: Any) -> None:
            method(item)
            act()

        return call


class Watched(TracingProcessor):
    """Stands before a processor, and notes what that raises. Later releases of the
    SDK catch it. `change`: what of a span the processor gets to see."""

    def __init__(
        self, processor: TracingProcessor, change: Callable[[Any], Any] | None = None
    ):
        self.raised: list[BaseException] = []
        self.spans: dict[str, Any] = {}  # as they were changed
        self._processor = processor
        self._change = change

    def on_trace_start(self, trace: Any) -> None:
        self._call(self._processor.on_trace_start, trace)

    def on_trace_end(self, trace: Any) -> None:
        self._call(self._processor.on_trace_end, trace)

    def on_span_start(self, span: Any) -> None:
        if self._change:
            self.spans[span.span_id] = self._change(span)
        self._call(self._processor.on_span_start, self.spans.get(span.span_id, span))

    def on_span_end(self, span: Any) -> None:
        self._call(self._processor.on_span_end, self.spans.get(span.span_id, span))

    def shutdown(self) -> None:
        self._call(self._processor.shutdown)

    def force_flush(self) -> None:
        self._call(self._processor.force_flush)

    def _call(self, method: Callable[..., Any], *arguments: Any) -> None:
        try:
            method(*arguments)
        except BaseException as error:
            self.raised.append(error)
            raise


# --- Spans that are broken -----------------------------------------------------


class _Changed:
    """A span in front of another one."""

    def __init__(self, span: Any, **values: Any):
        self._span = span
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name in self._values:
            value = self._values[name]
            if value is FAILS:
                raise RuntimeError(f"no {name}")
            return value
        return getattr(self._span, name)


FAILS = object()


class FailingData:
    """Every attribute but the type fails."""

    def __init__(self, type: Any):
        self.type = type

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


class WrongData:
    """No attribute has a type that could be."""

    name = 7
    input = output = response = (object(), [[]], {"type": ["x"]}, {"tool_calls": 5})
    from_agent = to_agent = b"x"
    metadata = "no mapping"

    def __init__(self, type: Any):
        self.type = type


class Hostile(dict[str, Any]):
    """An item of a prompt that fails when it is read."""

    def get(self, *_: Any) -> Any:
        raise RuntimeError("not to be read")


def hostile_items(span: Any) -> Any:
    data = type("Data", (), {})()
    data.type, data.name = span.span_data.type, "probe"
    data.input = data.output = [Hostile(type="function_call")]
    return _Changed(span, span_data=data)


def metadata_is_text(span: Any) -> Any:
    span.span_data.metadata = "no mapping"
    return span


BROKEN: dict[str, Callable[[Any], Any]] = {
    "nothing can be read": lambda s: _Changed(
        s,
        **dict.fromkeys(
            ("trace_id", "span_id", "parent_id", "span_data", "error"), FAILS
        ),
    ),
    "ids are None": lambda s: _Changed(s, trace_id=None, span_id=None, parent_id=None),
    "ids are lists": lambda s: _Changed(s, trace_id=[], span_id=[], parent_id=[]),
    "ids are empty": lambda s: _Changed(s, trace_id="", span_id="", parent_id=""),
    "the parent is a number": lambda s: _Changed(s, parent_id=-1),
    "no data": lambda s: _Changed(s, span_data=None),
    "no type": lambda s: _Changed(s, span_data=FailingData(None)),
    "the type fails": lambda s: _Changed(s, span_data=_Changed(None, type=FAILS)),
    "the data fails": lambda s: _Changed(s, span_data=FailingData(s.span_data.type)),
    "the data is wrong": lambda s: _Changed(s, span_data=WrongData(s.span_data.type)),
    "items fail": hostile_items,
    "the error fails": lambda s: _Changed(s, error=FAILS),
    "the error is a text": lambda s: _Changed(s, error="broken"),
    "metadata is a text": metadata_is_text,
}


# --- Threads ---------------------------------------------------------------------


class Gate:
    """Where one thread waits until another one opens it. Both wait for 15 s at most,
    and say so if it was in vain."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._open = threading.Event()
        self._left = threading.Event()

    def __call__(self, *_: Any) -> None:
        self._arrived.set()
        is_open = self._open.wait(15)
        self._left.set()
        assert is_open, "nobody opened the gate"

    def wait(self) -> None:
        assert self._arrived.wait(15), "nobody came to the gate"

    def holds(self) -> bool:
        """Whether a thread stands there."""
        return self._arrived.is_set() and not self._left.is_set()

    def open(self) -> None:
        self._open.set()


def in_thread(function: Callable[[], object]) -> Callable[[], None]:
    """Starts a thread; returns what joins it, and raises what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join() -> None:
        thread.join(60)
        assert not thread.is_alive()
        if raised:
            raise raised[0]

    return join


class Made:
    """An object with these attributes."""

    def __init__(self, **values: Any):
        vars(self).update(values)


def made_trace(trace_id: str) -> Any:
    return Made(trace_id=trace_id, group_id=None)


def made_span(trace: str, span: str, parent: str | None, kind: str, **data: Any) -> Any:
    return Made(
        trace_id=trace,
        span_id=span,
        parent_id=parent,
        error=None,
        span_data=Made(type=kind, **data),
    )


def start_and_end(processor: TracingProcessor, span: Any) -> None:
    processor.on_span_start(span)
    processor.on_span_end(span)


def one_call(
    processor: TracingProcessor,
    name: str,
    trace_id: str | None = None,
    tell: Callable[[TracingProcessor, Any], None] = start_and_end,
) -> None:
    """Tells of one conversation with one tool call. `name`: makes the ids, `tell`: how
    the processor is told of a span within the agent's."""
    trace = made_trace(f"trace_{name}" if trace_id is None else trace_id)

    def span(kind: str, span_id: str, parent: str | None, **data: Any) -> Any:
        return made_span(trace.trace_id, f"{span_id}_{name}", parent, kind, **data)

    agent = span("agent", "agent", None, name="Solo")
    call = {"type": "function_call", "call_id": "call_1", "name": "probe"}
    used = {"type": "function_call_output", "call_id": "call_1"}
    answer = [{**call, "arguments": "{}"}]
    inside = [
        span("generation", "llm", agent.span_id, input=[], output=answer),
        span("function", "tool", agent.span_id, name="probe", input="{}", output="x"),
        span("generation", "end", agent.span_id, input=[used], output=[{"role": "x"}]),
    ]
    processor.on_trace_start(trace)
    processor.on_span_start(agent)
    for one in inside:
        tell(processor, one)
    processor.on_span_end(agent)
    processor.on_trace_end(trace)


def links_of_one_call(name: str) -> list[tuple[str, str, str]]:
    """(kind, span, linked span) of the links that it has."""
    return [
        ("tool_choice", f"tool_{name}", f"llm_{name}"),
        ("tool_result", f"end_{name}", f"tool_{name}"),
    ]


def ends(links: Any) -> list[tuple[str, str, str]]:
    """The same of links."""
    return sorted((k.kind, k.span_id, k.linked_span_id) for k in links)
