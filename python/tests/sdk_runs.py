"""Real runs of the OpenAI Agents SDK, offline, with the truth about each.

    run = sdk_runs.run("parallel_identical", "responses", streamed=True,
                       processors=[processor], hooks=SpanLinkHooks)
    for call in run.calls:
        print(call.span_id, call.tool_call_id, call.chosen_by, call.first_used_by)

The agents, the runner, both model classes and the HTTP client are the real
ones; only the answers come from here, through a transport in place of the
network. The truth is taken where things happen: the call id of a tool span from
the hook (or approval check) that runs inside it, the LLM span from the
transport, which runs inside that span and sees which results a request carries
and which calls its answer names. A call belongs to the last answer that its own
conversation got before: each run of an agent loop has a `Wire` of its own. No
span is matched with another by name, arguments or time.

Scenarios that need what the installed release of the SDK does not have are
skipped: `missing(scenario)` says what is missing. `python sdk_runs.py
--expected` writes the counts of every run, derived from its truth.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import importlib
import importlib.metadata
import importlib.util
import inspect
import itertools
import json
import pathlib
import random
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import agents
import openai
import pydantic
from agents.models.openai_chatcompletions import OpenAIChatCompletionsModel
from agents.models.openai_responses import OpenAIResponsesModel
from openai.types import responses as openai_responses

# openai moved from httpx to httpx2: take the one that it uses.
httpx = importlib.import_module(
    openai.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0]
)

MODEL = "canned-model"
APIS = ("responses", "chat")
EXPECTED = pathlib.Path(__file__).parent / "expected" / "sdk_runs.json"

# --- What the installed release of the SDK has ------------------------------


def _parameters(function: Any) -> Iterable[str]:
    return inspect.signature(function).parameters


def _fields(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


_VERSION = tuple(
    int(number) for number in importlib.metadata.version("openai-agents").split(".")[:3]
)

CAPABILITIES = {
    "LLM hooks": hasattr(agents.RunHooks, "on_llm_start"),
    "hooks of agents as tools": "hooks" in _parameters(agents.Agent.as_tool),
    "approval": "needs_approval" in _parameters(agents.function_tool),
    "sessions": hasattr(agents, "SQLiteSession"),
    "blocking guardrails": "run_in_parallel" in _fields(agents.InputGuardrail),
    "tool guardrails": hasattr(agents, "tool_input_guardrail"),
    "nested handoff history": "nest_handoff_history" in _fields(agents.RunConfig),
    "tool_not_found_behavior": "tool_not_found_behavior" in _fields(agents.RunConfig),
    "tool concurrency": "tool_execution" in _fields(agents.RunConfig),
    "tracing config": "tracing" in _fields(agents.RunConfig),
    "model retry": "retry" in _fields(agents.ModelSettings),
    "soft cancel": "mode" in _parameters(agents.result.RunResultStreaming.cancel),
    "previous response id": "previous_response_id" in _parameters(agents.Runner.run),
    "automatic previous response id": "auto_previous_response_id"
    in _parameters(agents.Runner.run),
    "one invocation a call id": importlib.util.find_spec("agents._tool_invocation")
    is not None,
    "repeated call ids": importlib.util.find_spec("agents._tool_invocation") is None,
    # Before, the names of streamed calls of equal index were joined: no such tool.
    "calls of equal index": _VERSION >= (0, 2, 3),
    "ScriptedModel": importlib.util.find_spec("agents.testing") is not None,
}

# --- What a run gives -------------------------------------------------------


@dataclasses.dataclass
class Call:
    """One tool or handoff span, and the LLM spans at both ends of it."""

    kind: str  # "tool" | "handoff"
    trace_id: str
    span_id: str
    tool_name: str
    tool_call_id: str
    # The LLM span whose answer named the call; None: the model opened no span.
    chosen_by: str | None
    # The first LLM span that was answered with this result in its prompt.
    first_used_by: str | None = None
    # Handoffs: the first LLM span of the agent that took over.
    target_llm: str | None = None
    # False: the span ended without running the tool. It waits for approval.
    executed: bool = True


@dataclasses.dataclass
class Guardrail:
    """One guardrail span, and the LLM span whose prompt or answer it checked."""

    kind: str  # "input_guardrail" | "output_guardrail"
    trace_id: str
    span_id: str
    llm_span_id: str | None = None


@dataclasses.dataclass
class Exchange:
    """One request of a model and its answer."""

    trace_id: str | None
    span_id: str | None  # None: the model opened no LLM span
    used: list[str]  # ids of the calls whose results the request holds
    chosen: list[str] = dataclasses.field(default_factory=list)
    completed: bool = False  # the whole answer was sent, and it was no error


@dataclasses.dataclass
class SpanEvent:
    """What a tracing processor was told, in order."""

    event: str  # trace_start trace_end span_start span_end
    trace_id: str
    span_id: str = ""
    parent_id: str | None = None
    type: str = ""
    error: Any = None


@dataclasses.dataclass
class Run:
    """The truth about one scenario."""

    scenario: str
    api: str
    streamed: bool
    calls: list[Call]
    guardrails: list[Guardrail]
    exchanges: list[Exchange]
    events: list[SpanEvent]
    outcome: Any  # the final output, or the exception that ended the last run

    def trace_ids(self) -> list[str]:
        starts = [e.trace_id for e in self.events if e.event == "trace_start"]
        return list(dict.fromkeys(starts))

    def calls_of(self, trace_id: str) -> list[Call]:
        return [call for call in self.calls if call.trace_id == trace_id]

    def guardrails_of(self, trace_id: str) -> list[Guardrail]:
        return [g for g in self.guardrails if g.trace_id == trace_id]

    def span_ids(self, span_type: str, event: str = "span_start") -> list[str]:
        return [
            e.span_id for e in self.events if (e.event, e.type) == (event, span_type)
        ]

    def counts(self) -> dict[str, int]:
        """Returns how many spans there are and how many links a right linker makes."""
        return {
            "tools": sum(call.kind == "tool" for call in self.calls),
            "handoffs": sum(call.kind == "handoff" for call in self.calls),
            "guardrails": len(self.guardrails),
            "choice_links": sum(call.chosen_by is not None for call in self.calls),
            "result_links": sum(
                (call.first_used_by or call.target_llm) is not None
                for call in self.calls
            ),
            "guardrail_links": sum(g.llm_span_id is not None for g in self.guardrails),
        }


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


# --- Models that are not the SDK's -------------------------------------------


class CannedModel(agents.Model):
    """A model as users write them; it opens a response span, or no span at all."""

    def __init__(self, wire: Wire, *, opens_span: bool):
        self._wire = wire
        self._opens_span = opens_span

    async def get_response(  # type: ignore[override]
        self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any
    ) -> agents.ModelResponse:
        response = self._respond(input)
        return agents.ModelResponse(
            output=response.output, usage=agents.Usage(), response_id=response.id
        )

    async def stream_response(  # type: ignore[override]
        self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any
    ) -> AsyncIterator[Any]:
        yield openai_responses.ResponseCompletedEvent(
            type="response.completed",
            sequence_number=0,
            response=self._respond(input),
        )

    def _respond(self, messages: Any) -> openai_responses.Response:
        if not self._opens_span:
            return self._answer(messages)
        with agents.tracing.response_span() as span:
            span.span_data.input = messages
            span.span_data.response = self._answer(messages)
            return span.span_data.response

    def _answer(self, messages: Any) -> openai_responses.Response:
        exchange, answer = self._wire.exchange(result_ids(messages))
        exchange.completed = True
        number = len(self._wire.exchanges) - 1
        return openai_responses.Response.model_validate(
            responses_answer(number, answer)
        )


class PositionalOnlyModel(CannedModel):
    """A model whose parameters have no names for its caller (issue 2779).

    Only its stream: the SDK passes the arguments of `get_response` by keyword.
    """

    async def stream_response(  # type: ignore[override]
        self,
        instructions: Any,
        messages: Any,
        settings: Any,
        tools: Any,
        schema: Any,
        handoffs: Any,
        tracing: Any,
        /,
        **rest: Any,
    ) -> AsyncIterator[Any]:
        async for event in super().stream_response(instructions, messages):
            yield event


# --- Running ----------------------------------------------------------------


class TruthHooks(agents.RunHooks[Any]):
    """Tells the wire of a run which span is which call."""

    def __init__(self, wire: Wire):
        self._wire = wire

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self._wire.add_call("tool", tool.name, context.tool_call_id)

    async def on_handoff(self, context: Any, from_agent: Any, to_agent: Any) -> None:
        self._wire.add_handoff(to_agent)


class EventLog(agents.tracing.TracingProcessor):
    """Notes what a processor is told."""

    def __init__(self) -> None:
        self.events: list[SpanEvent] = []

    def on_trace_start(self, trace: Any) -> None:
        self.events.append(SpanEvent("trace_start", trace.trace_id))

    def on_trace_end(self, trace: Any) -> None:
        self.events.append(SpanEvent("trace_end", trace.trace_id))

    def on_span_start(self, span: Any) -> None:
        self._add("span_start", span)

    def on_span_end(self, span: Any) -> None:
        self._add("span_end", span)

    def shutdown(self) -> None:
        pass

    def force_flush(self) -> None:
        pass

    def _add(self, event: str, span: Any) -> None:
        place = (span.trace_id, span.span_id, span.parent_id, span.span_data.type)
        self.events.append(SpanEvent(event, *place, error=span.error))


WrapHooks = Callable[[agents.RunHooks[Any]], agents.RunHooks[Any]]
MakeAgentHooks = Callable[[], "agents.AgentHooks[Any]"]


class Env:
    """What a scenario is written with."""

    def __init__(
        self,
        api: str,
        streamed: bool,
        wrap: WrapHooks | None = None,
        agent_hooks: MakeAgentHooks | None = None,
    ):
        self.api = api
        self.streamed = streamed
        self.wires: list[Wire] = []
        self.outcome: Any = None
        self._wrap = wrap
        self._agent_hooks = agent_hooks

    def wire(self, *answers: Answer, script: Script | None = None) -> Wire:
        wire = Wire(self, script or answers)
        self.wires.append(wire)
        return wire

    def agent(self, name: str, wire: Wire, **fields: Any) -> agents.Agent[Any]:
        fields.setdefault("model", wire.model())
        if self._agent_hooks:
            fields["hooks"] = self._agent_hooks()
        return agents.Agent(name=name, instructions="Follow the script.", **fields)

    def hooks(self, wire: Wire) -> agents.RunHooks[Any]:
        hooks = TruthHooks(wire)
        return self._wrap(hooks) if self._wrap else hooks

    def as_tool(self, agent: agents.Agent[Any], name: str, wire: Wire) -> Any:
        """Returns `agent` as a tool, with hooks."""
        if CAPABILITIES["hooks of agents as tools"]:
            return agent.as_tool(name, "Asks an agent.", hooks=self.hooks(wire))

        @agents.function_tool(name_override=name)
        async def run_agent(input: str) -> str:
            result = await agents.Runner.run(agent, input, hooks=self.hooks(wire))
            return str(result.final_output)

        return run_agent

    async def run(
        self,
        agent: agents.Agent[Any],
        wire: Wire,
        input: Any = "go",
        *,
        watch: Callable[[Any, Any], bool] | None = None,
        raises: type[BaseException] | tuple[type[BaseException], ...] = (),
        **options: Any,
    ) -> Any:
        """Runs `agent` to its end, and notes how it ended.

        `watch(result, event)` sees the events of a streamed run; where it returns
        True the consumer goes away.
        """
        options["hooks"] = self.hooks(wire)
        result = None
        try:
            if self.streamed:
                result = agents.Runner.run_streamed(agent, input, **options)
                await _consume(result, watch)
            else:
                result = await agents.Runner.run(agent, input, **options)
            self.outcome = result.final_output
            assert not raises, f"no {raises}"
        except raises as error:
            self.outcome = error
        finally:
            wire.end_of_run()
        return result


async def _consume(result: Any, watch: Callable[[Any, Any], bool] | None) -> None:
    async for event in result.stream_events():
        if watch and watch(result, event):
            return  # the consumer goes away without closing its stream


Body = Callable[[Env], Any]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A scenario and the runs of it that make sense."""

    name: str
    body: Body
    needs: tuple[str, ...]
    apis: tuple[str, ...]
    streamed: tuple[bool, ...]
    why: str  # why not every span has every link
    counts: dict[str, int]  # of links, where no evidence leads to what is true
    without_hooks: dict[str, int]  # the same where no hooks are installed


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *needs: str,
    apis: Sequence[str] = APIS,
    streamed: Sequence[bool] = (False, True),
    why: str = "",
    counts: dict[str, int] | None = None,
    without_hooks: dict[str, int] | None = None,
) -> Callable[[Body], Body]:
    def register(body: Body) -> Body:
        SCENARIOS[body.__name__] = Scenario(
            body.__name__,
            body,
            needs,
            tuple(apis),
            tuple(streamed),
            why,
            counts or {},
            without_hooks or {},
        )
        return body

    return register


def missing(name: str) -> list[str]:
    """Returns what a scenario needs and the installed SDK does not have."""
    return [need for need in SCENARIOS[name].needs if not CAPABILITIES[need]]


def all_runs() -> list[tuple[str, str, bool]]:
    """Returns every (scenario, api, streamed), also those that are skipped."""
    return [
        (s.name, api, streamed)
        for s in SCENARIOS.values()
        for api in s.apis
        for streamed in s.streamed
    ]


def run_key(name: str, api: str, streamed: bool) -> str:
    return f"{name}/{api}/{'streamed' if streamed else 'plain'}"


def run(
    name: str,
    api: str,
    streamed: bool = False,
    *,
    hooks: WrapHooks | None = None,
    agent_hooks: MakeAgentHooks | None = None,
    processors: Sequence[Any] = (),
) -> Run:
    """Runs a scenario in an event loop of its own. Returns the truth about it.

    `hooks`: wraps the run hooks of the harness, as `SpanLinkHooks` does.
    `agent_hooks`: makes the hooks of each agent. `processors` replace the SDK's.
    """
    return _run_body(
        SCENARIOS[name].body,
        Env(api, streamed, hooks, agent_hooks),
        name,
        processors,
    )


async def _with_limit(running: Any) -> None:
    """Ends what hangs, without a task in between: scenarios look at all tasks."""
    task = asyncio.current_task()
    assert task is not None
    limit = asyncio.get_running_loop().call_later(30, task.cancel)
    try:
        await running
    finally:
        limit.cancel()


def _run_body(body: Body, env: Env, name: str, processors: Sequence[Any]) -> Run:
    log = EventLog()
    agents.set_trace_processors([log, *processors])
    try:
        asyncio.run(_with_limit(body(env)))
    finally:
        agents.set_trace_processors([])
    wires = env.wires
    return Run(
        scenario=name,
        api=env.api,
        streamed=env.streamed,
        calls=[call for wire in wires for call in wire.settle()],
        guardrails=[guardrail for wire in wires for guardrail in wire.guardrails],
        exchanges=[exchange for wire in wires for exchange in wire.exchanges],
        events=log.events,
        outcome=env.outcome,
    )


# --- Tools ------------------------------------------------------------------


def slow_tool(name: str, delays: dict[str, float] | None = None) -> Any:
    """Returns a tool with one argument. `delays`: milliseconds by call id."""

    @agents.function_tool(name_override=name)
    async def tool(context: agents.RunContextWrapper[Any], x: str) -> str:
        """Looks something up."""
        if delays:
            await asyncio.sleep(delays.get(context.tool_call_id, 0) / 1000)
        return f"{name} says {x}"

    return tool


def hanging_tool(started: asyncio.Event) -> Any:
    @agents.function_tool(name_override="hang")
    async def tool(x: str) -> str:
        """Never ends."""
        started.set()
        await asyncio.Event().wait()
        return x

    return tool


X = '{"x":"a"}'
Y = '{"x": "b"}'

# --- Scenarios: tools -------------------------------------------------------


@scenario()
async def single_tool(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def parallel_identical(env: Env) -> None:
    probe = slow_tool("probe")
    equal = [Ask(f"call_{i}", probe, X) for i in range(3)]
    wire = env.wire(ask(*equal, Ask("call_other", probe, Y)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def reversed_finish(env: Env) -> None:
    probe = slow_tool("probe", {"call_0": 9, "call_1": 6, "call_2": 3})
    asks = [Ask(f"call_{i}", probe, X) for i in range(4)]
    wire = env.wire(ask(*asks), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario("tool concurrency")
async def one_tool_at_a_time(env: Env) -> None:
    probe = slow_tool("probe", {"call_0": 3})
    asks = [Ask(f"call_{i}", probe, X) for i in range(3)]
    wire = env.wire(ask(*asks), say())
    limit = agents.ToolExecutionConfig(max_function_tool_concurrency=1)
    config = agents.RunConfig(tool_execution=limit)
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario("tracing config")
async def no_task_and_turn_spans(env: Env) -> None:
    probe = slow_tool("probe")
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    config = agents.RunConfig(tracing={"include_task_and_turn_spans": False})
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario()
async def equal_calls_in_each_turn(env: Env) -> None:
    probe = slow_tool("probe")
    turns = [ask(Ask(f"call_{i}", probe, X)) for i in range(3)]
    wire = env.wire(*turns, say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def tool_returns_none(env: Env) -> None:
    @agents.function_tool
    async def forget(x: str) -> None:
        """Forgets."""

    wire = env.wire(ask(Ask("call_1", forget, X)), say())
    await env.run(env.agent("Solo", wire, tools=[forget]), wire)


@scenario()
async def call_shaped_arguments(env: Env) -> None:
    """W26: arguments that look like a call."""

    @agents.function_tool
    async def greet(name: str, id: str, args: str) -> str:
        """Greets."""
        return f"Hello {name}"

    probe = slow_tool("probe")
    shaped = json.dumps({"name": "probe", "id": "call_2", "args": X})
    asks = [Ask("call_1", greet, shaped), Ask("call_2", probe, X)]
    wire = env.wire(ask(*asks), say())
    await env.run(env.agent("Solo", wire, tools=[probe, greet]), wire)


@scenario()
async def structured_output(env: Env) -> None:
    class Weather(pydantic.BaseModel):
        city: str
        degrees: int

    @agents.function_tool
    async def weather(city: str) -> Weather:
        """Tells the weather."""
        return Weather(city=city, degrees=15)

    asks = [Ask(f"call_{i}", weather, '{"city":"K\\u00f6ln"}') for i in range(2)]
    wire = env.wire(ask(*asks), say('{"city":"K\\u00f6ln","degrees":15}'))
    agent = env.agent("Solo", wire, tools=[weather], output_type=Weather)
    await env.run(agent, wire)


@scenario()
async def tool_error_told(env: Env) -> None:
    """The tool fails, the model is told and tries again."""
    attempts = itertools.count()

    @agents.function_tool
    async def flaky(x: str) -> str:
        """Works the second time."""
        if next(attempts) == 0:
            raise RuntimeError("not yet")
        return x

    wire = env.wire(ask(Ask("call_1", flaky, X)), ask(Ask("call_2", flaky, X)), say())
    await env.run(env.agent("Solo", wire, tools=[flaky]), wire)


@scenario(why="the failed tool ends the run: no prompt holds its result")
async def tool_error_raised(env: Env) -> None:
    @agents.function_tool(failure_error_function=None)
    async def broken(x: str) -> str:
        """Fails."""
        raise RuntimeError("broken")

    wire = env.wire(ask(Ask("call_1", broken, X)))
    agent = env.agent("Solo", wire, tools=[broken])
    await env.run(agent, wire, raises=(agents.UserError, RuntimeError))


@scenario(why="the last result is used by no prompt")
async def max_turns(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), ask(Ask("call_2", probe, X)))
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, max_turns=2, raises=agents.MaxTurnsExceeded)


@scenario(why="a tool that does not exist ends the run: nothing is executed")
async def tool_not_found(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X), Ask("call_2", "nowhere", X)))
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, raises=agents.ModelBehaviorError)


@scenario(
    "tool_not_found_behavior",
    why="a tool that does not exist has no span: 2 of 3 calls",
)
async def tool_not_found_told(env: Env) -> None:
    probe = slow_tool("probe")
    asks = [Ask("call_1", "nowhere", X), Ask("call_2", probe, X)]
    wire = env.wire(ask(*asks), ask(Ask("call_3", probe, X)), say())
    config = agents.RunConfig(tool_not_found_behavior="return_error_to_model")
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario(why="the run stops at the tools: no prompt holds their results")
async def stop_on_first_tool(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X), Ask("call_2", probe, X)))
    agent = env.agent(
        "Solo", wire, tools=[probe], tool_use_behavior="stop_on_first_tool"
    )
    await env.run(agent, wire)


@scenario("tool guardrails")
async def tool_guardrail_rejects(env: Env) -> None:
    """A guardrail refuses the first call: its span exists, its tool never starts."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X), Ask("call_2", probe, Y)), say())

    @agents.tool_input_guardrail
    def only_b(data: Any) -> Any:
        if data.context.tool_call_id != "call_1":
            return agents.ToolGuardrailFunctionOutput.allow()
        # The hooks are not called for it.
        wire.add_call("tool", probe.name, data.context.tool_call_id)
        return agents.ToolGuardrailFunctionOutput.reject_content("refused")

    probe.tool_input_guardrails = [only_b]
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


async def _reuse_call_id(env: Env) -> None:
    probe = slow_tool("probe")
    again = ask(Ask("call_1", probe, X))
    wire = env.wire(again, again, ask(Ask("call_2", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario("repeated call ids")
async def reused_call_id_runs_again(env: Env) -> None:
    await _reuse_call_id(env)


@scenario(
    "one invocation a call id",
    why="the SDK runs a repeated call once: the call of the second answer has no span",
)
async def reused_call_id_runs_once(env: Env) -> None:
    await _reuse_call_id(env)


_MCP_SERVER = """
try:
    from mcp.server import MCPServer as Server
except ImportError:
    from mcp.server.fastmcp import FastMCP as Server
server = Server("canned")

@server.tool()
def look(x: str) -> str:
    return "MCP says " + x

server.run()
"""


@scenario(apis=["responses"])
async def mcp_tool(env: Env) -> None:
    """A tool of a real MCP server, which is a process of its own."""
    from agents.mcp import MCPServerStdio

    async with MCPServerStdio(
        params={"command": sys.executable, "args": ["-c", _MCP_SERVER]}
    ) as server:
        asks = [Ask(f"call_{i}", "look", X) for i in range(2)]
        wire = env.wire(ask(*asks), say())
        await env.run(env.agent("Solo", wire, mcp_servers=[server]), wire)


# --- Scenarios: handoffs ----------------------------------------------------


async def _hand_over(
    env: Env,
    *,
    to: str = "Billing Agent",
    arguments: str = "{}",
    name: str = "",
    config: agents.RunConfig | None = None,
    **options: Any,
) -> None:
    """A tool, a handoff, and a tool of the agent that took over."""
    probe = slow_tool("probe")
    wire = env.wire()
    target = env.agent(to, wire, tools=[probe])
    if name:
        options["tool_name_override"] = name
    triage = env.agent(
        "Triage", wire, tools=[probe], handoffs=[agents.handoff(target, **options)]
    )
    wire.follow(
        ask(Ask("call_1", probe, X)),
        ask(Ask("call_2", target, arguments, name)),
        ask(Ask("call_3", probe, X)),
        say(),
    )
    await env.run(triage, wire, run_config=config)


@scenario()
async def handoff(env: Env) -> None:
    await _hand_over(env)


@scenario()
async def handoff_empty_arguments(env: Env) -> None:
    await _hand_over(env, arguments="")


class _Reason(pydantic.BaseModel):
    reason: str


async def _on_handoff(context: Any, reason: _Reason) -> None:
    pass


@scenario()
async def handoff_input_type(env: Env) -> None:
    options = {"input_type": _Reason, "on_handoff": _on_handoff}
    await _hand_over(env, arguments='{"reason":"angry"}', **options)


@scenario()
async def handoff_name_override(env: Env) -> None:
    await _hand_over(env, name="escalate")


@scenario()
async def handoff_unicode_name(env: Env) -> None:
    await _hand_over(env, to="Kündigung 🤖 客服")


@scenario()
async def handoff_punctuation_name(env: Env) -> None:
    await _hand_over(env, to="Q&A-Agent v2.1!")


@scenario("nested handoff history")
async def handoff_nested_history(env: Env) -> None:
    await _hand_over(env, config=agents.RunConfig(nest_handoff_history=True))


@scenario()
async def handoff_remove_all_tools(env: Env) -> None:
    """No result id reaches the target: its first LLM span is known by its agent."""
    from agents.extensions import handoff_filters

    await _hand_over(env, input_filter=handoff_filters.remove_all_tools)


@scenario(why="the SDK runs the first of several handoffs; the others have no span")
async def handoff_several(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire()
    second = env.agent("Second", wire, tools=[probe])
    first = env.agent("First", wire, tools=[probe], handoffs=[second])
    triage = env.agent("Triage", wire, handoffs=[first, second])
    wire.follow(
        ask(Ask("call_1", first), Ask("call_2", second)),
        ask(Ask("call_3", probe, X)),
        ask(Ask("call_4", second)),
        say(),
    )
    await env.run(triage, wire)


@scenario()
async def handoff_ping_pong(env: Env) -> None:
    wire = env.wire()
    ping = env.agent("Ping", wire)
    pong = env.agent("Pong", wire, handoffs=[ping])
    ping.handoffs = [pong]
    turns = [pong, ping, pong]
    answers = [ask(Ask(f"call_{i}", agent)) for i, agent in enumerate(turns)]
    wire.follow(*answers, say())
    await env.run(ping, wire)


@scenario()
async def handoff_plus_tools(env: Env) -> None:
    """One answer with tools around a handoff; the tools run first."""
    probe = slow_tool("probe", {"call_1": 3})
    wire = env.wire()
    target = env.agent("Billing Agent", wire, tools=[probe])
    triage = env.agent("Triage", wire, tools=[probe], handoffs=[target])
    tools = [Ask("call_1", probe, X), Ask("call_3", probe, X)]
    wire.follow(
        ask(tools[0], Ask("call_2", target), tools[1]),
        ask(Ask("call_4", probe, X)),
        say(),
    )
    await env.run(triage, wire)


@scenario("nested handoff history")
async def handoff_plus_tools_nested_history(env: Env) -> None:
    """The target reads the results of the tools in a history told as text."""
    probe = slow_tool("probe")
    wire = env.wire()
    target = env.agent("Billing Agent", wire)
    triage = env.agent("Triage", wire, tools=[probe], handoffs=[target])
    wire.follow(ask(Ask("call_1", probe, X), Ask("call_2", target)), say())
    config = agents.RunConfig(nest_handoff_history=True)
    await env.run(triage, wire, run_config=config)


@scenario(why="the handoff fails and ends the run")
async def handoff_callback_fails(env: Env) -> None:
    """The handoff span ends without knowing whom it hands over to."""
    wire = env.wire()
    target = env.agent("Billing Agent", wire)

    async def fail(context: Any) -> None:
        wire.add_handoff(target)  # the hook is not called
        raise RuntimeError("broken")

    triage = env.agent(
        "Triage", wire, handoffs=[agents.handoff(target, on_handoff=fail)]
    )
    wire.follow(ask(Ask("call_1", target)))
    await env.run(triage, wire, raises=RuntimeError)


# --- Scenarios: agents as tools, several runs --------------------------------


@scenario()
async def agents_as_tools(env: Env) -> None:
    """Two agents run at once; equal ids and arguments inside and outside."""
    probe = slow_tool("probe", {"call_1": 2})
    outer = env.wire()
    tools = [probe]
    for name in ("ask_left", "ask_right"):
        inner = env.wire(ask(Ask("call_0", probe, X), Ask("call_1", probe, X)), say())
        agent = env.agent(name, inner, tools=[probe])
        tools.append(env.as_tool(agent, name, inner))
    input = '{"input":"look"}'
    asks = [Ask(f"call_{i}", tool, input) for i, tool in enumerate(tools[1:])]
    outer.follow(ask(*asks, Ask("call_2", probe, X)), say())
    await env.run(env.agent("Outer", outer, tools=tools), outer)


@scenario()
async def one_agent_as_tool_twice(env: Env) -> None:
    """The same agent runs twice at once, with equal arguments."""
    probe = slow_tool("probe")
    numbers = itertools.count()

    def answer(used: list[str]) -> Answer:
        return say() if used else ask(Ask(f"call_in_{next(numbers)}", probe, X))

    inner = env.wire(script=answer)
    tool = env.as_tool(env.agent("Inner", inner, tools=[probe]), "ask_inner", inner)
    asks = [Ask(f"call_{i}", tool, '{"input":"look"}') for i in range(2)]
    outer = env.wire(ask(*asks), say())
    await env.run(env.agent("Outer", outer, tools=[tool]), outer)


async def _small_run(env: Env) -> None:
    probe = slow_tool("probe", {"call_1": 2})
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario()
async def two_runs_in_one_trace(env: Env) -> None:
    with agents.trace("two runs"):
        await _small_run(env)
        await _small_run(env)


@scenario()
async def concurrent_runs_in_one_trace(env: Env) -> None:
    with agents.trace("two runs"):
        await asyncio.gather(_small_run(env), _small_run(env))


@scenario()
async def concurrent_runs_in_two_traces(env: Env) -> None:
    await asyncio.gather(_small_run(env), _small_run(env))


async def _session(env: Env, group_id: str | None) -> None:
    """The first trace ends with a tool; the second one's prompt holds its result."""
    probe, last = slow_tool("probe"), slow_tool("last")
    stop = {"stop_at_tool_names": ["last"]}
    wire = env.wire(
        ask(Ask("call_1", probe, X)),
        ask(Ask("call_2", last, X)),
        ask(Ask("call_3", probe, X)),
        say(),
    )
    agent = env.agent("Solo", wire, tools=[probe, last], tool_use_behavior=stop)
    session = agents.SQLiteSession("session")
    for text in ("go", "go on"):
        config = agents.RunConfig(group_id=group_id)
        await env.run(agent, wire, text, session=session, run_config=config)
    session.close()


@scenario("sessions")
async def session_in_one_group(env: Env) -> None:
    await _session(env, "conversation 1")


@scenario(
    "sessions",
    counts={"result_links": 2},
    why="nothing says that the two traces are one conversation: the result that only"
    " the second trace uses has no link",
)
async def session_without_group(env: Env) -> None:
    await _session(env, None)


@scenario("previous response id", apis=["responses"])
async def previous_response_id(env: Env) -> None:
    """The server keeps the history: it is told where to go on."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), ask(Ask("call_2", probe, X)), say())
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, previous_response_id="resp_before")


@scenario("automatic previous response id", apis=["responses"])
async def automatic_previous_response_id(env: Env) -> None:
    """Prompts hold the results alone, without the calls."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), ask(Ask("call_2", probe, X)), say())
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, auto_previous_response_id=True)


# --- Scenarios: approval -----------------------------------------------------


def _approved_tool(wire: Wire) -> Any:
    """Returns a tool that needs approval, and notes the spans that wait for it."""

    async def needs_approval(context: Any, arguments: Any, call_id: str) -> bool:
        wire.add_call("tool", "pay", call_id, executed=False)
        return True

    @agents.function_tool(needs_approval=needs_approval)
    async def pay(x: str) -> str:
        """Pays."""
        return f"paid {x}"

    return pay


@scenario("approval", why="the span that waits for approval has no result")
async def approval(env: Env) -> None:
    wire = env.wire()
    pay = _approved_tool(wire)
    wire.follow(ask(Ask("call_1", pay, X)), ask(Ask("call_2", pay, X)), say())
    agent = env.agent("Solo", wire, tools=[pay])
    result = await env.run(agent, wire)
    for _ in range(2):
        state = result.to_state()
        state.approve(result.interruptions[0])
        result = await env.run(agent, wire, state)


@scenario(
    "approval",
    why="the spans that wait for approval have no result; without hooks nothing tells"
    " the two executions apart: a link would be graded `order`, which is not shown",
    without_hooks={"choice_links": 3, "result_links": 1},
)
async def approval_of_equal_calls(env: Env) -> None:
    """Two equal calls wait beside one that does not; the second is approved first."""
    wire = env.wire()
    pay, probe = _approved_tool(wire), slow_tool("probe")
    asks = [Ask("call_1", pay, X), Ask("call_2", pay, X), Ask("call_3", probe, X)]
    wire.follow(ask(*asks), say())
    agent = env.agent("Solo", wire, tools=[pay, probe])
    result = await env.run(agent, wire)
    for call_id in ("call_2", "call_1"):
        state = result.to_state()
        (waiting,) = [i for i in result.interruptions if i.call_id == call_id]
        state.approve(waiting)
        result = await env.run(agent, wire, state)


@scenario("approval", why="a rejected call has no result of a tool")
async def approval_rejected(env: Env) -> None:
    wire = env.wire()
    pay = _approved_tool(wire)
    wire.follow(ask(Ask("call_1", pay, X)), say())
    agent = env.agent("Solo", wire, tools=[pay])
    result = await env.run(agent, wire)
    state = result.to_state()
    state.reject(result.interruptions[0])
    await env.run(agent, wire, state)


# --- Scenarios: guardrails ----------------------------------------------------


def _guardrails(
    wire: Wire, *, blocking: bool = False, trips: str = ""
) -> dict[str, Any]:
    """Returns the guardrails of an agent. `trips`: the kind that trips."""

    async def check_input(context: Any, agent: Any, input: Any) -> Any:
        wire.add_guardrail("input_guardrail")
        if not blocking and trips == "input_guardrail":
            await wire.asked.wait()
        return agents.GuardrailFunctionOutput(None, trips == "input_guardrail")

    async def check_output(context: Any, agent: Any, output: Any) -> Any:
        wire.add_guardrail("output_guardrail")
        return agents.GuardrailFunctionOutput(None, trips == "output_guardrail")

    options = {"run_in_parallel": not blocking} if blocking else {}
    return {
        "input_guardrails": [agents.InputGuardrail(check_input, **options)],
        "output_guardrails": [agents.OutputGuardrail(check_output)],
    }


async def _guarded_run(env: Env, *, blocking: bool, trips: str = "") -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say())
    guardrails = _guardrails(wire, blocking=blocking, trips=trips)
    agent = env.agent("Solo", wire, tools=[probe], **guardrails)
    raises = {
        "input_guardrail": agents.InputGuardrailTripwireTriggered,
        "output_guardrail": agents.OutputGuardrailTripwireTriggered,
    }.get(trips, ())
    await env.run(agent, wire, raises=raises)


@scenario()
async def guardrails(env: Env) -> None:
    await _guarded_run(env, blocking=False)


@scenario("blocking guardrails")
async def guardrails_blocking(env: Env) -> None:
    await _guarded_run(env, blocking=True)


@scenario("blocking guardrails", why="the model is never asked: nothing was guarded")
async def input_guardrail_trips(env: Env) -> None:
    await _guarded_run(env, blocking=True, trips="input_guardrail")


@scenario()
async def input_guardrail_trips_in_parallel(env: Env) -> None:
    """The guardrail trips while the model answers, and stops it.

    A streamed run sees that with the next event: that answer must not hang.
    """
    wire = env.wire(say(hangs=not env.streamed))
    guardrails = _guardrails(wire, trips="input_guardrail")
    agent = env.agent("Solo", wire, **guardrails)
    await env.run(agent, wire, raises=agents.InputGuardrailTripwireTriggered)


@scenario()
async def output_guardrail_trips(env: Env) -> None:
    await _guarded_run(env, blocking=False, trips="output_guardrail")


# --- Scenarios: what is left out, what fails, what stops ----------------------

_NO_DATA = "no arguments, no prompts and no answers on the spans: hooks know them"


@scenario(why=_NO_DATA, without_hooks={"choice_links": 0, "result_links": 0})
async def no_sensitive_data(env: Env) -> None:
    probe = slow_tool("probe")
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    config = agents.RunConfig(trace_include_sensitive_data=False)
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario(
    why=_NO_DATA + "; a handoff's result still goes to the agent that it names",
    without_hooks={"choice_links": 0, "result_links": 1},
)
async def no_sensitive_data_handoff(env: Env) -> None:
    config = agents.RunConfig(trace_include_sensitive_data=False)
    await _hand_over(env, config=config)


async def _failing_model(env: Env, wire: Wire, **options: Any) -> None:
    probe = slow_tool("probe")
    wire.follow(ask(Ask("call_1", probe, X)), Answer(status=500), say())
    agent = env.agent("Solo", wire, tools=[probe], **options)
    await env.run(agent, wire)


@scenario()
async def model_error_retried_by_client(env: Env) -> None:
    """Both attempts happen inside one LLM span."""
    wire = env.wire()
    await _failing_model(env, wire, model=wire.model(max_retries=2))


@scenario("model retry")
async def model_error_retried_by_sdk(env: Env) -> None:
    """The failed attempt has an LLM span of its own, which uses no result."""
    wire = env.wire()
    retry = agents.ModelRetrySettings(
        max_retries=2,
        backoff={"initial_delay": 0.001, "jitter": False},
        policy=agents.retry_policies.http_status([500]),
    )
    await _failing_model(env, wire, model_settings=agents.ModelSettings(retry=retry))


@scenario(why="the failed LLM span used no result")
async def model_error(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), Answer(status=400))
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, raises=openai.BadRequestError)


async def _cancel_when(started: asyncio.Event, running: Any) -> None:
    """Cancels a run from outside, as a server does when its client is gone."""
    task = asyncio.ensure_future(running)
    waiter = asyncio.ensure_future(started.wait())
    await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await _let_tasks_end()


async def _let_tasks_end() -> None:
    """Waits for what a stopped run left running; ends what does not end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, pending = await asyncio.wait(others, timeout=0.2)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


@scenario(why="the LLM span that was cancelled used no result")
async def cancelled_in_model(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say(hangs=True))
    agent = env.agent("Solo", wire, tools=[probe])
    await _cancel_when(wire.hanging, env.run(agent, wire))


@scenario(why="tools that are cancelled have no result that a prompt could hold")
async def cancelled_in_tool(env: Env) -> None:
    started = asyncio.Event()
    probe, hang = slow_tool("probe"), hanging_tool(started)
    asks = [Ask("call_1", probe, X), Ask("call_2", hang, X)]
    wire = env.wire(ask(*asks))
    agent = env.agent("Solo", wire, tools=[probe, hang])
    await _cancel_when(started, env.run(agent, wire))


async def _stopped_stream(env: Env, stop: Callable[[Any], bool], **answer: Any) -> None:
    """The consumer stops at the first event of the second answer's text."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say("a long answer", **answer))

    def watch(result: Any, event: Any) -> bool:
        data = getattr(event, "data", None)
        if getattr(data, "type", "") != "response.created" or len(wire.exchanges) < 2:
            return False
        return stop(result)

    await env.run(env.agent("Solo", wire, tools=[probe]), wire, watch=watch)
    await _let_tasks_end()


@scenario(streamed=[True], why="the answer that was abandoned used no result")
async def stream_abandoned(env: Env) -> None:
    await _stopped_stream(env, lambda result: True, hangs=True)


@scenario(streamed=[True], why="the answer that was cancelled used no result")
async def stream_cancelled(env: Env) -> None:
    def stop(result: Any) -> bool:
        result.cancel()
        return False

    await _stopped_stream(env, stop, hangs=True)


@scenario("soft cancel", streamed=[True])
async def stream_cancelled_after_turn(env: Env) -> None:
    def stop(result: Any) -> bool:
        result.cancel(mode="after_turn")
        return False

    await _stopped_stream(env, stop)


# --- Scenarios: stream faults, models and servers of other makers -------------


@scenario(
    "calls of equal index",
    apis=["chat"],
    streamed=[True],
    why="the SDK merges the two calls into one",
)
async def stream_equal_indices(env: Env) -> None:
    """W24: two calls of a streamed answer have the same index."""
    probe = slow_tool("probe")
    asks = [Ask("call_1", probe, X), Ask("call_2", probe, Y)]
    wire = env.wire(ask(*asks, fault="equal_indices"), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario(apis=["chat"], streamed=[True])
async def stream_content_and_calls(env: Env) -> None:
    """W25: one chunk has content and calls."""
    probe = slow_tool("probe")
    asks = (Ask("call_1", probe, X), Ask("call_2", probe, Y))
    answer = Answer(asks, text="Let me look.", fault="content_and_calls")
    wire = env.wire(answer, say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


async def _foreign_model(env: Env, make: Callable[[Wire], Any]) -> None:
    probe = slow_tool("probe")
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe], model=make(wire)), wire)


@scenario(apis=["responses"])
async def custom_model_with_span(env: Env) -> None:
    await _foreign_model(env, lambda wire: CannedModel(wire, opens_span=True))


@scenario(apis=["responses"], streamed=[True])
async def custom_model_positional_only(env: Env) -> None:
    await _foreign_model(env, lambda wire: PositionalOnlyModel(wire, opens_span=True))


@scenario(apis=["responses"], why="the model opens no span that a link could go to")
async def custom_model_without_span(env: Env) -> None:
    await _foreign_model(env, lambda wire: CannedModel(wire, opens_span=False))


@scenario(
    "ScriptedModel",
    apis=["responses"],
    why="ScriptedModel leaves its generation spans empty: hooks know the calls",
    without_hooks={"choice_links": 0, "result_links": 0},
)
async def scripted_model(env: Env) -> None:
    from agents import testing

    def make(wire: Wire) -> Any:
        def respond(call: Any) -> Any:
            exchange, answer = wire.exchange(result_ids(call.input))
            exchange.completed = True
            number = len(wire.exchanges) - 1
            whole = responses_answer(number, answer)
            return openai_responses.Response.model_validate(whole).output

        steps = [testing.ModelStep.respond(respond) for _ in range(3)]
        return testing.ScriptedModel(steps, emit_traces=True)

    await _foreign_model(env, make)


# --- The workload of R16 ------------------------------------------------------


def acc_workload(
    seed: int,
    runs: int,
    api: str = "responses",
    streamed: bool = False,
    *,
    hooks: WrapHooks | None = None,
    processors: Sequence[Any] = (),
) -> Run:
    """Runs an outer agent that calls two agents as tools, and the tool that they
    call too, all in parallel; few different arguments, random delays. Each of the
    `runs` has a trace of its own, about 33 tool spans and call ids of its own.
    """
    chance = random.Random(seed)

    async def body(env: Env) -> None:
        for _ in range(runs):
            await _acc_run(env, chance)

    return _run_body(body, Env(api, streamed, hooks), "acc", processors)


async def _acc_run(env: Env, chance: random.Random) -> None:
    delays: dict[str, float] = {}
    probe = slow_tool("probe", delays)

    def asks(tool: Any, count: int, key: str = "x") -> list[Ask]:
        made = []
        for _ in range(count):
            call_id = f"call_{len(delays)}_{chance.randrange(16**8):08x}"
            delays[call_id] = chance.uniform(0, 4)
            made.append(Ask(call_id, tool, json.dumps({key: chance.choice("ab")})))
        return made

    turns = 2
    tools = []
    for name in ("left", "right"):
        answers = [ask(*asks(probe, chance.randint(2, 4))) for _ in range(2)]
        more = [ask(*asks(probe, chance.randint(2, 4))) for _ in range(2)]
        wire = env.wire(*answers, say(), *more, say())
        agent = env.agent(name, wire, tools=[probe])
        tools.append(env.as_tool(agent, f"ask_{name}", wire))
    outer = env.wire()
    answers = []
    for _ in range(turns):
        mixed = asks(probe, chance.randint(2, 3))
        for tool in tools:
            mixed += asks(tool, 1, "input")
        chance.shuffle(mixed)
        answers.append(ask(*mixed))
    outer.follow(*answers, say())
    await env.run(env.agent("Outer", outer, tools=[probe, *tools]), outer)


# --- What is expected of a linker ---------------------------------------------


def expected(
    name: str, api: str, streamed: bool, *, hooks: bool = False
) -> dict[str, int]:
    """Returns the counts that a right linker reaches, with or without hooks.

    The tables are the committed ones, written before there was a linker to run.
    """
    row = json.loads(EXPECTED.read_text(encoding="utf-8"))[run_key(name, api, streamed)]
    told = hooks and CAPABILITIES["LLM hooks"]
    counts = {key: row[key] for key in COUNTS}
    return counts if told else {**counts, **row.get("without_hooks", {})}


COUNTS = (
    "tools",
    "handoffs",
    "guardrails",
    "choice_links",
    "result_links",
    "guardrail_links",
)


def expected_row(truth: Run) -> dict[str, Any]:
    """Returns the row of a run: its truth, and what its scenario says beyond."""
    told = SCENARIOS[truth.scenario]
    row: dict[str, Any] = {**truth.counts(), **told.counts}
    if told.without_hooks:
        row["without_hooks"] = told.without_hooks
    if told.why:
        row["why"] = told.why
    return row


def write_expected() -> None:
    """Writes the rows of all runs; those that cannot run here stay as they are."""
    rows = json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.exists() else {}
    for one in all_runs():
        if not missing(one[0]):
            rows[run_key(*one)] = expected_row(run(*one))
    keys = [key for key in (run_key(*one) for one in all_runs()) if key in rows]
    lines = [f"{json.dumps(key)}: {json.dumps(rows[key])}" for key in keys]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--expected", action="store_true", help="write the counts")
    parser.add_argument("runs", nargs="*", help="scenarios to run and print")
    options = parser.parse_args()
    if options.expected:
        write_expected()
    for name, api, streamed in all_runs():
        if name in options.runs and not missing(name):
            truth = run(name, api, streamed)
            print(run_key(name, api, streamed), truth.counts())
            for part in (*truth.calls, *truth.guardrails):
                print("   ", part)


if __name__ == "__main__":
    main()
