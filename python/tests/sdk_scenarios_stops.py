"""Scenarios: what is left out, fails or stops, and what is not the SDK's own."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import agents
import openai
from openai.types import responses as openai_responses
from sdk_harness import Env, X, Y, hanging_tool, scenario, slow_tool
from sdk_models import CannedModel, PositionalOnlyModel
from sdk_scenarios_calls import _hand_over
from sdk_wire import Answer, Ask, Wire, ask, responses_answer, result_ids, say

# --- Scenarios: what is left out, what fails, what stops ----------------------

_NO_DATA = "no arguments, no prompts and no answers on the spans: hooks know them"


@scenario(why=_NO_DATA, without_hooks={"choice_links": 0, "result_links": 0})
async def no_sensitive_data(env: Env) -> None:
    probe = slow_tool("probe")
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    config = agents.RunConfig(trace_include_sensitive_data=False)
    await env.run(env.agent("Solo", wire, tools=[probe]), wire, run_config=config)


@scenario(
    why=_NO_DATA + "; a handoff's result still goes to the agent that it names",
    without_hooks={"choice_links": 0, "result_links": 1},
)
async def no_sensitive_data_handoff(env: Env) -> None:
    config = agents.RunConfig(trace_include_sensitive_data=False)
    await _hand_over(env, config=config)


async def _failing_model(env: Env, wire: Wire, **options: Any) -> None:
    probe = slow_tool("probe")
    wire.follow(ask(Ask("call_1", probe, X)), Answer(status=500), say())
    agent = env.agent("Solo", wire, tools=[probe], **options)
    await env.run(agent, wire)


@scenario()
async def model_error_retried_by_client(env: Env) -> None:
    """Both attempts happen inside one LLM span."""
    wire = env.wire()
    await _failing_model(env, wire, model=wire.model(max_retries=2))


@scenario("model retry")
async def model_error_retried_by_sdk(env: Env) -> None:
    """The failed attempt has an LLM span of its own, which uses no result."""
    wire = env.wire()
    retry = agents.ModelRetrySettings(
        max_retries=2,
        backoff={"initial_delay": 0.001, "jitter": False},
        policy=agents.retry_policies.http_status([500]),
    )
    await _failing_model(env, wire, model_settings=agents.ModelSettings(retry=retry))


@scenario(why="the failed LLM span used no result")
async def model_error(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), Answer(status=400))
    agent = env.agent("Solo", wire, tools=[probe])
    await env.run(agent, wire, raises=openai.BadRequestError)


async def _cancel_when(started: asyncio.Event, running: Any) -> None:
    """Cancels a run from outside, as a server does when its client is gone."""
    task = asyncio.ensure_future(running)
    waiter = asyncio.ensure_future(started.wait())
    await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await _let_tasks_end()


async def _let_tasks_end() -> None:
    """Waits for what a stopped run left running; ends what does not end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, pending = await asyncio.wait(others, timeout=0.2)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


@scenario(why="the LLM span that was cancelled used no result")
async def cancelled_in_model(env: Env) -> None:
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say(hangs=True))
    agent = env.agent("Solo", wire, tools=[probe])
    await _cancel_when(wire.hanging, env.run(agent, wire))


@scenario(why="tools that are cancelled have no result that a prompt could hold")
async def cancelled_in_tool(env: Env) -> None:
    started = asyncio.Event()
    probe, hang = slow_tool("probe"), hanging_tool(started)
    asks = [Ask("call_1", probe, X), Ask("call_2", hang, X)]
    wire = env.wire(ask(*asks))
    agent = env.agent("Solo", wire, tools=[probe, hang])
    await _cancel_when(started, env.run(agent, wire))


async def _stopped_stream(env: Env, stop: Callable[[Any], bool], **answer: Any) -> None:
    """The consumer stops at the first event of the second answer's text."""
    probe = slow_tool("probe")
    wire = env.wire(ask(Ask("call_1", probe, X)), say("a long answer", **answer))

    def watch(result: Any, event: Any) -> bool:
        data = getattr(event, "data", None)
        if getattr(data, "type", "") != "response.created" or len(wire.exchanges) < 2:
            return False
        return stop(result)

    await env.run(env.agent("Solo", wire, tools=[probe]), wire, watch=watch)
    await _let_tasks_end()


@scenario(streamed=[True], why="the answer that was abandoned used no result")
async def stream_abandoned(env: Env) -> None:
    await _stopped_stream(env, lambda result: True, hangs=True)


@scenario(streamed=[True], why="the answer that was cancelled used no result")
async def stream_cancelled(env: Env) -> None:
    def stop(result: Any) -> bool:
        result.cancel()
        return False

    await _stopped_stream(env, stop, hangs=True)


@scenario("soft cancel", streamed=[True])
async def stream_cancelled_after_turn(env: Env) -> None:
    def stop(result: Any) -> bool:
        result.cancel(mode="after_turn")
        return False

    await _stopped_stream(env, stop)


# --- Scenarios: stream faults, models and servers of other makers -------------


@scenario(
    "calls of equal index",
    apis=["chat"],
    streamed=[True],
    why="the SDK merges the two calls into one",
)
async def stream_equal_indices(env: Env) -> None:
    """W24: two calls of a streamed answer have the same index."""
    probe = slow_tool("probe")
    asks = [Ask("call_1", probe, X), Ask("call_2", probe, Y)]
    wire = env.wire(ask(*asks, fault="equal_indices"), say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


@scenario(apis=["chat"], streamed=[True])
async def stream_content_and_calls(env: Env) -> None:
    """W25: one chunk has content and calls."""
    probe = slow_tool("probe")
    asks = (Ask("call_1", probe, X), Ask("call_2", probe, Y))
    answer = Answer(asks, text="Let me look.", fault="content_and_calls")
    wire = env.wire(answer, say())
    await env.run(env.agent("Solo", wire, tools=[probe]), wire)


async def _foreign_model(env: Env, make: Callable[[Wire], Any]) -> None:
    probe = slow_tool("probe")
    asks = [Ask(f"call_{i}", probe, X) for i in range(2)]
    wire = env.wire(ask(*asks), ask(Ask("call_2", probe, X)), say())
    await env.run(env.agent("Solo", wire, tools=[probe], model=make(wire)), wire)


@scenario(apis=["responses"])
async def custom_model_with_span(env: Env) -> None:
    await _foreign_model(env, lambda wire: CannedModel(wire, opens_span=True))


@scenario(apis=["responses"], streamed=[True])
async def custom_model_positional_only(env: Env) -> None:
    await _foreign_model(env, lambda wire: PositionalOnlyModel(wire, opens_span=True))


@scenario(apis=["responses"], why="the model opens no span that a link could go to")
async def custom_model_without_span(env: Env) -> None:
    await _foreign_model(env, lambda wire: CannedModel(wire, opens_span=False))


@scenario(
    "ScriptedModel",
    apis=["responses"],
    why="ScriptedModel leaves its generation spans empty: hooks know the calls",
    without_hooks={"choice_links": 0, "result_links": 0},
)
async def scripted_model(env: Env) -> None:
    from agents import testing

    def make(wire: Wire) -> Any:
        def respond(call: Any) -> Any:
            exchange, answer = wire.exchange(result_ids(call.input))
            exchange.completed = True
            number = len(wire.exchanges) - 1
            whole = responses_answer(number, answer)
            return openai_responses.Response.model_validate(whole).output

        steps = [testing.ModelStep.respond(respond) for _ in range(3)]
        return testing.ScriptedModel(steps, emit_traces=True)

    await _foreign_model(env, make)
