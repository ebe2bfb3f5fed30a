# venvs: sdk-newest sdk-oldest
"""OtelExporter: real runs of the SDK as OpenTelemetry spans."""

import datetime
import json
from types import SimpleNamespace

import agents
import pydantic
import pytest
import sdk_runs
from agents.tracing import custom_span, function_span, get_current_span
from agents.tracing.processors import BatchTraceProcessor
from opentelemetry import context as otel_context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from otel_exports import OneBatch, run_exported
from otlp_json import otlp_json
from sdk_runs import Ask, ask, say
from test_payload import ModelDumpRaises, Unprintable, circle

import spanlink
from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor
from spanlink.openai_agents._otel import OtelExporter
from spanlink.openai_agents._payload import GENAI_GATE, TRACELOOP_GATE

ARGUMENTS = ("gen_ai.tool.call.arguments", "traceloop.entity.input")
RESULT = ("gen_ai.tool.call.result", "traceloop.entity.output")
ALL_RUNS = [
    pytest.param(*one, id=sdk_runs.run_key(*one))
    for one in sdk_runs.all_runs()
    if not sdk_runs.missing(one[0])
]
BOTH_APIS = pytest.mark.parametrize("api", sdk_runs.APIS)


@pytest.fixture(autouse=True)
def open_gates(monkeypatch):
    monkeypatch.delenv(TRACELOOP_GATE, raising=False)
    monkeypatch.delenv(GENAI_GATE, raising=False)


class Weather(pydantic.BaseModel):
    city: str
    degrees: float


def one_tool(result, arguments='{"city":"London"}'):
    """A run with a tool that returns this."""

    async def body(env):
        @agents.function_tool
        async def get_weather(city: str):
            """Tells the weather."""
            if isinstance(result, Exception):
                raise result
            return result

        wire = env.wire(ask(Ask("call_1", get_weather, arguments)), say("fine"))
        await env.run(env.agent("Clerk", wire, tools=[get_weather]), wire)

    return body


def pair(span, keys):
    """The two attributes, which are equal, as one; None if both are absent."""
    values = {span.attributes.get(key) for key in keys}
    assert len(values) == 1
    return values.pop()


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


SECRET = "s3cret-7Qx"


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


# R27, R15: streamed or not, the same tree, the same names, the same links.
@BOTH_APIS
@pytest.mark.parametrize(
    "scenario",
    ["parallel_identical", "handoff_plus_tools", "agents_as_tools", "tool_error_told"],
)
def test_streams_export_the_same_tree(scenario, api):
    plain = run_exported(scenario, api).tree()
    assert run_exported(scenario, api, streamed=True).tree() == plain


# R27: a tool stands beside the LLM span that chose it, never below one.
@pytest.mark.parametrize(("scenario", "api", "streamed"), ALL_RUNS[::5])
def test_tools_are_siblings_of_llm_spans(scenario, api, streamed):
    exported = run_exported(scenario, api, streamed)
    for llm in exported.all("chat"):
        assert exported.children(llm) == []


# R23: an id that was inferred is on the link's other end, and not on the span.
@BOTH_APIS
def test_inferred_ids_are_not_written(api):
    exported = run_exported("parallel_identical", api)
    assert len(exported.all("execute_tool")) == 4
    for tool in exported.all("execute_tool"):
        assert len(tool.links) == 1
        assert "gen_ai.tool.call.id" not in tool.attributes


# R23: ids that hooks know are, on the right spans.
@BOTH_APIS
@pytest.mark.parametrize("streamed", [False, True])
def test_known_ids_are_written(api, streamed):
    exported = run_exported("reversed_finish", api, streamed, hooks=SpanLinkHooks)
    written = {
        span.context.span_id: span.attributes["gen_ai.tool.call.id"]
        for span in exported.all("execute_tool")
    }
    assert written == {exported_id(c.span_id): c.tool_call_id for c in exported.calls}


# Our own reader understands all that is written: the links of a run are those that
# it finds in the exported file. Two things no attribute can tell it: that an agent's
# span goes on where another one stopped for an approval, and that a failed call of a
# model was given up, not answered badly.
NOT_IN_A_FILE = ("approval/", "input_guardrail_trips_in_parallel/")
RUNS_IN_A_FILE = [run for run in ALL_RUNS if not run.id.startswith(NOT_IN_A_FILE)]
APPROVALS = [run for run in ALL_RUNS if run.id.startswith("approval")]


def links_on(spans):
    return {
        (
            span.context.trace_id,
            span.context.span_id,
            link.context.trace_id,
            link.context.span_id,
            link.attributes["spanlink.kind"],
            link.attributes["spanlink.evidence"],
            link.attributes.get("spanlink.attempt", 1),
        )
        for span in spans
        for link in span.links
    }


def links_in(otlp):
    return {
        (
            int(link.trace_id, 16),
            int(link.span_id, 16),
            int(link.linked_trace_id, 16),
            int(link.linked_span_id, 16),
            link.kind,
            link.evidence,
            link.attempt,
        )
        for link in spanlink.find_links(otlp)
    }


# R1, R2, R40: every link of a run, and none of one that was given up.
@pytest.mark.parametrize(("scenario", "api", "streamed"), RUNS_IN_A_FILE)
def test_our_reader_finds_the_same_links(scenario, api, streamed):
    exported = run_exported(scenario, api, streamed)
    live = links_on(exported.spans)
    assert links_in(otlp_json(exported.spans, links=False)) == live


# R19: a file says which spans wait for an approval: they are linked to what asked for
# them, and nothing reads their result.
@pytest.mark.skipif(not APPROVALS, reason="this release knows no approvals")
@pytest.mark.parametrize(("scenario", "api", "streamed"), APPROVALS)
def test_pending_approvals_survive_the_file(scenario, api, streamed):
    exported = run_exported(scenario, api, streamed)
    calls = {exported_id(call.span_id): call for call in exported.calls}
    waiting = {span_id for span_id, call in calls.items() if not call.executed}
    assert {s.context.span_id for s in exported.spans if waits(s)} == waiting != set()
    found = links_in(otlp_json(exported.spans, links=False))
    assert {(link[1], link[3]) for link in found if link[1] in waiting} == {
        (span_id, exported_id(calls[span_id].chosen_by)) for span_id in waiting
    }
    assert not any(link[3] in waiting for link in found)


def waits(span):
    return span.attributes.get(RESULT[0], "").startswith("FunctionToolResult(")


# And what it writes is what stands there: linking again changes nothing.
@pytest.mark.parametrize("scenario", ["parallel_identical", "handoff_plus_tools"])
def test_linking_an_exported_file_changes_nothing(scenario):
    otlp = otlp_json(run_exported(scenario).spans)
    assert b'"links": [{' in otlp
    assert spanlink.link(otlp) == otlp


# R23: with exact ids, links are as certain in the file as in the run.
def test_exact_ids_survive_the_file():
    exported = run_exported("handoff_plus_tools", hooks=SpanLinkHooks)
    live = links_on(exported.spans)
    assert "tool_call_id" in {link[5] for link in live}
    assert links_in(otlp_json(exported.spans, links=False)) == live


# The attributes of links, by profile.
def test_links_have_the_attributes_of_the_profile():
    for profile, expected in (
        (
            "datadog,semconv",
            {
                "from": "output",
                "to": "input",
                "gen_ai.attribution.link_type": "CAUSED_BY_GENERATION",
            },
        ),
        ("semconv", {"gen_ai.attribution.link_type": "CAUSED_BY_GENERATION"}),
        ("none", {}),
    ):
        exported = run_exported("single_tool", profile=profile)
        (link,) = exported.one("execute_tool probe").links
        assert dict(link.attributes) == {
            **expected,
            "spanlink.kind": "tool_choice",
            "spanlink.evidence": "arguments",
        }
    with pytest.raises(ValueError):
        OtelExporter(InMemorySpanExporter(), profile="no such profile")


# A span has 128 links at most, and says how many more there are.
def test_links_are_bounded():
    async def body(env):
        probe = sdk_runs.slow_tool("probe")
        asks = [Ask(f"call_{i}", probe, json.dumps({"x": f"{i}"})) for i in range(130)]
        wire = env.wire(ask(*asks), say())
        await env.run(env.agent("Clerk", wire, tools=[probe]), wire)

    exported = run_exported(body)
    *_, llm = exported.all("chat")
    assert (len(llm.links), llm.dropped_links) == (128, 2)


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


def export_spans(make_span, change=lambda data: None, **trace):
    """Exports one span in a trace of its own."""
    memory = InMemorySpanExporter()
    batch = OneBatch(OtelExporter(memory))
    agents.set_trace_processors([batch])
    with agents.trace("run", **trace), make_span() as span:
        change(span.span_data)
    agents.set_trace_processors([])
    batch.force_flush()
    return memory.get_finished_spans()


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


def exported_id(span_id):
    [span] = export_spans(lambda: custom_span("c", span_id=span_id))
    return span.context.span_id


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
