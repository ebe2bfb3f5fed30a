# venvs: sdk-newest sdk-oldest frameworks
"""The bus, the tracker and the functions for files, without any framework."""

import gc
import json
import os
import pickle
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

import spanlink

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "demo"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CANARY = "canary-7f3a91"


@pytest.fixture
def bus():
    return spanlink.Dispatcher()


def edges(links):
    return {(link.linked_span_id, link.span_id, link.kind) for link in links}


def one_call(bus, trace=TRACE, arguments='{"a": 1}', tool_call_id="call_1"):
    """An answer chose a call, a tool ran it, a prompt holds the result."""
    bus.llm_tool_choice(trace, "llm 1", "add", arguments, tool_call_id)
    bus.tool_call(trace, "tool", "add", arguments)
    bus.tool_call_output_used(trace, "llm 2", tool_call_id)


# R1, R2, R5, R6: the three signals, each from somebody else, link.
def test_three_signals_make_two_links(bus):
    with spanlink.Tracker(bus) as tracker:
        one_call(bus)
        choice, result = tracker.take_links()
    assert (choice.linked_span_id, choice.span_id) == ("llm 1", "tool")
    assert (choice.kind, choice.evidence) == ("tool_choice", "arguments")
    assert (choice.tool_name, choice.tool_call_id) == ("add", "call_1")
    assert (choice.from_, choice.to) == ("output", "input")
    assert (result.linked_span_id, result.span_id) == ("tool", "llm 2")
    assert result.kind == "tool_result"
    assert choice.trace_id == result.linked_trace_id == TRACE


# R6: packages that know nothing of one another meet on the bus of the process.
def test_strangers_meet_on_the_bus_of_the_process(tmp_path):
    client = "import spanlink\ndef answered(t):\n" + (
        "    spanlink.dispatch.llm_tool_choice(t, 'l1', 'add', '{}', 'c')\n"
    )
    runner = "from spanlink import dispatch\ndef ran(t):\n" + (
        "    dispatch.tool_call(t, 't1', 'add', '{}')\n"
    )
    (tmp_path / "client_package.py").write_text(client)
    (tmp_path / "runner_package.py").write_text(runner)
    sys.path.insert(0, str(tmp_path))
    try:
        import client_package
        import runner_package
    finally:
        sys.path.remove(str(tmp_path))
    with spanlink.Tracker() as tracker:
        client_package.answered("meeting")
        runner_package.ran("meeting")
        links = tracker.take_links()
    assert edges(links) == {("l1", "t1", "tool_choice")}


# R4: a call is used up by its execution.
def test_a_second_execution_gets_no_link(bus):
    with spanlink.Tracker(bus) as tracker:
        one_call(bus)
        bus.tool_call(TRACE, "again", "add", '{"a": 1}')
        tracker.settle()
        assert "again" not in {link.span_id for link in tracker.take_links()}
        assert tracker.diagnostics["unmatched_execution"] == 1


# R13: one reader, or all of them.
@pytest.mark.parametrize(("policy", "readers"), [("first", 1), ("all", 2)])
def test_policy_says_how_many_readers_are_linked(bus, policy, readers):
    with spanlink.Tracker(bus, policy=policy) as tracker:
        one_call(bus)
        bus.tool_call_output_used(TRACE, "llm 3", "call_1")
        results = [k for k in tracker.take_links() if k.kind == "tool_result"]
    assert len(results) == readers


# R17: traces do not meet, unless the tracker is told to be one of those.
@pytest.mark.parametrize(("scope", "found"), [("trace", 0), ("process", 1)])
def test_scope_says_what_may_meet(bus, scope, found):
    with spanlink.Tracker(bus, scope=scope) as tracker:
        bus.llm_tool_choice("trace a", "llm", "add", "{}", "c")
        bus.tool_call("trace b", "tool", "add", "{}")
        links = tracker.take_links()
    assert len(links) == found
    for link in links:
        assert (link.trace_id, link.linked_trace_id) == ("trace b", "trace a")


# R20: white space, order of keys and escapes do not count; other objects are JSON.
@pytest.mark.parametrize(
    "executed",
    ['{"b":"é","a":1}', '{ "a": 1.0, "b": "\\u00e9" }', {"a": 1, "b": "é"}],
)
def test_arguments_match_in_any_spelling(bus, executed):
    with spanlink.Tracker(bus) as tracker:
        bus.llm_tool_choice(TRACE, "llm", "f", '{"a": 1, "b": "é"}', "c")
        bus.tool_call(TRACE, "tool", "f", executed)
        (link,) = tracker.take_links()
    assert link.evidence == "arguments"


# R20: text that is no JSON, and no UTF-8 either, matches itself.
def test_lone_surrogates_match_themselves(bus):
    with spanlink.Tracker(bus) as tracker:
        bus.llm_tool_choice(TRACE, "llm", "f", "\ud800 {", "c")
        bus.tool_call(TRACE, "tool", "f", "\ud800 {")
        assert len(tracker.take_links()) == 1


# R23: an id that nobody gave is not made up.
def test_no_id_is_invented(bus):
    with spanlink.Tracker(bus) as tracker:
        one_call(bus, tool_call_id="")
        (link,) = tracker.take_links()
    assert link.tool_call_id == ""


def test_ids_come_back_as_they_were_given(bus):
    span = 0x00F067AA0BA902B7
    with spanlink.Tracker(bus) as tracker:
        bus.llm_tool_choice(int(TRACE, 16), span, "f", "{}", "c")
        bus.tool_call(TRACE.upper(), "span_5e1f", "f", "{}")
        (link,) = tracker.take_links()
    assert (link.linked_trace_id, link.linked_span_id) == (TRACE, f"{span:016x}")
    assert link.span_id == "span_5e1f"


@pytest.mark.parametrize("wrong", [1.5, None, b"id", -1, 1 << 128, ["a"]])
def test_what_is_no_id_is_a_type_error(bus, wrong):
    with pytest.raises(TypeError, match="trace_id: str"):
        bus.tool_call(wrong, "span", "f")


def test_wrong_names_say_which_there_are(bus):
    for call, names in [
        (lambda: bus.span_start("t", "s", kind="model"), "guardrail"),
        (lambda: bus.tool_call("t", "s", "f", outcome="fine"), "not_executed"),
        (lambda: bus.llm_hook("t", "s", "middle"), "start, end"),
        (lambda: bus("close"), "methods of Dispatcher"),
        (lambda: spanlink.Tracker(bus, policy="some"), "first, all"),
        (lambda: spanlink.Tracker(bus, mode="dead"), "live, settled"),
        (lambda: spanlink.Tracker(bus, scope="host"), "trace, process"),
        (lambda: spanlink.Tracker(bus, min_evidence="luck"), "tool_call_id"),
        (lambda: spanlink.Tracker(bus, cross_trace="on"), "off, conversation"),
        (lambda: spanlink.link(b"{}", profile="jaeger"), "datadog"),
    ]:
        with pytest.raises(ValueError, match=names):
            call()


def test_signals_can_be_replayed_by_name(bus):
    with spanlink.Tracker(bus) as tracker:
        bus("llm_tool_choice", TRACE, "llm", "f", "{}", "c")
        bus("tool_call", TRACE, "tool", tool_name="f", arguments="{}")
        assert len(tracker.take_links()) == 1


# R19: the span that waits for an approval is linked, and so is the one that runs.
def test_a_pending_call_is_linked_twice(bus):
    with spanlink.Tracker(bus) as tracker:
        bus.llm_tool_choice(TRACE, "llm", "f", "{}", "c")
        bus.tool_call(TRACE, "asks", "f", "{}", outcome="not_executed")
        bus.scope_finish(TRACE)
        bus.tool_call(TRACE, "runs", "f", "{}")
        bus.tool_call_output_used(TRACE, "reads", "c")
        links = tracker.take_links()
    assert edges(links) == {
        ("llm", "asks", "tool_choice"),
        ("llm", "runs", "tool_choice"),
        ("runs", "reads", "tool_result"),
    }


def test_link_is_a_value():
    link = spanlink.SpanLink(
        "t", "s", "u", "v", "tool_result", "name", tool_name="f", attempt=2
    )
    twin = pickle.loads(pickle.dumps(link))
    assert link == twin
    assert hash(link) == hash(twin)
    assert link != spanlink.SpanLink("t", "s", "u", "v", "tool_choice", "name")
    assert link != "a link"
    assert repr(link) == "<SpanLink v -> s: tool_result by name f>"
    assert link.attributes() == {
        "from": "output",
        "to": "input",
        "gen_ai.attribution.link_type": "INFORMED_BY",
        "spanlink.kind": "tool_result",
        "spanlink.evidence": "name",
        "spanlink.attempt": 2,
    }
    assert set(link.attributes("none")) == {
        "spanlink.kind",
        "spanlink.evidence",
        "spanlink.attempt",
    }
    with pytest.raises(AttributeError):
        link.span_id = "other"
    with pytest.raises(ValueError, match="kind"):
        spanlink.SpanLink("t", "s", "u", "v", "friendship", "name")


# R24: what a callback raises stops nothing.
def test_a_raising_callback_stops_nothing(bus, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    def refuse(link):
        raise RuntimeError(link.kind)

    with spanlink.Tracker(bus, on_link=refuse) as tracker:
        one_call(bus)
        assert tracker.stats["callback_failures"] == 2
    assert [str(hook.exc_value) for hook in told] == ["tool_choice", "tool_result"]
    assert bus.listener_failures == 0


def test_a_callback_may_dispatch_and_close(bus):
    seen = []

    def follow(link):
        seen.append(link.kind)
        if link.kind == "tool_choice":
            bus.tool_call_output_used(TRACE, "llm 2", "call_1")
        else:
            tracker.close()

    tracker = spanlink.Tracker(bus, on_link=follow)
    bus.llm_tool_choice(TRACE, "llm 1", "add", "{}", "call_1")
    bus.tool_call(TRACE, "tool", "add", "{}")
    assert seen == ["tool_choice", "tool_result"]


def test_closing_waits_for_a_callback_on_another_thread(bus):
    inside, leave = threading.Event(), threading.Event()
    done = []

    def slow(link):
        inside.set()
        leave.wait(30)
        done.append(link)

    tracker = spanlink.Tracker(bus, on_link=slow)
    bus.llm_tool_choice(TRACE, "llm", "add", "{}", "c")
    caller = threading.Thread(target=bus.tool_call, args=(TRACE, "tool", "add", "{}"))
    caller.start()
    inside.wait(30)
    threading.Timer(0.05, leave.set).start()
    tracker.close()
    assert len(done) == 1
    caller.join()


def test_a_tracker_in_a_cycle_is_collected(bus):
    class Owner:
        def __init__(self):
            self.tracker = spanlink.Tracker(bus, on_link=self.take)

        def take(self, link):
            pass

    gone = weakref.ref(Owner())
    gc.collect()
    assert gone() is None
    one_call(bus)  # and does not listen any more


# T1-T3, R21: as many links from eight threads as from one.
def test_threads_link_as_one_does(bus):
    calls = 500

    def run(number):
        trace = f"trace {number}"
        for call in range(calls):
            arguments = json.dumps({"call": call})
            bus.llm_tool_choice(trace, f"llm {call}", "f", arguments, f"c{call}")
            bus.llm_tool_choice(trace, f"llm {call}", "f", arguments, f"c{call}")
            bus.tool_call(trace, f"tool {call}", "f", arguments)
            bus.tool_call_output_used(trace, f"llm {call + 1}", f"c{call}")
        bus.scope_finish(trace)

    links = []
    with spanlink.Tracker(bus, on_link=links.append) as tracker:
        threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tracker.stats["scopes"] == 0
    assert len(links) == len(set(links)) == 8 * calls * 2
    assert all(link.trace_id == link.linked_trace_id for link in links)


# R21: what is kept is bounded, and counted where the bound is reached.
def test_memory_is_bounded(bus):
    with spanlink.Tracker(bus, max_spans=1000, max_traces=16) as tracker:
        for number in range(5000):
            bus.llm_tool_choice(
                f"t{number % 100}", f"l{number}", "f", "{}", f"{number}"
            )
        assert tracker.stats["scopes"] <= 16
        assert tracker.stats["spans"] <= 1000
        assert tracker.diagnostics["evicted_scope"] > 0


def test_links_that_nobody_takes_are_bounded(bus):
    with spanlink.Tracker(bus) as tracker:
        for number in range(40_000):
            trace = f"{number + 1:032x}"
            bus.llm_tool_choice(trace, 1, "f", "{}", "c")
            bus.tool_call(trace, 2, "f", "{}")
            bus.tool_call_output_used(trace, 3, "c")
            bus.scope_finish(trace)
        stats = tracker.stats
        assert stats["waiting_links"] == 65_536
        assert stats["lost_links"] == 80_000 - 65_536


# Secrets: no argument is in an error, a repr or a diagnostic.
def test_no_argument_is_told(bus):
    with spanlink.Tracker(bus) as tracker:
        one_call(bus, arguments=json.dumps({"key": CANARY}))
        told = f"{tracker.take_links()} {tracker.stats} {tracker.diagnostics}"
    for call in [
        lambda: bus.tool_call(TRACE, 1.5, "f", CANARY),
        lambda: bus.tool_call(TRACE, "s", "f", {"not json": {CANARY}}),
        lambda: spanlink.link(b'{"resourceSpans": [' + CANARY.encode()),
    ]:
        with pytest.raises((TypeError, ValueError)) as error:
            call()
        told += str(error.value)
    assert CANARY not in told


def test_annotations_reach_the_llm_span(bus):
    told = []
    with spanlink.Tracker(bus, on_annotation=lambda *args: told.append(args)):
        bus.span_start(TRACE, "turn")
        bus.llm_hook(TRACE, "turn", "start")
        bus.annotate(TRACE, "turn", "before", "1")
        bus.span_start(TRACE, "llm", kind="llm", parent_id="turn")
        bus.span_finish(TRACE, "llm", kind="llm", parent_id="turn")
        bus.annotate(TRACE, "turn", "after", "2")
        bus.llm_hook(TRACE, "turn", "end")
    assert told == [(TRACE, "llm", "before", "1"), (TRACE, "llm", "after", "2")]


# Files.


def test_link_changes_nothing_but_links():
    trace = (DEMO / "demo.otlp.json").read_bytes()
    linked = spanlink.link(trace)
    before, after = json.loads(trace), json.loads(linked)
    count = 0
    for resource in after["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                count += len(span.pop("links", []))
    assert after == before
    assert count == len(spanlink.find_links(trace)) == 16
    assert spanlink.link(linked) == linked


def test_found_links_are_the_true_ones():
    truth = json.loads((DEMO / "truth.json").read_text())["recordings"]
    for name in ("demo.otlp.json", "demo.events.jsonl"):
        links = spanlink.link_file(DEMO / name)
        chosen = {
            (link.span_id, link.linked_span_id, link.tool_call_id)
            for link in links
            if link.kind in ("tool_choice", "handoff_choice")
        }
        assert chosen == {
            (call["span_id"], call["chosen_by"], call["tool_call_id"])
            for call in truth[name]["calls"]
        }


def test_link_file_writes_the_linked_trace(tmp_path):
    source = DEMO / "demo.otlp.json"
    output = tmp_path / "out.json"
    links = spanlink.link_file(source, output)
    assert output.read_bytes() == spanlink.link(source.read_bytes())
    assert links == spanlink.link_file(source)
    assert os.listdir(tmp_path) == ["out.json"]


def test_content_is_stripped_and_links_stay(tmp_path):
    source = DEMO / "demo.otlp.json"
    stripped = spanlink.link(source.read_bytes(), strip_content=True)
    assert b"Lisbon" in source.read_bytes()
    assert b"Lisbon" not in stripped
    links = [
        [span.get("links") for span in spans_of(trace)]
        for trace in (stripped, spanlink.link(source.read_bytes()))
    ]
    assert links[0] == links[1]
    assert spanlink.link(stripped, strip_content=True) == stripped
    output = tmp_path / "out.json"
    assert len(spanlink.link_file(source, output, strip_content=True)) == 16
    assert output.read_bytes() == stripped
    with pytest.raises(ValueError, match="cannot be read"):
        spanlink.link(b'{"resourceSpans":[5]}', strip_content=True)


def test_payloads_are_written_where_content_is_allowed(tmp_path, monkeypatch):
    monkeypatch.delenv("TRACELOOP_TRACE_CONTENT", raising=False)
    trace = (DEMO / "demo.otlp.json").read_bytes()
    both = spanlink.link(trace, tool_payload="semconv,traceloop")
    tool = next(s for s in spans_of(both) if s["name"] == "find_booking")
    texts = {a["key"]: a["value"].get("stringValue") for a in tool["attributes"]}
    assert texts["gen_ai.tool.call.arguments"] == '{"reference":"WR-204"}'
    assert texts["traceloop.entity.input"] == '{"reference":"WR-204"}'
    assert texts["gen_ai.tool.call.result"] == texts["traceloop.entity.output"]
    output = tmp_path / "out.json"
    spanlink.link_file(DEMO / "demo.otlp.json", output, tool_payload="semconv")
    assert b"gen_ai.tool.call.result" in output.read_bytes()
    assert b"traceloop" not in output.read_bytes()
    with pytest.raises(ValueError, match="semconv, traceloop"):
        spanlink.link(trace, tool_payload="datadog")
    plain = spanlink.link(trace)
    stripped = spanlink.link(trace, strip_content=True)
    assert stripped == spanlink.link(trace, strip_content=True, tool_payload="semconv")
    monkeypatch.setenv("TRACELOOP_TRACE_CONTENT", "false")
    assert spanlink.link(trace, tool_payload="semconv") == plain


def spans_of(trace):
    return [
        span
        for resource in json.loads(trace)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(b'{"resourceSpans"')
    with pytest.raises(ValueError, match=r"broken\.json: 16: expected"):
        spanlink.link_file(path, path)
    assert path.read_bytes() == b'{"resourceSpans"'
    with pytest.raises(FileNotFoundError):
        spanlink.link_file(tmp_path / "none.json")


def test_other_threads_run_while_a_trace_is_linked():
    trace = json.loads((DEMO / "demo.otlp.json").read_bytes())
    line = json.dumps(trace) + "\n"
    big = (line * 400).encode()
    worker = threading.Thread(target=spanlink.link, args=(big,))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
    assert turns > 1000


# A fork while another thread is inside of a callback: the child goes on alone.
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_process_can_close_a_tracker(bus):
    inside, leave = threading.Event(), threading.Event()

    def slow(link):
        inside.set()
        leave.wait(30)

    tracker = spanlink.Tracker(bus, on_link=slow)
    bus.llm_tool_choice(TRACE, "llm", "add", "{}", "c")
    caller = threading.Thread(target=bus.tool_call, args=(TRACE, "tool", "add", "{}"))
    caller.start()
    inside.wait(30)
    child = os.fork()
    if child == 0:
        import signal

        signal.alarm(30)
        tracker.close()
        with spanlink.Tracker(bus) as fresh:
            one_call(bus, trace="child")
            os._exit(len(fresh.take_links()))
    leave.set()
    caller.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2


def test_free_threaded_python_is_refused_clearly():
    script = "import sys; sys.abiflags = 't'; import spanlink"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ImportError: spanlink does not support free-threaded" in done.stderr
