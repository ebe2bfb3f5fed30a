# venvs: sdk-newest sdk-oldest
"""R16: equal calls at once, of nested agents and of one answer, get exact ids.

With hooks and without, over both models, streamed and not: at least 500 tool
spans each, 4,000 in all.
"""

import link_sets
import pytest
import sdk_runs

from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor

SEEDS = (1, 2)
RUNS = 8  # of each seed


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("api", sdk_runs.APIS)
@pytest.mark.parametrize("hooks", [None, SpanLinkHooks], ids=["bare", "hooks"])
def test_every_tool_span_gets_its_own_call(hooks, api, streamed, capsys):  # R16, R17
    tools = exact = wrong = 0
    for seed in SEEDS:
        links = []
        processor = SpanLinkProcessor(on_link=links.append)
        run = sdk_runs.acc_workload(
            seed, RUNS, api, streamed, hooks=hooks, processors=[processor]
        )
        stats = processor.stats
        processor.shutdown()
        found, true = link_sets.choices(links), link_sets.true_choices(run.calls)
        tools += len(run.calls)
        exact += len(found & true)
        wrong += len(found - true)
        assert link_sets.results(links) == link_sets.true_results(run.calls)
        assert len(links) == len(set(links))
        assert stats["open_spans"] == stats["waiting_spans"] == stats["calls"] == 0
    with capsys.disabled():
        print(f" {tools} tool spans, {exact} exact ids, {wrong} wrong ", end="")
    assert tools >= 500
    assert exact == tools
    assert wrong == 0
