# venvs: sdk-newest sdk-oldest
"""SpanLinkHooks on real runs of the SDK: the LLM span is current in hooks around an
LLM call, and what they put on it is on the one LLM span that is exported."""

import asyncio
from typing import Any

import agents
import hook_runs
import openai
import pytest
import sdk_runs
from hook_runs import (
    HAS_LLM_HOOKS,
    AgentTags,
    Observed,
    RunTags,
    each_model,
    has_span_metadata,
    llm_hooks,
    metadata_of,
    observe,
    streamed_or_not,
    tags,
    tree_of,
)


def response_id_of(span: Any, api: str, streamed: bool) -> Any:
    if api == "responses":
        return span.span_data.response.id
    return "__fake_id__" if streamed else None  # what the SDK makes of it


# --- What hooks see and say ---------------------------------------------------


@llm_hooks
@each_model
@streamed_or_not
@pytest.mark.parametrize("replace", [False, True])
def test_all_four_hooks_reach_the_one_llm_span(api, streamed, replace):  # R26
    seen = Observed(
        "single_tool",
        api,
        streamed,
        hooks=lambda truth: RunTags(truth, replace=replace),
        agent_hooks=lambda: AgentTags(replace=replace),
    )
    assert len(seen.behind.llm_spans()) == 2
    for span in seen.behind.llm_spans():
        expected = tags(response_id_of(span, api, streamed))
        assert seen.behind.handed_on[span.span_id] == expected  # by then
        assert metadata_of(span) == expected
    assert set(seen.beside.llm_spans()) == set(seen.behind.llm_spans())
    assert seen.is_clean()
    assert seen.evicted() == 0


@llm_hooks
@has_span_metadata
def test_the_sdk_exports_what_hooks_put_on_the_span():  # R26
    seen = Observed("single_tool")
    for span in seen.beside.llm_spans():
        exported = span.export()
        assert exported["metadata"] == tags(span.span_data.response.id)
        assert "metadata" not in exported["span_data"]


@llm_hooks
@each_model
@streamed_or_not
def test_current_span_is_the_llm_span(api, streamed):  # R25
    seen = Observed("single_tool", api, streamed)
    by_end = seen.beside.llm_spans()
    for hooks in (seen.run_hooks[0], seen.agent_hooks[0]):
        before, after = hooks.current[0::2], hooks.current[1::2]
        assert [type(s.span_data) for s in before] == 2 * [
            agents.tracing.ResponseSpanData
        ]
        assert after == by_end
        # The stand-in is in the place where the span will be.
        assert [s.trace_id for s in before] == [s.trace_id for s in by_end]
        assert [s.span_id for s in before] == [s.parent_id for s in by_end]
        assert all(isinstance(s, agents.tracing.Span) for s in before)


class SpanOpening(agents.RunHooks[Any]):
    """Notes the current span before, inside and after each hook."""

    def __init__(self, truth: Any) -> None:
        self.open_spans: list[str] = []

    async def on_llm_start(self, *arguments: Any) -> None:
        self.work("start")

    async def on_llm_end(self, *arguments: Any) -> None:
        self.work("end")

    def work(self, name: str) -> None:
        with agents.tracing.custom_span(name):
            pass


@llm_hooks
@streamed_or_not
def test_spans_that_hooks_open_are_in_the_tree(streamed):  # R25
    seen = Observed("single_tool", streamed=streamed, hooks=SpanOpening)
    by_id = {s.span_id: s for s in seen.beside.spans}
    llm_spans = seen.beside.llm_spans()
    for name, parents in {
        "start": [s.parent_id for s in llm_spans],
        "end": [s.span_id for s in llm_spans],
    }.items():
        found = [s for s in by_id.values() if getattr(s.span_data, "name", "") == name]
        assert [s.parent_id for s in found] == parents
    assert [len(metadata_of(s)) for s in llm_spans] == [2, 2]  # of the agent's hooks


@each_model
def test_hooks_leave_the_hierarchy_as_it_is(api):  # R27
    trees = []
    for streamed in (False, True):
        bare = Observed(
            "handoff_plus_tools", api, streamed, hooks=None, agent_hooks=None
        )
        hooked = Observed("handoff_plus_tools", api, streamed)
        assert tree_of(hooked) == tree_of(bare)
        trees.append([row for row in tree_of(hooked) if row[1] != "turn"])
        for call in hooked.truth.calls:
            parents = {e.span_id: e.parent_id for e in hooked.truth.events}
            assert parents[call.span_id] == parents[call.chosen_by]
    assert trees[0] == trees[1]


def test_without_hooks_nothing_changes():  # R25
    with_processor = Observed("single_tool", hooks=None, agent_hooks=None)
    exports = [s.export() for s in with_processor.beside.spans]
    assert not any("metadata" in exported for exported in exports)
    assert not any(metadata_of(s) for s in with_processor.behind.spans)
    assert with_processor.is_clean()


@llm_hooks
def test_metadata_of_parallel_runs_does_not_mix():  # R26
    async def body(env: sdk_runs.Env) -> None:
        async def one(name: str) -> None:
            wire = env.wire(sdk_runs.say())
            await env.run(env.agent(name, wire), wire)

        await asyncio.gather(*(one(f"agent-{i}") for i in range(8)))

    class Slow(RunTags):
        async def on_llm_start(self, *arguments: Any) -> None:
            await asyncio.sleep(0.002)
            await super().on_llm_start(*arguments)

    seen = Observed(body, hooks=Slow)
    names = [metadata_of(s)["run_hook_start_agent"] for s in seen.behind.llm_spans()]
    assert sorted(names) == [f"agent-{i}" for i in range(8)]
    for span in seen.behind.llm_spans():
        metadata = metadata_of(span)
        assert metadata["agent_hook_start_agent"] == metadata["run_hook_start_agent"]


@llm_hooks
def test_metadata_is_for_its_own_call_only():  # R26
    """Another LLM span, of the user, starts under the same parent later."""

    class Asking(RunTags):
        async def on_agent_end(self, *arguments: Any) -> None:
            with agents.tracing.generation_span():
                pass

    async def body(env: sdk_runs.Env) -> None:
        wire = env.wire(sdk_runs.say())
        await env.run(env.agent("Solo", wire), wire)

    seen = Observed(body, hooks=Asking)
    of_the_call, of_the_user = seen.beside.llm_spans()
    assert of_the_call.parent_id == of_the_user.parent_id
    assert metadata_of(of_the_call) == tags(of_the_call.span_data.response.id)
    assert metadata_of(of_the_user) == {}


# --- All runs -----------------------------------------------------------------


def links_of_kind(seen: Observed, what: str) -> list[Any]:
    return [k for k in seen.links if k.kind in (f"tool_{what}", f"handoff_{what}")]


def outcome_of(seen: Observed) -> tuple[str, str]:
    return type(seen.truth.outcome).__name__, str(seen.truth.outcome)


# The shape of an LLM span does not matter to hooks: one API is enough.
ONE_API = [
    one for one in sdk_runs.runs_here() if one[1] == sdk_runs.SCENARIOS[one[0]].apis[0]
]


# R1, R2, R3, R8, R15, R18, R19, R40: hooks make links surer, and none wrong.
# R25, R26: in whatever way a run goes, every LLM span has its metadata.
@pytest.mark.parametrize("one", ONE_API, ids=lambda one: sdk_runs.run_key(*one))
def test_every_run_with_hooks(one):
    seen = observe(*one)
    bare = Observed(*one, hooks=None, agent_hooks=None)
    assert outcome_of(seen) == outcome_of(bare)
    assert sorted(tree_of(seen)) == sorted(tree_of(bare))
    for span in seen.beside.llm_spans() if HAS_LLM_HOOKS else []:
        assert metadata_of(span).keys() >= {
            "run_hook_start_agent",
            "agent_hook_start_agent",
        }
    chosen = {(c.span_id, c.chosen_by, c.tool_call_id) for c in seen.truth.calls}
    used = {(c.first_used_by or c.target_llm, c.span_id) for c in seen.truth.calls}
    choices, results = links_of_kind(seen, "choice"), links_of_kind(seen, "result")
    assert {(k.span_id, k.linked_span_id, k.tool_call_id) for k in choices} <= chosen
    assert {(k.span_id, k.linked_span_id) for k in results} <= used
    counts = sdk_runs.expected(*one, hooks=True)
    assert (len(choices), len(results)) == (
        counts["choice_links"],
        counts["result_links"],
    )
    # Calls without a result wait for the next trace of a conversation.
    assert seen.kept.keys() <= {"parked_calls"}


# --- Models -------------------------------------------------------------------


class OtherSpanModel(sdk_runs.CannedModel):
    """Opens a span that is no LLM span."""

    def _respond(self, messages: Any) -> Any:
        with agents.tracing.custom_span("my model"):
            return self._answer(messages)


class HiddenSpanModel(sdk_runs.CannedModel):
    """Opens an LLM span, inside a span of its own."""

    def _respond(self, messages: Any) -> Any:
        with agents.tracing.custom_span("my model"):
            return super()._respond(messages)


class NestedSpansModel(sdk_runs.CannedModel):
    """Two LLM spans for one call; both say what it chose."""

    def _respond(self, messages: Any) -> Any:
        with (
            agents.tracing.response_span() as outer,
            agents.tracing.generation_span() as inner,
        ):
            outer.span_data.input = inner.span_data.input = messages
            response = self._answer(messages)
            outer.span_data.response = response
            inner.span_data.output = [response.model_dump()]
            return response


class NoNamesModel(sdk_runs.CannedModel):
    """Has no parameter with a name."""

    async def get_response(self, *args: Any, **kwargs: Any) -> Any:
        messages = args[1] if len(args) > 1 else kwargs["input"]
        return await super().get_response(None, messages)

    async def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        messages = args[1] if len(args) > 1 else kwargs["input"]
        async for event in super().stream_response(None, messages):
            yield event


@llm_hooks
@streamed_or_not
@pytest.mark.parametrize(
    "kind",
    [
        sdk_runs.CannedModel,
        sdk_runs.PositionalOnlyModel,
        NoNamesModel,
        HiddenSpanModel,
    ],
)
def test_models_of_every_kind(kind, streamed):  # R26, R28
    seen = Observed(
        hook_runs.model_body(lambda wire: kind(wire, opens_span=True)),
        streamed=streamed,
    )
    assert seen.truth.outcome == "done"
    assert len(seen.behind.llm_spans()) == 2
    for span in seen.behind.llm_spans():
        assert seen.behind.handed_on[span.span_id] == tags(span.span_data.response.id)
    assert len(seen.links) == 2
    assert seen.is_clean()


@llm_hooks
@streamed_or_not
@pytest.mark.parametrize("kind", [sdk_runs.CannedModel, OtherSpanModel])
def test_metadata_for_a_call_without_an_llm_span_is_counted(kind, streamed):  # R28
    opens = kind is not sdk_runs.CannedModel
    seen = Observed(
        hook_runs.model_body(lambda wire: kind(wire, opens_span=opens)),
        streamed=streamed,
    )
    assert seen.truth.outcome == "done"
    for hooks in (seen.run_hooks[0], seen.agent_hooks[0]):
        assert [s.span_data.type for s in hooks.current] == 4 * ["response"]
    assert not any(
        key.endswith("_agent") for s in seen.behind.spans for key in metadata_of(s)
    )
    # Two calls, with four keys each.
    assert seen.evicted() == 8
    assert seen.is_clean()


@llm_hooks
@streamed_or_not
def test_nested_llm_spans_count_as_one(streamed):  # R31
    seen = Observed(
        hook_runs.model_body(lambda wire: NestedSpansModel(wire, opens_span=True)),
        streamed=streamed,
    )
    outer = [s for s in seen.behind.spans if s.span_data.type == "response"]
    inner = [s for s in seen.behind.spans if s.span_data.type == "generation"]
    assert [len(metadata_of(s)) for s in outer] == [4, 4]
    assert [metadata_of(s) for s in inner] == [{}, {}]
    assert seen.evicted() == 0
    assert [link.kind for link in seen.links] == ["tool_choice", "tool_result"]
    assert seen.is_clean()


@llm_hooks
@each_model
@streamed_or_not
def test_every_attempt_is_annotated(api, streamed):  # R26
    seen = observe("model_error_retried_by_sdk", api, streamed)
    keys = {
        s.span_id: {key.split("_hook_")[1] for key in metadata_of(s)}
        for s in seen.behind.llm_spans()
    }
    both = {"start_agent", "end_response_id"}
    in_order = [keys[s.span_id] for s in seen.beside.llm_spans()]
    assert in_order == [both, {"start_agent"}, both]
    assert seen.is_clean()


@llm_hooks
def test_an_answer_that_only_hooks_know_is_linked():  # R22
    seen = observe("scripted_model")
    truth = {(c.span_id, c.chosen_by, c.tool_call_id) for c in seen.truth.calls}
    chosen = [k for k in seen.links if k.kind == "tool_choice"]
    assert {(k.span_id, k.linked_span_id, k.tool_call_id) for k in chosen} == truth
    assert len(chosen) == len(truth) == 3


# --- What ends early, and what is left out ------------------------------------


@llm_hooks
@each_model
@streamed_or_not
@pytest.mark.parametrize("sensitive", [True, False])
def test_a_model_error_is_recorded_once(api, streamed, sensitive):  # R30
    async def body(env: sdk_runs.Env) -> None:
        wire = env.wire(sdk_runs.Answer(status=400))
        config = agents.RunConfig(trace_include_sensitive_data=sensitive)
        await env.run(
            env.agent("Solo", wire),
            wire,
            run_config=config,
            raises=openai.BadRequestError,
        )

    bare = Observed(body, api, streamed, hooks=None, agent_hooks=None)
    seen = Observed(body, api, streamed)
    (span,) = seen.behind.llm_spans()
    assert seen.beside.errors() == bare.beside.errors()
    # Releases before 0.14 let the errors of chat models pass.
    assert span.error or (api == "chat" and not sdk_runs.CAPABILITIES["tracing config"])
    if not sensitive:
        assert "canned error" not in str(span.error)
    # The hooks after the call never came; what those before it said is there.
    assert metadata_of(span) == {
        "run_hook_start_agent": "Solo",
        "agent_hook_start_agent": "Solo",
    }
    assert seen.is_clean()


STOPPED = [
    one
    for one in sdk_runs.runs_here()
    if one[0].startswith(("cancelled_", "stream_abandoned", "stream_cancelled"))
]


@llm_hooks
@pytest.mark.parametrize("one", STOPPED, ids=lambda one: sdk_runs.run_key(*one))
def test_what_is_cancelled_leaves_nothing_behind(one):  # R40
    seen = observe(*one)
    assert seen.is_clean()
    assert seen.evicted() == 0
    # Every LLM span has what was said before its call, whatever became of it.
    assert len(seen.behind.llm_spans()) == len(seen.beside.llm_spans()) > 0
    for span in seen.behind.llm_spans():
        assert metadata_of(span)["run_hook_start_agent"] == "Solo"
        assert metadata_of(span)["agent_hook_start_agent"] == "Solo"


@llm_hooks
@each_model
@streamed_or_not
@pytest.mark.parametrize("scenario", ["no_sensitive_data", "no_sensitive_data_handoff"])
def test_links_without_sensitive_data(scenario, api, streamed):  # R22
    seen = observe(scenario, api, streamed)
    truth = {(c.span_id, c.chosen_by, c.tool_call_id) for c in seen.truth.calls}
    chosen = [k for k in seen.links if k.kind in ("tool_choice", "handoff_choice")]
    assert {(k.span_id, k.linked_span_id, k.tool_call_id) for k in chosen} == truth
    used = {(c.first_used_by or c.target_llm, c.span_id) for c in seen.truth.calls}
    results = [k for k in seen.links if k.kind in ("tool_result", "handoff_result")]
    assert {(k.span_id, k.linked_span_id) for k in results} == used
    assert all(metadata_of(span) for span in seen.behind.llm_spans())


def test_hooks_know_the_call_of_a_tool():  # R23
    seen = observe("parallel_identical", agent_hooks=None)
    truth = {(c.span_id, c.tool_call_id) for c in seen.truth.calls}
    chosen = [k for k in seen.links if k.kind == "tool_choice"]
    assert {(k.span_id, k.tool_call_id) for k in chosen} == truth
    assert {k.evidence for k in chosen} == {"tool_call_id"}
