"""Spans of OpenTelemetry as the bytes of an OTLP/JSON file."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode


def otlp_json(spans: Iterable[ReadableSpan], *, links: bool = True) -> bytes:
    """Returns an `ExportTraceServiceRequest`; without links, if so wished."""
    told = [_span(span, links) for span in spans]
    scopes = [{"scope": {"name": "test"}, "spans": told}]
    return json.dumps({"resourceSpans": [{"scopeSpans": scopes}]}).encode()


def _span(span: ReadableSpan, links: bool) -> dict[str, Any]:
    told = {
        **_ids(span.context),
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes),
    }
    if span.parent is not None:
        told["parentSpanId"] = f"{span.parent.span_id:016x}"
    if links:
        told["links"] = [
            {**_ids(link.context), "attributes": _attributes(link.attributes)}
            for link in span.links
        ]
    if span.status.status_code is not StatusCode.UNSET:
        told["status"] = {
            "code": span.status.status_code.value,
            "message": span.status.description or "",
        }
    return told


def _ids(context: Any) -> dict[str, str]:
    return {"traceId": f"{context.trace_id:032x}", "spanId": f"{context.span_id:016x}"}


def _attributes(attributes: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [{"key": k, "value": _value(v)} for k, v in (attributes or {}).items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [_value(v) for v in value]}}
