"""Runs as the best peer expects them, at random.

Every id occurs once; of the calls that are open at one time no two have the
same name and arguments, where one that failed stays open for another attempt;
arguments are compact JSON with sorted keys, the same on both sides; an answer
comes before its tools start, and their results are used after they ended.
Several traces take turns, agents hand over to agents with simple names or run
as tools of others, and prompts repeat old results.
"""

import json
import math
from collections.abc import Callable
from random import Random

from runs import Run, Span

TOOLS = ("get_weather", "search", "add", "now")
TEXTS = ("Porto", "Lisbon", "", "a b", "tr\u00e4ume", '"quoted"', "1", "{", "\n")

Mutate = Callable[[Run], object]


def well_formed(
    random: Random, *, guardrails: bool = True, mutate: Mutate | None = None
) -> Run:
    """Returns a run; `mutate`, given the run, adds a turn of its own to it.

    Guardrails are in runs of one trace only: the peer knows one at a time.
    """
    run = Run()
    traces = random.randint(1, 4)
    writers = []
    for number in range(traces):
        run.in_trace(f"trace{number}", "other", begin=random.randint(0, 400))
        writer = _Writer(run, random, f"trace{number}", None if number else mutate)
        writer.conversation(guarded=guardrails and traces == 1)
        writers.append(writer)
    _tell_open_calls_apart(run, [call for w in writers for call in w.calls])
    return run


def _tell_open_calls_apart(run: Run, calls: list[tuple[Span, int, Span]]) -> None:
    """Gives equal calls that are open at the same time different arguments.

    A call is an LLM span, a position in its answer and the tool's span.
    """
    open_until: dict[tuple[str, str | None], float] = {}
    calls.sort(key=lambda call: call[0].end)
    for number, (llm, position, tool) in enumerate(calls):
        choice, execution = llm.choices[position], tool.execution
        assert execution is not None
        key = (choice.tool, choice.arguments)
        if open_until.get(key, -1) >= llm.end:
            text = _compact({"number": number})
            llm.choices[position] = choice._replace(arguments=text)
            tool.execution = execution._replace(arguments=text)
        else:
            failed = tool.outcome == "failed"
            open_until[key] = math.inf if failed else tool.end


class _Writer:
    """Writes the spans of one trace."""

    def __init__(
        self, run: Run, random: Random, trace: str, mutate: Mutate | None
    ) -> None:
        self.run, self.random, self.trace, self.mutate = run, random, trace, mutate
        self.calls: list[tuple[Span, int, Span]] = []
        self.counts: dict[str, int] = {}
        self.clock = run.clock

    def conversation(self, *, guarded: bool) -> None:
        """Agents that hand over to one another; the last one has the last word."""
        names = [f"{word}_{self.trace}" for word in ("planner", "writer", "critic")]
        history: list[str] = []
        agents = self.random.randint(1, 4)
        for number in range(agents):
            name, last = names[number % len(names)], number + 1 == agents
            target = "" if last else names[(number + 1) % len(names)]
            self.run.under(self.trace).agent(self.fresh("agent"), name)
            if guarded and number == 0:
                self.place("guardrail")
            self.turns(history, name, target, depth=0)
        if guarded:
            self.place("guardrail")

    def turns(self, history: list[str], name: str, target: str, depth: int) -> None:
        """The turns of one agent, which hands over in the end to its `target`."""
        count = self.random.randint(1, 3)
        for turn in range(1, count + 1):
            if self.random.randint(0, 2) == 0:
                self.add_mutation()
            llm = self.place("llm")
            for id in history:
                self.run.used(id, llm.name)
            if self.random.randint(0, 2) == 0:
                history.clear()  # later prompts are shortened
            if turn < count or target:
                history.extend(self.tools(llm, depth))
            if turn == count and target:
                history.append(self.hand_over(llm, name, target))
        if depth == 0 and not target:
            self.add_mutation()

    def tools(self, llm: Span, depth: int) -> list[str]:
        """The calls of one answer, in parallel; returns their ids."""
        begin = latest = self.clock
        ids = []
        for position in range(self.random.randint(0, 3)):
            id, tool = self.fresh("call"), self.random.choice(TOOLS)
            arguments = _arguments(self.random)
            self.run.chose(id, tool, arguments, llm.name)
            begin = self.clock = begin + self.random.randint(1, 4)
            span = self.place("tool")
            told_id = self.random.choice(("", id))
            outcome = self.random.choice(("ok", "ok", "ok", "failed"))
            self.run.ran(tool, arguments, span.name, id=told_id, outcome=outcome)
            if depth == 0 and self.random.randint(0, 5) == 0:
                self.nest(span)
            self.calls.append((llm, position, span))
            latest = max(latest, span.end)
            ids.append(id)
        self.clock = latest
        return ids

    def nest(self, tool: Span) -> None:
        """An agent as a tool."""
        place, self.clock = self.run.place, tool.start
        self.run.under(tool.name).agent(self.fresh("agent"), "expert")
        self.turns([], "expert", "", depth=1)
        self.run.under(place)
        tool.end = max(tool.end, self.clock + 2)

    def hand_over(self, llm: Span, name: str, target: str) -> str:
        id = self.fresh("call")
        self.run.chose(id, f"transfer_to_{target}", "{}", llm.name)
        self.run.handed(name, target, self.place("handoff").name)
        return id

    def add_mutation(self) -> None:
        if self.mutate is None:
            return
        mutate, self.mutate = self.mutate, None
        place, self.run.clock = self.run.place, self.clock
        mutate(self.run.mark())
        self.run.in_trace(self.trace).under(place)
        self.clock = self.run.clock

    def place(self, kind: str) -> Span:
        """A span that begins soon after the one before."""
        start = self.clock + self.random.randint(1, 9)
        self.clock = start + self.random.randint(1, 60)
        name = self.fresh(kind)
        self.run.span(name, kind)
        span = self.run.spans[name]
        span.start, span.end, span.timed = start, self.clock, True
        return span

    def fresh(self, word: str) -> str:
        self.counts[word] = self.counts.get(word, 0) + 1
        return f"{self.trace}.{word}{self.counts[word]}"


def _arguments(random: Random) -> str:
    """Often the same, so that equal calls follow one another."""
    keys = random.sample(("a", "b", "city", "k\u00e9y"), random.randint(0, 2))
    return _compact({key: _value(random, 2) for key in keys})


def _value(random: Random, depth: int) -> object:
    kind = random.randint(0, 5 if depth else 3)
    if kind == 0:
        return random.choice(TEXTS)
    if kind == 1:
        return random.choice((0, 1, -7, 2**53 + 1))
    if kind == 2:
        return random.choice((0.5, -1.25))
    if kind == 3:
        return random.choice((None, True, False))
    if kind == 4:
        return [_value(random, depth - 1) for _ in range(random.randint(0, 2))]
    return {text: _value(random, depth - 1) for text in random.sample(TEXTS, 2)}


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
