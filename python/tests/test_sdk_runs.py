# venvs: sdk-newest sdk-oldest
"""The harness itself: what `sdk_runs` says about a run is complete and consistent.

Runs without spanlink.
"""

import json
import socket

import agents
import pytest
import sdk_runs


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a test reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def of_every_run(test):
    return pytest.mark.parametrize(
        "one",
        [pytest.param(one, id=sdk_runs.run_key(*one)) for one in sdk_runs.runs_here()],
    )(test)


EXPECTED = json.loads(sdk_runs.EXPECTED.read_text(encoding="utf-8"))


def position(truth, event, span_id):
    return next(
        index
        for index, e in enumerate(truth.events)
        if (e.event, e.span_id) == (event, span_id)
    )


def check_truth(truth):
    """Every span has its truth, and every LLM span in it is one of the run."""
    spans = {
        "function": [call.span_id for call in truth.calls if call.kind == "tool"],
        "handoff": [call.span_id for call in truth.calls if call.kind == "handoff"],
        "guardrail": [guardrail.span_id for guardrail in truth.guardrails],
    }
    for span_type, known in spans.items():
        assert sorted(known) == sorted(truth.span_ids(span_type))
        assert sorted(known) == sorted(truth.span_ids(span_type, "span_end"))
    llm_spans = {*truth.span_ids("response"), *truth.span_ids("generation")}
    asked = {exchange.span_id for exchange in truth.exchanges} - {None}
    assert asked == llm_spans
    for call in truth.calls:
        assert call.tool_call_id
        if call.chosen_by:
            assert position(truth, "span_end", call.chosen_by) < position(
                truth, "span_start", call.span_id
            )
        for later in {call.first_used_by, call.target_llm} - {None}:
            assert position(truth, "span_end", call.span_id) < position(
                truth, "span_start", later
            )


@of_every_run
def test_truth_is_complete(one):
    truth = sdk_runs.run(*one)
    check_truth(truth)
    row = EXPECTED[sdk_runs.run_key(*one)]
    counts = sdk_runs.expected(*one, hooks=True)
    spans = ("tools", "handoffs", "guardrails")
    assert {key: counts[key] for key in spans} == {
        key: truth.counts()[key] for key in spans
    }
    # What a linker cannot know is said, with the reason.
    for key, linked in counts.items():
        assert linked <= truth.counts()[key]
        if linked < truth.counts()[key]:
            assert row["why"]
    # So is a span that has no link of its own at either end.
    executions = row["tools"] + row["handoffs"]
    if min(row["choice_links"], row["result_links"]) < executions:
        assert row["why"]


def test_expected_counts_name_every_run_once():
    known = {sdk_runs.run_key(*one) for one in sdk_runs.runs_here()}
    assert known <= set(EXPECTED)
    assert set(EXPECTED) <= {sdk_runs.run_key(*one) for one in sdk_runs.all_runs()}


def test_apis_and_streams_give_equal_counts():  # R8, R15
    rows = {}
    for key, row in EXPECTED.items():
        rows.setdefault(key.partition("/")[0], []).append(row)
    for name, of_scenario in rows.items():
        assert all(row == of_scenario[0] for row in of_scenario), name


def test_equal_ids_of_two_runs_belong_to_their_own_llm_spans():
    truth = sdk_runs.run("concurrent_runs_in_two_traces", "responses")
    traces = truth.trace_ids()
    assert len(traces) == 2
    place = {e.span_id: e.trace_id for e in truth.events}
    for trace_id in traces:
        calls = truth.calls_of(trace_id)
        assert [call.tool_call_id for call in calls] == ["call_0", "call_1", "call_2"]
        assert {place[call.chosen_by] for call in calls} == {trace_id}
        assert {place[call.first_used_by] for call in calls} == {trace_id}


def test_hooks_wrap_the_hooks_of_every_run():
    wrapped = []

    class Wrapping(agents.RunHooks):
        def __init__(self, inner):
            self.inner = inner
            wrapped.append(self)

        async def on_tool_start(self, *arguments):
            await self.inner.on_tool_start(*arguments)

        async def on_handoff(self, *arguments):
            await self.inner.on_handoff(*arguments)

    truth = sdk_runs.run("agents_as_tools", "responses", hooks=Wrapping)
    check_truth(truth)
    assert len(wrapped) == 3  # the outer run and the two inside


def test_agents_get_hooks_of_their_own():
    seen = []

    class Hooks(agents.AgentHooks):
        async def on_tool_start(self, context, agent, tool):
            seen.append(context.tool_call_id)

    sdk_runs.run("single_tool", "chat", agent_hooks=Hooks)
    assert seen == ["call_1"]


def test_processors_see_every_event():
    log = sdk_runs.EventLog()
    truth = sdk_runs.run("handoff", "chat", True, processors=[log])
    assert log.events == truth.events


@pytest.mark.parametrize("streamed", [False, True])
def test_acc_workload_is_complete_and_seeded(streamed):  # R16
    truth = sdk_runs.acc_workload(7, 3, streamed=streamed)
    check_truth(truth)
    assert len(truth.trace_ids()) == 3
    assert all(call.chosen_by and call.first_used_by for call in truth.calls)
    again = sdk_runs.acc_workload(7, 3, streamed=streamed)
    ids = [call.tool_call_id for call in truth.calls]
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == sorted(call.tool_call_id for call in again.calls)
