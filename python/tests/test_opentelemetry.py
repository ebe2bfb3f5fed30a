# venvs: frameworks frameworks-2
"""LinkingSpanProcessor on real spans of real frameworks: every link is true."""

import json
import sys
from pathlib import Path

import matrix
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otel_runs import SCENARIOS, SETUPS

import spanlink
from spanlink.opentelemetry import LinkingSpanProcessor

EXPECTED = json.loads(
    (Path(__file__).parent / "expected" / "otel_runs.json").read_text()
)
RUNS = [
    (setup, scenario) for setup in SETUPS if setup.installed for scenario in SCENARIOS
]
ROWS: dict[str, matrix.Row] = {}
SEEN = set()


class Exported:
    """What a chain with links in it exports."""

    def __init__(self, **options):
        self.exporter = InMemorySpanExporter()
        self.processor = LinkingSpanProcessor(
            SimpleSpanProcessor(self.exporter),
            dispatcher=spanlink.Dispatcher(),
            **options,
        )

    def links(self, kinds):
        """(trace, consumer, producer) of the links that the spans carry."""
        return [
            (
                format(span.context.trace_id, "032x"),
                format(span.context.span_id, "016x"),
                format(link.context.span_id, "016x"),
            )
            for span in self.exporter.get_finished_spans()
            for link in span.links
            if link.attributes.get("spanlink.kind") in kinds
        ]

    def evidence(self):
        return {
            link.attributes["spanlink.evidence"]
            for span in self.exporter.get_finished_spans()
            for link in span.links
            if link.attributes.get("spanlink.kind") == "tool_choice"
        }


def note(setup, scenario, exported, run):
    """Adds what a run gave to the table of docs/integrations.md."""
    framework, *packages = map(matrix.version_of, setup.packages)
    row = ROWS.setdefault(
        setup.key,
        matrix.Row(
            f"{setup.framework}: {framework}",
            ": ".join([setup.instrumentation, *packages]),
            why=EXPECTED[setup.key].get("why") or "",
        ),
    )
    SEEN.add((setup.key, scenario))
    chosen = set(exported.links(("tool_choice", "handoff_choice")))
    row.tools += len({call.tool for call in run.calls if call.tool})
    row.choices += len(chosen & pairs(run.choice_links()))
    row.wrong += len(chosen - pairs(run.choice_links()))
    row.results += len(exported.links(("tool_result",)))
    row.evidence |= exported.evidence()


def pairs(links):
    return {
        (consumer.trace_id, consumer.span_id, producer.span_id)
        for consumer, producer in links
    }


# R1, R2, R5, R6, R17, R31: what the spans say is linked, and nothing else.
@pytest.mark.parametrize(
    ("setup", "scenario"), RUNS, ids=lambda v: v if isinstance(v, str) else v.key
)
def test_links_are_the_true_ones(setup, scenario):
    exported = Exported()
    run = setup.run(scenario, exported.processor)
    row = EXPECTED[setup.key]["scenarios"][scenario]
    note(setup, scenario, exported, run)
    chosen = exported.links(("tool_choice", "handoff_choice"))
    used = exported.links(("tool_result", "handoff_result"))
    assert set(chosen) <= pairs(run.choice_links())
    assert set(used) <= pairs(run.result_links())
    assert (len(chosen), len(used)) == (row["choices"], row["results"])
    assert len(exported.exporter.get_finished_spans()) == len(run.spans)
    assert exported.processor.stats["waiting_spans"] == 0
    assert "processor_failure" not in exported.processor.diagnostics


def test_docs_say_what_links():
    if {(setup.key, scenario) for setup, scenario in RUNS} != SEEN:
        pytest.skip("not all runs were selected")
    part = Path(sys.prefix).name
    matrix.check(part if part == "frameworks-2" else "frameworks", list(ROWS.values()))
