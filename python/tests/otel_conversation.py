"""A run of an agent: what its model answers, what its tools saw, and the truth.

A framework gets the client of a `Conversation`, whose transport answers from a
`Scenario`, and tools that call `Conversation.execute`. Both note the OpenTelemetry
span they stand in beside the call ids they see; nothing is matched by name,
arguments or time.

Thread safety: the tools of one conversation may run in threads.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import ReadableSpan

MODEL = "canned-model"
QUESTION = "What is the weather?"
PATIENCE = 20.0  # seconds; nothing waits this long unless a framework changed


# What the model answers.


@dataclass(frozen=True)
class Call:
    id: str
    name: str
    city: str
    fails: bool = False  # the tool raises what the framework shows to the model

    @property
    def arguments(self) -> dict[str, str]:
        return {"city": self.city}


@dataclass(frozen=True)
class Scenario:
    """The answers of the model, turn by turn; after them it says "Done."."""

    turns: tuple[tuple[Call, ...], ...]
    runs: int = 1  # at the same time, with equal answers
    one_trace: bool = False  # the runs share a parent span
    backwards: bool = False  # the calls of a turn end in the opposite order


_THREE = (
    Call("call_1", "get_weather", "Lisbon"),
    Call("call_2", "get_weather", "Porto"),
    Call("call_3", "get_weather", "Lisbon"),
)

SCENARIOS = {
    "one": Scenario(((Call("call_1", "get_weather", "Lisbon"),),)),
    "parallel": Scenario((_THREE,), backwards=True),
    "two_turns": Scenario(
        (
            (Call("call_1", "get_weather", "Lisbon"),),
            (
                Call("call_2", "get_weather", "Lisbon"),
                Call("call_3", "get_time", "Lisbon"),
            ),
        )
    ),
    "retry": Scenario(
        (
            (Call("call_1", "get_weather", "Lisbon", fails=True),),
            (Call("call_2", "get_weather", "Lisbon"),),
        )
    ),
    "concurrent": Scenario((_THREE,), runs=2, backwards=True),
    "one_trace": Scenario((_THREE,), runs=2, one_trace=True, backwards=True),
}


# The truth.


@dataclass(frozen=True)
class SpanRef:
    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits


@dataclass(frozen=True)
class CallTruth:
    """One executed tool call. A span is None if the instrumentation made none."""

    run: int  # which of the concurrent runs
    tool_name: str
    tool_call_id: str
    tool: SpanRef | None
    chosen_by: SpanRef | None
    first_used_by: SpanRef | None


def ref_of(span: otel.Span | ReadableSpan | None) -> SpanRef | None:
    context = span.get_span_context() if span is not None else None
    if context is None or not context.is_valid:
        return None
    return SpanRef(format(context.trace_id, "032x"), format(context.span_id, "016x"))


def current_ref() -> SpanRef | None:
    return ref_of(otel.get_current_span())


class Gate:
    """Something that code waits for, in a thread or in an event loop."""

    def __init__(self, arrivals: int = 1) -> None:
        self._missing = arrivals
        self._lock = threading.Lock()
        self._open = threading.Event()

    def arrive(self) -> None:
        with self._lock:
            self._missing -= 1
            if self._missing == 0:
                self._open.set()

    def wait(self) -> None:
        if not self._open.wait(PATIENCE):
            raise TimeoutError("a gate stayed closed")

    async def wait_async(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self._open.is_set():
            if time.monotonic() > end:
                raise TimeoutError("a gate stayed closed")
            await asyncio.sleep(0.001)


@dataclass
class Exchange:
    span: SpanRef | None
    chosen: tuple[str, ...]
    used: tuple[str, ...]


class ToolFailure(Exception):
    pass


class Conversation:
    """One run of an agent: its model, its tools and what they saw.

    `span_of_moment` tells the OpenTelemetry span in which the caller stands. A
    runner replaces it where that span is not the current one.
    """

    def __init__(self, number: int, scenario: Scenario, meeting: Gate) -> None:
        self.number = number
        self.exchanges: list[Exchange] = []
        self.executed: list[tuple[Call, SpanRef | None]] = []
        self.span_of_moment: Callable[[], SpanRef | None] = current_ref
        self._scenario = scenario
        self._meeting = meeting
        self._calls = {c.id: c for turn in scenario.turns for c in turn}
        self._ended = {c: Gate() for c in self._calls}
        self._answered: set[int] = set()

    # The model: the other end of the wire.

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        response = self._answer(request)
        self._meeting.wait()
        return response

    async def answer_async(self, request: httpx2.Request) -> httpx2.Response:
        response = self._answer(request)
        await self._meeting.wait_async()
        return response

    async def choose_async(self, used: tuple[str, ...]) -> tuple[Call, ...]:
        """The same for a model without HTTP, whose prompt holds `used`."""
        calls = self._choose(used)
        await self._meeting.wait_async()
        return calls

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        chat = request.url.path.endswith("/chat/completions")
        number = len(self.exchanges)
        calls = self._choose(_result_ids(body["messages"] if chat else body["input"]))
        make = _chat_answer if chat else _responses_answer
        return httpx2.Response(200, json=make(number, calls))

    def _choose(self, used: tuple[str, ...]) -> tuple[Call, ...]:
        number = len(self.exchanges)
        turns = self._scenario.turns
        calls = turns[number] if number < len(turns) else ()
        chosen = tuple(call.id for call in calls)
        self.exchanges.append(Exchange(self.span_of_moment(), chosen, used))
        if number == 0:
            self._meeting.arrive()
        return calls

    # The tools.

    def execute(self, call_id: str, city: str, span: SpanRef | None = None) -> str:
        call = self._begin(call_id, city, span)
        if (gate := self._gate_before_end_of(call)) is not None:
            gate.wait()
            time.sleep(0.005)  # so that the other span ends before this one
        return self._end(call)

    async def execute_async(
        self, call_id: str, city: str, span: SpanRef | None = None
    ) -> str:
        call = self._begin(call_id, city, span)
        if (gate := self._gate_before_end_of(call)) is not None:
            await gate.wait_async()
            await asyncio.sleep(0.005)
        return self._end(call)

    def _begin(self, call_id: str, city: str, span: SpanRef | None) -> Call:
        call = self._calls[call_id]
        assert city == call.city
        self.executed.append((call, span or self.span_of_moment()))
        return call

    def _gate_before_end_of(self, call: Call) -> Gate | None:
        if not self._scenario.backwards:
            return None
        (turn,) = [t for t in self._scenario.turns if call in t]
        place = turn.index(call) + 1
        return self._ended[turn[place].id] if place < len(turn) else None

    def _end(self, call: Call) -> str:
        self._ended[call.id].arrive()
        if call.fails:
            raise ToolFailure("try again")
        return f"{call.name} of {call.city}, asked by {call.id}"

    # The truth.

    def truth(self) -> list[CallTruth]:
        return [
            CallTruth(
                self.number,
                call.name,
                call.id,
                span,
                next(e.span for e in self.exchanges if call.id in e.chosen),
                next((e.span for e in self.exchanges if call.id in e.used), None),
            )
            for call, span in self.executed
        ]

    def problems(self) -> list[str]:
        ids = sorted(call.id for call, _ in self.executed)
        found = []
        if ids != sorted(self._calls):
            found.append(f"run {self.number} executed {ids}")
        if len(self.exchanges) != len(self._scenario.turns) + 1:
            found.append(f"run {self.number} had {len(self.exchanges)} exchanges")
        return found

    # The client.

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(http_client=self.http_client(), **NOWHERE)

    def async_client(self) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(http_client=self.async_http_client(), **NOWHERE)

    def http_client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self.answer))

    def async_http_client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer_async))


NOWHERE: Any = {
    "api_key": "not-needed",
    "base_url": "http://canned.invalid/v1",
    "max_retries": 0,
}


def _result_ids(messages: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        message.get("tool_call_id") or message["call_id"]
        for message in messages
        if message.get("role") == "tool"
        or message.get("type") == "function_call_output"
    )


def _chat_answer(number: int, calls: tuple[Call, ...]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json.dumps(call.arguments),
                },
            }
            for call in calls
        ]
    else:
        message["content"] = "Done."
    return {
        "id": f"chatcmpl_{number}",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "tool_calls" if calls else "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    }


def _responses_answer(number: int, calls: tuple[Call, ...]) -> dict[str, Any]:
    output: list[dict[str, Any]] = [
        {
            "type": "function_call",
            "id": f"fc_{call.id}",
            "call_id": call.id,
            "name": call.name,
            "arguments": json.dumps(call.arguments),
            "status": "completed",
        }
        for call in calls
    ]
    if not calls:
        text = {"type": "output_text", "text": "Done.", "annotations": []}
        output.append(
            {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": [text],
            }
        )
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1,
        "model": MODEL,
        "status": "completed",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 18,
        },
    }
