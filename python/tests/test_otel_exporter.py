# venvs: sdk-newest sdk-oldest
"""OtelExporter: real runs of the SDK as OpenTelemetry spans."""

import datetime
import json
from types import SimpleNamespace

import agents
import pytest
import sdk_runs
from agents.tracing import custom_span, function_span
from agents.tracing.processors import BatchTraceProcessor
from opentelemetry import context as otel_context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from otel_exports import (
    BOTH_APIS,
    SECRET,
    OneBatch,
    export_spans,
    exported_id,
    one_tool,
    run_exported,
)

import spanlink
from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor
from spanlink.openai_agents._otel import OtelExporter
from spanlink.openai_agents._payload import GENAI_GATE, TRACELOOP_GATE


@pytest.fixture(autouse=True)
def open_gates(monkeypatch):
    monkeypatch.delenv(TRACELOOP_GATE, raising=False)
    monkeypatch.delenv(GENAI_GATE, raising=False)


# R24, R38: a broken span keeps its name and place, a broken item stops no other.
def test_what_is_not_understood_is_counted():
    class Broken(function_span("x").span_data.__class__):
        @property
        def output(self):
            raise RuntimeError("broken")

    memory = InMemorySpanExporter()
    exporter = OtelExporter(memory)
    batch = OneBatch(exporter)
    agents.set_trace_processors([batch])
    with agents.trace("run"):
        with function_span("broken") as span:
            span._span_data = Broken.__new__(Broken)
            span.span_data.name = "broken"
        with function_span("fine"):
            pass
    agents.set_trace_processors([])
    batch.items.insert(1, None)
    batch.force_flush()
    first, second = memory.get_finished_spans()
    assert (first.name, second.name) == ("function", "execute_tool fine")
    assert first.context.trace_id == second.context.trace_id
    assert first.start_time <= first.end_time
    assert exporter.failures == 2


# R24: whatever the exporter behind does, nothing comes back.
@pytest.mark.parametrize("outcome", [RuntimeError("down"), SpanExportResult.FAILURE])
def test_a_failing_exporter_does_no_harm(outcome, caplog):
    class Failing(SpanExporter):
        def export(self, spans):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        def shutdown(self):
            pass

    batch = OneBatch(OtelExporter(Failing()))
    agents.set_trace_processors([batch])
    with agents.trace("run"), function_span("f", input=SECRET):
        pass
    agents.set_trace_processors([])
    batch.force_flush()
    assert SECRET not in caplog.text and "down" not in caplog.text


# Names, models, usage and messages by the GenAI conventions.
@BOTH_APIS
@pytest.mark.parametrize("streamed", [False, True])
def test_llm_spans_follow_the_conventions(api, streamed):
    exported = run_exported(one_tool("cloudy"), api, streamed)
    first, second = exported.all("chat")
    for span in (first, second):
        assert span.kind is SpanKind.CLIENT
        assert span.name == f"chat {sdk_runs.MODEL}"
        assert span.attributes["gen_ai.operation.name"] == "chat"
        assert span.attributes["gen_ai.provider.name"] == "openai"
    call = {
        "type": "tool_call",
        "id": "call_1",
        "name": "get_weather",
        "arguments": {"city": "London"},
    }
    assert messages(first, "output") == [
        {"role": "assistant", "parts": [call], "finish_reason": "tool_call"}
    ]
    assert first.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    prompt = [m for m in messages(second, "input") if m["role"] != "system"]
    result = {"type": "tool_call_response", "id": "call_1", "response": "cloudy"}
    assert prompt == [
        {"role": "user", "parts": [{"type": "text", "content": "go"}]},
        {"role": "assistant", "parts": [call]},
        {"role": "tool", "parts": [result]},
    ]
    (answer,) = messages(second, "output")
    assert answer["parts"] == [{"type": "text", "content": "fine"}]
    if api == "responses":
        assert first.attributes["gen_ai.response.id"] == "resp_0"
        assert first.attributes["gen_ai.response.model"] == sdk_runs.MODEL
    else:
        assert first.attributes["gen_ai.request.model"] == sdk_runs.MODEL
        assert "gen_ai.response.id" not in first.attributes


def messages(span, direction):
    return json.loads(span.attributes[f"gen_ai.{direction}.messages"])


# What models say and hear besides text and calls.
def test_messages_of_every_kind():
    [span] = export_spans(
        lambda: agents.tracing.response_span(response=response(), disabled=False),
        lambda data: setattr(data, "input", PROMPT),
    )
    assert json.loads(span.attributes["gen_ai.system_instructions"]) == [
        {"type": "text", "content": "Be brief."}
    ]
    assert span.attributes["gen_ai.response.finish_reasons"] == ["length"]
    assert span.attributes["gen_ai.usage.input_tokens"] == 11
    assert span.attributes["gen_ai.usage.cache_read.input_tokens"] == 7
    image = {"type": "input_image", "image_url": "u"}
    assert messages(span, "input") == [
        {"role": "user", "parts": [{"type": "text", "content": "see"}, image]},
        {"role": "tool", "parts": [tool_result("call_1", [{"type": "x", "y": 1}])]},
        {"role": "tool", "parts": [tool_result("call_2", "chat")]},
        {"role": "assistant", "parts": [PROMPT[3]]},
    ]
    [answer] = messages(span, "output")
    assert answer["finish_reason"] == "length"
    assert answer["parts"] == [
        {"type": "reasoning", "content": "because"},
        {"type": "web_search_call", "id": "ws_1"},
        {"type": "refusal", "refusal": "no"},
        {"type": "text", "content": "but"},
    ]


PROMPT = [
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "u"},
        ],
    },
    {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": [{"type": "x", "y": 1}],
    },
    {"role": "tool", "tool_call_id": "call_2", "content": "chat"},
    {"type": "item_reference", "id": "msg_1"},
]


def tool_result(call_id, response):
    return {"type": "tool_call_response", "id": call_id, "response": response}


def response():
    """An answer as a model class of another provider may leave it."""
    return SimpleNamespace(
        id="resp_1",
        model="m",
        instructions="Be brief.",
        status="incomplete",
        incomplete_details=SimpleNamespace(reason="max_output_tokens"),
        usage={
            "input_tokens": 11,
            "output_tokens": 2,
            "input_tokens_details": {"cached_tokens": 7},
        },
        output=[
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "because"}],
            },
            {"type": "web_search_call", "id": "ws_1"},
            {
                "type": "message",
                "role": "assistant",
                "content": [
                    {"type": "refusal", "refusal": "no"},
                    {"type": "output_text", "text": "but"},
                ],
            },
        ],
    )


# Arguments are an object where that says all that their text says (R20).
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": [1, 1.5, null, 12345678901234567890]}', None),
        ('{"a": 0.1000000000000000055}', "text"),
        ('{"a": 1e999}', "text"),
        ('{"a": NaN}', "text"),
        ('{"a": 1', "text"),
        ('"a"', "text"),
        ("", "text"),
        ("[" * 100_000, "text"),
    ],
    ids=range(8),
)
def test_arguments_lose_nothing_in_messages(arguments, expected):
    call = {"id": "c", "function": {"name": "f", "arguments": arguments}}
    [span] = export_spans(
        lambda: agents.tracing.generation_span(output=[{"tool_calls": [call]}])
    )
    [part] = messages(span, "output")[0]["parts"]
    assert part["arguments"] == (arguments if expected else json.loads(arguments))


# The trace: its own id is kept, its group is the conversation, its name and
# metadata are on the root.
def test_spans_say_what_the_trace_is():
    trace_id = "trace_" + "0123456789abcdef" * 2
    options = {"group_id": "talk", "metadata": {"tenant": "t", "team.name": "x"}}
    memory = InMemorySpanExporter()
    batch = OneBatch(OtelExporter(memory, resource=Resource({"service.name": "s"})))
    agents.set_trace_processors([batch])
    with (
        agents.trace("Planner", trace_id=trace_id, **options),
        agents.tracing.agent_span("A"),
        function_span("f"),
    ):
        pass
    agents.set_trace_processors([])
    batch.force_flush()
    tool, root = memory.get_finished_spans()
    assert root.context.trace_id == int(trace_id.removeprefix("trace_"), 16)
    assert tool.parent.span_id == root.context.span_id
    assert tool.parent.trace_id == root.context.trace_id
    assert root.parent is None
    assert root.name == "invoke_agent A"
    assert root.attributes["gen_ai.agent.name"] == "A"
    assert root.attributes["gen_ai.workflow.name"] == "Planner"
    assert root.attributes["spanlink.annotation.tenant"] == "t"
    assert root.attributes["team.name"] == "x"
    assert "gen_ai.workflow.name" not in tool.attributes
    for span in (tool, root):
        assert span.attributes["gen_ai.conversation.id"] == "talk"
        assert span.resource.attributes["service.name"] == "s"
        assert span.context.trace_flags.sampled


# Ids of any text become ids, the same ones each time, and different ones.
def test_ids_are_stable():
    hexadecimal = "00f067aa0ba902b7"
    assert exported_id(hexadecimal) == int(hexadecimal, 16)
    texts = ["span_" + "a" * 24, "span_" + "b" * 24, "my span", "ü", "0" * 16]
    ids = [exported_id(text) for text in texts]
    assert ids == [exported_id(text) for text in texts]
    assert len(set(ids)) == len(ids) and all(0 < i < 2**64 for i in ids)
    assert exported_id("my span") == 0x93DEAEE95323BE81  # in every process
    [span] = export_spans(lambda: custom_span("c"), trace_id="free text")
    assert 0 < span.context.trace_id < 2**128


# Times are the SDK's own, also of a second without a fraction.
def test_times_are_those_of_the_sdk():
    seen = []

    class Times(OneBatch):
        def on_span_end(self, span):
            seen.append((span.started_at, span.ended_at))

    exported = run_exported("single_tool", also=[Times(None)])
    assert len(seen) == len(exported.spans) > 3
    told = {(span.start_time, span.end_time) for span in exported.spans}
    for start, end in seen:
        assert (nanoseconds(start), nanoseconds(end)) in told


def nanoseconds(text):
    when = datetime.datetime.fromisoformat(text)
    return int(when.replace(microsecond=0).timestamp()) * 10**9 + (
        when.microsecond * 1000
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.000001+00:00", (0, 1000)),
        ("2026-01-02T03:04:05Z", "2026-01-02T04:04:06+01:00", (0, 10**9)),
        ("2026-01-02T03:04:05", None, (0, 0)),
        (None, "2026-01-02T03:04:05+00:00", (0, 0)),
        ("yesterday", "2026-01-02T03:04:05.500+00:00", (5 * 10**8, 5 * 10**8)),
    ],
)
def test_times_of_every_kind(start, end, expected):
    memory = InMemorySpanExporter()
    exporter = OtelExporter(memory)
    with agents.trace("run"), custom_span("c") as span:
        pass
    span._started_at, span._ended_at = start, end
    exporter.export([span])
    [told] = memory.get_finished_spans()
    begin = 1_767_323_045 * 10**9
    assert (told.start_time - begin, told.end_time - begin) == expected


# R30: an error is on its span once; without content only what the SDK words itself.
@pytest.mark.parametrize(
    ("message", "shown", "hidden"),
    [
        ("Error running tool", f"Error running tool: {SECRET}", "Error running tool"),
        (SECRET, f"{SECRET}: {SECRET}", None),
    ],
)
def test_errors_have_a_status(monkeypatch, message, shown, hidden):
    def fail():
        span = function_span("f")
        span.set_error({"message": message, "data": {"error": SECRET}})
        return span

    for gate, description in (("true", shown), ("false", hidden)):
        monkeypatch.setenv(TRACELOOP_GATE, gate)
        [span] = export_spans(fail)
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description == description


# R30: the error of a model call, once; calls that were given up have no answer.
@BOTH_APIS
def test_llm_errors_have_a_status(api):
    *_, failed = run_exported("model_error", api).all("chat")
    assert failed.status.status_code is StatusCode.ERROR
    # Old releases put no error on the span of a chat.
    reasons = ("Error getting response", "No answer")
    assert failed.status.description.startswith(reasons)
    *_, llm = run_exported("cancelled_in_model", "chat").all("chat")
    assert llm.status.status_code is StatusCode.ERROR
    assert "gen_ai.output.messages" not in llm.attributes


# R26: annotations of hooks are attributes of the one LLM span.
@pytest.mark.skipif(
    not sdk_runs.CAPABILITIES["LLM hooks"], reason="this release has no such hooks"
)
@BOTH_APIS
@pytest.mark.parametrize("streamed", [False, True])
def test_annotations_are_attributes(api, streamed):
    class Annotating(agents.RunHooks):
        async def on_llm_start(self, *arguments):
            spanlink.annotate(prompt_version="v3")

        async def on_llm_end(self, *arguments):
            spanlink.annotate(**{"app.cached": True, "gen_ai.tool.call.id": "mine"})

    exported = run_exported(
        "single_tool", api, streamed, hooks=lambda inner: SpanLinkHooks(Annotating())
    )
    assert len(exported.all("chat")) == 2
    for span in exported.all("chat"):
        assert span.attributes["spanlink.annotation.prompt_version"] == "v3"
        assert span.attributes["app.cached"] is True
        assert span.attributes["spanlink.annotation.gen_ai.tool.call.id"] == "mine"


def test_annotations_replace_nothing():
    values = {
        "openai.agents.span.type": "x",
        "gen_ai.operation.name": "chat",
        "traceloop.span.kind": "llm",
        "Not A Name": None,
        "count": 2**70,
        "list": ["a", "b"],
        "nested": {"a": 1},
    }
    [span] = export_spans(
        lambda: custom_span("c", {}),
        lambda data: setattr(data, "metadata", values),
    )
    prefix = "spanlink.annotation."
    assert dict(span.attributes) == {
        "openai.agents.span.type": "custom",
        "openai.agents.data": "{}",
        "gen_ai.workflow.name": "run",
        f"{prefix}gen_ai.operation.name": "chat",
        f"{prefix}traceloop.span.kind": "llm",
        f"{prefix}count": str(2**70),
        f"{prefix}list": ["a", "b"],
        f"{prefix}nested": '{"a": 1}',
    }


# Guardrails, and spans that no convention knows.
def test_other_spans():
    exported = run_exported("guardrails")
    guardrails = exported.all("run_guardrail")
    assert len(guardrails) == 2
    for span in guardrails:
        assert span.attributes["gen_ai.operation.name"] == "run_guardrail"
        assert span.attributes["gen_ai.guardrail.triggered"] is False
    [turn] = export_spans(lambda: agents.tracing.speech_group_span("hello"))
    assert turn.name == "speech_group"
    assert turn.attributes["openai.agents.span.type"] == "speech_group"


# Requests of the exporter are not traced themselves.
def test_the_export_is_not_instrumented():
    class Looking(SpanExporter):
        suppressed = None

        def export(self, spans):
            self.suppressed = otel_context.get_value("suppress_instrumentation")
            return SpanExportResult.SUCCESS

        def shutdown(self):
            pass

    looking = Looking()
    OtelExporter(looking).export([])
    assert looking.suppressed is None  # and nothing is exported for nothing
    batch = OneBatch(OtelExporter(looking))
    agents.set_trace_processors([batch])
    with agents.trace("run"), custom_span("c"):
        pass
    agents.set_trace_processors([])
    batch.force_flush()
    assert looking.suppressed is True
    assert otel_context.get_value("suppress_instrumentation") is None


# R1, R2: the way it is meant to be used: behind the SDK's own batches, from their
# thread.
def test_behind_the_batches_of_the_sdk():
    memory = InMemorySpanExporter()
    exporter = OtelExporter(memory)
    processor = SpanLinkProcessor(next=BatchTraceProcessor(exporter))
    run = sdk_runs.run("handoff_plus_tools", "chat", True, processors=[processor])
    processor.shutdown()
    spans = memory.get_finished_spans()
    ended = [event for event in run.events if event.event == "span_end"]
    assert len(spans) == len(ended) and exporter.failures == 0
    linked = {s.context.span_id for s in spans if s.links}
    assert {exported_id(call.span_id) for call in run.calls} <= linked
    assert exporter.force_flush()
    exporter.shutdown()
    assert memory.export(spans) is SpanExportResult.FAILURE
