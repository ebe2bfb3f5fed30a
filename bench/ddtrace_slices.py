#!/usr/bin/env python3
"""ddtrace's side of `./dev bench --gate`: serves slices of its `LinkTracker`.

    ddtrace_slices.py FOLDER

Runs where ddtrace is installed. Reads and answers lines as bench/slices.h says.
The tracker's methods are called directly, with spans that are made before, and
without the collector of garbage; in short, at its best.
"""

import gc
import itertools
import json
import os
import pathlib
import sys
import time

# Before the import, which else looks for an agent on this machine.
os.environ["DD_TRACE_AGENT_URL"] = "unix:///nonexistent"
os.environ["DD_TRACE_ENABLED"] = "false"
os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"

import ddtrace
from ddtrace.llmobs._utils import LinkTracker
from ddtrace.llmobs._utils import format_tool_call_arguments
from ddtrace.llmobs._utils import get_llmobs_span_links
from ddtrace.trace import Span

FIRST_NUMBER = 10_000_000
NUMBERS = 90_000_000
TOOLS = ("get_weather", "search_flights", "update_reservation", "send_email")
CHUNK_BYTES = 1 << 18


class Texts:
    """The pairs of a file, each time with other numbers in them."""

    def __init__(self, name):
        pairs = json.loads((FOLDER / f"{name}.json").read_text())
        mark = str(FIRST_NUMBER)
        self._pairs = [[text.split(mark, 1) for text in pair] for pair in pairs]
        bytes = sum(len(text) for pair in pairs for text in pair)
        self.chunk = max(10, min(250, len(pairs), CHUNK_BYTES * len(pairs) // bytes))

    def numbered(self, number):
        """What the model and the tool of that call say."""
        digits = str(FIRST_NUMBER + number % NUMBERS)
        return [digits.join(p) for p in self._pairs[number % len(self._pairs)]]


def context_of(number):
    return {"span_id": str(number << 20 | 1), "trace_id": f"{number + 1:032x}"}


def choose(tracker, texts, number):
    tracker.on_llm_tool_choice(
        f"call_{number:012}", TOOLS[number % 4], texts.numbered(number)[0],
        context_of(number))


def figures(seconds, operations, results, expected):
    return {"ns": 1e9 * seconds / operations, "operations": operations,
            "results": results, "expected": expected}


def make_lifecycle(name, live):
    texts, tracker = Texts(name), LinkTracker()
    for number in range(int(live)):
        choose(tracker, texts, number)
    numbers = itertools.count(int(live))

    def call():
        number = next(numbers)
        model, tool = texts.numbered(number)
        spans = [Span("call", trace_id=number + 1, span_id=number << 20 | i)
                 for i in (2, 3)]
        return (f"call_{number:012}", TOOLS[number % 4], model,
                context_of(number), tool, *spans)

    def run(seconds):
        chose, ran, used = (tracker.on_llm_tool_choice, tracker.on_tool_call,
                            tracker.on_tool_call_output_used)
        spent = operations = links = 0
        while spent < seconds:
            calls = [call() for _ in range(texts.chunk)]
            start = time.thread_time()
            for id, name, model, llm, tool, span, reader in calls:
                chose(id, name, model, llm)
                ran(name, tool, "function", span)
                used(id, reader)
            spent += time.thread_time() - start
            operations += len(calls)
            links += sum(len(get_llmobs_span_links(span) or ())
                         for made in calls for span in made[-2:])
        return figures(spent, operations, links, 2 * operations)

    return run


def make_lookup(name, live):
    """Its lookup alone: canonical form, and the get of a dict."""
    texts, tracker, live = Texts(name), LinkTracker(), int(live)
    for number in range(live):
        choose(tracker, texts, number)
    step = 7919 * 50  # other calls each time, far from one another
    starts = itertools.count()

    def run(seconds):
        get = tracker._lookup_tool_id.get
        spent = operations = hits = 0
        while spent < seconds:
            first = next(starts) * step
            calls = [
                (TOOLS[number % 4], texts.numbered(number)[1])
                for number in ((first + i) % live for i in range(250))
            ]
            start = time.thread_time()
            for name, tool in calls:
                hits += get((name, format_tool_call_arguments(tool))) is not None
            spent += time.thread_time() - start
            operations += len(calls)
        return figures(spent, operations, hits, operations)

    return run


def resident_bytes():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096


def make_memory(name, live):
    def run(_seconds):
        texts, tracker = Texts(name), LinkTracker()
        before = resident_bytes()
        for number in range(int(live)):
            choose(tracker, texts, number)
        return {"bytes": resident_bytes() - before}

    return run


CASES = {"lifecycle": make_lifecycle, "lookup": make_lookup, "memory": make_memory}


def main():
    gc.disable()
    made = {}
    print(ddtrace.__version__, flush=True)
    for line in sys.stdin:
        seconds, case, *arguments = line.split()
        key = (case, *arguments)
        if key not in made:
            made[key] = CASES[case](*arguments)
        print(json.dumps(made[key](float(seconds))), flush=True)


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv[1])
    sys.exit(main())
