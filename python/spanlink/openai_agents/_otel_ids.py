"""Ids and times of the SDK's spans, as OpenTelemetry has them.

Thread-safe: functions of their arguments.
"""

import hashlib
import re
import time
from datetime import datetime, timedelta, timezone
from typing import Any

from agents.tracing import Span
from opentelemetry.trace import SpanContext, TraceFlags

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def context(trace_id: str, span_id: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(_trace_id(trace_id), _span_id(span_id), False, flags)


def times(span: Span[Any]) -> tuple[int, int]:
    """When a span started and ended; where one is not known, the other."""
    start, end = _nanoseconds(span.started_at), _nanoseconds(span.ended_at)
    if start is None:
        start = time.time_ns() if end is None else end
    return start, start if end is None else end


def _trace_id(text: str) -> int:
    """A trace's own 128 bits, `trace_<32 hex digits>`; any other text is hashed."""
    digits = text.removeprefix("trace_")
    return _hex_id(digits, 32) or _hashed(text, 16)


def _span_id(text: str) -> int:
    """64 bits for a span: those of 16 hex digits, or a hash."""
    return _hex_id(text, 16) or _hashed(text, 8)


def _hex_id(digits: str, length: int) -> int:
    """0 if it is none."""
    if len(digits) != length or not re.fullmatch("[0-9a-fA-F]+", digits):
        return 0
    return int(digits, 16)


def _hashed(text: str, size: int) -> int:
    digest = hashlib.blake2b(str.encode(text, "utf-8", "replace"), digest_size=size)
    return int.from_bytes(digest.digest(), "big") or 1


def _nanoseconds(text: Any) -> int | None:
    """Since 1970, from an ISO text, with or without a fraction."""
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000
