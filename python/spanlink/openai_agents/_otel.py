"""OtelExporter: runs of the OpenAI Agents SDK as OpenTelemetry spans, with links.

    exporter = OtelExporter(OTLPSpanExporter())
    set_trace_processors([SpanLinkProcessor(next=BatchTraceProcessor(exporter))])

What each span of the SDK becomes (`gen_ai.*`: OpenTelemetry's GenAI conventions):

    agent                 invoke_agent NAME
    response, generation  chat MODEL
    function              execute_tool NAME
    handoff               handoff TO
    guardrail             run_guardrail NAME
    task, turn, custom …  a span of that name, `openai.agents.*` says the rest

Spans are made as they stand in the SDK, ids, parents and times included; no tracer
and no provider of OpenTelemetry has a part in it.
"""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from agents.tracing import Span, Trace
from agents.tracing.processor_interface import TracingExporter
from opentelemetry import context as otel_context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    SpanKind,
    Status,
    StatusCode,
)
from opentelemetry.util.types import AttributeValue

from spanlink._core import SpanLink
from spanlink.openai_agents import _messages, _spans
from spanlink.openai_agents._otel_ids import context, times
from spanlink.openai_agents._payload import (
    content_is_on,
    encodable,
    message_json,
    payload_text,
)
from spanlink.openai_agents._records import (
    arguments_of,
    links_of,
    waits_for_approval,
)

_log = logging.getLogger("spanlink")

_SCOPE = InstrumentationScope("spanlink.openai_agents")
_PROVIDER = "openai"

# OpenTelemetry's default limit for one span.
_MAX_LINKS = 128

# Traces that are remembered; the oldest are forgotten.
_MAX_TRACES = 4096

# Annotations with such a key become attributes of that name, except in these
# namespaces, which say what a span is.
_ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_RESERVED = ("gen_ai.", "llm.", "openinference.", "traceloop.")

# Messages of errors that the SDK words itself, so that they hold no content.
_FIXED_MESSAGES = frozenset(
    {
        _spans.MULTIPLE_HANDOFFS,
        "Error getting response",
        "Error in agent run",
        "Error running tool",
        "Error running tool (non-fatal)",
        "Error streaming response",
        "Guardrail tripwire triggered",
        "Max turns exceeded",
        "Tool execution cancelled",
        "Tool execution rejected",
        "Tool not found",
    }
)

# As the SDK's own note of a call that waits for approval begins. Readers of traces
# know by it that nothing ran.
_WAITS_FOR_APPROVAL = "FunctionToolResult(output=None)"

Attributes = dict[str, Any]  # a value of None is not written


class _TraceFacts(NamedTuple):
    """What spans do not say of their trace."""

    workflow_name: str | None = None
    group_id: str | None = None
    metadata: Any = None


class OtelExporter(TracingExporter):
    """A tracing exporter that hands the SDK's spans to one of OpenTelemetry.

    Behind a `SpanLinkProcessor` spans carry their links, with attributes as `profile`
    says (see `SpanLink.attributes`), and annotations: one whose key looks like the
    name of an attribute (`team.name`) becomes that attribute, unless its namespace is
    one of those that say what a span is (`gen_ai.`, `llm.`, `openinference.`,
    `traceloop.`); any other becomes `spanlink.annotation.<key>`. None replaces
    anything.

    Tools and handoffs carry what went in and came out as `gen_ai.tool.call.arguments`
    and `.result` and, equal to them, `traceloop.entity.input` and `.output`: the
    arguments as the model wrote them, a result as `payload_text` has it. A handoff's
    result is the agent that took over; its arguments are known if it is linked. Without
    content (`content_is_on`) there are no messages, arguments and results; names, ids,
    usage and links stay.

    `gen_ai.tool.call.id` is written only where the span itself is known to have it
    (by `SpanLinkHooks`, or a release of the SDK that says it), never for a call that
    was inferred.

    A span is never lost to what it holds: content that cannot be written becomes
    text, and a span that cannot be understood keeps its name, place and times.
    `failures` counts those.

    `resource`: of all spans; by default that of the environment.

    Keeps names and metadata of the last few thousand traces. Thread-safe if the given
    exporter is. Raises ValueError for a `profile` that there is not, and nothing later.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        resource: Resource | None = None,
        profile: str = "datadog,semconv",
    ) -> None:
        self._exporter = exporter
        self._resource = resource or Resource.create()
        self._profile = profile
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, _TraceFacts] = OrderedDict()
        self.failures = 0
        # Fails here, and not at the first link, for a profile that there is not.
        SpanLink("", "", "", "", "tool_choice", "order").attributes(profile)

    def export(self, items: "Sequence[Trace | Span[Any]]") -> None:
        """Exports spans that ended; called by the SDK, with traces that began."""
        content = content_is_on()
        for item in items:
            if isinstance(item, Trace):
                self._guard(self._note_trace, item)
            elif not isinstance(item, Span):
                self._count_failure(TypeError())
        spans = [item for item in items if isinstance(item, Span)]
        converted = [self._guard(self._convert, span, content) for span in spans]
        self._hand_over([span for span in converted if span is not None])

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Ends the given exporter. The SDK's processors do not call it."""
        self._exporter.shutdown()

    def _guard(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except Exception as error:
            self._count_failure(error)
            return None

    def _count_failure(self, error: Exception) -> None:
        self.failures += 1
        # The message may quote what the span holds.
        _log.debug("a span was not understood: %s", type(error).__name__)

    def _hand_over(self, spans: list[ReadableSpan]) -> None:
        if not spans:
            return
        # The exporter's own requests are not to be traced.
        suppressed = otel_context.set_value("suppress_instrumentation", True)
        token = otel_context.attach(suppressed)
        try:
            self._exporter.export(spans)
        except Exception as error:
            _log.warning(
                "%d spans were not exported: %s", len(spans), type(error).__name__
            )
        finally:
            otel_context.detach(token)

    # What is remembered, for spans that are exported with it or later.

    def _note_trace(self, trace: Trace) -> None:
        facts = _TraceFacts(
            trace.name,
            getattr(trace, "group_id", None),
            getattr(trace, "metadata", None),
        )
        with self._lock:
            self._traces[trace.trace_id] = facts
            if len(self._traces) > _MAX_TRACES:
                self._traces.popitem(last=False)

    def _facts_of(self, trace_id: str) -> _TraceFacts:
        with self._lock:
            return self._traces.get(trace_id, _TraceFacts())

    # One span.

    def _convert(self, span: Span[Any], content: bool) -> ReadableSpan:
        start, end = times(span)
        links = links_of(span)
        kind = _spans.kind_of(span.span_data)
        described = self._guard(self._describe, span, links, content)
        name, attributes = described or (_type_of(span), {})
        return ReadableSpan(
            name=encodable(name),
            context=context(span.trace_id, span.span_id),
            parent=context(span.trace_id, span.parent_id) if span.parent_id else None,
            resource=self._resource,
            attributes=attributes,
            links=_bounded([self._link(link) for link in links]),
            kind=SpanKind.CLIENT if kind == "llm" else SpanKind.INTERNAL,
            status=self._guard(_status, span, kind, content) or Status(),
            start_time=start,
            end_time=end,
            instrumentation_scope=_SCOPE,
        )

    def _link(self, link: SpanLink) -> Link:
        producer = context(link.linked_trace_id, link.linked_span_id)
        return Link(producer, link.attributes(self._profile))

    def _describe(
        self, span: Span[Any], links: Sequence[SpanLink], content: bool
    ) -> tuple[str, dict[str, AttributeValue]]:
        """The name and the attributes of a span."""
        data = span.span_data
        if _type_of(span) == "handoff":
            name, attributes = _describe_handoff(span, links, content)
        elif _type_of(span) == "function":
            name, attributes = _describe_tool(span, links, content)
        else:
            describe = _DESCRIBERS.get(_type_of(span), _describe_other)
            name, attributes = describe(data, content)
        facts = self._facts_of(span.trace_id)
        if "gen_ai.operation.name" in attributes:
            attributes["gen_ai.conversation.id"] = facts.group_id or None
        annotations = [getattr(data, "metadata", None)]
        if not span.parent_id:
            attributes["gen_ai.workflow.name"] = facts.workflow_name
            annotations.append(facts.metadata)
        written = {k: v for k, v in attributes.items() if v is not None}
        for values in annotations:
            _annotate(written, values)
        return name, {key: _value(value) for key, value in written.items()}


def _describe_handoff(
    span: Span[Any], links: Sequence[SpanLink], content: bool
) -> tuple[str, Attributes]:
    data = span.span_data
    link = next((link for link in links if link.kind == "handoff_choice"), None)
    attributes: Attributes = {
        "gen_ai.operation.name": "handoff",
        "gen_ai.handoff.from_agent": data.from_agent,
        "gen_ai.handoff.to_agent": data.to_agent,
    }
    if link is not None:
        attributes["gen_ai.tool.name"] = link.tool_name or None
        attributes["gen_ai.tool.type"] = "function"
    if content:
        attributes |= _payload(arguments_of(span), data.to_agent)
    return _named("handoff", data.to_agent), attributes


def _describe_tool(
    span: Span[Any], links: Sequence[SpanLink], content: bool
) -> tuple[str, Attributes]:
    data = span.span_data
    attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": data.name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": _known_call_id(data, links),
    }
    if isinstance(data.mcp_data, Mapping):
        attributes["openai.agents.mcp.server"] = data.mcp_data.get("server")
    if content:
        waits = waits_for_approval(span)
        output = _WAITS_FOR_APPROVAL if waits else data.output
        attributes |= _payload(data.input, output)
    return _named("execute_tool", data.name), attributes


def _known_call_id(data: Any, links: Sequence[SpanLink]) -> str | None:
    """The id of the call, where the tool's own span is known to have it."""
    exact = (
        link.tool_call_id
        for link in links
        if link.kind == "tool_choice" and link.evidence == "tool_call_id"
    )
    return _spans.tool_call_id_of(data) or next(exact, None) or None


def _payload(arguments: Any, result: Any) -> Attributes:
    """What went in and came out; what is None is absent."""
    attributes: Attributes = {}
    if arguments is not None:
        text = payload_text(arguments)
        attributes["gen_ai.tool.call.arguments"] = text
        attributes["traceloop.entity.input"] = text
    if result is not None:
        text = payload_text(result)
        attributes["gen_ai.tool.call.result"] = text
        attributes["traceloop.entity.output"] = text
    return attributes


def _describe_agent(data: Any, content: bool) -> tuple[str, Attributes]:
    return _named("invoke_agent", data.name), {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": _PROVIDER,
        "gen_ai.agent.name": data.name,
        "openai.agents.handoffs": data.handoffs,
        "openai.agents.tools": data.tools,
        "openai.agents.output_type": data.output_type,
    }


def _describe_llm(data: Any, content: bool) -> tuple[str, Attributes]:
    response = _messages.response_of(data)
    request_model = getattr(data, "model", None)
    response_model = _field(response, "model")
    response_id = _field(response, "id")
    attributes: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDER,
        "gen_ai.request.model": request_model,
        "gen_ai.response.model": response_model,
        # The SDK has no id where a chat was streamed.
        "gen_ai.response.id": None if response_id == "__fake_id__" else response_id,
        "gen_ai.response.finish_reasons": _messages.finish_reasons(data) or None,
        **_usage(getattr(data, "usage", None) or _field(response, "usage")),
    }
    if content:
        instructions = _field(response, "instructions")
        if isinstance(instructions, str):
            text = message_json([{"type": "text", "content": instructions}])
            attributes["gen_ai.system_instructions"] = text
        for key, messages in (
            ("gen_ai.input.messages", _messages.input_messages(data)),
            ("gen_ai.output.messages", _messages.output_messages(data)),
        ):
            attributes[key] = message_json(messages) if messages else None
    return _named("chat", request_model or response_model), attributes


def _usage(usage: Any) -> Attributes:
    details = _field(usage, "input_tokens_details")
    return {
        "gen_ai.usage.input_tokens": _field(usage, "input_tokens"),
        "gen_ai.usage.output_tokens": _field(usage, "output_tokens"),
        "gen_ai.usage.cache_read.input_tokens": _field(details, "cached_tokens"),
    }


def _describe_guardrail(data: Any, content: bool) -> tuple[str, Attributes]:
    return _named("run_guardrail", data.name), {
        "gen_ai.operation.name": "run_guardrail",
        "gen_ai.guardrail.name": data.name,
        "gen_ai.guardrail.triggered": data.triggered,
    }


def _describe_task(data: Any, content: bool) -> tuple[str, Attributes]:
    return _named("task", data.name), {"openai.agents.span.type": "task"}


def _describe_turn(data: Any, content: bool) -> tuple[str, Attributes]:
    return _named("turn", data.turn), {
        "openai.agents.span.type": "turn",
        "openai.agents.turn": data.turn,
        "gen_ai.agent.name": data.agent_name,
    }


def _describe_mcp_tools(data: Any, content: bool) -> tuple[str, Attributes]:
    return _named("mcp_tools", data.server), {
        "openai.agents.span.type": "mcp_tools",
        "openai.agents.mcp.server": data.server,
        "openai.agents.mcp.tools": data.result,
    }


def _describe_custom(data: Any, content: bool) -> tuple[str, Attributes]:
    return str(data.name), {
        "openai.agents.span.type": "custom",
        "openai.agents.data": payload_text(data.data) if content else None,
    }


def _describe_other(data: Any, content: bool) -> tuple[str, Attributes]:
    return str(data.type), {
        "openai.agents.span.type": data.type,
        "gen_ai.request.model": getattr(data, "model", None),
    }


_DESCRIBERS: dict[str, Callable[[Any, bool], tuple[str, Attributes]]] = {
    "agent": _describe_agent,
    "response": _describe_llm,
    "generation": _describe_llm,
    "guardrail": _describe_guardrail,
    "task": _describe_task,
    "turn": _describe_turn,
    "mcp_tools": _describe_mcp_tools,
    "custom": _describe_custom,
}


def _bounded(links: list[Link]) -> Sequence[Link]:
    """As many links as a span may have, the first ones; the span counts the rest."""
    kept = BoundedList.from_seq(_MAX_LINKS, links[:_MAX_LINKS])
    kept.dropped = len(links) - len(kept)
    return kept


def _annotate(attributes: Attributes, values: Any) -> None:
    if not isinstance(values, Mapping):
        return
    for key, value in values.items():
        name = str(key)
        if not _ATTRIBUTE_NAME.fullmatch(name) or name.startswith(_RESERVED):
            name = f"spanlink.annotation.{name}"
        if value is not None:
            attributes.setdefault(encodable(name), value)


def _status(span: Span[Any], kind: str, content: bool) -> Status:
    error = span.error
    if error is None:
        if kind == "llm" and _spans.was_given_up(span.span_data):
            return Status(StatusCode.ERROR, "No answer: the call was given up")
        return Status(StatusCode.UNSET)
    message = _field(error, "message")
    if not content and message not in _FIXED_MESSAGES:
        return Status(StatusCode.ERROR)
    detail = _field(_field(error, "data"), "error") if content else None
    if isinstance(detail, str) and detail:
        message = f"{message}: {detail}"
    return Status(StatusCode.ERROR, encodable(str(message)))


def _value(value: Any) -> AttributeValue:
    """A value that every exporter can encode."""
    if isinstance(value, (bool, float)):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return [encodable(v) for v in value]
    return payload_text(value)


def _type_of(span: Span[Any]) -> str:
    return str(getattr(span.span_data, "type", ""))


def _named(operation: str, name: Any) -> str:
    return f"{operation} {name}" if name is not None else operation


def _field(holder: Any, key: str) -> Any:
    if isinstance(holder, Mapping):
        return holder.get(key)
    return getattr(holder, key, None)
