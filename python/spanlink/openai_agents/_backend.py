"""Exporters for backends with a fixed schema.

Such a backend answers with an error when a span has a field that it does not know,
and the SDK then drops the whole batch. `AllowListExporter` lets known fields through
only; `BackendExporter` is the SDK's exporter, and loses what is refused, no more.
"""

import logging
import threading
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from agents.tracing import Span, Trace
from agents.tracing.processor_interface import TracingExporter
from agents.tracing.processors import BackendSpanExporter

_log = logging.getLogger("spanlink")

# What the exports of the SDK's own traces and spans hold.
SDK_FIELDS = frozenset(
    [
        # Of a trace.
        *("object", "id", "workflow_name", "group_id", "metadata"),
        # Of a span.
        *("trace_id", "parent_id", "started_at", "ended_at", "error"),
        # Of the data of a span, whatever its type.
        *("span_data.type", "span_data.name", "span_data.data"),
        *("span_data.handoffs", "span_data.tools", "span_data.output_type"),
        *("span_data.input", "span_data.output", "span_data.mcp_data"),
        *("span_data.model", "span_data.model_config", "span_data.usage"),
        *("span_data.response_id", "span_data.first_content_at"),
        *("span_data.from_agent", "span_data.to_agent", "span_data.triggered"),
        *("span_data.server", "span_data.result"),
    ]
)

# About what was sent. All others are about who sent it, where to, or when: they
# would be the same for every part of it.
_ABOUT_THE_ITEMS = frozenset([400, 413, 422])


class AllowListExporter(TracingExporter):
    """Hands traces and spans to `exporter` that export allowed fields only.

        BatchTraceProcessor(AllowListExporter(MyExporter()))

    `fields`: the names of fields, those of nested ones with a dot between them; all
    that is inside an allowed field is allowed. By default what the SDK's own spans
    hold, whose annotations are in the top-level `metadata`.

    What is handed on differs from the original in `export()` alone. The original,
    which other exporters see too, is not changed. As thread-safe as `exporter`,
    and raises what that raises.
    """

    def __init__(
        self, exporter: TracingExporter, fields: Collection[str] = SDK_FIELDS
    ) -> None:
        self._exporter = exporter
        self._fields = frozenset(fields)

    def export(self, items: list[Trace | Span[Any]]) -> None:
        self._exporter.export([_view(item, self._fields) for item in items])


class BackendExporter(BackendSpanExporter):
    """The SDK's exporter to a tracing backend, with its arguments. What the backend
    refuses is lost alone, not with the batch that it is in.

        set_trace_processors(
            [SpanLinkProcessor(next=BatchTraceProcessor(BackendExporter()))]
        )

    A batch that is refused because of what it holds (status 400, 413 or 422) is sent
    again in halves, down to the items that are refused alone; so is one that has an
    item that cannot be exported. These are counted in `refused_items`. What they
    hold and what the backend says about it is not logged.

    OpenAI's backend gets the fields that the SDK's own spans hold, any other
    endpoint all. Thread-safe. Raises nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused_items = 0
        self._count_lock = threading.Lock()
        hooks = self._client.event_hooks
        hooks["response"] = [*hooks["response"], _raise_if_refused]
        self._client.event_hooks = hooks

    def export(self, items: list[Trace | Span[Any]]) -> None:
        if _is_openai(self.endpoint):
            items = [_view(item, SDK_FIELDS) for item in items]
        # A request has one key.
        batches: dict[str | None, list[Trace | Span[Any]]] = {}
        for item in items:
            key = getattr(item, "tracing_api_key", None)
            batches.setdefault(key, []).append(item)
        refused = sum(self._send(batch) for batch in batches.values())
        if refused:
            with self._count_lock:
                self.refused_items += refused
            _log.warning("%d of %d trace items were refused", refused, len(items))

    def _send(self, items: list[Trace | Span[Any]]) -> int:
        """Returns how many items were refused."""
        try:
            super().export(items)
            return 0
        except Exception as error:
            _log.debug("export of %d items: %s", len(items), type(error).__name__)
        if len(items) == 1:
            return 1
        half = len(items) // 2
        return self._send(items[:half]) + self._send(items[half:])


class _Refused(Exception):
    """Not one of the errors of the HTTP client, which the SDK tries again after."""


def _raise_if_refused(response: Any) -> None:
    if response.status_code in _ABOUT_THE_ITEMS:
        raise _Refused


def _is_openai(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    return host == "openai.com" or host.endswith(".openai.com")


class _View:
    """A trace or span, but for what it exports."""

    def __init__(self, item: Trace | Span[Any], fields: Collection[str]) -> None:
        self._item = item
        self._fields = fields

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self._item)  # for isinstance()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._item, name)

    def export(self) -> dict[str, Any] | None:
        exported = self._item.export()
        return None if exported is None else _only(exported, self._fields)


def _view(item: Trace | Span[Any], fields: Collection[str]) -> Any:
    return _View(item, fields)


def _only(
    values: Mapping[str, Any], fields: Collection[str], prefix: str = ""
) -> dict[str, Any]:
    """Returns what is allowed of `values`, which are inside the field `prefix`."""
    allowed = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if name in fields:
            allowed[key] = value
        elif isinstance(value, Mapping) and any(
            field.startswith(f"{name}.") for field in fields
        ):
            allowed[key] = _only(value, fields, f"{name}.")
    return allowed
