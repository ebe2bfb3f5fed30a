# venvs: sdk-newest sdk-oldest
"""OtelExporter: the tree, the ids and the links of runs, also in a file."""

import json

import pytest
import sdk_runs
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otel_exports import ALL_RUNS, BOTH_APIS, RESULT, exported_id, run_exported
from otlp_json import otlp_json
from sdk_runs import Ask, ask, say

import spanlink
from spanlink.openai_agents import SpanLinkHooks
from spanlink.openai_agents._otel import OtelExporter
from spanlink.openai_agents._payload import GENAI_GATE, TRACELOOP_GATE


@pytest.fixture(autouse=True)
def open_gates(monkeypatch):
    monkeypatch.delenv(TRACELOOP_GATE, raising=False)
    monkeypatch.delenv(GENAI_GATE, raising=False)


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
# it finds in the exported file. One thing no attribute can tell it: that a failed call
# of a model was given up, not answered badly.
NOT_IN_A_FILE = "input_guardrail_trips_in_parallel/"
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
