"""Metadata for an LLM span, from any code that runs inside or beside it."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

# Puts values, by key and as JSON, on the LLM span that the calling code stands in
# or beside. Returns False where there is no span that it knows. Never raises.
Annotator = Callable[[Mapping[str, str]], bool]

_annotators: list[Annotator] = []
_lock = threading.Lock()


def register(annotator: Annotator, *, first: bool = False) -> None:
    """How one integration finds the span. They are asked in the order in which they
    came; `first`: before all that came so far, because it knows better."""
    with _lock:
        _annotators.insert(0 if first else len(_annotators), annotator)


def annotate(**values: Any) -> None:
    """Puts metadata on the LLM span that the calling code stands in or beside.

        spanlink.annotate(prompt_version="v3", retrieved=["doc-1", "doc-2"])

    In the code of a model, that is the LLM span around it. In a hook before the LLM
    call, the one that comes next; in a hook after it, the one that ended, until the
    next step of the agent begins. Elsewhere, as in a tool, there is none. Hooks of
    the OpenAI Agents SDK are known as such where `SpanLinkHooks` wraps them.

    Which span is current is asked of the integrations that are imported,
    `spanlink.openai_agents` first. Exporters behind its processor find the metadata
    where they find that of the user. Outside of the SDK, `spanlink.opentelemetry`
    puts it on OpenTelemetry's current span, whatever that is, as attributes.

    Values are JSON; what JSON does not know is turned into text by `str`. The last
    value of a key counts. Where there is no LLM span they are dropped. Thread-safe.
    Raises nothing.
    """
    if values and _annotators:
        encoded = {key: to_json(value) for key, value in values.items()}
        any(annotator(encoded) for annotator in tuple(_annotators))


def to_json(value: Any) -> str:
    """Returns `value` as JSON, and what JSON does not know as text. Never raises."""
    try:
        return json.dumps(value, default=str, allow_nan=False)
    except Exception:  # circular, a key that is no text, a number that is none
        return json.dumps(_to_text(value))


def _to_text(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}>"
