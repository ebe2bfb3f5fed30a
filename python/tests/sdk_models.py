"""Models that are not the SDK's own."""

from collections.abc import AsyncIterator
from typing import Any

import agents
from openai.types import responses as openai_responses
from sdk_wire import Wire, responses_answer, result_ids


class CannedModel(agents.Model):
    """A model as users write them; it opens a response span, or no span at all."""

    def __init__(self, wire: Wire, *, opens_span: bool):
        self._wire = wire
        self._opens_span = opens_span

    async def get_response(  # type: ignore[override]
        self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any
    ) -> agents.ModelResponse:
        response = self._respond(input)
        return agents.ModelResponse(
            output=response.output, usage=agents.Usage(), response_id=response.id
        )

    async def stream_response(  # type: ignore[override]
        self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any
    ) -> AsyncIterator[Any]:
        yield openai_responses.ResponseCompletedEvent(
            type="response.completed",
            sequence_number=0,
            response=self._respond(input),
        )

    def _respond(self, messages: Any) -> openai_responses.Response:
        if not self._opens_span:
            return self._answer(messages)
        with agents.tracing.response_span() as span:
            span.span_data.input = messages
            span.span_data.response = self._answer(messages)
            return span.span_data.response

    def _answer(self, messages: Any) -> openai_responses.Response:
        exchange, answer = self._wire.exchange(result_ids(messages))
        exchange.completed = True
        number = len(self._wire.exchanges) - 1
        return openai_responses.Response.model_validate(
            responses_answer(number, answer)
        )


class PositionalOnlyModel(CannedModel):
    """A model whose parameters have no names for its caller (issue 2779).

    Only its stream: the SDK passes the arguments of `get_response` by keyword.
    """

    async def stream_response(  # type: ignore[override]
        self,
        instructions: Any,
        messages: Any,
        settings: Any,
        tools: Any,
        schema: Any,
        handoffs: Any,
        tracing: Any,
        /,
        **rest: Any,
    ) -> AsyncIterator[Any]:
        async for event in super().stream_response(instructions, messages):
            yield event
