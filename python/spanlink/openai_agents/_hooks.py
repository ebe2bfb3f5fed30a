"""SpanLinkHooks: the LLM span is the current span in hooks around an LLM call.

The SDK calls `on_llm_start` before the LLM span starts and `on_llm_end` after it
ended; in both, the current span is the parent of the LLM span. Here they get what
they ask for: before the call a stand-in that collects metadata, after it the span
itself, that has ended but is not exported yet. Both report to the processors that
know the parent, under the parent's id: a context variable set in a hook would be
lost, because hooks run in tasks of their own.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_origin, overload

from agents import AgentHooks, RunHooks
from agents.run_context import TContext
from agents.tracing import (
    CustomSpanData,
    ResponseSpanData,
    Span,
    SpanError,
    get_current_span,
)
from agents.tracing.scope import Scope
from agents.tracing.spans import NoOpSpan

from spanlink import _annotate
from spanlink.openai_agents import _spans
from spanlink.openai_agents._processor import SpanLinkProcessor, processors_of

_log = logging.getLogger("spanlink")
_P = ParamSpec("_P")
_T = TypeVar("_T")
_C = TypeVar("_C", bound=type)


@overload
def SpanLinkHooks(wrap: None = None) -> RunHooks[Any]: ...
@overload
def SpanLinkHooks(wrap: RunHooks[TContext]) -> RunHooks[TContext]: ...
@overload
def SpanLinkHooks(wrap: AgentHooks[TContext]) -> AgentHooks[TContext]: ...
def SpanLinkHooks(wrap: Any = None) -> Any:
    """Returns hooks that do what `wrap` does, and more. `wrap`: an instance of the
    SDK's `RunHooks`, the default, or `AgentHooks`; the result is of the same kind.

        await Runner.run(agent, "…", hooks=SpanLinkHooks(MyRunHooks()))
        agent = Agent(name="…", hooks=SpanLinkHooks(MyAgentHooks()))

    Inside `on_llm_start` and `on_llm_end` of `wrap`, `get_current_span()` is the LLM
    span, and what is put into its metadata is on the one exported LLM span:

        get_current_span().span_data.metadata["prompt_version"] = "v3"

    In `on_llm_start` it is a stand-in of the type "response", and every LLM span of
    the call gets its metadata, also those of retries. In `on_llm_end` it is the span
    of the answer, or a stand-in where the model opened none. Metadata for a call
    without an LLM span directly under the current one is dropped, and counted as
    `evicted_annotation`; that of spans inside the LLM span stays as it is.

    With a `SpanLinkProcessor` in the process, its links get exact too: these hooks
    tell it the ids of tool calls, and what the model was asked and answered, where
    the spans do not say it (`trace_include_sensitive_data=False`).

    Every call goes to `wrap` with the arguments as they are, and what it returns or
    raises goes back. Hooks of both kinds, or several around each other, work
    together. Nothing that fails here reaches the run. Thread-safe if `wrap` is.

    Raises TypeError if `wrap` is something else.
    """
    if wrap is None:
        return _WrappedRunHooks(RunHooks[Any]())
    if isinstance(wrap, _class_of(AgentHooks)):
        return _WrappedAgentHooks(wrap)
    if isinstance(wrap, _class_of(RunHooks)):
        return _WrappedRunHooks(wrap)
    raise TypeError(
        f"wrap must be an instance of RunHooks or AgentHooks, not {type(wrap).__name__}"
    )


def _class_of(hooks: Any) -> type:
    """The SDK's name for hooks is a class, or one with its parameters filled in."""
    found: type = get_origin(hooks) or hooks
    return found


class _Wrapping:
    """What hooks of both kinds have to say."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    async def on_llm_start(self, *args: Any, **kwargs: Any) -> Any:
        prompt = _argument(args, kwargs, 3, "input_items")
        with _before_call(prompt) or nullcontext():
            return await self._wrapped.on_llm_start(*args, **kwargs)

    async def on_llm_end(self, *args: Any, **kwargs: Any) -> Any:
        response = _argument(args, kwargs, 2, "response")
        with _after_call(response) or nullcontext():
            return await self._wrapped.on_llm_end(*args, **kwargs)

    def on_tool_start(self, *args: Any, **kwargs: Any) -> Any:
        _note_tool_call(_argument(args, kwargs, 0, "context"))
        return self._wrapped.on_tool_start(*args, **kwargs)


def _forwards(hooks: _C) -> _C:
    """All other hooks, also those of later releases of the SDK, are just called."""

    def forward(name: str) -> Callable[..., Any]:
        def call(self: _Wrapping, *args: Any, **kwargs: Any) -> Any:
            return getattr(self._wrapped, name)(*args, **kwargs)

        return call

    for name in dir(hooks):
        if name.startswith("on_") and not hasattr(_Wrapping, name):
            setattr(hooks, name, forward(name))
    return hooks


@_forwards
class _WrappedRunHooks(_Wrapping, RunHooks[Any]):
    """To the SDK, run hooks."""


@_forwards
class _WrappedAgentHooks(_Wrapping, AgentHooks[Any]):
    """To the SDK, hooks of an agent."""


def _argument(
    args: tuple[Any, ...], kwargs: dict[str, Any], index: int, name: str
) -> Any:
    return args[index] if len(args) > index else kwargs.get(name)


def _guarded(function: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """Nothing that goes wrong here reaches the run."""

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            # The message may quote what the span holds.
            _log.debug("%s: %s", function.__name__, type(error).__name__)
            return None

    return call


class _LlmHook:
    """While a hook runs, `span` is the current one. What the hook puts into its
    metadata is for the LLM span under `parent`."""

    def __init__(
        self,
        parent: Span[Any],
        span: Span[Any],
        processors: list[SpanLinkProcessor],
        *,
        ends_call: bool,
    ) -> None:
        metadata = getattr(span.span_data, "metadata", None)
        if not isinstance(metadata, dict):
            metadata = span.span_data.metadata = {}
        self._metadata = metadata
        self._before = dict(metadata)
        self._parent = parent
        self._span = span
        self._processors = processors
        self._ends_call = ends_call

    def __enter__(self) -> None:
        self._token = Scope.set_current_span(self._span)

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError):  # the hook was abandoned, and ends elsewhere
            Scope.reset_current_span(self._token)
        self._report(self._added() or {})

    @_guarded
    def _added(self) -> dict[str, str]:
        """What the hook put into the metadata, as JSON."""
        metadata = self._span.span_data.metadata
        if not isinstance(metadata, Mapping):
            metadata = {}
        if metadata is not self._metadata:  # what others put there stays
            self._span.span_data.metadata = {**self._metadata, **metadata}
        return {
            str(key): _annotate.to_json(value)
            for key, value in metadata.items()
            if key not in self._before or self._before[key] is not value
        }

    @_guarded
    def _report(self, values: Mapping[str, str]) -> None:
        for processor in self._processors:
            processor.annotate(self._parent, values)
            if self._ends_call:
                processor.end_llm_hook(self._parent)


class _StandIn(Span[ResponseSpanData]):
    """Stands for the LLM span that is to start under `parent`. For all but its data
    it is the parent: spans that a hook opens are children of that."""

    def __init__(self, parent: Span[Any]) -> None:
        self._parent = parent
        self._span_data = ResponseSpanData()

    @property
    def trace_id(self) -> str:
        return self._parent.trace_id

    @property
    def span_id(self) -> str:
        return self._parent.span_id

    @property
    def parent_id(self) -> str | None:
        return self._parent.parent_id

    @property
    def span_data(self) -> ResponseSpanData:
        return self._span_data

    @property
    def started_at(self) -> str | None:
        return self._parent.started_at

    @property
    def ended_at(self) -> str | None:
        return self._parent.ended_at

    @property
    def error(self) -> SpanError | None:
        return self._parent.error

    @property
    def tracing_api_key(self) -> str | None:
        return getattr(self._parent, "tracing_api_key", None)

    @property
    def trace_metadata(self) -> dict[str, Any] | None:
        return getattr(self._parent, "trace_metadata", None)

    def set_error(self, error: SpanError) -> None:
        self._parent.set_error(error)

    # It is not a span to start, finish or export.

    def start(self, mark_as_current: bool = False) -> None:
        pass

    def finish(self, reset_current: bool = False) -> None:
        pass

    def __enter__(self) -> "_StandIn":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def export(self) -> dict[str, Any] | None:
        return None


_NOWHERE: Span[Any] = NoOpSpan(CustomSpanData("", {}))


def _stand_in(parent: Span[Any]) -> Span[Any]:
    # Where nothing is traced, the SDK must not take it for a span that is.
    if isinstance(parent, NoOpSpan):
        return NoOpSpan(ResponseSpanData())
    return _StandIn(parent)


@_guarded
def _before_call(prompt: Any) -> _LlmHook | None:
    parent = get_current_span() or _NOWHERE
    if _spans.kind_of(parent.span_data) == "llm":
        return None  # other hooks like these are around
    processors = processors_of(parent)
    for processor in processors:
        processor.begin_llm_hook(parent, prompt)
    return _LlmHook(parent, _stand_in(parent), processors, ends_call=False)


@_guarded
def _after_call(response: Any) -> _LlmHook | None:
    parent = get_current_span() or _NOWHERE
    if _spans.kind_of(parent.span_data) == "llm":
        return None
    processors = processors_of(parent)
    for processor in processors:
        processor.note_answer(parent, getattr(response, "output", None))
    found = [processor.last_llm_span(parent) for processor in processors]
    span = next((llm for llm in found if llm is not None), None)
    return _LlmHook(parent, span or _stand_in(parent), processors, ends_call=True)


@_guarded
def _note_tool_call(context: Any) -> None:
    span = get_current_span()
    tool_call_id = getattr(context, "tool_call_id", None)
    if span is not None and isinstance(tool_call_id, str) and tool_call_id:
        for processor in processors_of(span):
            processor.note_tool_call_id(span, tool_call_id)


@_guarded
def _annotate_here(values: Mapping[str, str]) -> bool:
    span = get_current_span() or _NOWHERE
    processors = processors_of(span)
    for processor in processors:
        processor.annotate(span, values)
    return bool(processors)


_annotate.register(lambda values: bool(_annotate_here(values)), first=True)
