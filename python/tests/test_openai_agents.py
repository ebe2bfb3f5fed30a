# venvs: sdk-newest sdk-oldest
"""SpanLinkProcessor on real runs of the SDK: every link against the truth."""

import matrix
import pytest
import sdk_runs
from link_sets import choices, results, true_choices, true_results

from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor

RUNS = sdk_runs.runs_here()


def guardrails(links):
    """(guardrail span, LLM span) of each link."""
    return {
        (k.linked_span_id, k.span_id) for k in links if k.kind == "input_guardrail"
    } | {(k.span_id, k.linked_span_id) for k in links if k.kind == "output_guardrail"}


def true_guardrails(run):
    """Without LLM spans that were cancelled and ended later than their trace."""
    ends = [e for e in run.events if e.event in ("span_end", "trace_end")]
    over, late = set(), set()
    for event in ends:
        if event.event == "trace_end":
            over.add(event.trace_id)
        elif event.trace_id in over:
            late.add(event.span_id)
    return {
        (g.span_id, g.llm_span_id)
        for g in run.guardrails
        if g.llm_span_id and g.llm_span_id not in late
    }


ROWS = {
    hooks: matrix.Row(
        matrix.version_of("openai-agents"),
        "`SpanLinkProcessor`" + (" and `SpanLinkHooks`" if hooks else ""),
    )
    for hooks in (False, True)
}
SEEN = set()


# R1-R3, R8-R13, R15, R18, R19, R40: what a run holds is linked, and nothing else.
# N7, W24-W26: also of runs that were given up, and of odd streams.
@pytest.mark.parametrize("hooks", [False, True], ids=["alone", "hooks"])
@pytest.mark.parametrize(
    ("scenario", "api", "streamed"), RUNS, ids=lambda value: str(value)
)
def test_links_are_the_true_ones(scenario, api, streamed, hooks):
    links = []
    processor = SpanLinkProcessor(on_link=links.append)
    try:
        run = sdk_runs.run(
            scenario,
            api,
            streamed,
            processors=[processor],
            hooks=SpanLinkHooks if hooks else None,
        )
        stats, diagnostics = processor.stats, processor.diagnostics
    finally:
        processor.shutdown()
    note(ROWS[hooks], run, links)
    SEEN.add((scenario, api, streamed, hooks))
    expected = sdk_runs.expected(scenario, api, streamed, hooks=hooks)
    assert choices(links) <= true_choices(run.calls)
    assert results(links) <= true_results(run.calls)
    assert guardrails(links) == true_guardrails(run)
    assert len(choices(links)) == expected["choice_links"]
    assert len(results(links)) == expected["result_links"]
    assert len(links) == len(set(links))
    assert stats["open_spans"] == stats["waiting_spans"] == 0
    assert stats["spans"] == stats["calls"] == stats["annotations"] == 0
    assert "processor_failure" not in diagnostics


def note(row, run, links):
    """Adds what a run gave to the table of docs/integrations.md."""
    row.tools += len(run.calls)
    row.choices += len(choices(links) & true_choices(run.calls))
    row.wrong += len(choices(links) - true_choices(run.calls))
    row.results += len(results(links))
    row.evidence |= {k.evidence for k in links if k.kind.endswith("_choice")}


def test_docs_say_what_links():
    if len(SEEN) != 2 * len(RUNS):
        pytest.skip("not all runs were selected")
    newest = "approval" in sdk_runs.SCENARIOS and not sdk_runs.missing("approval")
    matrix.check("sdk-newest" if newest else "sdk-oldest", list(ROWS.values()))
