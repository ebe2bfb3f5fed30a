#!/usr/bin/env python3
"""Replays recorded conversations through real clients, agents and instrumentations.

    replay.py --out DIR [--limit N] FILE...

A recorded conversation says what the model answered and what the tools gave.
Here it is run again: OpenAI's client (or the OpenAI Agents SDK) asks a canned
transport, which gives the recorded answers in turn, and tools give the recorded
results. The spans are those of real instrumentations from PyPI; nothing of them
is made up but, where only a client is instrumented, the spans of tools, which
then are written as the convention says (`otel_instrumentations.HandSpans`).

For each FILE (of ../shared/data/trajectories) and instrumentation it writes to DIR

    <file>.<instrumentation>.replay.otlp.jsonl    one conversation a line
    <file>.<instrumentation>.replay.truth.jsonl   for ../shared/accuracy/score.py

The truth is noted where things happen: the span of the moment inside the transport
and inside the tools. Tools of the user's side (tau2) are left out, and for the
Agents SDK conversations in which ids of calls repeat: it refuses to go on.
"""

import argparse
import asyncio
import gzip
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import httpx2
import openai
import otel_instrumentations as instrumentations
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otel_conversation import MODEL, NOWHERE, SpanRef, current_ref
from otel_frameworks import in_threads
from otlp_json import otlp_json

# At the end of every result, with its number: ids of calls repeat.
_MARK = " #"


# What was recorded.


@dataclass(frozen=True)
class RecordedCall:
    id: str
    name: str
    text: str  # the arguments as the model wrote them
    result: str | None  # None: nobody answered

    @property
    def arguments(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


@dataclass(frozen=True)
class Step:
    """An answer of the model, and what was said to it since the one before."""

    said: tuple[dict[str, Any], ...]
    text: str | None
    calls: tuple[RecordedCall, ...]


def steps_of(messages: list[dict[str, Any]]) -> list[Step]:
    steps: list[Step] = []
    said: list[dict[str, Any]] = []
    for place, message in enumerate(messages):
        role = message["role"]
        if role in ("system", "developer", "user"):
            if message.get("content"):
                said.append({"role": role, "content": message["content"]})
        elif role == "assistant":
            calls = _answered(message.get("tool_calls") or [], messages[place + 1 :])
            steps.append(Step(tuple(said), message.get("content"), tuple(calls)))
            said = []
    return steps


def _answered(
    calls: list[dict[str, Any]], later: list[dict[str, Any]]
) -> Iterator[RecordedCall]:
    """The calls of an answer with their results, which stand before the next one."""
    results: list[tuple[str, str]] = []
    for message in later:
        if message["role"] == "assistant":
            break
        if message["role"] == "tool":
            results.append((message["tool_call_id"], message.get("content") or ""))
    for call in calls:
        found = next((r for r in results if r[0] == call["id"]), None)
        if found is not None:
            results.remove(found)
        yield RecordedCall(
            call["id"],
            call["name"],
            call["arguments"],
            None if found is None else found[1],
        )


# The replay of one conversation.


@dataclass
class Replay:
    """The two ends of a conversation, and what they saw."""

    steps: list[Step]
    executed: list[tuple[RecordedCall, SpanRef | None, SpanRef | None]] = field(
        default_factory=list
    )  # call, the tool's span, the span that chose it
    readers: dict[int, SpanRef | None] = field(default_factory=dict)
    place: int = 0  # of the next step
    _chosen_by: SpanRef | None = None
    _open: list[RecordedCall] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # The model.

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        self._chosen_by = current_ref()
        for message in body["messages"]:
            if message["role"] == "tool":
                number = int(message["content"].rpartition(_MARK)[2])
                self.readers.setdefault(number, self._chosen_by)
        if self.place < len(self.steps):
            step = self.steps[self.place]
        else:
            step = Step((), "Done.", ())
        self.place += 1
        self._open = list(step.calls)
        return httpx2.Response(200, json=_chat_answer(self.place, step))

    async def answer_async(self, request: httpx2.Request) -> httpx2.Response:
        return self.answer(request)

    # The tools.

    def execute(self, call_id: str) -> str:
        call = next(call for call in self._open if call.id == call_id)
        self._open.remove(call)
        with self._lock:
            number = len(self.executed)
            self.executed.append((call, current_ref(), self._chosen_by))
        return f"{call.result or ''}{_MARK}{number}"

    # The truth.

    def truth(self) -> Iterator[dict[str, Any]]:
        for number, (call, tool, chosen_by) in enumerate(self.executed):
            if tool is None or chosen_by is None:
                raise RuntimeError(f"no span around the call {call.id}")
            about = {"tool_call_id": call.id, "tool_name": call.name}
            yield {**_edge("choice", tool, chosen_by), **about}
            reader = self.readers.get(number)
            if reader is not None:
                yield {**_edge("result", reader, tool), **about}


def _edge(kind: str, consumer: SpanRef, producer: SpanRef) -> dict[str, str]:
    return {
        "trace_id": consumer.trace_id,
        "span_id": consumer.span_id,
        "kind": kind,
        "linked_trace_id": producer.trace_id,
        "linked_span_id": producer.span_id,
    }


def _chat_answer(number: int, step: Step) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": step.text}
    if step.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.text},
            }
            for call in step.calls
        ]
    reason = "tool_calls" if step.calls else "stop"
    return {
        "id": f"chatcmpl_{number}",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    }


# Who runs it.


def run_client_loop(replay: Replay) -> None:
    """A loop around the client, as people write it; its tools run in threads."""
    spans = instrumentations.hand_spans()
    transport = httpx2.MockTransport(replay.answer)
    client = openai.OpenAI(http_client=httpx2.Client(transport=transport), **NOWHERE)

    def execute(call: RecordedCall) -> dict[str, Any]:
        with spans.tool(call) as set_result:
            result = replay.execute(call.id)
            set_result(result)
        return {"role": "tool", "tool_call_id": call.id, "content": result}

    messages: list[Any] = []
    with spans.agent():
        for step in replay.steps:
            messages += step.said
            answer = client.chat.completions.create(model=MODEL, messages=messages)
            messages.append(answer.choices[0].message.model_dump(exclude_none=True))
            answered = [call for call in step.calls if call.result is not None]
            messages += in_threads(execute, answered)


def run_agents(replay: Replay) -> None:
    """The OpenAI Agents SDK: a run a turn of the user, all in one trace."""
    import agents
    from agents.tool_context import ToolContext

    async def invoke(context: ToolContext[Any], arguments: str) -> str:
        return replay.execute(context.tool_call_id)

    names = {call.name: None for step in replay.steps for call in step.calls}
    schema = {"type": "object", "properties": {}, "additionalProperties": True}
    tools: list[Any] = [
        agents.FunctionTool(name, "A tool.", schema, invoke, strict_json_schema=False)
        for name in names
    ]
    transport = httpx2.MockTransport(replay.answer_async)
    client = openai.AsyncOpenAI(
        http_client=httpx2.AsyncClient(transport=transport), **NOWHERE
    )
    agent = agents.Agent(
        "desk", tools=tools, model=agents.OpenAIChatCompletionsModel(MODEL, client)
    )

    async def run() -> None:
        history: list[Any] = []
        with agents.trace("replay"):
            while replay.place < len(replay.steps):
                history += replay.steps[replay.place].said or [
                    {"role": "user", "content": "Go on."}
                ]
                result = await agents.Runner.run(agent, history, max_turns=10_000)
                history = result.to_input_list()

    asyncio.run(run())


@dataclass(frozen=True)
class Setup:
    runner: Callable[[Replay], None]
    instrument: instrumentations.Instrumentation
    wants_unique_ids: bool = False


# Not OpenLLMetry for the Agents SDK: it writes no answer on the span of a Chat
# Completions model, so that there is nothing to go by.
SETUPS = {
    "openinference-openai": Setup(
        run_client_loop, instrumentations.client_openinference
    ),
    "openllmetry-openai": Setup(run_client_loop, instrumentations.client_openllmetry),
    "otel-genai-openai": Setup(run_client_loop, instrumentations.client_gen_ai),
    "openinference-agents": Setup(
        run_agents, instrumentations.agents_openinference, wants_unique_ids=True
    ),
    "otel-genai-agents": Setup(
        run_agents, instrumentations.agents_gen_ai, wants_unique_ids=True
    ),
}


def replay_all(
    setup: Setup, conversations: list[list[Step]], otlp: Path, truth: Path
) -> list[int]:
    """Returns how many tool calls each conversation executed."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(
        # OpenInference writes an attribute for every part of every message.
        span_limits=SpanLimits(max_span_attributes=10**6),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(SimpleSpanProcessor(memory))
    done: list[int] = []
    with (
        setup.instrument(provider),
        open(otlp, "wb") as spans_file,
        open(truth, "w", encoding="utf-8") as truth_file,
    ):
        for steps in conversations:
            if setup.wants_unique_ids and not has_unique_ids(steps):
                continue
            replay = Replay(steps)
            setup.runner(replay)
            provider.force_flush()
            spans_file.write(otlp_json(memory.get_finished_spans()) + b"\n")
            memory.clear()
            done.append(len(replay.executed))
            for line in replay.truth():
                print(json.dumps(line), file=truth_file)
    return done


def has_unique_ids(steps: list[Step]) -> bool:
    ids = [call.id for step in steps for call in step.calls]
    return len(ids) == len(set(ids))


def conversations_of(file: Path, limit: int) -> list[list[Step]]:
    """The conversations with calls that were answered, evenly spread over the file."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        all_steps = [steps_of(json.loads(line)["messages"]) for line in lines]
    useful = [
        steps
        for steps in all_steps
        if any(c.result is not None for step in steps for c in step.calls)
    ]
    if not limit or len(useful) <= limit:
        return useful
    return [useful[number * len(useful) // limit] for number in range(limit)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Replays recorded conversations.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=0, help="conversations a file")
    parser.add_argument("--setup", nargs="+", choices=SETUPS, default=list(SETUPS))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)  # exporters of nobody's that find no backend
    arguments.out.mkdir(parents=True, exist_ok=True)
    for file in arguments.files:
        conversations = conversations_of(file, arguments.limit)
        for name in arguments.setup:
            stem = f"{file.name.removesuffix('.jsonl.gz')}.{name}.replay"
            done = replay_all(
                SETUPS[name],
                conversations,
                arguments.out / f"{stem}.otlp.jsonl",
                arguments.out / f"{stem}.truth.jsonl",
            )
            print(f"{stem}: {len(done)} conversations, {sum(done)} calls", flush=True)


if __name__ == "__main__":
    main()
