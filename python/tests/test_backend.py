# venvs: sdk-newest sdk-oldest
"""Exporters for backends with a fixed schema, against a real HTTP server that
answers with an error when it sees a field that it does not know."""

import contextlib
import copy
import http.server
import inspect
import json
import logging
import threading
from typing import Any

import agents
import pytest
from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor
from hook_runs import Observed, Sink

from spanlink.openai_agents import (
    AllowListExporter,
    BackendExporter,
    SpanLinkProcessor,
    links_of,
)

KNOWN = {
    *("object", "id", "trace_id", "parent_id", "started_at", "ended_at"),
    *("span_data", "error", "metadata", "workflow_name", "group_id"),
}
SECRET = "do not log this"


class Backend:
    """A backend with a fixed schema. `batches`: what it accepted; `requests`: how
    many items each request had; `status`: of the answer to what it refuses."""

    def __init__(self) -> None:
        self.status = 400
        self.batches: list[list[Any]] = []
        self.requests: list[int] = []
        self.keys: list[str] = []
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                items = json.loads(body)["data"]
                backend.requests.append(len(items))
                backend.keys.append(self.headers["authorization"])
                known = all(backend.knows(item) for item in items)
                if known:
                    backend.batches.append(items)
                self.send_response(204 if known else backend.status)
                answer = b"" if known else f"Unknown parameter {SECRET}".encode()
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/traces/ingest"
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()

    @staticmethod
    def knows(item: Any) -> bool:
        return set(item) <= KNOWN and "metadata" not in item.get("span_data", {})

    def accepted(self) -> list[str]:
        return [item["id"] for batch in self.batches for item in batch]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def backend():
    backend = Backend()
    yield backend
    backend.close()


class BadData(agents.tracing.CustomSpanData):
    """Exports a field that no schema has."""

    def export(self) -> dict[str, Any]:
        return {**super().export(), "metadata": {"secret": SECRET}}


class BrokenData(agents.tracing.CustomSpanData):
    def export(self) -> dict[str, Any]:
        raise RuntimeError(SECRET)


def spans(*kinds: str) -> list[Any]:
    """Returns spans that ended, the names of which are `kinds` with their number."""
    made = {"good": agents.tracing.CustomSpanData, "bad": BadData, "broken": BrokenData}
    sink = Sink()
    agents.set_trace_processors([sink])
    try:
        with agents.trace("t"):
            for number, kind in enumerate(kinds):
                span = agents.tracing.custom_span(kind, span_id=f"{kind}_{number}")
                span._span_data = made[kind](kind, {"n": number, "more": SECRET})  # type: ignore[attr-defined]
                with span:
                    pass
    finally:
        agents.set_trace_processors([])
    return sink.spans


def exporter(backend: Backend, kind: type[Any] = BackendExporter) -> Any:
    return kind(api_key="key", endpoint=backend.url, base_delay=0.01)


# --- BackendExporter ----------------------------------------------------------


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_refused_is_lost_alone(backend, status, caplog):  # R29
    backend.status = status
    items = spans("good", "good", "bad", "good", "good", "good", "good", "bad", "good")
    sent = exporter(backend)
    with caplog.at_level(logging.DEBUG):
        sent.export(items)
    assert backend.accepted() == [s.span_id for s in items if "good" in s.span_id]
    assert sent.refused_items == 2
    assert len(backend.requests) <= 2 * 2 * 4 + 1  # a path of halves for each
    # Neither what an item holds nor what the backend says of it.
    assert SECRET not in caplog.text
    assert "2 of 9 trace items were refused" in caplog.text


def test_the_sdk_loses_the_whole_batch(backend):  # R29
    """What it is for: with the SDK's own exporter nothing arrives."""
    exporter(backend, BackendSpanExporter).export(spans("good", "bad", "good"))
    assert backend.accepted() == []


def test_an_item_that_cannot_be_exported_is_lost_alone(backend, caplog):  # R29
    sent = exporter(backend)
    with caplog.at_level(logging.DEBUG):
        sent.export(spans("good", "broken", "good", "good"))
    assert backend.accepted() == ["good_0", "good_2", "good_3"]
    assert sent.refused_items == 1
    assert SECRET not in caplog.text


def test_a_batch_without_fault_is_one_request(backend):  # R29
    sent = exporter(backend)
    sent.export(spans(*5 * ["good"]))
    sent.export([])
    assert backend.requests == [5]
    assert sent.refused_items == 0


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_what_is_not_about_the_items_is_not_sent_in_parts(backend, status):  # R29
    backend.status = status
    sent = exporter(backend)
    sent.export(spans("bad", "bad", "bad", "bad"))
    assert set(backend.requests) == {4}
    assert sent.refused_items == 0


def test_each_key_has_its_own_requests(backend):  # R29
    items = spans("good", "good", "bad")
    if not hasattr(items[0], "_tracing_api_key"):
        pytest.skip("this release of the SDK has one key for all")
    items[1]._tracing_api_key = items[2]._tracing_api_key = "other"
    sent = exporter(backend)
    sent.export(items)
    assert backend.accepted() == ["good_0", "good_1"]  # none of them twice
    assert sent.refused_items == 1
    assert backend.keys == ["Bearer key", *3 * ["Bearer other"]]


def test_other_endpoints_get_all_fields(backend):  # R29
    backend.knows = lambda item: True  # type: ignore[method-assign, assignment]
    exporter(backend).export(spans("bad"))
    ((item,),) = backend.batches
    assert item["span_data"]["metadata"] == {"secret": SECRET}


@pytest.mark.parametrize(
    ("host", "allowed_only"),
    [
        ("api.openai.com", True),
        ("eu.api.openai.com", True),
        ("openai.com.example.org", False),
        ("traces.example.org", False),
    ],
)
def test_openai_gets_fields_that_it_knows(  # R29
    backend, host, allowed_only, monkeypatch
):
    # The server is the proxy of the HTTP client, for whatever host.
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{backend.port}")
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    items = spans("good", "bad")
    before = [copy.deepcopy(item.export()) for item in items]
    sent = BackendExporter(api_key="key", endpoint=f"http://{host}/v1/traces/ingest")
    sent.export(items)
    assert backend.accepted() == (["good_0", "bad_1"] if allowed_only else ["good_0"])
    assert sent.refused_items == (0 if allowed_only else 1)
    assert [item.export() for item in items] == before


def test_a_real_run_arrives_whole(backend):  # R29
    sent = exporter(backend)
    batch = BatchTraceProcessor(sent)
    processor = SpanLinkProcessor(next=batch)
    seen = Observed("single_tool", processors=[processor])
    processor.force_flush()
    span_ids = {span.span_id for span in seen.beside.spans}
    assert span_ids <= set(backend.accepted())
    assert sent.refused_items == 0
    processor.shutdown()


# --- AllowListExporter --------------------------------------------------------


class Recording(agents.tracing.processor_interface.TracingExporter):
    def __init__(self) -> None:
        self.items: list[Any] = []

    def export(self, items: list[Any]) -> None:
        self.items += items


def test_only_allowed_fields_are_exported():  # R29
    items = [*spans("good", "bad")]
    before = [copy.deepcopy(item.export()) for item in items]
    recording = Recording()
    AllowListExporter(recording, ["id", "span_data.name", "span_data.data.n"]).export(
        items
    )
    assert [item.export() for item in recording.items] == [
        {"id": "good_0", "span_data": {"name": "good", "data": {"n": 0}}},
        {"id": "bad_1", "span_data": {"name": "bad", "data": {"n": 1}}},
    ]
    assert [item.export() for item in items] == before


def test_what_the_sdk_exports_is_allowed():  # R29
    """All of it, whatever the type of the span, and annotations."""
    sink = Sink()
    seen = Observed("handoff_plus_tools", processors=[sink])
    assert seen.truth.outcome
    recording = Recording()
    every_type = [
        kind
        for kind in vars(agents.tracing).values()
        if isinstance(kind, type)
        and issubclass(kind, agents.tracing.SpanData)
        and kind is not agents.tracing.SpanData
    ]
    assert len(every_type) >= 11
    made = spans(*len(every_type) * ["good"])
    for span, kind in zip(made, every_type, strict=True):
        span._span_data = empty(kind)
    items = [*sink.spans, *made]
    AllowListExporter(recording).export(items)
    for item, view in zip(items, recording.items, strict=True):
        assert view.export() == item.export()


def empty(kind: type[Any]) -> Any:
    """Returns data of a type, with what its attributes are by default."""
    parameters = inspect.signature(kind).parameters.values()
    return kind(
        **{p.name: None for p in parameters if p.default is inspect.Parameter.empty}
    )


def test_items_are_what_they_were_besides():  # R29
    with agents.trace("t") as trace:
        pass
    (span,) = spans("bad")
    recording = Recording()
    AllowListExporter(recording).export([trace, span])
    shown_trace, shown_span = recording.items
    assert isinstance(shown_trace, agents.tracing.Trace)
    assert isinstance(shown_span, agents.tracing.Span)
    assert shown_span.span_id == span.span_id
    assert shown_span.span_data is span.span_data
    assert shown_trace.name == "t"
    assert links_of(span) == ()


def test_an_unexported_item_stays_unexported():  # R29
    recording = Recording()
    with contextlib.ExitStack() as stack:
        stack.enter_context(agents.trace("t", disabled=True))
        span = stack.enter_context(agents.tracing.custom_span("x"))
    AllowListExporter(recording).export([span])
    assert [item.export() for item in recording.items] == [None]
