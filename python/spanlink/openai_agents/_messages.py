"""Prompts and answers on LLM spans of the SDK, as the messages of OpenTelemetry's
GenAI conventions: `{"role": …, "parts": [{"type": "text", "content": …}]}`.

A part that the conventions have no type for is the SDK's own item.

Nothing is kept. Thread-safe: functions of their arguments.
"""

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from spanlink.openai_agents import _spans

Message = dict[str, Any]
Part = dict[str, Any]

_TEXTS = ("text", "input_text", "output_text", "summary_text", "reasoning_text")
_FINISH_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


def response_of(span_data: Any) -> Any:
    """The `Response` on an LLM span, or its dump; None if it holds none."""
    response = getattr(span_data, "response", None)
    if response is not None:
        return response
    output = getattr(span_data, "output", None)
    last = output[-1] if isinstance(output, (list, tuple)) and output else None
    return last if _get(last, "object") == "response" else None


def input_messages(span_data: Any) -> list[Message]:
    """The prompt; empty if the span does not say it."""
    prompt = getattr(span_data, "input", None)
    if isinstance(prompt, str):
        return [{"role": "user", "parts": [_text_part(prompt)]}]
    if not isinstance(prompt, (list, tuple)):
        return []
    return [{"role": _role(item), "parts": list(_parts(item))} for item in prompt]


def output_messages(span_data: Any) -> list[Message]:
    """The answer, with the reason for its end where that is known."""
    messages = []
    for items, reason in _answers(span_data):
        parts = [part for item in items for part in _parts(item)]
        message: Message = {"role": "assistant", "parts": parts}
        if reason:
            message["finish_reason"] = reason
        messages.append(message)
    return messages


def finish_reasons(span_data: Any) -> list[str]:
    """Why the answer ended, in the words of the conventions; empty if unknown."""
    return [reason for _, reason in _answers(span_data) if reason]


def _answers(span_data: Any) -> Iterator[tuple[list[Any], str]]:
    """The items of each answer, and why it ended."""
    response = response_of(span_data)
    if response is not None:
        items = _get(response, "output")
        items = list(items) if isinstance(items, (list, tuple)) else []
        yield items, _finish_reason(response, items)
        return
    output = getattr(span_data, "output", None)
    if isinstance(output, (list, tuple)):
        for message in output:  # of a chat; it does not say why it ended otherwise
            yield [message], "tool_call" if _get(message, "tool_calls") else ""


def _finish_reason(response: Any, items: list[Any]) -> str:
    if any(True for _ in _spans.choices_in(items)):
        return "tool_call"
    why = _get(_get(response, "incomplete_details"), "reason")
    if isinstance(why, str):
        return _FINISH_REASONS.get(why, why)
    status = _get(response, "status")
    return {"completed": "stop", "failed": "error"}.get(str(status), "")


def _role(item: Any) -> str:
    role = _get(item, "role")
    if isinstance(role, str):
        return role
    return "tool" if _is_result(item) else "assistant"


def _parts(item: Any) -> Iterator[Part]:
    """The parts of a message of a chat, or of an item of a response."""
    if _is_result(item):
        call_id = _get(item, "call_id") or _get(item, "tool_call_id")
        result = _get(item, "output")
        result = _get(item, "content") if result is None else result
        yield {"type": "tool_call_response", "id": call_id, "response": result}
        return
    calls = [_call_part(choice) for choice in _spans.choices_in([item])]
    if _get(item, "type") == "reasoning":
        for text in _each_part(_get(item, "summary")):
            yield {**text, "type": "reasoning"} if "content" in text else text
    elif _get(item, "role") is not None:
        yield from _each_part(_get(item, "content"))
    elif not calls:
        yield item
    yield from calls


def _each_part(content: Any) -> Iterator[Part]:
    if isinstance(content, str):
        yield _text_part(content)
    elif isinstance(content, (list, tuple)):
        for part in content:
            text = _get(part, "text")
            known = _get(part, "type") in _TEXTS and isinstance(text, str)
            yield _text_part(text) if known else part


def _text_part(text: str) -> Part:
    return {"type": "text", "content": text}


def _call_part(choice: _spans.Choice) -> Part:
    part: Part = {
        "type": "tool_call",
        "id": choice.tool_call_id or None,
        "name": choice.tool_name,
    }
    if choice.arguments is not None:
        part["arguments"] = _as_value(choice.arguments)
    return part


def _as_value(arguments: str) -> Any:
    """The object that the arguments are, if it says all that their text says; else
    the text."""
    try:
        value = json.loads(
            arguments, parse_float=_exact_float, parse_constant=_exact_float
        )
    except (ValueError, RecursionError):
        return arguments
    return value if isinstance(value, dict) else arguments


def _exact_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or Decimal(text) != Decimal(repr(value)):
        raise ValueError("a float says something else")
    return value


def _is_result(item: Any) -> bool:
    kind = _get(item, "type")
    return _get(item, "role") == "tool" or (
        isinstance(kind, str) and kind.endswith("_call_output")
    )


def _get(item: Any, key: str) -> Any:
    if isinstance(item, Mapping):
        return item.get(key)
    return getattr(item, key, None)
