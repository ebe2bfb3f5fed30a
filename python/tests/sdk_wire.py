"""The other end of the wire: what a scripted model answers, to whom, in which form.

A `Wire` notes the truth while it happens, see `sdk_runs.py`.
"""

import asyncio
import dataclasses
import importlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any

import agents
import openai
from agents.models.openai_chatcompletions import OpenAIChatCompletionsModel
from agents.models.openai_responses import OpenAIResponsesModel
from sdk_truth import Call, Exchange, Guardrail

if TYPE_CHECKING:
    from sdk_harness import Env

# openai moved from httpx to httpx2: take the one that it uses.
httpx = importlib.import_module(
    openai.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0]
)

MODEL = "canned-model"

# --- The other end of the wire ----------------------------------------------


@dataclasses.dataclass(frozen=True)
class Ask:
    """A call in an answer. `target`: a tool, the agent to hand over to, a name."""

    id: str
    target: Any
    arguments: str = "{}"
    name: str = ""  # where a handoff has a name of its own

    def tool_name(self) -> str:
        if self.name:
            return self.name
        if isinstance(self.target, agents.Agent):
            return agents.Handoff.default_tool_name(self.target)
        return self.target if isinstance(self.target, str) else self.target.name


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the model says to one request."""

    asks: tuple[Ask, ...] = ()
    text: str | None = None
    status: int = 200
    hangs: bool = False  # never ends; a stream stops after its first events
    fault: str = ""  # of a chat stream: "equal_indices" | "content_and_calls"


def ask(*asks: Ask, **fields: Any) -> Answer:
    return Answer(asks=asks, **fields)


def say(text: str = "done", **fields: Any) -> Answer:
    return Answer(text=text, **fields)


Script = Callable[[list[str]], Answer]  # from the ids of results in the request


class Wire:
    """The conversation of one agent loop with its models.

    `script`: the answers in order, or a function of the result ids of a request.
    """

    def __init__(self, env: "Env", script: Iterable[Answer] | Script):
        self.exchanges: list[Exchange] = []
        self.calls: list[tuple[Call, int]] = []  # with the exchange that chose it
        self.guardrails: list[Guardrail] = []
        self.first_of_run = 0  # exchange that the current run begins with
        self.asked = asyncio.Event()  # set at the first request
        self.hanging = asyncio.Event()  # set when an answer that hangs began
        self._env = env
        self._asks: tuple[Ask, ...] = ()  # of the last answer
        self._script = script if callable(script) else iter(script)

    def follow(self, *answers: Answer) -> None:
        """Gives the answers, where agents must exist before their answers do."""
        self._script = iter(answers)

    def model(self, *, api: str = "", max_retries: int = 0) -> Any:
        """Returns a real model whose requests end here."""
        client = openai.AsyncOpenAI(
            api_key="not-needed",
            base_url="http://canned.invalid/v1",
            max_retries=max_retries,
            http_client=httpx.AsyncClient(transport=httpx.MockTransport(self._serve)),
        )
        kind = {
            "responses": OpenAIResponsesModel,
            "chat": OpenAIChatCompletionsModel,
        }[api or self._env.api]
        return kind(MODEL, client)

    def exchange(self, used: list[str]) -> tuple[Exchange, Answer]:
        """Begins an exchange inside the LLM span that is current, if one is."""
        span = agents.tracing.get_current_span()
        is_llm = span is not None and span.span_data.type in ("response", "generation")
        exchange = Exchange(
            trace_id=span.trace_id if span else None,
            span_id=span.span_id if is_llm else None,
            used=used,
        )
        self.exchanges.append(exchange)
        answer = self._script(used) if callable(self._script) else next(self._script)
        exchange.chosen = [a.id for a in answer.asks]
        self._asks = answer.asks
        self.asked.set()
        return exchange, answer

    def add_call(self, kind: str, name: str, call_id: str, **fields: Any) -> None:
        """Notes the current span as the one of a call of the last answer."""
        span = agents.tracing.get_current_span()
        if span is None:  # tracing is off
            return
        assert span.span_data.type == {"tool": "function"}.get(kind, kind)
        index = max(
            i for i, exchange in enumerate(self.exchanges) if call_id in exchange.chosen
        )
        call = Call(
            kind=kind,
            trace_id=span.trace_id,
            span_id=span.span_id,
            tool_name=name,
            tool_call_id=call_id,
            chosen_by=self.exchanges[index].span_id,
            **fields,
        )
        self.calls.append((call, index))

    def add_handoff(self, target: agents.Agent[Any]) -> None:
        """Notes the current span as the handoff to `target`, the first asked for."""
        wanted = next(a for a in self._asks if a.target is target)
        self.add_call("handoff", wanted.tool_name(), wanted.id)

    def add_guardrail(self, kind: str) -> None:
        span = agents.tracing.get_current_span()
        assert span is not None and span.span_data.type == "guardrail"
        guardrail = Guardrail(kind, span.trace_id, span.span_id)
        if kind == "output_guardrail":
            guardrail.llm_span_id = self.exchanges[-1].span_id
        self.guardrails.append(guardrail)

    def end_of_run(self) -> None:
        """Settles what the guardrails of the input guarded."""
        for guardrail in self.guardrails:
            asked = self.exchanges[self.first_of_run :]
            if guardrail.kind == "input_guardrail" and asked:
                guardrail.llm_span_id = guardrail.llm_span_id or asked[0].span_id
        self.first_of_run = len(self.exchanges)

    def settle(self) -> list[Call]:
        """Returns the calls with the LLM spans that used their results."""
        for call, index in self.calls:
            later = [e for e in self.exchanges[index + 1 :] if e.completed]
            if call.executed:
                call.first_used_by = next(
                    (e.span_id for e in later if call.tool_call_id in e.used), None
                )
            if call.kind == "handoff" and later:
                call.target_llm = later[0].span_id
        return [call for call, _ in self.calls]

    async def _serve(self, request: Any) -> Any:
        body = json.loads(request.content)
        chat = request.url.path.endswith("/chat/completions")
        messages = body["messages"] if chat else body["input"]
        exchange, answer = self.exchange(result_ids(messages))
        if answer.status != 200:
            error = {"error": {"message": "canned error", "type": "server_error"}}
            headers = {"retry-after-ms": "1"}
            return httpx.Response(answer.status, json=error, headers=headers)
        number = len(self.exchanges) - 1
        if body.get("stream"):
            pieces = (chat_pieces if chat else responses_pieces)(number, answer)
            return httpx.Response(
                200,
                headers={"content-type": "text/event-stream"},
                content=self._stream(exchange, answer, pieces),
            )
        if answer.hangs:
            await self._hang()
        exchange.completed = True
        make = chat_answer if chat else responses_answer
        return httpx.Response(200, json=make(number, answer))

    async def _stream(
        self, exchange: Exchange, answer: Answer, pieces: list[dict[str, Any] | str]
    ) -> AsyncIterator[bytes]:
        for number, piece in enumerate(pieces):
            if answer.hangs and number == 2:
                await self._hang()
            exchange.completed = number == len(pieces) - 1
            await asyncio.sleep(0)  # a consumer may run, or stop, between events
            if isinstance(piece, str):
                yield f"data: {piece}\n\n".encode()
            else:
                event = f"event: {piece['type']}\n" if "type" in piece else ""
                yield f"{event}data: {json.dumps(piece)}\n\n".encode()

    async def _hang(self) -> None:
        self.hanging.set()
        await asyncio.Event().wait()


def result_ids(messages: str | list[dict[str, Any]]) -> list[str]:
    """Returns the ids of the calls whose results a prompt holds, in order."""
    if isinstance(messages, str):
        return []
    ids = []
    for message in messages:
        if message.get("role") == "tool":
            ids.append(message["tool_call_id"])
        elif message.get("type") == "function_call_output":
            ids.append(message["call_id"])
        elif isinstance(message.get("content"), str):
            ids += _ids_told(message["content"])
    return ids


def _ids_told(text: str) -> list[str]:
    """Returns the result ids in a history that was nested into one message."""
    ids = []
    for line in text.splitlines():
        number, dot, item = line.partition(". ")
        if dot and number.isdigit() and item.startswith("{"):
            told = json.loads(item)
            if told.get("type") == "function_call_output":
                ids.append(told["call_id"])
    return ids


def responses_items(number: int, answer: Answer) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [
        {
            "type": "function_call",
            "id": f"fc_{number}_{index}",
            "call_id": wanted.id,
            "name": wanted.tool_name(),
            "arguments": wanted.arguments,
            "status": "completed",
        }
        for index, wanted in enumerate(answer.asks)
    ]
    if answer.text is not None:
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        items.append(
            {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        )
    return items


def responses_answer(number: int, answer: Answer) -> dict[str, Any]:
    """Returns an answer of the Responses API."""
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1,
        "model": MODEL,
        "status": "completed",
        "output": responses_items(number, answer),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 15,
        },
    }


def responses_pieces(number: int, answer: Answer) -> list[dict[str, Any] | str]:
    """Returns the events of a streamed answer of the Responses API."""
    whole = responses_answer(number, answer)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(whole["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        empty = {**item, "status": "in_progress"}
        empty["content" if item["type"] == "message" else "arguments"] = (
            [] if item["type"] == "message" else ""
        )
        added = {"type": "response.output_item.added", "item": empty}
        events.append({**added, "output_index": index})
        if item["type"] == "message":
            part = {**place, "content_index": 0}
            text = item["content"][0]["text"]
            delta = {"type": "response.output_text.delta", "delta": text}
            done = {"type": "response.output_text.done", "text": text}
            events += [{**delta, **part, "logprobs": []}]
            events += [{**done, **part, "logprobs": []}]
        else:
            kind = "response.function_call_arguments"
            arguments = item["arguments"]
            events.append({"type": f"{kind}.delta", "delta": arguments, **place})
            done = {"arguments": arguments, "name": item["name"], **place}
            events.append({"type": f"{kind}.done", **done})
        ended = {"type": "response.output_item.done", "item": item}
        events.append({**ended, "output_index": index})
    events.append({"type": "response.completed", "response": whole})
    return [{**event, "sequence_number": i} for i, event in enumerate(events)]


def chat_calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": wanted.id,
            "type": "function",
            "function": {"name": wanted.tool_name(), "arguments": wanted.arguments},
        }
        for wanted in answer.asks
    ]


def chat_answer(number: int, answer: Answer) -> dict[str, Any]:
    """Returns an answer of the Chat Completions API."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if answer.asks:
        message["tool_calls"] = chat_calls(answer)
    reason = "tool_calls" if answer.asks else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return _chat(number, "chat.completion", [choice], _CHAT_USAGE)


_CHAT_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def _chat(number: int, kind: str, choices: list[Any], usage: Any) -> dict[str, Any]:
    return {
        "id": f"chatcmpl_{number}",
        "object": kind,
        "created": 1,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
    }


def chat_pieces(number: int, answer: Answer) -> list[dict[str, Any] | str]:
    """Returns the chunks of a streamed answer of the Chat Completions API."""
    content, calls = answer.text, chat_calls(answer)
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    if answer.fault == "content_and_calls":
        whole = [{"index": index, **call} for index, call in enumerate(calls)]
        deltas.append({"content": content, "tool_calls": whole})
        content, calls = None, []
    if content is not None:
        deltas += [{"content": content[:2]}, {"content": content[2:]}]
    for index, call in enumerate(calls):
        if answer.fault == "equal_indices":
            deltas.append({"tool_calls": [{"index": 0, **call}]})
            continue
        # As the API does it: first the name, then the arguments, in halves.
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        first = {**call, "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [{"index": index, **first}]})
        half = (len(arguments) + 1) // 2
        for part in filter(None, (arguments[:half], arguments[half:])):
            more = {"index": index, "function": {"arguments": part}}
            deltas.append({"tool_calls": [more]})
    reason = "tool_calls" if answer.asks else "stop"
    chunks = [
        _chat(
            number,
            "chat.completion.chunk",
            [{"index": 0, "delta": delta, "finish_reason": None}],
            None,
        )
        for delta in deltas
    ]
    last = {"index": 0, "delta": {}, "finish_reason": reason}
    chunks.append(_chat(number, "chat.completion.chunk", [last], None))
    chunks.append(_chat(number, "chat.completion.chunk", [], _CHAT_USAGE))
    return [*chunks, "[DONE]"]
