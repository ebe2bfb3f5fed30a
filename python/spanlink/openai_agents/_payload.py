"""What a tool was given and what it returned, as text; and whether it may be shown.

Nothing here raises, whatever a program returns from its tools, and nothing is kept.
Thread-safe: functions of their arguments and the environment.
"""

import json
import os
from typing import Any

TRACELOOP_GATE = "TRACELOOP_TRACE_CONTENT"
GENAI_GATE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"

# What stands for a value that fails when it is asked for its text.
UNPRINTABLE = "<unprintable>"


def content_is_on() -> bool:
    """Whether prompts, answers, arguments and results may be exported.

    Both variables must allow it, and each does when it is not set: who wants no
    content in traces at all tells the SDK so, whose own default is to record it
    (`trace_include_sensitive_data`).

    `TRACELOOP_TRACE_CONTENT` is read as OpenLLMetry does: `true`, `1`, `yes` or `on`
    allow it, any other text does not, the empty one neither.
    `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` allows it by `true`,
    `SPAN_ONLY` or `SPAN_AND_EVENT`; `false`, `NO_CONTENT`, `EVENT_ONLY` (there are no
    events here) and what nobody knows do not; empty is not set. Case and white space
    around do not matter.

    Read anew at every call.
    """
    traceloop = os.environ.get(TRACELOOP_GATE, "true").strip().lower()
    genai = os.environ.get(GENAI_GATE, "").strip().upper() or "TRUE"
    return traceloop in ("true", "1", "yes", "on") and genai in (
        "TRUE",
        "SPAN_ONLY",
        "SPAN_AND_EVENT",
    )


def payload_text(value: Any) -> str:
    """A tool's arguments or result as text.

    Text is itself. Anything else is JSON, where models of pydantic are what
    `model_dump` returns, at any depth, and `str()` stands for what JSON does not
    know. What is no JSON even so (a circle, NaN, a key that is no text) is `str()` of
    the whole. Lone surrogates, which no exporter can encode, become `?`.
    """
    try:
        if isinstance(value, str):
            return encodable(value)
        return json.dumps(value, default=_known_to_json, allow_nan=False)
    except Exception:
        return _text(value)


def message_json(messages: Any) -> str:
    """Messages as compact JSON, by the same rules."""
    try:
        return json.dumps(
            messages, default=_known_to_json, allow_nan=False, separators=(",", ":")
        )
    except Exception:
        return _text(messages)


def encodable(text: str) -> str:
    """The text as a plain `str` that UTF-8 can encode."""
    return str.encode(text, "utf-8", "replace").decode("utf-8")


def _known_to_json(value: Any) -> Any:
    try:
        if hasattr(value, "model_dump"):
            return value.model_dump()
    except Exception:
        pass  # its text, then
    return _text(value)


def _text(value: Any) -> str:
    try:
        return encodable(str(value))
    except Exception:
        return UNPRINTABLE
