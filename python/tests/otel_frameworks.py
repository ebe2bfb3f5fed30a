"""Runners: one conversation in one real framework, sync or async.

Every framework is imported inside its runner: no environment has them all.
"""

import asyncio
import contextvars
import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Annotated, Any

import otel_instrumentations
from opentelemetry import trace as otel
from otel_conversation import (
    MODEL,
    NOWHERE,
    QUESTION,
    Call,
    Conversation,
    SpanRef,
    ToolFailure,
    ref_of,
)


async def run_openai_agents(conversation: Conversation, responses: bool) -> None:
    import agents
    from agents.tool_context import ToolContext

    async def get_weather(context: ToolContext[Any], city: str) -> str:
        return await conversation.execute_async(context.tool_call_id, city)

    async def get_time(context: ToolContext[Any], city: str) -> str:
        return await conversation.execute_async(context.tool_call_id, city)

    make = (
        agents.OpenAIResponsesModel if responses else agents.OpenAIChatCompletionsModel
    )
    agent = agents.Agent(
        "Travel Desk",
        instructions="Answer.",
        tools=[agents.function_tool(get_weather), agents.function_tool(get_time)],
        model=make(MODEL, conversation.async_client()),
    )
    result = await agents.Runner.run(agent, QUESTION)
    assert result.final_output == "Done."


async def run_openai_agents_responses(conversation: Conversation) -> None:
    await run_openai_agents(conversation, responses=True)


async def run_openai_agents_chat(conversation: Conversation) -> None:
    await run_openai_agents(conversation, responses=False)


_lang_chain_run: contextvars.ContextVar[uuid.UUID | None] = contextvars.ContextVar(
    "_lang_chain_run", default=None
)


def lang_chain_parts(conversation: Conversation) -> tuple[Any, list[Any]]:
    """Returns a model and tools that know the LangChain run they are in."""
    from langchain_core.tools import InjectedToolCallId, StructuredTool, ToolException
    from langchain_openai import ChatOpenAI

    class CannedChat(ChatOpenAI):
        """The real class; notes its run for the transport below it."""

        def _generate(self, *args: Any, run_manager: Any = None, **kwargs: Any) -> Any:
            token = _lang_chain_run.set(run_manager.run_id)
            try:
                return super()._generate(*args, run_manager=run_manager, **kwargs)
            finally:
                _lang_chain_run.reset(token)

        async def _agenerate(
            self, *args: Any, run_manager: Any = None, **kwargs: Any
        ) -> Any:
            token = _lang_chain_run.set(run_manager.run_id)
            try:
                return await super()._agenerate(
                    *args, run_manager=run_manager, **kwargs
                )
            finally:
                _lang_chain_run.reset(token)

    span_of_run = lang_chain_span_lookup()
    conversation.span_of_moment = lambda: span_of_run(_lang_chain_run.get())

    def execute(
        city: str,
        call_id: Annotated[str, InjectedToolCallId],
        callbacks: Any,  # LangChain hands in what belongs to this very run
    ) -> str:
        try:
            return conversation.execute(
                call_id, city, span_of_run(callbacks.parent_run_id)
            )
        except ToolFailure as failure:
            raise ToolException("try again") from failure

    async def execute_async(
        city: str,
        call_id: Annotated[str, InjectedToolCallId],
        callbacks: Any,  # LangChain hands in what belongs to this very run
    ) -> str:
        try:
            return await conversation.execute_async(
                call_id, city, span_of_run(callbacks.parent_run_id)
            )
        except ToolFailure as failure:
            raise ToolException("try again") from failure

    tools = [
        StructuredTool.from_function(
            execute,
            execute_async,
            name=name,
            description="Tells about a city.",
            handle_tool_error=True,
        )
        for name in ("get_weather", "get_time")
    ]
    model = CannedChat(
        model=MODEL,
        http_client=conversation.http_client(),
        http_async_client=conversation.async_http_client(),
        **NOWHERE,
    )
    return model, tools


def lang_chain_span_lookup() -> Callable[[uuid.UUID | None], SpanRef | None]:
    """Returns how the instrumentation at work finds the span of a run."""
    from langchain_core.callbacks import BaseCallbackManager
    from openinference.instrumentation.langchain import LangChainInstrumentor

    handlers = {type(h).__name__: h for h in BaseCallbackManager([]).handlers}

    def find(run_id: uuid.UUID | None) -> otel.Span | None:
        if "OpenInferenceTracer" in handlers:
            return LangChainInstrumentor().get_span(run_id)
        if "TraceloopCallbackHandler" in handlers:
            holder = handlers["TraceloopCallbackHandler"].spans.get(run_id)
            return holder.span if holder else None
        return otel.get_current_span()  # OpenTelemetry's own makes spans current

    return lambda run_id: ref_of(find(run_id))


def lang_chain_agent(conversation: Conversation) -> Any:
    """Every tool call is a step of the graph."""
    from langchain.agents import create_agent

    return create_agent(*lang_chain_parts(conversation))


def lang_graph_agent(conversation: Conversation) -> Any:
    """One step runs all tool calls of an answer, in a pool of threads."""
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.prebuilt import ToolNode, tools_condition

    model, tools = lang_chain_parts(conversation)
    model = model.bind_tools(tools)

    def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    async def ask_async(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    from langchain_core.runnables import RunnableLambda

    graph = StateGraph(MessagesState)
    graph.add_node("model", RunnableLambda(ask, ask_async))
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


_LANG_CHAIN_INPUT: Any = {"messages": [("user", QUESTION)]}


def run_lang_chain(conversation: Conversation) -> None:
    result = lang_chain_agent(conversation).invoke(_LANG_CHAIN_INPUT)
    assert result["messages"][-1].content == "Done."


async def run_lang_chain_async(conversation: Conversation) -> None:
    result = await lang_chain_agent(conversation).ainvoke(_LANG_CHAIN_INPUT)
    assert result["messages"][-1].content == "Done."


def run_lang_graph(conversation: Conversation) -> None:
    result = lang_graph_agent(conversation).invoke(_LANG_CHAIN_INPUT)
    assert result["messages"][-1].content == "Done."


async def run_lang_graph_async(conversation: Conversation) -> None:
    result = await lang_graph_agent(conversation).ainvoke(_LANG_CHAIN_INPUT)
    assert result["messages"][-1].content == "Done."


def pydantic_agent(conversation: Conversation, sync: bool) -> Any:
    from pydantic_ai import Agent, ModelRetry, RunContext
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(openai_client=conversation.async_client())
    agent = Agent(OpenAIChatModel(MODEL, provider=provider), name="desk")

    def execute(context: RunContext[Any], city: str) -> str:
        try:
            return conversation.execute(_id_of(context.tool_call_id), city)
        except ToolFailure as failure:
            raise ModelRetry("try again") from failure

    async def execute_async(context: RunContext[Any], city: str) -> str:
        try:
            return await conversation.execute_async(_id_of(context.tool_call_id), city)
        except ToolFailure as failure:
            raise ModelRetry("try again") from failure

    for name in ("get_weather", "get_time"):
        agent.tool(execute if sync else execute_async, name=name)
    return agent


def _id_of(call_id: str | None) -> str:
    assert call_id
    return call_id


def run_pydantic_ai(conversation: Conversation) -> None:
    assert pydantic_agent(conversation, True).run_sync(QUESTION).output == "Done."


async def run_pydantic_ai_async(conversation: Conversation) -> None:
    result = await pydantic_agent(conversation, False).run(QUESTION)
    assert result.output == "Done."


async def run_google_adk(conversation: Conversation) -> None:
    from google.adk.agents import LlmAgent
    from google.adk.models import BaseLlm, LlmRequest, LlmResponse
    from google.adk.runners import InMemoryRunner
    from google.adk.tools import ToolContext
    from google.genai import types

    class CannedLlm(BaseLlm):
        """ADK's own interface for models; speaks no HTTP."""

        async def generate_content_async(
            self, llm_request: LlmRequest, stream: bool = False
        ) -> Any:
            parts = [p for c in llm_request.contents for p in c.parts or []]
            used = [p.function_response for p in parts if p.function_response]
            calls = await conversation.choose_async(tuple(_id_of(u.id) for u in used))
            answer = [
                types.Part(
                    function_call=types.FunctionCall(
                        id=call.id, name=call.name, args=dict(call.arguments)
                    )
                )
                for call in calls
            ]
            content = types.Content(
                role="model", parts=answer or [types.Part(text="Done.")]
            )
            yield LlmResponse(content=content)

    async def execute(city: str, tool_context: ToolContext) -> Any:
        call_id = _id_of(tool_context.function_call_id)
        try:
            return {"result": await conversation.execute_async(call_id, city)}
        except ToolFailure as failure:
            return {"error": str(failure)}

    async def get_weather(city: str, tool_context: ToolContext) -> Any:
        return await execute(city, tool_context)

    async def get_time(city: str, tool_context: ToolContext) -> Any:
        return await execute(city, tool_context)

    agent = LlmAgent(
        name="desk", model=CannedLlm(model=MODEL), tools=[get_weather, get_time]
    )
    runner = InMemoryRunner(agent=agent, app_name="desk")
    session = await runner.session_service.create_session(
        app_name="desk", user_id="someone"
    )
    last = None
    async for event in runner.run_async(
        user_id="someone",
        session_id=session.id,
        new_message=types.Content(role="user", parts=[types.Part(text=QUESTION)]),
    ):
        last = event
    assert last is not None and last.content.parts[0].text == "Done."


# The hand-written loop around the OpenAI client.

_TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
            },
        },
    }
    for name in ("get_weather", "get_time")
]


def _calls_in(message: Any) -> list[Call]:
    return [
        Call(c.id, c.function.name, json.loads(c.function.arguments)["city"])
        for c in message.tool_calls or []
    ]


def _tool_message(call: Call, text: str) -> dict[str, str]:
    return {"role": "tool", "tool_call_id": call.id, "content": text}


def run_openai_loop(conversation: Conversation) -> None:
    spans = otel_instrumentations.hand_spans()

    def execute(call: Call) -> dict[str, str]:
        try:
            with spans.tool(call) as set_result:
                text = conversation.execute(call.id, call.city)
                set_result(text)
        except ToolFailure as failure:
            text = str(failure)
        return _tool_message(call, text)

    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    client = conversation.client()
    with spans.agent():
        while True:
            answer = client.chat.completions.create(
                model=MODEL, messages=messages, tools=_TOOLS
            )
            message = answer.choices[0].message
            if not message.tool_calls:
                break
            messages.append(message.model_dump(exclude_none=True))
            messages += in_threads(execute, _calls_in(message))
    assert message.content == "Done."


async def run_openai_loop_async(conversation: Conversation) -> None:
    spans = otel_instrumentations.hand_spans()

    async def execute(call: Call) -> dict[str, str]:
        try:
            with spans.tool(call) as set_result:
                text = await conversation.execute_async(call.id, call.city)
                set_result(text)
        except ToolFailure as failure:
            text = str(failure)
        return _tool_message(call, text)

    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    client = conversation.async_client()
    with spans.agent():
        while True:
            answer = await client.chat.completions.create(
                model=MODEL, messages=messages, tools=_TOOLS
            )
            message = answer.choices[0].message
            if not message.tool_calls:
                break
            messages.append(message.model_dump(exclude_none=True))
            messages += await asyncio.gather(*map(execute, _calls_in(message)))
    assert message.content == "Done."


def in_threads(function: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    """Calls `function` for all items at once; the calls begin in order.

    Threads get the context of the caller, as careful programs do.
    """
    results: dict[int, Any] = {}
    errors: list[BaseException] = []

    def call(number: int, item: Any) -> None:
        try:
            results[number] = function(item)
        except BaseException as error:  # handed to the caller below
            errors.append(error)

    threads = []
    for number, item in enumerate(items):
        context = contextvars.copy_context()
        threads.append(threading.Thread(target=context.run, args=(call, number, item)))
        threads[-1].start()
        if len(items) > 1:
            time.sleep(0.005)  # so that spans start in the order of the calls
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(items))]
