"""Records one run of the OpenAI Agents SDK twice: as the SDK's own events and
as OTLP/JSON through a real OpenTelemetry instrumentation.

    python3 -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python record.py [DIRECTORY]

writes into DIRECTORY (default: beside this file)

    demo.events.jsonl  what the SDK told a tracing processor and the run hooks,
                       one event a line
    demo.otlp.json     what OpenInference's instrumentation made of the same
                       run, one ExportTraceServiceRequest as the OpenTelemetry
                       SDK's own exporter encodes it
    truth.json         which call each span ran, which LLM span chose it, which
                       one read its result first

The agents, the runner, both model classes and the HTTP client are the real
ones; only the answers come from `scenario.py`, through a transport in place of
the network. The truth is taken where things happen: the call id from the hook
that runs inside the tool's span, the LLM span from the transport, which runs
inside it and sees which ids a request carries and which ids its answer names.
No span is matched with another by name, arguments or time.

See README.md for what the files look like.
"""

import asyncio
import importlib.metadata
import io
import json
import pathlib
import sys

import agents
import httpx2
import openai
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.json.file import FileSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import scenario

MODEL = "canned-model"
PACKAGES = [
    "openai-agents",
    "openai",
    "openinference-instrumentation-openai-agents",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp-json-file",
]


def current_span_id():
    span = agents.tracing.get_current_span()
    return span.span_id if span else None


def to_json(value):
    """Returns `value` as plain JSON: models as objects, the rest by `repr`."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return repr(value)


def attributes_of(span_data):
    """Returns every public attribute that the class of `span_data` declares."""
    names = [
        name
        for kind in type(span_data).__mro__
        for name in getattr(kind, "__slots__", ())
        if not name.startswith("_")
    ]
    return {name: to_json(getattr(span_data, name, None)) for name in names}


class EventRecorder(agents.tracing.TracingProcessor):
    """Writes down what the SDK says, in the order in which it says it.

    Registered after the instrumentation, whose OpenTelemetry span is current by
    then: that is how the two spans of one thing are known.
    """

    def __init__(self):
        self.events = []
        self.trace_id = None
        self.otel_spans = {}  # SDK span id -> OpenTelemetry SpanContext

    def add(self, event, **fields):
        self.events.append({"seq": len(self.events), "ev": event, **fields})

    def on_trace_start(self, trace):
        self.trace_id = trace.trace_id
        self.add("trace_start", **trace.export())

    def on_trace_end(self, trace):
        self.add("trace_end", id=trace.trace_id)

    def on_span_start(self, span):
        self.otel_spans[span.span_id] = (
            otel.get_current_span().get_span_context()
        )
        self.add(
            "span_start",
            **self._place(span),
            data=attributes_of(span.span_data),
        )

    def on_span_end(self, span):
        self.add(
            "span_end",
            **self._place(span),
            ended_at=span.ended_at,
            error=to_json(span.error),
            data=attributes_of(span.span_data),
            output_type=type(getattr(span.span_data, "output", None)).__name__,
            export=to_json(span.export()),
        )

    def force_flush(self):
        pass

    def shutdown(self):
        pass

    @staticmethod
    def _place(span):
        return {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "parent_id": span.parent_id,
            "type": span.span_data.type,
            "started_at": span.started_at,
        }


class HookRecorder(agents.RunHooks):
    """Writes down what only the run hooks know: the call id of a tool span."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.tools = []  # {"span_id", "tool_name", "tool_call_id"}
        self.handoff_span_ids = []

    async def on_llm_start(self, context, agent, system_prompt, input_items):
        self._add("hook_llm_start", agent=agent.name)

    async def on_llm_end(self, context, agent, response):
        calls = [
            i.call_id for i in response.output if i.type == "function_call"
        ]
        self._add("hook_llm_end", agent=agent.name, call_ids=calls)

    async def on_tool_start(self, context, agent, tool):
        call = {"tool_call_id": context.tool_call_id}
        self._add("hook_tool_start", tool=tool.name, **call)
        self.tools.append(
            {"span_id": current_span_id(), "tool_name": tool.name, **call}
        )

    async def on_tool_end(self, context, agent, tool, result):
        self._add(
            "hook_tool_end", tool=tool.name, tool_call_id=context.tool_call_id
        )

    async def on_handoff(self, context, from_agent, to_agent):
        self._add(
            "hook_handoff", from_agent=from_agent.name, to_agent=to_agent.name
        )
        self.handoff_span_ids.append(current_span_id())

    def _add(self, event, **fields):
        self.recorder.add(event, **fields, current_span=current_span_id())


class CannedModel:
    """The other end of the wire: answers requests from `scenario.ANSWERS`.

    Knows both APIs. Remembers, for every request, the LLM span that sent it,
    the calls whose results it carries and the calls that the answer names.
    """

    def __init__(self):
        self.exchanges = []

    async def __call__(self, request):
        number = len(self.exchanges)
        answer = scenario.ANSWERS[number]
        body = json.loads(request.content)
        chat = request.url.path.endswith("/chat/completions")
        messages = body["messages"] if chat else body["input"]
        self.exchanges.append(
            {
                "span_id": current_span_id(),
                "user_text": messages_text(messages, "user"),
                "text": answer.get("text"),
                "chosen": [call[0] for call in answer.get("calls", [])],
                "used": result_ids(messages),
            }
        )
        await asyncio.sleep(answer["ms"] / 1000)
        make = chat_answer if chat else responses_answer
        return httpx2.Response(200, json=make(number, answer))

    def chosen_by(self, call_id):
        return self._one(lambda exchange: call_id in exchange["chosen"])

    def first_used_by(self, call_id):
        return self._first(lambda exchange: call_id in exchange["used"])

    def first_asked(self, user_text):
        return self._first(lambda exchange: user_text in exchange["user_text"])

    def said(self, text):
        return self._one(lambda exchange: exchange["text"] == text)

    def _first(self, matches):
        return next((e["span_id"] for e in self.exchanges if matches(e)), None)

    def _one(self, matches):
        (span_id,) = [e["span_id"] for e in self.exchanges if matches(e)]
        return span_id


def messages_text(messages, role):
    return [m["content"] for m in messages if m.get("role") == role]


def result_ids(messages):
    """Returns the ids of the calls whose results `messages` hold, in order."""
    return [
        message.get("tool_call_id") or message.get("call_id")
        for message in messages
        if message.get("role") == "tool"
        or message.get("type") == "function_call_output"
    ]


def responses_answer(number, answer):
    """Returns an answer of the Responses API."""
    output = [
        {
            "type": "function_call",
            "id": f"fc_{call_id}",
            "call_id": call_id,
            "name": name,
            "arguments": arguments,
            "status": "completed",
        }
        for call_id, name, arguments in answer.get("calls", [])
    ]
    if "text" in answer:
        output.append(
            {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {
                        "type": "output_text",
                        "text": answer["text"],
                        "annotations": [],
                    }
                ],
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
            "input_tokens": 60 + 20 * number,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 18,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 78 + 20 * number,
        },
    }


def chat_answer(number, answer):
    """Returns an answer of the Chat Completions API."""
    message = {"role": "assistant", "content": answer.get("text")}
    if "calls" in answer:
        message["tool_calls"] = [
            {
                "id": call_id,
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for call_id, name, arguments in answer["calls"]
        ]
    return {
        "id": f"chatcmpl_{number}",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "tool_calls" if "calls" in answer else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 60 + 20 * number,
            "completion_tokens": 18,
            "total_tokens": 78 + 20 * number,
        },
    }


def calls_of_run(model, hooks, result):
    """Returns every tool call and handoff of the run with its spans."""
    calls = [{"kind": "tool", **tool} for tool in hooks.tools]
    handoffs = [
        i
        for i in result.new_items
        if isinstance(i, agents.items.HandoffCallItem)
    ]
    for span_id, item in zip(hooks.handoff_span_ids, handoffs, strict=True):
        calls.append(
            {
                "kind": "handoff",
                "span_id": span_id,
                "tool_name": item.raw_item.name,
                "tool_call_id": item.raw_item.call_id,
            }
        )
    for call in calls:
        call["chosen_by"] = model.chosen_by(call["tool_call_id"])
        call["first_used_by"] = model.first_used_by(call["tool_call_id"])
    return calls


def truth_for(trace_id, calls, guardrails, translate):
    """Returns the truth about one recording; `translate` maps span ids."""
    spans = ("span_id", "chosen_by", "first_used_by", "llm_span_id")

    def in_recording(entry):
        return {k: translate(v) if k in spans else v for k, v in entry.items()}

    return {
        "trace_id": trace_id,
        "calls": [in_recording(call) for call in calls],
        "guardrails": [in_recording(guardrail) for guardrail in guardrails],
    }


async def run_scenario(recorder):
    """Runs the scenario once. Returns its calls and its guardrails."""
    model = CannedModel()
    guardrails = []
    client = openai.AsyncOpenAI(
        api_key="not-needed",
        base_url="http://canned.invalid/v1",
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(model)),
    )

    def on_guardrail(kind, text):
        guardrails.append(
            {"kind": kind, "span_id": current_span_id(), "text": text}
        )

    front_desk = scenario.make_agents(
        agents.OpenAIResponsesModel(MODEL, client),
        agents.OpenAIChatCompletionsModel(MODEL, client),
        on_guardrail,
    )
    hooks = HookRecorder(recorder)
    result = await agents.Runner.run(
        front_desk,
        scenario.QUESTION,
        hooks=hooks,
        run_config=agents.RunConfig(workflow_name="Weekend in Portugal"),
    )
    assert result.final_output == scenario.ANSWER
    find = {
        "input_guardrail": model.first_asked,
        "output_guardrail": model.said,
    }
    for guardrail in guardrails:
        text = guardrail.pop("text")
        guardrail["llm_span_id"] = find[guardrail["kind"]](text)
    return calls_of_run(model, hooks, result), guardrails


def record():
    """Returns the contents of the three files."""
    otlp = io.StringIO()
    provider = TracerProvider(
        # Nothing else: the defaults name the SDK, and detectors the machine.
        resource=Resource({"service.name": "travel-desk"}),
        # OpenInference writes an attribute for every part of every message; the
        # default of 128 would silently drop the first ones.
        span_limits=SpanLimits(max_span_attributes=10_000),
    )
    # Long enough that the whole run leaves in one request, at the flush.
    provider.add_span_processor(
        BatchSpanProcessor(
            FileSpanExporter(stream=otlp), schedule_delay_millis=60_000
        )
    )
    OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)
    recorder = EventRecorder()
    agents.add_trace_processor(recorder)
    calls, guardrails = asyncio.run(run_scenario(recorder))
    provider.force_flush()
    provider.shutdown()

    contexts = recorder.otel_spans
    assert len({c.span_id for c in contexts.values()}) == len(contexts)
    (otel_trace_id,) = {c.trace_id for c in contexts.values()}
    truth = {
        "versions": {
            name: importlib.metadata.version(name) for name in PACKAGES
        },
        "recordings": {
            "demo.events.jsonl": truth_for(
                recorder.trace_id, calls, guardrails, lambda span_id: span_id
            ),
            "demo.otlp.json": truth_for(
                format(otel_trace_id, "032x"),
                calls,
                guardrails,
                lambda span_id: format(contexts[span_id].span_id, "016x"),
            ),
        },
    }
    events = "".join(json.dumps(event) + "\n" for event in recorder.events)
    return {
        "demo.events.jsonl": events,
        "demo.otlp.json": otlp.getvalue(),
        "truth.json": json.dumps(truth, indent=2) + "\n",
    }


def main():
    here = pathlib.Path(__file__).parent
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    for name, text in record().items():
        (directory / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text)} bytes")


if __name__ == "__main__":
    main()
