# venvs: sdk-newest sdk-oldest
"""OtelExporter: what went into tools and handoffs, and what came out."""

import datetime
import json

import agents
import pydantic
import pytest
import sdk_runs
from agents.tracing import custom_span, function_span, get_current_span
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from otel_exports import (
    ALL_RUNS,
    ARGUMENTS,
    BOTH_APIS,
    RESULT,
    SECRET,
    OneBatch,
    one_tool,
    pair,
    run_exported,
)
from otlp_json import otlp_json
from sdk_runs import Ask, ask, say
from test_payload import ModelDumpRaises, Unprintable, circle

from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor
from spanlink.openai_agents._otel import OtelExporter
from spanlink.openai_agents._payload import GENAI_GATE, TRACELOOP_GATE


@pytest.fixture(autouse=True)
def open_gates(monkeypatch):
    monkeypatch.delenv(TRACELOOP_GATE, raising=False)
    monkeypatch.delenv(GENAI_GATE, raising=False)


class Weather(pydantic.BaseModel):
    city: str
    degrees: float


# R32: what the model wrote and what the tool returned, each under both names.
@BOTH_APIS
@pytest.mark.parametrize("streamed", [False, True])
def test_tool_spans_carry_arguments_and_result(api, streamed):
    exported = run_exported(one_tool("It's cloudy with 15°C"), api, streamed)
    tool = exported.one("execute_tool get_weather")
    assert pair(tool, ARGUMENTS) == '{"city":"London"}'
    assert pair(tool, RESULT) == "It's cloudy with 15°C"
    assert exported.exporter.failures == 0


# R32, R35: what a tool returns is written by the rules of payloads.
@pytest.mark.parametrize(
    ("result", "text"),
    [
        (Weather(city="Köln", degrees=15.5), '{"city": "K\\u00f6ln", "degrees": 15.5}'),
        ([Weather(city="a", degrees=1.0)], '[{"city": "a", "degrees": 1.0}]'),
        ({"when": datetime.date(2026, 1, 2)}, '{"when": "2026-01-02"}'),
    ],
    ids=["model", "models", "unknown"],
)
def test_results_are_serialized(result, text):
    exported = run_exported(one_tool(result))
    assert pair(exported.one("execute_tool get_weather"), RESULT) == text


# R34: None is absent; what is false is there.
@pytest.mark.parametrize(
    ("result", "text"), [(None, None), ("", ""), (0, "0"), (False, "false"), ([], "[]")]
)
def test_only_none_is_absent(result, text):
    tool = run_exported(one_tool(result)).one("execute_tool get_weather")
    assert pair(tool, RESULT) == text
    assert (RESULT[0] in tool.attributes) is (text is not None)


# R34: so are empty arguments.
def test_empty_arguments_are_there():
    async def body(env):
        @agents.function_tool
        async def now() -> str:
            """Tells the time."""
            return "noon"

        wire = env.wire(ask(Ask("call_1", now, "")), say())
        await env.run(env.agent("Clerk", wire, tools=[now]), wire)

    assert pair(run_exported(body).one("execute_tool now"), ARGUMENTS) == ""


# R33: the SDK sets the input after a span has started, and the output later still.
def test_payload_is_read_when_the_span_has_ended():
    memory = InMemorySpanExporter()
    batch = OneBatch(OtelExporter(memory))
    agents.set_trace_processors([SpanLinkProcessor(next=batch)])
    with agents.trace("run"), function_span("late") as span:
        assert span.span_data.input is None and batch.items[1:] == []
        span.span_data.input, span.span_data.output = '{"x":1}', "done"
    agents.set_trace_processors([])
    batch.force_flush()
    (tool,) = memory.get_finished_spans()
    assert (pair(tool, ARGUMENTS), pair(tool, RESULT)) == ('{"x":1}', "done")


async def secretive(env):
    """A secret in the prompt, arguments, results, an answer, an error, a custom span;
    beside it a handoff."""

    @agents.function_tool
    async def look(x: str) -> str:
        """Looks."""
        with custom_span("inner", {"data": SECRET}):
            return f"{x} {SECRET}"

    @agents.function_tool(failure_error_function=None)
    async def fail(x: str) -> str:
        """Fails."""
        get_current_span().set_error({"message": SECRET, "data": {"error": SECRET}})
        return x

    wire = env.wire()
    other = env.agent("Other", wire)
    clerk = env.agent("Clerk", wire, tools=[look, fail], handoffs=[other])
    secret = json.dumps({"x": SECRET})
    wire.follow(
        ask(Ask("call_1", look, secret), Ask("call_2", fail, secret)),
        ask(Ask("call_3", other)),
        say(SECRET),
    )
    await env.run(clerk, wire, SECRET)


# R36: a closed gate keeps content out, all of it; everything else stays.
@BOTH_APIS
@pytest.mark.parametrize(
    ("gate", "value"),
    [
        (TRACELOOP_GATE, "false"),
        (GENAI_GATE, "false"),
        (GENAI_GATE, "NO_CONTENT"),
        (GENAI_GATE, "EVENT_ONLY"),
    ],
)
def test_a_closed_gate_keeps_content_out(monkeypatch, api, gate, value):
    shown = run_exported(secretive, api)
    assert SECRET in otlp_json(shown.spans).decode()
    monkeypatch.setenv(gate, value)
    hidden = run_exported(secretive, api)
    assert SECRET not in otlp_json(hidden.spans).decode()
    content = {
        *ARGUMENTS,
        *RESULT,
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "openai.agents.data",
    }
    assert hidden.tree() == shown.tree()
    for one, other in zip(by_name(hidden), by_name(shown), strict=True):
        assert set(one.attributes) == set(other.attributes) - content
        assert one.status.status_code == other.status.status_code


def by_name(exported):
    return sorted(exported.spans, key=lambda span: (span.name, span.start_time))


# R36: the gate is read anew at every export.
def test_the_gate_is_read_at_every_export(monkeypatch):
    memory = InMemorySpanExporter()
    exporter = OtelExporter(memory)
    batch = OneBatch(exporter)
    agents.set_trace_processors([batch])
    for value in ("false", "true", "false"):
        monkeypatch.setenv(TRACELOOP_GATE, value)
        with agents.trace("run"), function_span("f", input="in", output="out"):
            pass
        batch.force_flush()
    agents.set_trace_processors([])
    seen = [RESULT[0] in span.attributes for span in memory.get_finished_spans()]
    assert seen == [False, True, False]


# R37: no definition of the tool, in any scenario; what it is, stays.
@pytest.mark.parametrize(("scenario", "api", "streamed"), ALL_RUNS[::7])
def test_tool_spans_hold_no_definition(scenario, api, streamed):
    exported = run_exported(scenario, api, streamed)
    for span in exported.spans:
        assert not [k for k in span.attributes if k.startswith("gen_ai.completion.")]
    for tool in exported.all("execute_tool"):
        assert tool.attributes["gen_ai.operation.name"] == "execute_tool"
        assert tool.name == f"execute_tool {tool.attributes['gen_ai.tool.name']}"
        assert tool.attributes["gen_ai.tool.type"] == "function"
        assert tool.kind is SpanKind.INTERNAL


def output_panel(attributes):
    """What a backend shows as the output of a span: its entity's output, or else
    what looks like a completion."""
    if "traceloop.entity.output" in attributes:
        return attributes["traceloop.entity.output"]
    prefix = "gen_ai.completion."
    return {k: v for k, v in attributes.items() if k.startswith(prefix)}


# R32, R37: before, the panel showed the definition of the tool; now its result.
def test_the_output_panel_shows_the_result_and_not_the_definition():
    before = {
        "traceloop.span.kind": "tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.type": "FunctionTool",
        "gen_ai.completion.tool.name": "get_weather",
        "gen_ai.completion.tool.type": "FunctionTool",
        "gen_ai.completion.tool.strict_json_schema": True,
    }
    assert output_panel(before) == {
        "gen_ai.completion.tool.name": "get_weather",
        "gen_ai.completion.tool.type": "FunctionTool",
        "gen_ai.completion.tool.strict_json_schema": True,
    }
    exported = run_exported(one_tool("It's cloudy with 15°C"))
    after = exported.one("execute_tool get_weather").attributes
    assert output_panel(after) == "It's cloudy with 15°C"


HOSTILE = {
    "circle": circle(),
    "nan": {"a": float("nan")},
    "keys": {("a",): 1},
    "surrogate": "a\ud800b",
    "surrogates inside": {"\ud800": ["\udfff"]},
    "large": "x" * 1_000_000,
    "unprintable": Unprintable(),
    "dump raises": ModelDumpRaises(),
    "everything": [circle(), Unprintable(), {1: ModelDumpRaises()}],
}


# R38: such a result is exported as text, and the spans around it as ever.
@pytest.mark.parametrize("name", HOSTILE)
def test_no_payload_prevents_an_export(name):
    memory = InMemorySpanExporter()
    batch = OneBatch(OtelExporter(memory))
    agents.set_trace_processors([batch])
    with agents.trace("run"):
        with function_span("before", input="{}", output="fine"):
            pass
        with function_span("hostile", input="{}") as span:
            span.span_data.output = HOSTILE[name]
            span.span_data.metadata = {name: HOSTILE[name]}
        with custom_span("after", {"value": HOSTILE[name]}):
            pass
    agents.set_trace_processors([])
    batch.force_flush()
    names = [span.name for span in memory.get_finished_spans()]
    assert names == ["execute_tool before", "execute_tool hostile", "after"]
    tool = memory.get_finished_spans()[1]
    assert isinstance(pair(tool, RESULT), str)
    assert isinstance(tool.attributes[f"spanlink.annotation.{name}"], str)
    for span in memory.get_finished_spans():
        json.dumps(dict(span.attributes), ensure_ascii=False).encode()


# R39: a handoff says who hands over to whom, with what.
@BOTH_APIS
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("scenario", "arguments"),
    [("handoff_input_type", '{"reason":"angry"}'), ("handoff_empty_arguments", "")],
)
def test_handoff_spans_carry_the_payload(scenario, arguments, api, streamed):
    span = run_exported(scenario, api, streamed).one("handoff Billing Agent")
    assert span.attributes["gen_ai.operation.name"] == "handoff"
    assert span.attributes["gen_ai.handoff.from_agent"] == "Triage"
    assert span.attributes["gen_ai.handoff.to_agent"] == "Billing Agent"
    assert span.attributes["gen_ai.tool.name"] == "transfer_to_billing_agent"
    assert pair(span, ARGUMENTS) == arguments
    assert pair(span, RESULT) == "Billing Agent"


# R39: the arguments of a handoff are those of its own call.
@BOTH_APIS
def test_handoff_arguments_are_those_of_its_call(api):
    exported = run_exported("handoff_plus_tools", api)
    [span] = exported.all("handoff")
    [tool, *_] = exported.all("execute_tool")
    assert pair(span, ARGUMENTS) == "{}" != pair(tool, ARGUMENTS)


class EachAlone(OneBatch):
    """Exports each span when it is handed on."""

    def on_trace_start(self, trace):
        self._exporter.export([trace])

    def on_span_end(self, span):
        self._exporter.export([span])


def hand_over(reason, **options):
    """A run whose first answer hands over, for this reason."""

    async def body(env):
        wire = env.wire()
        other = env.agent("Other", wire)
        handoff = agents.handoff(
            other, input_type=Reason, on_handoff=lambda context, reason: None
        )
        asked = Ask("call_1", other, json.dumps({"why": reason}), handoff.tool_name)
        wire.follow(ask(asked), say())
        await env.run(env.agent("Clerk", wire, handoffs=[handoff]), wire, **options)

    return body


class Reason(pydantic.BaseModel):
    why: str


# R39: they are known whether the answer is exported before the handoff or, as it is
# where nothing is linked to it, at the end of the trace.
@BOTH_APIS
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_handoff_arguments_do_not_wait_for_the_answer(first, api):
    body = hand_over("angry") if first else "handoff_input_type"
    exported = run_exported(body, api, batch=EachAlone)
    [span] = exported.all("handoff")
    key = "why" if first else "reason"
    assert json.loads(pair(span, ARGUMENTS)) == {key: "angry"}
    chosen_by = {link.context.span_id for link in span.links}
    order = [s.context.span_id for s in exported.spans]
    [answer] = chosen_by
    assert (order.index(span.context.span_id) < order.index(answer)) is first


# R39, R36: what the SDK was told to keep out of traces, hooks do not bring back.
@pytest.mark.skipif(
    not sdk_runs.CAPABILITIES["LLM hooks"], reason="this release has no such hooks"
)
def test_handoff_arguments_stay_out_where_the_sdk_leaves_them_out():
    config = agents.RunConfig(trace_include_sensitive_data=False)
    exported = run_exported(hand_over("angry", run_config=config), hooks=SpanLinkHooks)
    [span] = exported.all("handoff")
    assert span.links
    assert pair(span, ARGUMENTS) is None


# R39: tools of an MCP server are tools.
@pytest.mark.skipif(
    bool(sdk_runs.missing("mcp_tool")), reason="this release calls no MCP tool here"
)
def test_mcp_tools_carry_the_payload():
    exported = run_exported("mcp_tool")
    listing = exported.all("mcp_tools")[0]
    assert listing.attributes["openai.agents.mcp.tools"] == ["look"]
    for tool in exported.all("execute_tool look"):
        assert pair(tool, ARGUMENTS) == '{"x":"a"}'
        assert "MCP says a" in pair(tool, RESULT)
        server = listing.attributes["openai.agents.mcp.server"]
        assert tool.attributes["openai.agents.mcp.server"] == server
