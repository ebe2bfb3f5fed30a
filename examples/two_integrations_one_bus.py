"""Two packages that know nothing of one another, linked by a third.

    pip install spanlink
    python examples/two_integrations_one_bus.py

The first class could be the instrumentation of a client library: it sees answers
and prompts of a model. The second could be that of a framework which runs tools: it
sees a name and arguments, no id. Both report what they see on the bus of the
process; the program that wants links makes a tracker.
"""

import json
from typing import Any

import spanlink

Message = dict[str, Any]


class ClientInstrumentation:
    """Sees every call of the model."""

    def on_answer(
        self, trace: str, span: str, prompt: list[Message], answer: Message
    ) -> None:
        for message in prompt:
            if message["role"] == "tool":
                spanlink.dispatch.tool_call_output_used(
                    trace, span, message["tool_call_id"]
                )
        for index, call in enumerate(answer.get("tool_calls", [])):
            spanlink.dispatch.llm_tool_choice(
                trace,
                span,
                call["function"]["name"],
                call["function"]["arguments"],
                call["id"],
                index=index,
            )
        spanlink.dispatch.span_finish(trace, span, kind="llm")


class ToolInstrumentation:
    """Sees every tool that runs."""

    def on_tool(self, trace: str, span: str, name: str, arguments: Message) -> None:
        spanlink.dispatch.tool_call(trace, span, name, json.dumps(arguments))


def main() -> None:
    with spanlink.Tracker(on_link=print):
        client, tools = ClientInstrumentation(), ToolInstrumentation()
        call = {"name": "add", "arguments": '{"b": 2, "a": 1}'}
        answer = {"tool_calls": [{"id": "call_1", "function": call}]}
        client.on_answer("a run", "first answer", [], answer)
        tools.on_tool("a run", "add", "add", {"a": 1, "b": 2})
        prompt = [{"role": "tool", "tool_call_id": "call_1", "content": "3"}]
        client.on_answer("a run", "second answer", prompt, {})


if __name__ == "__main__":
    main()
