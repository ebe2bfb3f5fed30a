# venvs: ddtrace
"""spanlink beside the LinkTracker of PyPI's ddtrace, in one process.

1. On well-formed runs both find the same links, spanlink in its compatibility
   mode: one scope for the whole process, the first reader gets the link.
2. A turn of each row of the conformance list is put into such runs. spanlink is
   right about all of it; what the peer makes of it is counted and printed.

`SPANLINK_EXAMPLES=N` in the environment tries N runs, others each time, and
`SPANLINK_RECORD=1` writes down what the peer makes of the rows.
"""

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from conformance_rows import MUTATIONS, Mutation
from ddtrace_peer import (
    DDTRACE_VERSION,
    EVERYTHING,
    THREE_SIGNALS,
    Delivery,
    Result,
    SpanlinkResult,
    ddtrace_links,
    edges,
    spanlink_links,
    tell_spanlink,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import Event, Run
from well_formed import well_formed

import spanlink

RECORDED = Path(__file__).parent / "expected" / "ddtrace_rows.json"
MORE = "SPANLINK_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("SPANLINK_EXAMPLES", "200"))
THREADS = 8
BASES = max(4, EXAMPLES // 50) if MORE else 4  # runs that get each mutation

RANDOMS = st.randoms(use_true_random=False)
differential = settings(
    max_examples=EXAMPLES,
    derandomize=not MORE,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


# Well-formed runs.


@differential
@given(RANDOMS, st.booleans())
def test_equal_links_on_well_formed_runs(rng: random.Random, spans: bool) -> None:
    events = well_formed(rng, guardrails=spans).events()
    theirs = ddtrace_links(events)
    ours = spanlink_links(
        events, Delivery(spans=spans), scope="process", policy="first"
    )
    assert edges(ours.links) == sorted(theirs.links)
    assert ours.live == len(ours.links)  # none had to wait


@differential
@given(RANDOMS)
def test_equal_links_from_the_three_signals_alone(rng: random.Random) -> None:
    events = well_formed(rng, guardrails=False).events()
    theirs = ddtrace_links(events)
    ours = spanlink_links(events, THREE_SIGNALS, scope="process", policy="first")
    assert edges(ours.links) == sorted(theirs.links)
    assert ours.live == len(ours.links)


@differential
@given(RANDOMS, st.sampled_from(["live", "settled"]))
def test_equal_links_with_default_options(rng: random.Random, mode: str) -> None:
    events = well_formed(rng).events()
    ours = spanlink_links(events, mode=mode)
    assert edges(ours.links) == sorted(ddtrace_links(events).links)


def test_the_runs_hold_what_they_promise() -> None:
    """Otherwise the tests above would compare little with little."""
    seen: Counter[str] = Counter()
    for seed in range(100):
        run = well_formed(random.Random(seed))
        for span in run.spans.values():
            seen[span.kind] += 1
            seen["parallel"] += len(span.choices) > 1
            seen["nested"] += span.kind == "agent" and span.parent.kind == "tool"
        seen["links"] += len(ddtrace_links(run.events()).links)
    assert all(seen[kind] > 100 for kind in ("agent", "handoff", "parallel", "nested"))
    assert seen["guardrail"] > 20
    assert seen["links"] > 2_000


# Mutations.


class Row:
    """One mutation in one well-formed run."""

    def __init__(self, mutation: Mutation, seed: int) -> None:
        self.mutation = mutation
        base, run = Run(), Run()
        if mutation.alone:
            mutation.write(run.in_trace("trace0"))
        else:
            base = well_formed(random.Random(seed), guardrails=False)
            run = well_formed(
                random.Random(seed), guardrails=False, mutate=mutation.write
            )
        self.base_links = Counter(ddtrace_links(base.events()).links)
        self.events = run.events()
        if mutation.twice:
            own = run.spans.keys() - base.spans.keys()
            self.events += [e for e in self.events if e.span and e.span.name in own]

    def spanlink(self, mode: str) -> SpanlinkResult:
        return spanlink_links(self.events, mode=mode, **self.mutation.options)

    def right_links(self, mode: str) -> tuple[str, ...]:
        settled = self.mutation.settled_links
        if mode == "settled" and settled is not None:
            return settled
        return self.mutation.links

    def own_links(self, result: SpanlinkResult) -> list[str]:
        """The links without those of the run that the mutation was put into.

        Fails if one of these is not there.
        """
        base = Counter(self.base_links)
        own = []
        for line in result.links:
            edge = line.split(" ", 1)[0]
            if base[edge]:
                base[edge] -= 1
            else:
                own.append(line)
        assert not +base, "links of the well-formed run are missing"
        return sorted(own)

    def ddtrace(self) -> dict[str, int]:
        """How many links are right, wrong and missing, and what is kept."""
        result: Result = ddtrace_links(self.events)
        right = self.base_links + Counter(edges(self.right_links("live")))
        found = Counter(result.links)
        return {
            "right": (found & right).total() - self.base_links.total(),
            "wrong": (found - right).total(),
            "missing": (right - found).total(),
            "kept": result.kept,
        }


def bases(mutation: Mutation) -> int:
    return 1 if mutation.large else BASES


@pytest.mark.parametrize("mode", ["live", "settled"])
@pytest.mark.parametrize("name", MUTATIONS)
def test_spanlink_is_right_about(name: str, mode: str) -> None:
    mutation = MUTATIONS[name]
    for seed in range(bases(mutation)):
        row = Row(mutation, seed)
        result = row.spanlink(mode)
        assert row.own_links(result) == sorted(row.right_links(mode)), f"seed {seed}"
        assert result.kept == 0
        if mutation.diagnostics is not None:
            assert _told(result, mutation) == mutation.diagnostics


def _told(result: SpanlinkResult, mutation: Mutation) -> dict[str, int]:
    """The diagnostics, without two that are no fault of the data."""
    assert mutation.diagnostics is not None
    quiet = {"call_never_executed", "reservation_moved"} - mutation.diagnostics.keys()
    return {key: n for key, n in result.diagnostics.items() if key not in quiet}


def test_table_of_both(capsys: pytest.CaptureFixture[str]) -> None:
    """ddtrace still differs in the rows in which it did when it was recorded."""
    ours: dict[str, bool] = {}
    theirs: dict[str, dict[str, int]] = {}
    for name, mutation in MUTATIONS.items():
        row = Row(mutation, seed=0)
        ours[name] = all(
            row.own_links(row.spanlink(mode)) == sorted(row.right_links(mode))
            for mode in ("live", "settled")
        )
        theirs[name] = row.ddtrace()
    with capsys.disabled():
        print("\n".join(_table(ours, theirs)))
    if "SPANLINK_RECORD" in os.environ:
        lines = (f"  {json.dumps(n)}: {json.dumps(c)}" for n, c in theirs.items())
        RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    assert all(ours.values())
    assert _differing(theirs) >= _differing(json.loads(RECORDED.read_text()))


def _differing(counts: dict[str, dict[str, int]]) -> set[str]:
    return {name for name, row in counts.items() if row["wrong"] or row["missing"]}


def _table(ours: dict[str, bool], theirs: dict[str, dict[str, int]]) -> list[str]:
    lines = [
        f"\nspanlink {spanlink.__version__}, ddtrace {DDTRACE_VERSION}",
        "                      spanlink          ddtrace",
        "row              links   right   right wrong missing   kept",
    ]
    total: Counter[str] = Counter()
    for name, counts in theirs.items():
        links = len(MUTATIONS[name].links)
        total.update(counts, links=links)
        right = "all" if ours[name] else "NOT"
        lines.append(_line(name, links, right, counts) + f"  {MUTATIONS[name].what}")
    right = f"{sum(ours.values())} rows"
    differing = f"{len(_differing(theirs))} rows differ"
    lines.append(_line("in all", total["links"], right, total) + f"  {differing}")
    return lines


def _line(name: str, links: int, right: str, counts: Mapping[str, int]) -> str:
    return (
        f"{name:<16} {links:>5} {right:>7} {counts['right']:>7} {counts['wrong']:>5} "
        f"{counts['missing']:>7} {counts['kept']:>6}"
    )


# Row T1 with real threads.


def test_eight_threads_link_as_one() -> None:
    events = _equal_calls_in_traces(400)
    dispatcher = spanlink.Dispatcher()
    links: list[spanlink.SpanLink] = []
    with spanlink.Tracker(dispatcher, on_link=links.append, seed=7):
        workers = [
            threading.Thread(target=_dispatch, args=(dispatcher, events, number))
            for number in range(THREADS)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    alone = spanlink_links(events)
    assert len(links) == len(alone.links) == 400 * 4


def _equal_calls_in_traces(count: int) -> list[Event]:
    run = Run()
    for n in range(count):
        run.in_trace(f"{n}", begin=n)
        run.chose("1", "f", "{}", f"{n}L1").chose("2", "f", "{}", f"{n}L1")
        run.ran("f", "{}", f"{n}A").ran("f", "{}", f"{n}B")
        run.used("1", f"{n}L2").used("2", f"{n}L2")
    return run.events()


def _dispatch(
    dispatcher: spanlink.Dispatcher, events: list[Event], number: int
) -> None:
    for event in events:
        if int(event.trace) % THREADS == number:
            tell_spanlink(dispatcher, event, EVERYTHING)
