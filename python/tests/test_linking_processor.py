# venvs: frameworks
"""What LinkingSpanProcessor promises, on spans made by hand with the real SDK."""

import json
import logging
import os
import signal
import threading
import time

import pytest
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

import spanlink
from spanlink.opentelemetry import MAX_LINKS, LinkingSpanProcessor, with_links

CANARY = "canary-5d2e07"


class Next(SpanProcessor):
    """Notes what it is told."""

    def __init__(self):
        self.ended = []
        self.started = 0
        self.flushed = self.closed = False

    def on_start(self, span, parent_context=None):
        self.started += 1

    def on_end(self, span):
        self.ended.append(span)

    def force_flush(self, timeout_millis=30000):
        self.flushed = True
        return True

    def shutdown(self):
        self.closed = True

    def links(self):
        return {
            (span.name, link.attributes["spanlink.kind"])
            for span in self.ended
            for link in span.links
            if "spanlink.kind" in (link.attributes or {})
        }


@pytest.fixture
def next_processor():
    return Next()


@pytest.fixture
def make(next_processor):
    """Makes a tracer whose spans go through a processor with the given options."""
    made = []

    def make(**options):
        options.setdefault("dispatcher", spanlink.Dispatcher())
        processor = LinkingSpanProcessor(next_processor, **options)
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(processor)
        made.append(provider)
        return processor, provider.get_tracer("test")

    yield make
    for provider in made:
        provider.shutdown()


def chat(tracer, *, calls=(), results=(), name="chat", **options):
    messages = [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": each}]}
        for each in results
    ]
    parts = [
        {"type": "tool_call", "id": each, "name": tool, "arguments": arguments}
        for each, tool, arguments in calls
    ]
    with tracer.start_as_current_span(name, **options) as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.input.messages", json.dumps(messages))
        span.set_attribute(
            "gen_ai.output.messages",
            json.dumps([{"role": "assistant", "parts": parts}]),
        )
    return span


def tool(tracer, arguments, *, name="tool", tool_name="f", **options):
    with tracer.start_as_current_span(name, **options) as span:
        span.set_attribute("gen_ai.operation.name", "execute_tool")
        span.set_attribute("gen_ai.tool.name", tool_name)
        span.set_attribute("gen_ai.tool.call.arguments", json.dumps(arguments))
    return span


def remote(trace_id=0x1234, span_id=0x77):
    """The context of a span in another process."""
    context = SpanContext(trace_id, span_id, True, TraceFlags(1))
    return set_span_in_context(NonRecordingSpan(context))


def test_links_are_there_when_the_span_is_exported(make, next_processor):
    processor, tracer = make()
    with tracer.start_as_current_span("root"):
        chat(tracer, calls=[("c", "f", {"a": 1})])
        tool(tracer, {"a": 1})
        assert ("tool", "tool_choice") in next_processor.links()  # before the end
        chat(tracer, results=["c"], name="reads")
    assert next_processor.links() == {
        ("tool", "tool_choice"),
        ("reads", "tool_result"),
    }
    assert processor.stats["traces"] == processor.stats["spans"] == 0


def test_what_carries_no_link_goes_on_at_once_as_it_is(make, next_processor):
    _, tracer = make()
    with tracer.start_as_current_span("root"):
        with tracer.start_as_current_span("query") as span:
            span.set_attribute("db.system", "sqlite")
        (ended,) = next_processor.ended
        assert ended.context == span.context
        assert ended.links == ()
        assert type(ended).__name__ == "ReadableSpan"


def test_links_that_are_there_stay_first_and_none_is_added_twice(make, next_processor):
    _, tracer = make()
    with tracer.start_as_current_span("root"):
        other = SpanContext(0xABC, 0xDEF, True)
        chosen = chat(tracer, calls=[("c", "f", {"a": 1})]).context
        tool(
            tracer,
            {"a": 1},
            links=[
                Link(other, {"mine": True}),
                Link(chosen, {"gen_ai.attribution.link_type": "CAUSED_BY_GENERATION"}),
            ],
        )
    (span,) = [s for s in next_processor.ended if s.name == "tool"]
    assert [link.context for link in span.links] == [other, chosen]


def test_a_span_keeps_all_but_its_links(make, next_processor):
    _, tracer = make()
    with tracer.start_as_current_span("root"):
        chat(tracer, calls=[("c", "f", {"a": 1})])
        span = tracer.start_span("tool", attributes={"gen_ai.tool.name": "f"})
        span.set_attribute("gen_ai.tool.call.arguments", '{"a": 1}')
        span.add_event("half way", {"n": 1})
        span.set_status(Status(StatusCode.ERROR, "no"))
        span.end()
    linked = next_processor.ended[1]
    assert len(linked.links) == 1
    twin = span._readable_span()
    for field in [
        "name",
        "context",
        "parent",
        "kind",
        "status",
        "attributes",
        "events",
        "start_time",
        "end_time",
        "resource",
        "instrumentation_scope",
        "dropped_attributes",
        "dropped_events",
    ]:
        assert getattr(linked, field) == getattr(twin, field), field
    assert json.loads(linked.to_json())["links"][0]["attributes"]["from"] == "output"
    assert twin.links == ()


def test_no_more_than_the_limit_of_links_and_the_rest_is_counted(make):
    _, tracer = make()
    span = tracer.start_span("many")
    span.end()
    links = [
        spanlink.SpanLink(
            "0" * 32, "0" * 16, "1" * 32, f"{n + 1:016x}", "tool_result", "name"
        )
        for n in range(MAX_LINKS + 5)
    ]
    linked = with_links(span._readable_span(), links)
    assert (len(linked.links), linked.dropped_links) == (MAX_LINKS, 5)
    assert with_links(linked, links[:3]) is linked


# No local span is the root: time decides.
def test_spans_of_a_remote_trace_wait_for_the_linger_only(make, next_processor):
    processor, tracer = make(linger=0.2)
    chat(tracer, calls=[("c", "f", {"a": 1})], context=remote())
    tool(tracer, {"b": 2}, tool_name="g", name="unlinked", context=remote())
    assert [span.name for span in next_processor.ended] == ["chat"]
    tool(tracer, {"a": 1}, context=remote())
    assert ("tool", "tool_choice") in next_processor.links()
    deadline = time.monotonic() + 30
    while len(next_processor.ended) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {span.name for span in next_processor.ended} == {"chat", "tool", "unlinked"}
    while processor.stats["traces"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processor.stats["spans"] == processor.stats["waiting_spans"] == 0


def test_force_flush_loses_nothing_and_links_go_on(make, next_processor):
    processor, tracer = make(linger=3600)
    with tracer.start_as_current_span("root"):
        chat(tracer, calls=[("c", "f", {"a": 1})])
        tool(tracer, {"b": 2}, tool_name="g", name="unlinked")
        assert processor.force_flush()
        assert [span.name for span in next_processor.ended] == ["chat", "unlinked"]
        assert next_processor.flushed
        tool(tracer, {"a": 1})
    assert next_processor.links() == {("tool", "tool_choice")}
    assert len(next_processor.ended) == 4


def test_shutdown_loses_nothing(make, next_processor):
    processor, tracer = make(linger=3600)
    root = tracer.start_span("root")
    context = set_span_in_context(root)
    chat(tracer, calls=[("c", "f", {"a": 1})], context=context)
    tool(tracer, {"a": 2}, context=context)  # the only open call of that name
    assert len(next_processor.ended) == 1
    processor.shutdown()
    assert next_processor.links() == {("tool", "tool_choice")}
    assert next_processor.closed
    root.end()
    assert [span.name for span in next_processor.ended] == ["chat", "tool", "root"]


def test_no_more_wait_than_may(make, next_processor):
    processor, tracer = make(linger=3600, max_waiting=10, max_traces=5)
    for number in range(50):
        tool(tracer, {"n": number}, context=remote(trace_id=number + 1))
    stats = processor.stats
    assert stats["waiting_spans"] == 10
    assert stats["traces"] == 5
    assert len(next_processor.ended) == 40


def test_a_link_that_comes_too_late_is_counted(make, next_processor):
    processor, tracer = make(linger=3600)
    with tracer.start_as_current_span("root"):
        tool(tracer, {"a": 1})
        processor.force_flush()
        chat(tracer, calls=[("c", "f", {"a": 1})])
    assert processor.diagnostics["late_link"] == 1
    assert next_processor.links() == set()


# R24: a span that cannot be handled goes on as it is.
def test_what_goes_wrong_is_counted_and_the_span_goes_on(make, next_processor, caplog):
    processor, tracer = make()
    caplog.set_level(logging.DEBUG, "spanlink")
    with tracer.start_as_current_span("root"):
        processor._dispatch = Broken()
        tracer.start_span("broken").end()
    assert {span.name for span in next_processor.ended} == {"broken", "root"}
    assert processor.diagnostics["processor_failure"] == 3
    assert CANARY not in caplog.text


class Broken:
    """A dispatcher that takes nothing, and quotes what it was given."""

    def span_start(self, *args, **kwargs):
        raise RuntimeError(CANARY)

    finished_span = scope_finish = span_start


def test_links_of_somebody_else_on_the_bus_do_no_harm(make, next_processor):
    bus = spanlink.Dispatcher()
    processor, tracer = make(dispatcher=bus)
    bus.llm_tool_choice("trace_of_the_sdk", "llm", "f", "{}", "c")
    bus.tool_call("trace_of_the_sdk", "tool", "f", "{}")
    with tracer.start_as_current_span("root"):
        pass
    assert processor.stats["callback_failures"] == 0
    assert "processor_failure" not in processor.diagnostics


# R6: the tool is known from spans, the answer only to another package.
def test_another_package_may_know_a_part(make, next_processor):
    bus = spanlink.Dispatcher()
    _, tracer = make(dispatcher=bus)
    with tracer.start_as_current_span("root") as root:
        context = root.get_span_context()
        bus.llm_tool_choice(
            context.trace_id, 0x99, "f", '{"a": 1}', "c", parent_id=context.span_id
        )
        tool(tracer, {"a": 1})
    (span,) = [s for s in next_processor.ended if s.name == "tool"]
    assert [link.context.span_id for link in span.links] == [0x99]


def test_two_processors_on_one_bus_do_not_double_links(next_processor):
    bus = spanlink.Dispatcher()
    others = [Next(), Next()]
    provider = TracerProvider(shutdown_on_exit=False)
    for other in others:
        provider.add_span_processor(LinkingSpanProcessor(other, dispatcher=bus))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("root"):
        chat(tracer, calls=[("1", "f", {"a": 1}), ("2", "f", {"a": 1})])
        tool(tracer, {"a": 1}, name="first")
        tool(tracer, {"a": 1}, name="second")
        chat(tracer, results=["1", "2"], name="reads")
    for other in others:
        spans = {span.name: span for span in other.ended}
        assert len(spans["first"].links) == len(spans["second"].links) == 1
        assert len(spans["reads"].links) == 2
    provider.shutdown()


# R21, T1: threads that share a provider, each with traces of its own.
def test_threads_link_as_one_does(make, next_processor):
    processor, tracer = make()

    def run():
        for number in range(50):
            with tracer.start_as_current_span("root"):
                chat(tracer, calls=[("c", "f", {"n": number})])
                tool(tracer, {"n": number})
                chat(tracer, results=["c"], name="reads")

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(next_processor.ended) == 8 * 50 * 4
    by_name = {"tool": 0, "reads": 0}
    for span in next_processor.ended:
        for link in span.links:
            assert link.context.trace_id == span.context.trace_id
            by_name[span.name] += 1
    assert by_name == {"tool": 400, "reads": 400}
    assert processor.stats["waiting_spans"] == processor.stats["traces"] == 0


def test_in_front_of_a_batch_processor():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(
        LinkingSpanProcessor(
            BatchSpanProcessor(exporter), dispatcher=spanlink.Dispatcher()
        )
    )
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("root"):
        chat(tracer, calls=[("c", "f", {"a": 1})])
        tool(tracer, {"a": 1})
    provider.shutdown()
    links = {s.name: len(s.links) for s in exporter.get_finished_spans()}
    assert links == {"root": 0, "chat": 0, "tool": 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_process_starts_without_the_spans_of_its_parent(make, next_processor):
    processor, tracer = make(linger=3600)
    root = tracer.start_span("root of the parent")
    tool(
        tracer, {"a": 1}, name="waits in the parent", context=set_span_in_context(root)
    )
    processor._lock.acquire()  # as another thread may hold it
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        with tracer.start_as_current_span("root"):
            chat(tracer, calls=[("c", "f", {"a": 1})])
            tool(tracer, {"a": 1})
        processor.shutdown()
        names = [span.name for span in next_processor.ended]
        good = names == ["chat", "tool", "root"] and next_processor.links() == {
            ("tool", "tool_choice")
        }
        os._exit(0 if good else 1)
    processor._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    root.end()
    assert {span.name for span in next_processor.ended} == {
        "root of the parent",
        "waits in the parent",
    }


def test_a_wrong_option_fails_where_it_is_given():
    for options in (
        {"profile": "jaeger"},
        {"policy": "some"},
        {"min_evidence": "luck"},
    ):
        with pytest.raises(ValueError):
            LinkingSpanProcessor(Next(), **options)


def test_simple_processor_gets_links_too():
    exporter = InMemorySpanExporter()
    processor = LinkingSpanProcessor(SimpleSpanProcessor(exporter))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("root"):
        chat(tracer, calls=[("c", "f", {"a": 1})])
        tool(tracer, {"a": 1})
    assert [len(s.links) for s in exporter.get_finished_spans()] == [0, 1, 0]
    provider.shutdown()


def test_annotate_puts_attributes_on_the_current_span(make, next_processor):
    _, tracer = make()
    spanlink.annotate(lost=True)  # there is no span: nothing happens
    with tracer.start_as_current_span("chat"):
        spanlink.annotate(prompt_version="v3", tries=2, found={"a": [1]})
    (span,) = next_processor.ended
    assert dict(span.attributes) == {
        "prompt_version": "v3",
        "tries": 2,
        "found": '{"a": [1]}',
    }
