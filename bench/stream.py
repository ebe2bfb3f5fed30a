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
import json
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


def attributes(pairs):
    return [
        {"key": f"gen_ai.{key}", "value": {"stringValue": value}}
        for key, value in pairs.items()
    ]


def result_message(call):
    part = {"type": "tool_call_response", "id": call, "response": PROSE}
    return json.dumps([{"role": "tool", "parts": [part]}])


def call_message(call, number):
    parts = [
        {"type": "text", "content": PROSE},
        {
            "type": "tool_call",
            "id": call,
            "name": "search",
            "arguments": {"page": number},
        },
    ]
    return json.dumps([{"role": "assistant", "parts": parts}])


def content(index):
    """What is in the span: 0 is the agent, then chats and tools in turns."""
    turn = (index - 1) // 2
    if index == 0:
        return {"operation.name": "invoke_agent", "agent.name": "Clerk"}
    if index % 2 == 0:
        return {
            "operation.name": "execute_tool",
            "tool.name": "search",
            "tool.call.arguments": json.dumps({"page": turn}),
        }
    chat = {"operation.name": "chat"}
    if turn > 0:
        chat["input.messages"] = result_message(f"call_{turn - 1}")
    if turn < ROUNDS:
        chat["output.messages"] = call_message(f"call_{turn}", turn)
    return chat


CONTENTS = [attributes(content(index)) for index in range(SPANS_PER_TRACE)]


def trace(number):
    """Yields (end, span as JSON) of one trace."""
    start = BEGIN + number * TRACE_EVERY
    for index in range(SPANS_PER_TRACE):
        begin = start + max(0, index - 1) * STEP
        end = begin + (STEP if index else STEP * (SPANS_PER_TRACE - 1))
        span = {
            "traceId": f"{number + 1:032x}",
            "spanId": f"{index + 1:016x}",
            "parentSpanId": f"{1:016x}" if index else "",
            "startTimeUnixNano": str(begin),
            "endTimeUnixNano": str(end),
            "attributes": CONTENTS[index],
        }
        yield end, json.dumps(span)


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
        spans_json = ",".join(batch)
        line = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans_json}]}}]}}]}}\n'
        pipe.write(line.encode())
    pipe.close()


def run(binary, spans):
    """Returns (peak bytes, links found, links there are, bytes, seconds)."""
    traces = max(1, spans // SPANS_PER_TRACE)
    start = time.monotonic()
    process = subprocess.Popen(
        [binary, "link", "--stream", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
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
        print(
            f"{spans:10} {size / 2**20:5.0f} MB {peak / 2**20:9.1f} MB "
            f"{wanted:9} {100 * links / wanted:12.1f} % {seconds:8.1f}",
            flush=True,
        )
    return 0 if complete and peaks[-1] <= 2 * peaks[0] else 1


if __name__ == "__main__":
    sys.exit(main())
