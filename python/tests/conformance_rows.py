"""The rows of the conformance list: turns that break the best peer.

Each is a turn that a well-formed run can hold as well, with the links that are
right for it. Times are milliseconds from the beginning of the turn; spans
without follow one another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs import Run

GUARDRAILS = 1_000
TRACES = 8
MANY = 17_000  # more than the bound of one trace
CALLS_PER_TRACE = 1 << 14  # the bound


@dataclass(frozen=True)
class Mutation:
    what: str
    write: Callable[[Run], object]
    links: tuple[str, ...] = ()
    settled_links: tuple[str, ...] | None = None  # None: as `links`
    diagnostics: Mapping[str, int] | None = field(default_factory=dict)  # None: any
    options: Mapping[str, Any] = field(default_factory=dict)
    twice: bool = False  # all that it dispatches, once more in the end
    alone: bool = False  # in no other run, whose links its options would change
    large: bool = False


SORTED = '{"limit":5,"query":"x"}'
UNSORTED = '{"query":"x","limit":5}'
SPACED = '{ "query" : "x",  "limit" : 5 }'

PAIR_BY_ARGUMENTS = (
    "A<-L1 tool_choice(1) arguments",
    "B<-L1 tool_choice(2) arguments",
    "L2<-A tool_result(1) arguments",
    "L2<-B tool_result(2) arguments",
)
PAIR_BY_ID = tuple(
    line.replace("arguments", "tool_call_id") for line in PAIR_BY_ARGUMENTS
)
ONE_BY_ARGUMENTS = ("X<-L1 tool_choice(1) arguments", "L2<-X tool_result(1) arguments")
ONE_BY_ID = tuple(
    line.replace("arguments", "tool_call_id") for line in ONE_BY_ARGUMENTS
)
HANDED_OVER = (
    "H1<-L1 handoff_choice(1) handoff",
    "L2<-H1 handoff_result(1) handoff",
)


def _two_equal_calls(run: Run) -> Run:
    return run.chose("1", "f", "{}", "L1").chose("2", "f", "{}", "L1")


def _w4(run: Run) -> None:
    run.in_trace("A").in_trace("B")
    run.in_trace("A").chose("a", "f", "{}", "LA").at(100, 160)
    run.in_trace("B").chose("b", "f", "{}", "LB").at(200, 260)
    run.ran("f", "{}", "TB").at(300, 360)
    run.in_trace("A").ran("f", "{}", "TA").at(400, 460)
    run.in_trace("B").used("b", "LB2").at(500, 560)
    run.in_trace("A").used("a", "LA2").at(600, 660)


def _w5(run: Run) -> None:
    run.span("Lout", "llm").at(0, 300)
    run.under("Lout").chose("1", "f", "{}", "Lin").at(10, 50)
    run.under().ran("f", "{}", "X", id="1").at(100, 200)
    run.chose("1", "f", "{}", "Lout").used("1", "L2")


def _w10(run: Run) -> None:
    run.chose("call_0", "f", '{"x":1}', "LA").chose("call_0", "g", '{"y":1}', "LB")
    run.ran("f", '{"x":1}', "A").ran("g", '{"y":1}', "B", id="call_0")


def _w13(run: Run) -> None:
    run.chose("1", "f", '{"a":1}', "L1").ran("f", '{"a":1}', "X", outcome="failed")
    run.ran("f", '{"a":1}', "Y").used("1", "L2")


def _overlapping_uses(run: Run) -> None:
    run.chose("1", "f", "{}", "L1").ran("f", "{}", "X").at(200, 300)
    run.used("1", "Lmain").at(400, 800).used("1", "Lmod").at(500, 700)


def _handoff(tool: str, arguments: str, to: str) -> Callable[[Run], object]:
    """Agent "a" hands over to `to`, which goes on."""

    def write(run: Run) -> None:
        run.span("task", "other").under("task").agent("A", "a")
        run.chose("1", tool, arguments, "L1").handed("a", to, "H1")
        run.under("task").agent("X", to).used("1", "L2").used("1", "L3")

    return write


def _w18(run: Run) -> None:
    run.span("task", "other").under("task").agent("A", "a")
    run.chose("h1", "transfer_to_b", "{}", "L1")
    run.chose("h2", "transfer_to_c", "{}", "L1").handed("a", "b", "Hb")
    run.under("task").agent("B", "b").used("h1", "L2").used("h2", "L2")
    run.chose("h3", "transfer_to_c", "{}", "L3").handed("b", "c", "Hc")


def _w19(run: Run) -> None:
    run.chose("1", "f", '{"a":1}', "L1").chose("2", "f", '{"a":2}', "L1")
    run.ran("f", None, "X")


def _g1(run: Run) -> None:
    for n in range(GUARDRAILS):
        run.under().agent(f"P{n}").span(f"l{n}", "llm").span(f"g{n}", "guardrail")


def _g3(run: Run) -> None:
    run.agent("PA").span("lA", "llm").under().agent("PB").span("lB", "llm")
    run.under("PA").span("gA", "guardrail")


def _g4(run: Run) -> None:
    run.in_trace("A", "").in_trace("B", "")
    run.in_trace("A").span("l", "llm").at(100, 160)
    run.in_trace("B").span("g", "guardrail").at(161, 200)


def _t1(run: Run) -> None:
    for n in range(TRACES):
        run.in_trace(f"s{n}")
    for n in range(TRACES):
        run.in_trace(f"s{n}")
        run.chose("1", "f", "{}", f"s{n}L1").chose("2", "f", "{}", f"s{n}L1")
        run.at(100 + n, 160 + n)
        run.ran("f", "{}", f"s{n}A").at(200 + n, 280 - n)
        run.ran("f", "{}", f"s{n}B").at(210 + n, 260 + n)
        run.used("1", f"s{n}L2").used("2", f"s{n}L2").at(300 + n, 360 - n)


def _m1_alone(run: Run) -> None:
    run.in_trace("m")
    for n in range(MANY):
        run.chose(f"m{n}", "f", f'{{"n":{n}}}', f"m{n}")


def _m1_untraced(run: Run) -> None:
    run.in_trace("m")
    for n in range(MANY):
        run.chose(f"m{n}", "f", f'{{"n":{n}}}', f"m{n}").used(f"m{n}", f"u{n}")


def _two_runs(id: str) -> Callable[[Run], object]:
    """They take turns; ids and arguments are equal in both."""

    def write(run: Run) -> None:
        run.span("taska", "other").span("taskb", "other")
        run.under("taska").chose("1", "f", "{}", "La").at(300, 400)
        run.under("taskb").chose("1", "f", "{}", "Lb").at(310, 390)
        run.ran("f", "{}", "Xb", id=id).at(410, 600)
        run.under("taska").ran("f", "{}", "Xa", id=id).at(420, 500)
        run.under("taskb").used("1", "L2b").at(610, 700)
        run.under("taska").used("1", "L2a").at(620, 690)

    return write


def _n2(run: Run) -> None:
    run.span("graph", "other").under("graph")
    for n in "12":
        run.under("graph").span(f"sub{n}", "other").under(f"sub{n}")
        run.span(f"model{n}", "other").span(f"tools{n}", "other")
    run.under("model1").chose("1", "f", "{}", "L1")
    run.under("model2").chose("2", "f", "{}", "L2")
    run.under("tools2").ran("f", "{}", "X2").under("tools1").ran("f", "{}", "X1")


def _n3(run: Run) -> None:
    run.in_trace("approval").chose("1", "f", '{"a":1}', "L1")
    run.ran("f", '{"a":1}', "X", outcome="not_executed").finish_trace()
    run.under("").span("resumed", "other").under("resumed")
    run.ran("f", '{"a":1}', "Y").used("1", "L2")


def _n4(id: str) -> Callable[[Run], object]:
    def write(run: Run) -> None:
        run.chose("1", "f", "{}", "L1").ran("f", "{}", "X", id=id)
        run.under("X").ran("f", "{}", "inner", id=id).under().used("1", "L2")

    return write


def _n5(id: str) -> Callable[[Run], object]:
    def write(run: Run) -> None:
        run.chose("f", "f", "{}", "L1").chose("f", "f", "{}", "L1")
        run.ran("f", "{}", "A", id=id).ran("f", "{}", "B", id=id)

    return write


def _n6(run: Run) -> None:
    run.chose("1", "f", "{}", "L1").ran("f", "{}", "X", id="1")
    for n in range(2, 10):
        run.used("1", f"L{n}")


def _n9(run: Run) -> None:
    run.span("task", "other").under("task").agent("A", "a")
    run.chose("1", "transfer_to_b", "{}", "L1").handed("a", "b", "H1")
    run.under("task").agent("B", "b").span("L2", "llm").span("L3", "llm")


MUTATIONS: dict[str, Mutation] = {
    "W1": Mutation(
        "parallel equal calls",
        lambda run: (
            _two_equal_calls(run)
            .ran("f", "{}", "A")
            .at(200, 400)
            .ran("f", "{}", "B")
            .at(210, 310)
            .used("1", "L2")
            .used("2", "L2")
        ),
        PAIR_BY_ARGUMENTS,
    ),
    "W2": Mutation(
        "parallel equal calls, ids on the tools",
        lambda run: (
            _two_equal_calls(run)
            .ran("f", "{}", "B", id="2")
            .at(200, 400)
            .ran("f", "{}", "A", id="1")
            .at(210, 310)
            .used("1", "L2")
            .used("2", "L2")
        ),
        PAIR_BY_ID,
    ),
    "W3": Mutation(
        "a tool that is not traced, then an equal call",
        lambda run: (
            run.chose("1", "f", "{}", "L1")
            .used("1", "L2")
            .chose("2", "f", "{}", "L3")
            .ran("f", "{}", "X")
            .used("2", "L4")
        ),
        ("X<-L3 tool_choice(2) arguments", "L4<-X tool_result(2) arguments"),
        diagnostics={"use_without_execution": 1},
    ),
    "W3 id": Mutation(
        "the same, with an id on the second tool",
        lambda run: (
            run.chose("1", "f", "{}", "L1")
            .used("1", "L2")
            .chose("2", "f", "{}", "L3")
            .ran("f", "{}", "X", id="2")
            .used("2", "L4")
        ),
        ("X<-L3 tool_choice(2) tool_call_id", "L4<-X tool_result(2) tool_call_id"),
        diagnostics={"use_without_execution": 1},
    ),
    "W4": Mutation(
        "equal calls in two traces at once",
        _w4,
        (
            "TB<-LB tool_choice(b) arguments",
            "TA<-LA tool_choice(a) arguments",
            "LB2<-TB tool_result(b) arguments",
            "LA2<-TA tool_result(a) arguments",
        ),
    ),
    "W5": Mutation(
        "an enclosing LLM span repeats the choice",
        _w5,
        ("X<-Lin tool_choice(1) tool_call_id", "L2<-X tool_result(1) tool_call_id"),
        diagnostics={"choice_duplicate": 1},
    ),
    "W6": Mutation(
        "the tool ends before the answer",
        lambda run: (
            run.chose("1", "f", "{}", "L1")
            .at(0, 300)
            .ran("f", "{}", "X", id="1")
            .at(100, 200)
            .used("1", "L2")
        ),
        ONE_BY_ID,
    ),
    "W7": Mutation(
        "keys sorted in the choice, not on the tool",
        lambda run: (
            run.chose("1", "find", SORTED, "L1")
            .ran("find", UNSORTED, "X")
            .used("1", "L2")
        ),
        ONE_BY_ARGUMENTS,
    ),
    "W8": Mutation(
        "keys sorted on the tool, not in the choice",
        lambda run: (
            run.chose("1", "find", SPACED, "L1")
            .ran("find", SORTED, "X")
            .used("1", "L2")
        ),
        ONE_BY_ARGUMENTS,
    ),
    "W9": Mutation(
        "the same with ids, twice",
        lambda run: (
            run.chose("1", "find", UNSORTED, "L1")
            .ran("find", SORTED, "A", id="1")
            .used("1", "L2")
            .chose("2", "find", UNSORTED, "L2")
            .ran("find", SORTED, "B", id="2")
            .used("2", "L3")
        ),
        (
            "A<-L1 tool_choice(1) tool_call_id",
            "L2<-A tool_result(1) tool_call_id",
            "B<-L2 tool_choice(2) tool_call_id",
            "L3<-B tool_result(2) tool_call_id",
        ),
    ),
    "W10": Mutation(
        "one id for two tools",
        _w10,
        (
            "A<-LA tool_choice(call_0) arguments",
            "B<-LB tool_choice(call_0) tool_call_id",
        ),
        diagnostics={"id_reused": 1},
    ),
    "W11": Mutation(
        "no id at all",
        lambda run: (
            run.chose("", "f", "{}", "L1").ran("f", "{}", "X").used("", "L2", tool="f")
        ),
        ("X<-L1 tool_choice arguments", "L2<-X tool_result arguments"),
    ),
    "W12": Mutation(
        "a call that nobody executes",
        lambda run: run.chose("1", "final_result", '{"a":1}', "L1"),
        diagnostics={"call_never_executed": 1},
    ),
    "W13": Mutation(
        "a tool that fails and is tried again",
        _w13,
        (
            "X<-L1 tool_choice(1) arguments",
            "Y<-L1 tool_choice(1) arguments attempt 2",
            "L2<-Y tool_result(1) arguments",
        ),
    ),
    "W14": Mutation(
        "an LLM call that fails and is tried again",
        lambda run: (
            run.chose("1", "f", '{"a":1}', "L1")
            .ran("f", '{"a":1}', "X")
            .used("1", "L2")
            .failed()
            .used("1", "L2r")
        ),
        ("X<-L1 tool_choice(1) arguments", "L2r<-X tool_result(1) arguments"),
        diagnostics={"use_by_failed_llm": 1},
    ),
    "W15": Mutation(
        "two readers at once, policy first",
        _overlapping_uses,
        ("X<-L1 tool_choice(1) arguments", "Lmod<-X tool_result(1) arguments"),
        settled_links=(
            "X<-L1 tool_choice(1) arguments",
            "Lmain<-X tool_result(1) arguments",
        ),
    ),
    "W15 all": Mutation(
        "two readers at once, policy all (the peer has none)",
        _overlapping_uses,
        (
            "X<-L1 tool_choice(1) arguments",
            "Lmain<-X tool_result(1) arguments",
            "Lmod<-X tool_result(1) arguments",
        ),
        options={"policy": "all"},
        alone=True,
    ),
    "W16": Mutation(
        "the result is used before the tool's span ends",
        lambda run: (
            run.chose("1", "f", "{}", "L1")
            .at(0, 50)
            .ran("f", "{}", "X", id="1")
            .at(100, 400)
            .used("1", "L2")
            .at(200, 300)
        ),
        ONE_BY_ID,
    ),
    "W17 arguments": Mutation(
        "a handoff with arguments",
        _handoff("transfer_to_x", '{"reason":"r"}', "x"),
        HANDED_OVER,
    ),
    "W17 override": Mutation(
        "a handoff tool with a name of its own",
        _handoff("escalate", '{"reason":"r"}', "Refund Pro!"),
        (
            "H1<-L1 handoff_choice(1) handoff_remaining",
            "L2<-H1 handoff_result(1) handoff_remaining",
        ),
    ),
    "W17 punctuation": Mutation(
        "a handoff to an agent with punctuation in its name",
        _handoff("transfer_to_q_a_agent", "{}", "Q&A-Agent"),
        HANDED_OVER,
    ),
    "W17 unicode": Mutation(
        "a handoff to an agent with letters beyond ASCII",
        _handoff("transfer_to_m_ller___", "{}", "M\u00fcller \u5ba2\u670d"),
        HANDED_OVER,
    ),
    "W18": Mutation(
        "two handoffs in one answer",
        _w18,
        (
            "Hb<-L1 handoff_choice(h1) handoff",
            "L2<-Hb handoff_result(h1) handoff",
            "Hc<-L3 handoff_choice(h3) handoff",
        ),
        diagnostics={"handoff_ignored": 1},
    ),
    "W19 one": Mutation(
        "arguments that are not captured",
        lambda run: run.chose("1", "f", '{"a":1}', "L1").ran("f", None, "X"),
        ("X<-L1 tool_choice(1) name",),
    ),
    "W19 two": Mutation(
        "the same with two open calls, min_evidence order",
        _w19,
        ("X<-L1 tool_choice(1) order",),
        options={"min_evidence": "order"},
    ),
    "W27 number": Mutation(
        "a number spelt in another way",
        lambda run: run.chose("1", "f", '{"a":1}', "L1").ran("f", '{"a":1.0}', "X"),
        ("X<-L1 tool_choice(1) arguments",),
    ),
    "W27 default": Mutation(
        "a default filled in",
        lambda run: run.chose("1", "f", '{"a":1}', "L1").ran("f", '{"a":1,"b":2}', "X"),
        ("X<-L1 tool_choice(1) name",),
    ),
    "G1": Mutation(
        f"{GUARDRAILS} output guardrails",
        _g1,
        tuple(f"g{n}<-l{n} output_guardrail structure" for n in range(GUARDRAILS)),
        large=True,
    ),
    "G2": Mutation(
        "a guardrail that trips",
        lambda run: (
            run.agent("P").span("g", "guardrail").failed().under().span("later", "llm")
        ),
    ),
    "G3": Mutation(
        "guarded agents side by side",
        _g3,
        ("gA<-lA output_guardrail structure",),
    ),
    "G4": Mutation(
        "roots of two traces",
        _g4,
    ),
    "G5": Mutation(
        "an LLM call after the output guardrail",
        lambda run: (
            run.agent("P").span("l1", "llm").span("g", "guardrail").span("l2", "llm")
        ),
        ("g<-l1 output_guardrail structure",),
    ),
    "T1": Mutation(
        f"equal calls and ids in {TRACES} traces at once",
        _t1,
        tuple(
            line.replace("<-", f"<-s{n}").replace("", f"s{n}", 1)
            for n in range(TRACES)
            for line in PAIR_BY_ARGUMENTS
        ),
    ),
    "T2": Mutation(
        "the same choice reported twice",
        lambda run: (
            run.chose("1", "f", "{}", "L1", position=0)
            .chose("1", "f", "{}", "L1", position=0)
            .ran("f", "{}", "X")
            .used("1", "L2")
        ),
        ONE_BY_ARGUMENTS,
        diagnostics={"choice_repeated": 1},
    ),
    "T3": Mutation(
        "a use during an execution that fails",
        lambda run: (
            run.chose("1", "f", "{}", "L1")
            .at(0, 50)
            .ran("f", "{}", "X", id="1", outcome="failed")
            .at(100, 400)
            .used("1", "L2")
            .at(200, 300)
        ),
        ONE_BY_ID,
    ),
    "M1 alone": Mutation(
        f"{MANY} calls that nobody executes",
        _m1_alone,
        diagnostics={"evicted_choice": MANY - CALLS_PER_TRACE},
        large=True,
    ),
    "M1 untraced": Mutation(
        f"{MANY} calls of a tool that is not traced",
        _m1_untraced,
        diagnostics=None,
        large=True,
    ),
    "N1 id": Mutation(
        "two runs in one trace",
        _two_runs("1"),
        (
            "Xa<-La tool_choice(1) tool_call_id",
            "Xb<-Lb tool_choice(1) tool_call_id",
            "L2a<-Xa tool_result(1) tool_call_id",
            "L2b<-Xb tool_result(1) tool_call_id",
        ),
        diagnostics={"id_reused": 1},
    ),
    "N1": Mutation(
        "two runs in one trace, no ids on the tools",
        _two_runs(""),
        (
            "Xa<-La tool_choice(1) arguments",
            "Xb<-Lb tool_choice(1) arguments",
            "L2a<-Xa tool_result(1) arguments",
            "L2b<-Xb tool_result(1) arguments",
        ),
        diagnostics={"id_reused": 1},
    ),
    "N2": Mutation(
        "two subgraphs with equal calls",
        _n2,
        ("X1<-L1 tool_choice(1) arguments", "X2<-L2 tool_choice(2) arguments"),
    ),
    "N3": Mutation(
        "an approval, given after the trace was over",
        _n3,
        (
            "X<-L1 tool_choice(1) arguments",
            "Y<-L1 tool_choice(1) arguments",
            "L2<-Y tool_result(1) arguments",
        ),
        diagnostics={"execution_pending": 1},
    ),
    "N4 id": Mutation(
        "an execution inside another",
        _n4("1"),
        ONE_BY_ID,
        diagnostics={"execution_nested": 1},
    ),
    "N4": Mutation(
        "an execution inside another, no ids on the tools",
        _n4(""),
        ONE_BY_ARGUMENTS,
        diagnostics={"execution_nested": 1},
    ),
    "N5 id": Mutation(
        "one id twice in one answer",
        _n5("f"),
        ("A<-L1 tool_choice(f) tool_call_id", "B<-L1 tool_choice(f) tool_call_id"),
        diagnostics={"id_reused": 1},
    ),
    "N5": Mutation(
        "one id twice in one answer, no ids on the tools",
        _n5(""),
        ("A<-L1 tool_choice(f) arguments", "B<-L1 tool_choice(f) arguments"),
        diagnostics={"id_reused": 1},
    ),
    "N6": Mutation("an old result in 8 prompts", _n6, ONE_BY_ID),
    "N7": Mutation(
        "a stream that is cancelled",
        lambda run: run.span("L1", "llm").failed(),
    ),
    "N8": Mutation(
        "everything reported twice",
        lambda run: run.chose("1", "f", "{}", "L1").ran("f", "{}", "X").used("1", "L2"),
        ONE_BY_ARGUMENTS,
        diagnostics=None,
        twice=True,
    ),
    "N9": Mutation("a handoff whose result is in no prompt", _n9, HANDED_OVER),
}
