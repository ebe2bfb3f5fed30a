"""What the installed release of the SDK has, and the truth about a run of it."""

import dataclasses
import importlib
import importlib.metadata
import importlib.util
import inspect
from collections.abc import Iterable
from typing import Any

import agents

APIS = ("responses", "chat")

# --- What the installed release of the SDK has ------------------------------


def _parameters(function: Any) -> Iterable[str]:
    return inspect.signature(function).parameters


def _fields(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


_VERSION = tuple(
    int(number) for number in importlib.metadata.version("openai-agents").split(".")[:3]
)

CAPABILITIES = {
    "LLM hooks": hasattr(agents.RunHooks, "on_llm_start"),
    "hooks of agents as tools": "hooks" in _parameters(agents.Agent.as_tool),
    "approval": "needs_approval" in _parameters(agents.function_tool),
    "sessions": hasattr(agents, "SQLiteSession"),
    "blocking guardrails": "run_in_parallel" in _fields(agents.InputGuardrail),
    "tool guardrails": hasattr(agents, "tool_input_guardrail"),
    "nested handoff history": "nest_handoff_history" in _fields(agents.RunConfig),
    "tool_not_found_behavior": "tool_not_found_behavior" in _fields(agents.RunConfig),
    "tool concurrency": "tool_execution" in _fields(agents.RunConfig),
    "tracing config": "tracing" in _fields(agents.RunConfig),
    "model retry": "retry" in _fields(agents.ModelSettings),
    "soft cancel": "mode" in _parameters(agents.result.RunResultStreaming.cancel),
    "previous response id": "previous_response_id" in _parameters(agents.Runner.run),
    "automatic previous response id": "auto_previous_response_id"
    in _parameters(agents.Runner.run),
    "one invocation a call id": importlib.util.find_spec("agents._tool_invocation")
    is not None,
    "repeated call ids": importlib.util.find_spec("agents._tool_invocation") is None,
    # Before, the names of streamed calls of equal index were joined: no such tool.
    "calls of equal index": _VERSION >= (0, 2, 3),
    "ScriptedModel": importlib.util.find_spec("agents.testing") is not None,
}

# --- What a run gives -------------------------------------------------------


@dataclasses.dataclass
class Call:
    """One tool or handoff span, and the LLM spans at both ends of it."""

    kind: str  # "tool" | "handoff"
    trace_id: str
    span_id: str
    tool_name: str
    tool_call_id: str
    # The LLM span whose answer named the call; None: the model opened no span.
    chosen_by: str | None
    # The first LLM span that was answered with this result in its prompt.
    first_used_by: str | None = None
    # Handoffs: the first LLM span of the agent that took over.
    target_llm: str | None = None
    # False: the span ended without running the tool. It waits for approval.
    executed: bool = True


@dataclasses.dataclass
class Guardrail:
    """One guardrail span, and the LLM span whose prompt or answer it checked."""

    kind: str  # "input_guardrail" | "output_guardrail"
    trace_id: str
    span_id: str
    llm_span_id: str | None = None


@dataclasses.dataclass
class Exchange:
    """One request of a model and its answer."""

    trace_id: str | None
    span_id: str | None  # None: the model opened no LLM span
    used: list[str]  # ids of the calls whose results the request holds
    chosen: list[str] = dataclasses.field(default_factory=list)
    completed: bool = False  # the whole answer was sent, and it was no error


@dataclasses.dataclass
class SpanEvent:
    """What a tracing processor was told, in order."""

    event: str  # trace_start trace_end span_start span_end
    trace_id: str
    span_id: str = ""
    parent_id: str | None = None
    type: str = ""
    error: Any = None


@dataclasses.dataclass
class Run:
    """The truth about one scenario."""

    scenario: str
    api: str
    streamed: bool
    calls: list[Call]
    guardrails: list[Guardrail]
    exchanges: list[Exchange]
    events: list[SpanEvent]
    outcome: Any  # the final output, or the exception that ended the last run

    def trace_ids(self) -> list[str]:
        starts = [e.trace_id for e in self.events if e.event == "trace_start"]
        return list(dict.fromkeys(starts))

    def calls_of(self, trace_id: str) -> list[Call]:
        return [call for call in self.calls if call.trace_id == trace_id]

    def guardrails_of(self, trace_id: str) -> list[Guardrail]:
        return [g for g in self.guardrails if g.trace_id == trace_id]

    def span_ids(self, span_type: str, event: str = "span_start") -> list[str]:
        return [
            e.span_id for e in self.events if (e.event, e.type) == (event, span_type)
        ]

    def counts(self) -> dict[str, int]:
        """Returns how many spans there are and how many links a right linker makes."""
        return {
            "tools": sum(call.kind == "tool" for call in self.calls),
            "handoffs": sum(call.kind == "handoff" for call in self.calls),
            "guardrails": len(self.guardrails),
            "choice_links": sum(call.chosen_by is not None for call in self.calls),
            "result_links": sum(
                (call.first_used_by or call.target_llm) is not None
                for call in self.calls
            ),
            "guardrail_links": sum(g.llm_span_id is not None for g in self.guardrails),
        }
