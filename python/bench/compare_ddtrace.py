#!/usr/bin/env python3
"""spanlink against ddtrace's LinkTracker, Python against Python.

    compare_ddtrace.py [--rounds N] [--triples N] [--gate]

One process measures both in turns, A B C, A B C …, since the clock of a
processor drifts: each round gives a ratio, and the ratios are what counts. What
is timed is a triple: an LLM span chose a tool, the tool ran and is matched by
its arguments, an LLM span used the result; two links come of it. No two
arguments are equal, but where two bytes hold nothing but `{}`. The trackers live
through all rounds, as they do in a program; each round has triples of its own.
With everything made before, the two sides are:

    ddtrace   the three methods of a LinkTracker, called directly, with its own
              spans
    spanlink  the three methods of a Dispatcher to which a live Tracker listens,
              and `scope_finish` after each trace of 50 triples, which ddtrace
              has not; the links go to an `on_link` that does nothing, or wait
              for `take_links` ("kept")

The links of both are compared after each round, outside the timer.

With --gate, the exit status is 1 unless the median ratio at 64 bytes is at
least 10, in both forms of spanlink.
"""

import argparse
import gc
import os
import platform
import statistics
import sys
import time

# Before the import, which else looks for an agent on this machine.
os.environ["DD_TRACE_AGENT_URL"] = "unix:///nonexistent"
os.environ["DD_TRACE_ENABLED"] = "false"
os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"

import ddtrace
from ddtrace.llmobs._utils import LinkTracker, get_llmobs_span_links
from ddtrace.trace import Span

import spanlink

SIZES = (2, 64, 512, 4096)  # bytes of arguments
TRIPLES_PER_TRACE = 50
GATE_SIZE, GATE_RATIO = 64, 10
SIDES = ("ddtrace", "on_link", "kept")


class Triple:
    """A call: who chose it, ran it, and used its result."""

    def __init__(self, number: int, size: int) -> None:
        self.id = f"call_{number:012}"
        self.arguments = arguments_of(number, size)
        self.trace = f"{number // TRIPLES_PER_TRACE + 1:032x}"
        self.llm, self.tool, self.reader = (f"{3 * number + n:016x}" for n in (1, 2, 3))


def arguments_of(number: int, size: int) -> str:
    """JSON as models write it, of this size, another for each number."""
    if size == 2:
        return "{}"
    start = f'{{"id": {10**8 + number}, "tags": ["a", "b"], "query": "'
    words = "the weather in Lisbon and in Porto, "
    room = size - len(start) - len('"}')
    text = (words * (room // len(words) + 1))[:room]
    return f'{start}{text}"}}'


# The two sides. Each returns seconds, and its links as pairs of span ids.


def span_of(trace_id, span_id):
    return Span("call", trace_id=int(trace_id, 16), span_id=int(span_id, 16))


def time_ddtrace(tracker, triples):
    work = [
        (
            triple.id,
            triple.arguments,
            {"span_id": str(int(triple.llm, 16)), "trace_id": triple.trace},
            span_of(triple.trace, triple.tool),
            span_of(triple.trace, triple.reader),
        )
        for triple in triples
    ]
    chose, ran, used = (
        tracker.on_llm_tool_choice,
        tracker.on_tool_call,
        tracker.on_tool_call_output_used,
    )
    start = time.thread_time()
    for id, arguments, llm, tool, reader in work:
        chose(id, "get_weather", arguments, llm)
        ran("get_weather", arguments, "function", tool)
        used(id, reader)
    seconds = time.thread_time() - start
    return seconds, {
        (f"{span.span_id:016x}", f"{int(link['span_id']):016x}")
        for _, _, _, tool, reader in work
        for span in (tool, reader)
        for link in get_llmobs_span_links(span)
    }


class Spanlink:
    """A dispatcher, and the tracker that listens to it."""

    def __init__(self, on_link=None):
        self.dispatcher = spanlink.Dispatcher()
        self.tracker = spanlink.Tracker(self.dispatcher, on_link=on_link)


def time_spanlink(side, triples):
    traces = [
        triples[at : at + TRIPLES_PER_TRACE]
        for at in range(0, len(triples), TRIPLES_PER_TRACE)
    ]
    work = [
        (
            trace[0].trace,
            [(t.id, t.arguments, t.trace, t.llm, t.tool, t.reader) for t in trace],
        )
        for trace in traces
    ]
    chose, ran, used, finish = (
        side.dispatcher.llm_tool_choice,
        side.dispatcher.tool_call,
        side.dispatcher.tool_call_output_used,
        side.dispatcher.scope_finish,
    )
    start = time.thread_time()
    for trace_id, calls in work:
        for id, arguments, trace, llm, tool, reader in calls:
            chose(trace, llm, "get_weather", arguments, id)
            ran(trace, tool, "get_weather", arguments)
            used(trace, reader, id)
        finish(trace_id)
    seconds = time.thread_time() - start
    return seconds, edges(side.tracker.take_links())


def edges(links):
    return {(link.span_id, link.linked_span_id) for link in links}


def nothing(_link):
    pass


# Measuring.


def measure(size, rounds, count):
    """Returns nanoseconds for each triple, one for each round, by side."""
    times = {side: [] for side in SIDES}
    theirs, on_link, kept = LinkTracker(), Spanlink(nothing), Spanlink()
    # Collecting garbage is nobody's work here.
    gc.disable()
    for number in range(rounds + 1):  # the first one warms up
        first = number * count
        triples = [Triple(n, size) for n in range(first, first + count)]
        results = {
            "ddtrace": time_ddtrace(theirs, triples),
            "on_link": time_spanlink(on_link, triples),
            "kept": time_spanlink(kept, triples),
        }
        if results["kept"][1] != results["ddtrace"][1]:
            sys.exit("the two do not find the same links")
        if number > 0:
            for side in SIDES:
                times[side].append(results[side][0] / count * 1e9)
        results.clear()
        gc.collect()
    gc.enable()
    return times


def check_callback(count=200):
    """The callback gets what `take_links` would have given."""
    triples = [Triple(number, GATE_SIZE) for number in range(count)]
    links = []
    time_spanlink(Spanlink(links.append), triples)
    if edges(links) != time_ddtrace(LinkTracker(), triples)[1]:
        sys.exit("on_link is not given the same links")


def main():
    parser = argparse.ArgumentParser(description="Compares with ddtrace.")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--triples", type=int, default=2000, help="of a round")
    parser.add_argument("--gate", action="store_true")
    arguments = parser.parse_args()
    print(
        f"spanlink {spanlink.__version__}, ddtrace {ddtrace.__version__}, "
        f"{platform.python_implementation()} {platform.python_version()}; "
        f"{arguments.rounds} rounds of {arguments.triples} triples"
    )
    print("                      ns/triple       times faster than ddtrace")
    print("bytes  side      min     median        min  median     max")
    check_callback()
    passed = True
    for size in SIZES:
        times = measure(size, arguments.rounds, arguments.triples)
        for side in SIDES:
            ratios = [a / b for a, b in zip(times["ddtrace"], times[side], strict=True)]
            ratio = statistics.median(ratios)
            print(
                f"{size:5}  {side:<8}{min(times[side]):7.0f}  "
                f"{statistics.median(times[side]):9.0f}  "
                f"{min(ratios):9.2f} {ratio:7.2f} {max(ratios):7.2f}",
                flush=True,
            )
            if size == GATE_SIZE and side != "ddtrace":
                passed = passed and ratio >= GATE_RATIO
    if arguments.gate and not passed:
        print(f"less than {GATE_RATIO} times faster at {GATE_SIZE} bytes")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
