# venvs: sdk-newest sdk-oldest
"""SpanLinkHooks change nothing else: every call goes to the hooks of the user as it
is, and whatever the processors do, the run goes on."""

import asyncio
import contextvars
import inspect
from typing import Any

import agents
import hook_runs
import pytest
import sdk_runs
from agents.tracing import get_current_span
from hook_runs import (
    AgentTags,
    Observed,
    RunTags,
    llm_hooks,
    metadata_of,
    observe,
    streamed_or_not,
    tags,
    tree_of,
)

import spanlink
from spanlink.openai_agents import SpanLinkHooks, SpanLinkProcessor, _hooks

# --- Forwarding ---------------------------------------------------------------


def hook_names(hooks: Any) -> list[str]:
    return [name for name in dir(hooks) if name.startswith("on_")]


@pytest.mark.parametrize("kind", [agents.RunHooks, agents.AgentHooks])
def test_every_hook_of_the_sdk_is_forwarded(kind):  # R25
    calls = []

    class Noting(kind[Any]):  # type: ignore[misc, valid-type]
        pass

    def noting(name: str) -> Any:
        async def hook(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append((name, args, kwargs))
            return name

        return hook

    for name in hook_names(kind):
        setattr(Noting, name, noting(name))
    wrapped = SpanLinkHooks(wrap=Noting())
    for name in hook_names(kind):
        returned = asyncio.run(getattr(wrapped, name)(1, "two", answer=[3]))
        assert returned == name
        assert calls.pop() == (name, (1, "two"), {"answer": [3]})
    assert len(hook_names(kind)) >= 5
    assert isinstance(
        wrapped, kind.__mro__[0] if isinstance(kind, type) else kind.__origin__
    )


def test_what_is_no_hooks_is_refused():
    with pytest.raises(TypeError, match=r"RunHooks or AgentHooks, not type"):
        SpanLinkHooks(RunTags)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"not str"):
        SpanLinkHooks("hooks")  # type: ignore[call-overload]


@llm_hooks
def test_hooks_may_be_left_out():
    seen = observe("no_sensitive_data", hooks=None, agent_hooks=agents.AgentHooks)
    assert {link.evidence for link in seen.links} == {"tool_call_id"}

    async def body(env: sdk_runs.Env) -> None:
        wire = env.wire(sdk_runs.say())
        await agents.Runner.run(
            agents.Agent("Solo", model=wire.model()), "go", hooks=SpanLinkHooks()
        )

    assert Observed(body).is_clean()


class Raising(agents.RunHooks[Any]):
    """Raises in the hook that `at` names."""

    at = ""

    def __init__(self, truth: Any) -> None:
        pass

    async def on_llm_start(self, *arguments: Any) -> None:
        self.maybe("on_llm_start")

    async def on_llm_end(self, *arguments: Any) -> None:
        self.maybe("on_llm_end")

    async def on_tool_start(self, *arguments: Any) -> None:
        self.maybe("on_tool_start")

    def maybe(self, name: str) -> None:
        if name == self.at:
            raise LookupError("of the user")


@llm_hooks
@streamed_or_not
@pytest.mark.parametrize("at", ["on_llm_start", "on_llm_end", "on_tool_start"])
def test_raising_hooks_do_what_they_do_without_us(at, streamed, monkeypatch):  # R30
    monkeypatch.setattr(Raising, "at", at)

    async def body(env: sdk_runs.Env) -> None:
        probe = sdk_runs.slow_tool("probe")
        wire = env.wire(*hook_runs.one_tool_call(probe))
        agent = env.agent("Solo", wire, tools=[probe])
        with pytest.raises(BaseException) as caught:
            if not env._wrap:
                env.hooks = lambda wire: Raising(None)  # type: ignore[method-assign]
            await env.run(agent, wire)
        ends.append((type(caught.value), str(caught.value)))

    ends: list[Any] = []
    bare = Observed(body, streamed=streamed, hooks=None, agent_hooks=None)
    hooked = Observed(body, streamed=streamed, hooks=Raising)
    assert ends[0] == ends[1]
    assert "of the user" in ends[0][1]
    assert tree_of(hooked) == tree_of(bare)
    assert hooked.beside.errors() == bare.beside.errors()
    assert hooked.is_clean()


@llm_hooks
def test_hooks_around_hooks_are_one():  # R26
    innermost = RunTags()
    seen = Observed(
        "single_tool",
        hooks=lambda truth: SpanLinkHooks(SpanLinkHooks(innermost)),
        agent_hooks=lambda: SpanLinkHooks(AgentTags()),
    )
    assert innermost.current[1::2] == seen.beside.llm_spans()
    for span in seen.behind.llm_spans():
        assert seen.behind.handed_on[span.span_id] == tags(span.span_data.response.id)
    assert seen.is_clean()
    assert seen.evicted() == 0


# --- Without, or with other, or with broken processors ------------------------


@llm_hooks
@streamed_or_not
@pytest.mark.parametrize("disabled", [False, True])
def test_hooks_work_without_a_processor(streamed, disabled):  # R25
    run_hooks, agent_hooks = RunTags(), AgentTags()
    spans_inside: list[Any] = []

    class Opening(RunTags):
        async def on_llm_start(self, *arguments: Any) -> None:
            await super().on_llm_start(*arguments)
            with agents.tracing.custom_span("inside") as span:
                spans_inside.append(span)

    run_hooks = Opening()

    async def body(env: sdk_runs.Env) -> None:
        wire = env.wire(sdk_runs.say())
        env.hooks = lambda wire: SpanLinkHooks(run_hooks)  # type: ignore[method-assign]
        agent = env.agent("Solo", wire, hooks=SpanLinkHooks(agent_hooks))
        await env.run(
            agent, wire, run_config=agents.RunConfig(tracing_disabled=disabled)
        )

    env = sdk_runs.Env("responses", streamed)
    truth = sdk_runs.run_body(body, env, "", [])
    assert truth.outcome == "done"
    for hooks in (run_hooks, agent_hooks):
        assert [s.span_data.type for s in hooks.current] == ["response", "response"]
    (inside,) = spans_inside
    assert (inside.span_id == "no-op") == disabled  # as it is without us
    assert bool(truth.events) != disabled


@llm_hooks
def test_processors_side_by_side_agree():  # R26
    links: list[Any] = []
    other = SpanLinkProcessor(links.append)
    seen = Observed("single_tool", processors=[other])
    for span in seen.behind.llm_spans():
        assert metadata_of(span) == tags(span.span_data.response.id)
    assert {(k.kind, k.span_id) for k in links} == {
        (k.kind, k.span_id) for k in seen.links
    }
    assert not any(other.stats.values())
    other.shutdown()


@llm_hooks
def test_processors_of_other_runs_are_left_alone():  # R21
    idle = SpanLinkProcessor(dispatcher=spanlink.Dispatcher())
    Observed("single_tool")
    assert not any(idle.stats.values())
    assert idle.diagnostics == {}
    idle.shutdown()


BROKEN = [
    "knows",
    "begin_llm_hook",
    "end_llm_hook",
    "annotate",
    "note_answer",
    "note_tool_call_id",
    "last_llm_span",
]


@llm_hooks
@pytest.mark.parametrize("name", BROKEN)
def test_a_failing_processor_does_not_reach_the_run(name, monkeypatch):  # R24
    def fail(*arguments: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(SpanLinkProcessor, name, fail)

    class Careful(RunTags):
        def put(self, key: str, value: Any) -> None:
            pass

    seen = Observed("single_tool", hooks=Careful, agent_hooks=agents.AgentHooks)
    assert seen.truth.outcome == "done"


@llm_hooks
def test_the_current_span_is_given_back():  # R25
    outside: list[Any] = []

    class Around(agents.RunHooks[Any]):
        """Calls our hooks, as a user's own composition of hooks may."""

        def __init__(self, truth: Any) -> None:
            self.inner = SpanLinkHooks(RunTags())

        async def on_llm_start(self, *arguments: Any) -> None:
            await self.call(self.inner.on_llm_start(*arguments))

        async def on_llm_end(self, *arguments: Any) -> None:
            await self.call(self.inner.on_llm_end(*arguments))

        async def call(self, hook: Any) -> None:
            before = get_current_span()
            await hook
            outside.append((before, get_current_span()))

    async def body(env: sdk_runs.Env) -> None:
        wire = env.wire(sdk_runs.say())
        env.hooks = lambda wire: Around(None)  # type: ignore[method-assign]
        await env.run(env.agent("Solo", wire), wire)

    seen = Observed(body, agent_hooks=None)
    assert len(outside) == 2
    for before, after in outside:
        assert before is after
        assert before.span_data.type not in hook_runs.LLM_TYPES
    (span,) = seen.behind.llm_spans()
    assert metadata_of(span) == tags(span.span_data.response.id, ("run",))


@llm_hooks
def test_tasks_that_outlive_a_hook_do_no_harm():  # R40
    late: list[Any] = []

    class Spawning(RunTags):
        async def on_llm_start(self, *arguments: Any) -> None:
            await super().on_llm_start(*arguments)
            self.call_is_over = asyncio.Event()
            self.task = asyncio.ensure_future(self.work())

        async def on_llm_end(self, *arguments: Any) -> None:
            await super().on_llm_end(*arguments)
            self.call_is_over.set()
            await self.task

        async def work(self) -> None:
            await self.call_is_over.wait()
            late.append(get_current_span())
            with agents.tracing.custom_span("late"):
                late[-1].span_data.metadata["too"] = "late"

    seen = Observed("single_tool", hooks=Spawning, agent_hooks=None)
    assert [s.span_data.type for s in late] == ["response", "response"]
    parents = [s.parent_id for s in seen.beside.spans if s.span_data.type == "custom"]
    llm_spans = seen.beside.llm_spans()
    assert parents == [s.parent_id for s in llm_spans]
    for span in llm_spans:
        assert metadata_of(span) == tags(span.span_data.response.id, ("run",))
    assert seen.is_clean()


@llm_hooks
def test_a_hook_that_ends_in_another_context_ends():  # R40
    class Hanging(agents.RunHooks[Any]):
        async def on_llm_start(self, *arguments: Any) -> None:
            await asyncio.sleep(0)

    hook = SpanLinkHooks(Hanging()).on_llm_start(*4 * [None])  # type: ignore[arg-type]
    contextvars.Context().run(hook.send, None)
    hook.close()  # as the garbage collector does
    assert get_current_span() is None


def test_stand_in_is_whole():  # R25
    async def body(env: sdk_runs.Env) -> None:
        with agents.trace("t"), agents.tracing.agent_span("a") as parent:
            stand_in = _hooks._stand_in(parent)
            with stand_in as entered:
                assert entered is stand_in
                assert get_current_span() is parent
            stand_in.start(mark_as_current=True)
            stand_in.finish(reset_current=True)
            assert get_current_span() is parent
            assert parent.ended_at is None
            for name, value in inspect.getmembers(type(parent)):
                if isinstance(value, property) and name != "span_data":
                    assert getattr(stand_in, name) == getattr(parent, name)
            stand_in.set_error({"message": "m", "data": None})
            assert parent.error == {"message": "m", "data": None}
            assert stand_in.export() is None

    Observed(body)
