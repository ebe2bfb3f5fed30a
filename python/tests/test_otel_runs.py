# venvs: frameworks frameworks-2
"""The harness in otel_runs.py says the truth, and says it about every call.

Nothing of spanlink is used here. expected/otel_runs.json was written from what the
spans carry, before anything linked them.
"""

import json
import pathlib

import pytest
from otel_runs import SCENARIOS, SETUPS, OtelRun, Setup, SpanRef, parent_of, ref_of

EXPECTED = json.loads(
    (pathlib.Path(__file__).parent / "expected" / "otel_runs.json").read_text("utf-8")
)
INSTALLED = [setup for setup in SETUPS if setup.installed]
RUNS = [
    pytest.param(setup, scenario, id=f"{setup.key}-{scenario}")
    for setup in INSTALLED
    for scenario in SCENARIOS
]


def test_every_setup_and_scenario_is_expected():
    assert list(EXPECTED) == [setup.key for setup in SETUPS]
    for expected in EXPECTED.values():
        assert list(expected["scenarios"]) == list(SCENARIOS)
        assert (expected["evidence"] is None) == ("why" in expected)


def test_environment_has_all_setups_of_one_group():
    groups = {
        group: {k for k, e in EXPECTED.items() if e["group"] == group}
        for group in ("frameworks", "frameworks-2")
    }
    installed = {setup.key for setup in INSTALLED}
    # The hand-written loop needs little and may run in both.
    assert any(keys <= installed for keys in groups.values())


@pytest.mark.parametrize(("setup", "scenario"), RUNS)
def test_truth_is_complete(setup: Setup, scenario: str):
    run = setup.run(scenario)
    assert run.problems == ()
    expected = EXPECTED[setup.key]["scenarios"][scenario]
    assert len(run.calls) == calls_in(scenario) == expected["tool_spans"]
    check_truth(run, scenario)
    check_choices_and_results(run)
    check_traces(run, scenario)


def calls_in(scenario: str) -> int:
    return SCENARIOS[scenario].runs * sum(map(len, SCENARIOS[scenario].turns))


def check_truth(run: OtelRun, scenario: str) -> None:
    ended = {ref_of(span): span for span in run.spans}
    assert len({call.tool for call in run.calls}) == len(run.calls)
    for call in run.calls:
        assert call.tool in ended
        assert call.chosen_by in ended
        assert call.first_used_by in ended
        tool = ended[call.tool]
        assert call.tool_name in (tool.name, *tool.attributes.values())
        for other in (call.chosen_by, call.first_used_by):
            assert other.trace_id == call.tool.trace_id
            assert call.tool_name not in ended[other].name
    ids = [(call.run, call.tool_call_id) for call in run.calls]
    assert len(set(ids)) == len(ids)
    if SCENARIOS[scenario].backwards:
        for number in range(SCENARIOS[scenario].runs):
            check_backwards(run, number)


def check_backwards(run: OtelRun, number: int) -> None:
    end_of = {life.span: life.ended for life in run.lives}
    calls = [call for call in run.calls if call.run == number]
    calls.sort(key=lambda call: end_of[call.tool])
    assert [call.tool_call_id for call in calls] == ["call_3", "call_2", "call_1"]


def check_choices_and_results(run: OtelRun) -> None:
    """One LLM span a turn chose; a later one read what was chosen."""
    start_of = {ref_of(span): span.start_time for span in run.spans}
    for call in run.calls:
        assert start_of[call.chosen_by] <= start_of[call.tool]
        assert start_of[call.tool] <= start_of[call.first_used_by]
    assert len(run.choice_links()) == len(run.result_links()) == len(run.calls)


def check_traces(run: OtelRun, scenario: str) -> None:
    """Equal runs have traces of their own or, if that is the point, share one."""
    kind = SCENARIOS[scenario]
    traces = {call.tool.trace_id for call in run.calls}
    assert len(traces) == (1 if kind.one_trace else kind.runs)
    for number in range(kind.runs):
        llms = {call.chosen_by for call in run.calls if call.run == number}
        assert len(llms) == len(kind.turns)


@pytest.mark.parametrize("setup", INSTALLED, ids=lambda setup: setup.key)
def test_spans_carry_what_is_expected_of_them(setup: Setup):
    """Ids and arguments stand in the attributes where the expected file says so.

    A plain search of the text: a hint that the file is right, not a linker.
    """
    run = setup.run("one")
    ended = {ref_of(span): span for span in run.spans}
    (call,) = run.calls

    def text_of(ref: SpanRef) -> str:
        return json.dumps(dict(ended[ref].attributes), default=str)

    tool, llm = text_of(call.tool), text_of(call.chosen_by)
    # Our tools mention the id in their result; that is no evidence.
    tool = tool.replace("asked by call_1", "")
    evidence = EXPECTED[setup.key]["evidence"]
    if evidence is None:
        assert "call_1" not in llm
        assert "Lisbon" not in llm
    else:
        assert "call_1" in llm
        assert "call_1" in text_of(call.first_used_by)
        assert ("call_1" in tool) == (evidence == "tool_call_id")
    if evidence == "arguments":
        assert "Lisbon" in tool
        assert "Lisbon" in llm


@pytest.mark.parametrize("setup", INSTALLED, ids=lambda setup: setup.key)
def test_every_span_ends_and_inside_its_parent(setup: Setup):
    run = setup.run("one_trace")
    lives = {life.span: life for life in run.lives}
    assert {ref_of(span) for span in run.spans} == set(lives)
    for span in run.spans:
        parent = parent_of(span)
        if parent is not None:
            assert lives[ref_of(span)].ended < lives[parent].ended


@pytest.mark.parametrize("setup", INSTALLED, ids=lambda setup: setup.key)
def test_setups_leave_nothing_behind(setup: Setup):
    """The second run makes the spans of the first: no double instrumentation."""

    def shape() -> list[str]:
        return sorted(span.name for span in setup.run("two_turns").spans)

    assert shape() == shape()


def test_processor_gets_every_span_and_a_flush():
    class Recorder:
        def __init__(self) -> None:
            self.started, self.ended, self.flushed = [], [], 0

        def on_start(self, span, parent_context=None):
            self.started.append(ref_of(span))

        def on_end(self, span):
            self.ended.append(ref_of(span))

        def _on_ending(self, span):
            pass

        def force_flush(self, timeout_millis=30_000):
            self.flushed += 1
            return True

    recorder = Recorder()
    run = INSTALLED[0].run("parallel", recorder)
    assert recorder.ended == [ref_of(span) for span in run.spans]
    assert set(recorder.started) == set(recorder.ended)
    assert recorder.flushed == 1
