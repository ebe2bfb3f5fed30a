"""Spans of the OpenAI Agents SDK, as signals.

What a model class leaves on its LLM span differs (a `Response`, chat messages, a
dump of a response inside a list, nothing), and so does the input. Here is the one
place that knows the shapes; it reads attributes, because `export()` of a span has
no messages.

Nothing is kept. Thread-safe: functions of their arguments.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = {
    "agent": "agent",
    "response": "llm",
    "generation": "llm",
    "function": "tool",
    "handoff": "handoff",
    "guardrail": "guardrail",
}

# Local tools whose calls in an answer carry no name: the names of their spans.
_UNNAMED_CALLS = {
    "computer_call": "computer",
    "shell_call": "shell",
    "local_shell_call": "local_shell",
    "apply_patch_call": "apply_patch",
}

# A line of a history that the SDK wrote into one message: `12. {"type": …}`.
_HISTORY_LINE = re.compile(r"^\d+\. (\{.*\})$", re.MULTILINE)

MULTIPLE_HANDOFFS = "Multiple handoffs requested"


@dataclass(frozen=True, slots=True)
class Choice:
    """A call in an answer. `arguments` of None: the answer does not say them."""

    tool_call_id: str
    tool_name: str
    arguments: str | None


def kind_of(span_data: Any) -> str:
    """`llm`, `tool` … `other`, also for types that are not known yet."""
    return KINDS.get(str(getattr(span_data, "type", "")), "other")


def choices_of(span_data: Any) -> Iterator[Choice]:
    """The calls that the answer on an LLM span chose, in its order."""
    response = getattr(span_data, "response", None)
    output = getattr(span_data, "output", None)
    return choices_in(output if response is None else _get(response, "output"))


def choices_in(items: Any) -> Iterator[Choice]:
    """The calls in the items of an answer: of the Responses API, messages of a
    chat, or dumps of whole responses."""
    for item in _each(items):
        kind = _get(item, "type")
        if _get(item, "object") == "response":
            yield from choices_in(_get(item, "output"))
        elif _get(item, "tool_calls"):
            for call in _each(_get(item, "tool_calls")):
                yield _choice(
                    call, _get(call, "function") or _get(call, "custom"), "id"
                )
        elif kind in ("function_call", "custom_tool_call") or kind in _UNNAMED_CALLS:
            yield _choice(item, item, "call_id")


def uses_of(span_data: Any) -> Iterator[str]:
    """The ids of the calls whose results the prompt on an LLM span holds."""
    return uses_in(getattr(span_data, "input", None))


def uses_in(items: Any) -> Iterator[str]:
    """The same for the items of a prompt."""
    for item in _each(items):
        kind = _get(item, "type")
        found = None
        if isinstance(kind, str) and kind.endswith("_call_output"):
            found = _get(item, "call_id")
        elif _get(item, "role") == "tool":
            found = _get(item, "tool_call_id")
        elif isinstance(_get(item, "content"), str):
            yield from _uses_in_text(_get(item, "content"))
        if isinstance(found, str) and found:
            yield found


def tool_call_id_of(span_data: Any) -> str:
    """The provider's id, for releases of the SDK that put it on the span."""
    for name in ("tool_call_id", "call_id"):
        found = getattr(span_data, name, None)
        if isinstance(found, str):
            return found
    return ""


def outcome_of(span: Any, kind: str) -> str:
    """`ok`, `failed`, or `not_executed` for a tool that waits for an approval."""
    if kind == "tool":
        output = getattr(span.span_data, "output", None)
        if type(output).__name__ == "FunctionToolResult":
            return "not_executed"
    error = span.error
    if error is None:
        return "ok"
    if kind == "handoff" and _get(error, "message") == MULTIPLE_HANDOFFS:
        return "ok"  # the first of several; it was carried out
    return "failed"


def was_given_up(span_data: Any) -> bool:
    """Whether an LLM span holds a prompt and no answer: it was cancelled, or nobody
    read its stream to the end. Without sensitive data it holds neither."""
    answer = getattr(span_data, "response", None) or getattr(span_data, "output", None)
    return answer is None and getattr(span_data, "input", None) is not None


def _choice(item: Any, call: Any, id_key: str) -> Choice:
    name = _text(_get(call, "name")) or _UNNAMED_CALLS.get(_get(item, "type"), "")
    namespace = _text(_get(call, "namespace"))
    if namespace and namespace != name:
        name = f"{namespace}.{name}"
    arguments = _get(call, "arguments")
    if arguments is None:
        arguments = _get(call, "input")
    return Choice(
        _text(_get(item, id_key)),
        name,
        arguments if isinstance(arguments, str) else None,
    )


def _uses_in_text(text: str) -> Iterator[str]:
    if "function_call_output" not in text:
        return
    for line in _HISTORY_LINE.finditer(text):
        try:
            item = json.loads(line[1])
        except ValueError:
            continue
        if isinstance(item, dict) and "content" not in item:
            yield from uses_in([item])


def _each(items: Any) -> Iterable[Any]:
    return items if isinstance(items, (list, tuple)) else ()


def _get(item: Any, key: str) -> Any:
    if isinstance(item, Mapping):
        return item.get(key)
    return getattr(item, key, None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
