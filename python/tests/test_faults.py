# venvs: sdk-newest sdk-oldest
"""R24: whatever fails in or around SpanLinkProcessor, a run is as without it.

"As without": the SDK tells its processors the same, in the same order, the models
are asked the same, and the result is the same. Nothing here measures time: what
must not wait for one another does so while the other stands still.
"""

import asyncio
import contextlib
import functools
import os
import signal
import sys
import threading
from collections import Counter

import agents
import faults
import link_sets
import pytest
import sdk_runs
from agents.tracing.processors import BatchTraceProcessor
from faults import Acting, Collector, Gate, Recorder, Watched

import spanlink
from spanlink.openai_agents import SpanLinkProcessor, _processor, links_of
from spanlink.openai_agents._processor import processors_of

RUNS = [
    ("parallel_identical", "responses", True),
    ("handoff", "chat", False),
    ("two_runs_in_one_trace", "chat", True),
    ("tool_error_told", "responses", False),
    ("tool_error_raised", "responses", True),
    ("guardrails", "chat", True),
]


@functools.cache
def shape_without(scenario, api, streamed):
    return faults.shape(sdk_runs.run(scenario, api, streamed))


def check_run(one, processor, change=None):
    """Runs a scenario with a processor: it is as without, and nothing was raised."""
    watched = Watched(processor, change)
    run = sdk_runs.run(*one, processors=[watched])
    assert faults.shape(run) == shape_without(*one)
    assert watched.raised == []
    return run, watched


def told_by(run):
    """How often a processor is told of what, by a run."""
    return Counter((f"on_{e.event}", e.span_id or e.trace_id) for e in run.events)


def fail(*_):
    raise RuntimeError("on purpose")


@pytest.fixture
def made():
    """Makes processors, and shuts them down at the end."""
    all_made = []

    def make(*args, **options):
        all_made.append(SpanLinkProcessor(*args, **options))
        return all_made[-1]

    yield make
    for processor in all_made:
        processor.shutdown()


@pytest.fixture
def unraisable(monkeypatch):
    """What callbacks raised."""
    caught = []
    monkeypatch.setattr(
        sys, "unraisablehook", lambda told: caught.append(told.exc_type)
    )
    return caught


each_run = pytest.mark.parametrize(
    "one", RUNS, ids=lambda one: f"{one[0]}-{one[1]}-{one[2]}"
)

# --- What users give us fails --------------------------------------------------


@each_run
def test_on_link_that_raises_is_told_all_links(one, made, unraisable):  # R24
    told = []
    run, _ = check_run(one, made(on_link=lambda k: (told.append(k), fail())))
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)
    assert link_sets.results(told) == link_sets.true_results(run.calls)
    assert unraisable == [RuntimeError] * len(told)


# Only the thread on which a link is told waits for `on_link`, as with any callback.
def test_on_link_that_blocks_holds_up_its_own_thread_alone(made):  # R24
    gate, told = Gate(), []
    held_up = []

    def on_link(link):
        told.append(link)
        if threading.current_thread() is not threading.main_thread():
            held_up.append(link.trace_id)
            gate()

    processor = made(on_link=on_link)
    join = faults.in_thread(lambda: faults.one_call(processor, "held"))
    gate.wait()
    run, _ = check_run(RUNS[0], processor)  # while the other thread stands still
    assert held_up == ["trace_held"]
    assert gate.holds()
    mine = [k for k in told if k.trace_id != "trace_held"]
    assert link_sets.choices(mine) == link_sets.true_choices(run.calls)
    gate.open()
    join()
    held = [k for k in told if k.trace_id == "trace_held"]
    assert faults.ends(held) == faults.links_of_one_call("held")


def test_on_link_may_open_spans(made):  # R24
    told = []

    def on_link(link):
        told.append(link)
        with agents.custom_span("from a callback"):
            pass

    processor = made(on_link=on_link)
    run = sdk_runs.run("parallel_identical", "chat", True, processors=[processor])
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)
    assert "processor_failure" not in processor.diagnostics
    assert processor.stats["open_spans"] == 0


# --- Spans that are broken -----------------------------------------------------


@pytest.mark.parametrize("fault", faults.BROKEN)
@pytest.mark.parametrize("one", RUNS[:4], ids=lambda one: one[0])
def test_broken_spans_are_handed_on_and_counted(one, fault, made):  # R24
    behind, told = Collector(), []
    processor = made(on_link=told.append, next=behind)
    run, watched = check_run(one, processor, faults.BROKEN[fault])
    processor.force_flush()
    assert Counter(map(id, behind.spans)) == Counter(map(id, watched.spans.values()))
    assert processor.stats["waiting_spans"] == 0
    assert link_sets.choices(told) <= link_sets.true_choices(run.calls)
    assert "next_failure" not in processor.diagnostics


# One span that cannot be read takes no link from the others, and is no leak.
@pytest.mark.parametrize("fault", ["the data fails", "items fail", "the error fails"])
def test_a_broken_span_among_others_is_alone(fault, made):  # R24
    told, broken = [], []

    def break_first_tool(span):
        if span.span_data.type == "function" and not broken:
            broken.append(span.span_id)
            return faults.BROKEN[fault](span)
        return span

    processor = made(on_link=told.append)
    run, _ = check_run(RUNS[0], processor, break_first_tool)
    true = {(c.span_id, c.chosen_by) for c in run.calls if c.span_id not in broken}
    found = {(k.span_id, k.linked_span_id) for k in told if k.kind == "tool_choice"}
    assert len(true) == len(run.calls) - 1
    assert true <= found
    assert found <= true | {(broken[0], run.calls[0].chosen_by)}
    assert (fault == "items fail") or processor.diagnostics["processor_failure"] > 0
    assert processor.stats["open_spans"] == processor.stats["spans"] == 0


@pytest.mark.parametrize("fault", ["the data fails", "items fail", "the error fails"])
def test_the_end_of_a_broken_span_is_told(fault, made):  # R21, R24
    class Bus(spanlink.Dispatcher):
        def __init__(self):
            super().__init__()
            self.finished = []

        def span_finish(self, trace_id, span_id, **options):
            super().span_finish(trace_id, span_id, **options)
            self.finished.append(span_id)

    bus = Bus()
    run, _ = check_run(RUNS[0], made(dispatcher=bus), faults.BROKEN[fault])
    assert bus.finished == [e.span_id for e in run.events if e.event == "span_end"]


def test_spans_end_twice_or_never_start(made):  # R24
    told, behind = [], Collector()
    processor = made(on_link=told.append, next=behind)

    def twice(processor, span):
        faults.start_and_end(processor, span)
        processor.on_span_end(span)

    def unstarted(processor, span):
        processor.on_span_end(span)

    faults.one_call(processor, "twice", tell=twice)
    faults.one_call(processor, "unstarted", tell=unstarted)
    assert faults.ends(told) == sorted(
        faults.links_of_one_call("twice") + faults.links_of_one_call("unstarted")
    )
    assert len(set(map(id, behind.spans))) == 8
    stats = processor.stats
    assert stats["open_spans"] == stats["waiting_spans"] == stats["spans"] == 0
    assert "processor_failure" not in processor.diagnostics


# Users may choose the ids of spans.
def test_spans_with_the_same_id_are_all_handed_on(made):  # R24
    behind = Collector()
    processor = made(next=behind)
    agent = faults.made_span("trace", "same", "same", "agent", name="Solo")
    tools = [
        faults.made_span("trace", "same", "same", "function", name="x", input="{}")
        for _ in range(3)
    ]
    processor.on_trace_start(faults.made_trace("trace"))
    processor.on_span_start(agent)
    for tool in tools:
        faults.start_and_end(processor, tool)
    processor.on_span_end(agent)
    processor.on_trace_end(faults.made_trace("trace"))
    assert Counter(map(id, behind.spans)) == Counter(map(id, [agent, *tools]))
    assert processor.stats["open_spans"] == processor.stats["waiting_spans"] == 0


def test_spans_that_never_end_are_bounded(made):  # R21
    processor = made(on_link=fail, max_open=100, max_traces=10)
    for trace in range(3):
        trace_id = f"trace_{trace}"
        processor.on_trace_start(faults.made_trace(trace_id))
        for number in range(2000):
            processor.on_span_start(
                faults.made_span(trace_id, f"span_{number}", None, "function", name="x")
            )
    assert processor.stats["open_spans"] == 100
    for trace in range(2000):
        processor.on_trace_start(faults.made_trace(f"leak_{trace}"))
        span = faults.made_span(f"leak_{trace}", "s", None, "agent", name="x")
        processor.on_span_start(span)
        other = faults.made_span(f"leak_{trace}", "t", "s", "custom")
        processor.on_span_start(other)
        processor.on_span_end(other)
    stats = processor.stats
    assert stats["traces"] <= 11
    assert stats["open_spans"] <= 100
    assert stats["scopes"] <= 11
    told = []
    processor._on_link = told.append
    faults.one_call(processor, "after")
    assert len(told) == 2


def test_traces_without_spans_are_bounded(made):  # R21
    processor = made(max_traces=10)
    for number in range(1000):
        processor.on_trace_start(faults.made_trace(f"trace_{number}"))
    assert processor.stats["traces"] <= 11


def test_a_trace_that_is_forgotten_keeps_its_links(made):  # R21
    """It never ends; its last link is decided when it is forgotten."""
    told, behind = [], Collector()
    processor = made(on_link=told.append, next=behind, max_traces=1)
    call = {"type": "function_call", "call_id": "call_1", "name": "pay"}
    data = {"name": "pay", "input": None, "output": None}
    make = functools.partial(faults.made_span, "trace_old")
    llm = make("llm", "agent", "generation", input=[], output=[call])
    tool = make("tool", "agent", "function", **data)
    processor.on_trace_start(faults.made_trace("trace_old"))
    processor.on_span_start(make("agent", None, "agent", name="Solo"))
    for span in (llm, tool):
        faults.start_and_end(processor, span)
    assert told == []  # the tool may wait for an approval
    faults.one_call(processor, "new")
    assert faults.ends(told) == sorted(
        [("tool_choice", "tool", "llm"), *faults.links_of_one_call("new")]
    )
    assert {llm, tool} < set(behind.spans)
    assert len(links_of(tool)) == 1


HOSTILE = {
    "hex digits": "abcdef0123456789abcdef0123456789",
    "zeros": "0" * 16,
    "a zero byte": "a\0b",
    "a newline": "a\nb",
    "right to left": "\u202e🤖 客服",
    "long": "x" * 100_000,
    "a format": "%s{}{0}%n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_ids_come_back_as_they_are(text, made):  # R17
    told, behind = [], Recorder()
    processor = made(on_link=told.append, next=behind)
    faults.one_call(processor, "x", trace_id=text)
    assert {k.trace_id for k in told} == {text}
    assert faults.ends(told) == faults.links_of_one_call("x")
    told.clear()
    faults.one_call(processor, text)
    assert faults.ends(told) == faults.links_of_one_call(text)
    assert "processor_failure" not in processor.diagnostics
    assert len(behind.spans) == 8


# Ids that a link cannot show: there is none, and nothing else happens.
@pytest.mark.parametrize("text", ["0" * 32, "\udcff\ud800"], ids=ascii)
def test_without_ids_there_are_no_links(text, made, unraisable):  # R24
    told, behind = [], Recorder()
    watched = Watched(made(on_link=told.append, next=behind))
    faults.one_call(watched, "x", trace_id=text)
    assert told == watched.raised == []
    assert len(behind.spans) == 4


# --- What stands behind us fails -------------------------------------------------


@each_run
@pytest.mark.parametrize("event", faults.EVENTS)
def test_next_that_raises_is_told_everything(one, event, made):  # R24
    behind, told = Acting(fail, (event,)), []
    processor = made(on_link=told.append, next=behind)
    run, _ = check_run(one, processor)
    expected = told_by(run)
    assert behind.told == expected
    assert processor.diagnostics["next_failure"] == sum(
        n for (name, _), n in expected.items() if name == event
    )
    assert "processor_failure" not in processor.diagnostics
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)


# While `next` stands still on one thread, another one runs agents, with the same
# processor: no lock of ours is held.
@pytest.mark.parametrize("event", faults.EVENTS)
def test_next_that_is_slow_holds_up_its_own_thread_alone(event, made):  # R24
    gate, told = Gate(), []

    def act():
        if threading.current_thread() is not threading.main_thread():
            gate()

    behind = Acting(act, (event,))
    processor = made(on_link=told.append, next=behind)
    join = faults.in_thread(lambda: faults.one_call(processor, "held"))
    gate.wait()
    run, _ = check_run(RUNS[0], processor)
    assert processor.stats["open_spans"] <= 1  # of the other thread
    processor.force_flush()
    mine = [k for k in told if k.trace_id != "trace_held"]
    assert link_sets.choices(mine) == link_sets.true_choices(run.calls)
    assert gate.holds()
    gate.open()
    join()
    expected = told_by(run)
    assert behind.told > expected


@each_run
@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_full_waiting_list_loses_nothing(one, room, made):  # R21
    behind, told, waiting = Recorder(), [], []
    processor = made(on_link=told.append, next=behind, max_waiting=room)
    after = Acting(lambda: waiting.append(processor.stats["waiting_spans"]))
    run = sdk_runs.run(*one, processors=[processor, after])
    assert faults.shape(run) == shape_without(*one)
    assert behind.told == told_by(run)
    assert max(waiting) <= room
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)


class HeldExporter(agents.tracing.processor_interface.TracingExporter):
    """Exports nothing until its gate is open."""

    def __init__(self):
        self.gate = Gate()

    def export(self, items):
        self.gate()


@each_run
def test_a_full_queue_behind_a_slow_exporter_delays_nothing(one, made):  # R24
    told, exporter = [], HeldExporter()
    batch = BatchTraceProcessor(exporter, max_queue_size=2, schedule_delay=0.001)
    processor = made(on_link=told.append, next=batch)
    try:
        run, _ = check_run(one, processor)  # the exporter stands still meanwhile
        assert link_sets.choices(told) == link_sets.true_choices(run.calls)
    finally:
        exporter.gate.open()


def test_the_time_limit_of_a_shutdown_is_passed_on():  # R24
    exporter = HeldExporter()
    batch = BatchTraceProcessor(exporter, schedule_delay=0.001)
    processor = SpanLinkProcessor(next=batch)
    faults.one_call(processor, "held")
    exporter.gate.wait()
    join = faults.in_thread(lambda: processor.shutdown(timeout=0.05))
    join()
    assert exporter.gate.holds()
    exporter.gate.open()


# --- Others beside us ------------------------------------------------------------


@each_run
def test_a_listener_that_raises_is_alone(one, made, unraisable):  # R24
    bus, told = spanlink.Dispatcher(), []
    with spanlink.Tracker(bus, on_link=fail, on_annotation=fail):
        run, _ = check_run(one, made(on_link=told.append, dispatcher=bus))
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)
    assert len(unraisable) == len(told)


@each_run
def test_closed_in_the_middle(one):  # R24
    behind, told = Recorder(), []

    def on_link(link):
        told.append(link)
        processor.shutdown()

    processor = SpanLinkProcessor(on_link=on_link, next=behind)
    run, _ = check_run(one, processor)
    processor.force_flush()
    assert link_sets.choices(told) <= link_sets.true_choices(run.calls)
    ended = {e.span_id for e in run.events if e.event == "span_end"}
    assert {span.span_id for span in behind.spans} == ended
    assert len(behind.spans) == len(ended)


@each_run
def test_two_processors_link_as_one(one, made):  # R17
    told, behind = ([], []), Recorder()
    first, second = made(on_link=told[0].append), made(told[1].append, next=behind)
    watched = [Watched(first), Watched(second)]
    run = sdk_runs.run(*one, processors=watched)
    assert faults.shape(run) == shape_without(*one)
    assert [w.raised for w in watched] == [[], []]
    for links in told:
        assert link_sets.choices(links) == link_sets.true_choices(run.calls)
        assert link_sets.results(links) == link_sets.true_results(run.calls)
        assert len(links) == len(set(links))
    for span in behind.spans:
        on_span = links_of(span)
        assert len(on_span) == len(set(on_span))
    assert {k for span in behind.spans for k in links_of(span)} == set(told[1])
    for processor in (first, second):
        assert processor.stats["open_spans"] == processor.stats["waiting_spans"] == 0
        assert processor.stats["spans"] == 0


def test_links_of_other_packages_are_not_ours(made):  # R17
    """Somebody else reports the same calls, of traces of its own, on the same bus."""
    told, others = [], []
    bus = spanlink.Dispatcher()

    class Chatty(Recorder):
        def on_span_start(self, span):
            theirs = "their " + span.trace_id
            bus.llm_tool_choice(theirs, span.span_id, "probe", "{}", "call_1")
            bus.tool_call(theirs, "tool" + span.span_id, "probe", "{}", "call_1")

    with spanlink.Tracker(bus, on_link=others.append):
        processor = made(on_link=told.append, dispatcher=bus)
        run = sdk_runs.run(
            "parallel_identical", "chat", processors=[Chatty(), processor]
        )
        theirs = [k for k in others if k.trace_id.startswith("their ")]
    assert len(theirs) == len([e for e in run.events if e.event == "span_start"])
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)
    assert set(told) == set(others) - set(theirs)


# --- Threads and processes -----------------------------------------------------


def test_eight_threads_with_equal_ids_and_arguments(made):  # R17
    """The threads are inside their tools at the same time."""
    threads = 8
    together = threading.Barrier(threads, timeout=30)
    told, truth = [], []

    @agents.function_tool
    async def probe(x: str) -> str:
        """Looks something up."""
        together.wait()
        return x

    def run():
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        env = sdk_runs.Env("responses", False)
        asks = [sdk_runs.Ask(f"call_{i}", probe, sdk_runs.X) for i in range(3)]
        answers = [sdk_runs.ask(*asks[:2]), sdk_runs.ask(asks[2]), sdk_runs.say()]
        wire = env.wire(*answers)
        agent = env.agent("Solo", wire, tools=[probe])
        agents.Runner.run_sync(agent, "go", hooks=env.hooks(wire))
        truth.append(wire.settle())
        loop.close()

    watched = Watched(made(on_link=told.append))
    agents.set_trace_processors([watched])
    try:
        for join in [faults.in_thread(run) for _ in range(threads)]:
            join()
    finally:
        agents.set_trace_processors([])
    assert watched.raised == []
    assert len({call.trace_id for calls in truth for call in calls}) == threads
    for calls in truth:
        (trace_id,) = {call.trace_id for call in calls}
        mine = [k for k in told if k.trace_id == trace_id]
        assert {k.linked_trace_id for k in mine} == {trace_id}
        assert link_sets.choices(mine) == link_sets.true_choices(calls)
        assert link_sets.results(mine) == link_sets.true_results(calls)
        assert len(calls) == 3 and len(mine) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_in_the_middle_of_a_run(made):  # R21, R24
    """Another thread holds all locks when a tool forks. The child goes on; what ended
    in its parent is its parent's."""
    told, behind, log = [], Recorder(), sdk_runs.EventLog()
    processor = made(on_link=told.append, next=behind)
    holding, forked = threading.Event(), threading.Event()
    children = []

    def hold():
        with processor._lock, _processor._live_lock:
            holding.set()
            assert forked.wait(30)

    def go_on():
        """In the child: the open spans end, and other conversations are linked."""
        ended = [e.span_id for e in log.events if e.event == "span_end"]
        told.clear()
        behind.spans.clear()
        agents.tracing.get_current_span().finish()
        faults.one_call(processor, "child")
        processor.force_flush()
        assert len([k for k in told if k.trace_id == "trace_child"]) == len(told) == 2
        assert len(behind.spans) == 5
        assert {span.span_id for span in behind.spans}.isdisjoint(ended)
        assert "processor_failure" not in processor.diagnostics
        assert processors_of(behind.spans[0]) == []
        processor.shutdown()

    @agents.function_tool
    async def fork(x: str) -> str:
        """Forks."""
        join = faults.in_thread(hold)
        assert holding.wait(30)
        children.append(os.fork())
        if children == [0]:
            signal.alarm(20)  # it dies where it hangs
            with contextlib.suppress(BaseException):
                go_on()
                os._exit(0)
            os._exit(1)
        forked.set()
        join()
        return x

    async def body(env):
        asks = [sdk_runs.Ask("call_1", fork, sdk_runs.X)]
        wire = env.wire(sdk_runs.ask(*asks), sdk_runs.say())
        await env.run(env.agent("Solo", wire, tools=[fork]), wire)

    env = sdk_runs.Env("responses", False)
    run = sdk_runs.run_body(body, env, "fork", [log, processor])
    assert os.waitpid(children[0], 0)[1] == 0
    assert run.outcome == "done"
    assert link_sets.choices(told) == link_sets.true_choices(run.calls)
    assert behind.told == told_by(run)
