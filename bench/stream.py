#!/usr/bin/env python3
"""Streams generated agent traces through `spanlink link --stream` and says how
much memory that took: it must not grow with the stream.

    bench/stream.py [--binary BINARY] [SPANS...]    (default: 10000 100000)

A trace starts every 100 ms and lasts for some seconds: an agent, three answers
that each choose a tool, the tools, a last answer. Spans come when they end, 20
of whatever traces in a record, one record a line, as a Collector writes them.
Exit status: 1 if links are missing or the longest stream takes more than twice
the memory of the shortest.
"""

import argparse
import heapq
import itertools
import os
import subprocess
import sys
import threading
import time

ROUNDS = 3
SPANS_PER_TRACE = 2 * ROUNDS + 2
LINKS_PER_TRACE = 2 * ROUNDS
SPANS_PER_RECORD = 20
TRACE_EVERY = 100_000_000  # ns of the data
STEP = 700_000_000
BEGIN = 1_750_000_000_000_000_000
PROSE = "All work and no play makes a dull trace. " * 12

SPAN = (
    '{"traceId":"%s","spanId":"%s","parentSpanId":"%s","name":"%s",'
    '"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]}'
)


def attributes(**pairs):
    return ",".join(
        '{"key":"gen_ai.%s","value":{"stringValue":"%s"}}'
        % (key.replace("__", "."), value.replace('"', '\\"'))
        for key, value in pairs.items()
    )


def result_message(call):
    return (
        '[{"role":"tool","parts":[{"type":"tool_call_response","id":"%s",'
        '"response":"%s"}]}]' % (call, PROSE)
    )


def call_message(call, number):
    return (
        '[{"role":"assistant","parts":[{"type":"text","content":"%s"},'
        '{"type":"tool_call","id":"%s","name":"search","arguments":{"page":%d}}'
        "]}]" % (PROSE, call, number)
    )


def trace(number):
    """Yields (end, span) of one trace."""
    trace_id = "%032x" % (number + 1)
    start = BEGIN + number * TRACE_EVERY
    ids = ["%016x" % (i + 1) for i in range(SPANS_PER_TRACE)]

    def span(index, name, begin, end, text):
        parent = "" if index == 0 else ids[0]
        return end, SPAN % (trace_id, ids[index], parent, name, begin, end, text)

    last = start + (2 * ROUNDS + 1) * STEP
    yield span(0, "agent", start, last, attributes(
        operation__name="invoke_agent", agent__name="Clerk"))
    for index in range(1, SPANS_PER_TRACE):
        begin = start + (index - 1) * STEP
        turn = (index - 1) // 2
        call = "call_%d" % turn
        if index % 2 == 0:
            text = attributes(
                operation__name="execute_tool", tool__name="search",
                tool__call__arguments='{"page": %d}' % turn)
        else:
            text = attributes(
                operation__name="chat",
                input__messages=result_message("call_%d" % (turn - 1)),
                output__messages=call_message(call, turn) if turn < ROUNDS else "[]")
        yield span(index, "chat" if index % 2 else "tool", begin, begin + STEP, text)


def spans_in_order(traces):
    """Yields the spans of all traces, by their ends."""
    waiting = []
    for number in range(traces):
        for end, span in trace(number):
            heapq.heappush(waiting, (end, number, span))
        while waiting and waiting[0][0] <= BEGIN + number * TRACE_EVERY:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def write_records(traces, pipe):
    spans = spans_in_order(traces)
    while batch := list(itertools.islice(spans, SPANS_PER_RECORD)):
        line = '{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}\n'
        pipe.write((line % ",".join(batch)).encode())
    pipe.close()


def run(binary, spans):
    """Returns (peak bytes, links found, links there are, bytes, seconds)."""
    traces = max(1, spans // SPANS_PER_TRACE)
    start = time.monotonic()
    process = subprocess.Popen(
        [binary, "link", "--stream", "-"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE)
    writer = threading.Thread(target=write_records, args=(traces, process.stdin))
    writer.start()
    links = size = 0
    for line in process.stdout:
        links += line.count(b'"spanlink.kind"')
        size += len(line)
    writer.join()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{binary} failed")
    seconds = time.monotonic() - start
    return usage.ru_maxrss * 1024, links, traces * LINKS_PER_TRACE, size, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=".dev/release/spanlink")
    parser.add_argument("spans", nargs="*", type=int, default=[10_000, 100_000])
    arguments = parser.parse_args()
    peaks = []
    complete = True
    print("     spans      out  peak memory   links  of them found  seconds")
    for spans in sorted(arguments.spans):
        peak, links, wanted, size, seconds = run(arguments.binary, spans)
        peaks.append(peak)
        complete = complete and links == wanted
        print(f"{spans:10} {size / 2**20:5.0f} MB {peak / 2**20:9.1f} MB "
              f"{wanted:9} {100 * links / wanted:12.1f} % {seconds:8.1f}", flush=True)
    return 0 if complete and peaks[-1] <= 2 * peaks[0] else 1


if __name__ == "__main__":
    sys.exit(main())
