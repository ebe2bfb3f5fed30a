#!/usr/bin/env python3
"""Measures how many links are right, and writes docs/accuracy.md.

    accuracy.py --spanlink PATH --shared DIR [--limit N] [--jobs N] [--keep DIR]
                [--replay PYTHON [--replay-limit N]] [--write]

Runs the harness in DIR/accuracy, which knows nothing of spanlink's code, on all
of DIR/data/trajectories in every dialect and setting, beside its peers and under
its gate; then, with --replay, the same conversations through the instrumentations
in the environment of PYTHON (python/accuracy/replay.py), held to the same rules;
and prints tables. --write puts them into docs/accuracy.md and the summary into
README.md. With --keep, what is done is kept in a directory, and a run of the same
program that was stopped goes on there. Exit status: 0, 1 where the gate is not
passed, 2 where something broke.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from marked import put

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORDED = {"ids", "raw"}  # settings that are not synthetic
EXACT = ("tool_call_id", "arguments", "handoff")
GRADES = (*EXACT, "handoff_remaining", "name", "order")
SYSTEMS = (
    ("spanlink", "spanlink"),
    ("spanlink-all", "with `order`"),
    ("ddtrace", "ddtrace"),
    ("ddtrace-per-trace", "ddtrace, one a trace"),
    ("fifo_end", "first in, first out"),
    ("timing", "timing"),
    ("ids_only", "ids only"),
)

# What the README shows: settings together, under a name.
SUMMARY = {
    "as recorded, with call ids": ["ids"],
    "as recorded, without": ["raw"],
    "arguments spelled otherwise *": [
        "spaced", "sorted", "object", "kwargs", "input", "numbers",
    ],
    "every call made twice *": ["twins"],
    "eight agents at once in one trace *": ["agents8", "subgraphs8"],
}  # fmt: skip


class Sum:
    """Links of several rows: what there was to find, was emitted, was right."""

    def __init__(self):
        self.wanted = self.emitted = self.right = self.cross = 0

    def add(self, row):
        grades = row["by_evidence"].values()
        self.wanted += row["n"]
        self.emitted += sum(grade["links"] for grade in grades)
        self.right += sum(grade["right"] for grade in grades)
        self.cross += row["cross_trace"]

    def __str__(self):
        return f"{share(self.right, self.emitted)} / {share(self.right, self.wanted)}"


def share(part, whole):
    """Never rounded up to 1, nor down to 0."""
    if whole == 0:
        return "-"
    if part == whole:
        return "1"
    if part == 0:
        return "0"
    return f"{min(max(part / whole, 0.0001), 0.9999):.4f}"


def sum_of(rows):
    found = Sum()
    for row in rows:
        found.add(row)
    return found


def sums(rows, key):
    found = collections.defaultdict(Sum)
    for row in rows:
        found[key(row)].add(row)
    return found


def table(head, lines):
    text = "| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n"
    return text + "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


# What is run.


def broken(why):
    print(why, file=sys.stderr)
    sys.exit(2)


def run_setting(arguments, file, dialect, setting):
    """The rows of one file in one dialect and setting; kept ones are not made again."""
    kept = arguments.keep and arguments.keep / f"{file.stem}.{dialect}.{setting}.json"
    if kept and kept.exists():
        return json.loads(kept.read_text())
    import peer_ddtrace
    from emit import emit
    from peers import PEERS
    from run import rows_of

    with tempfile.TemporaryDirectory() as folder:
        otlp, truth, _ = emit(file, folder, dialect, setting, arguments.limit or None)
        rows = rows_of(otlp, truth, arguments.spanlink, PEERS | peer_ddtrace.load()[0])
    if kept:
        unfinished = kept.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(rows))
        unfinished.rename(kept)
    return rows


def run_harness(arguments, files):
    """The rows of all files in every dialect and setting, and the gate's complaints."""
    import peer_ddtrace
    from emit import SETTINGS, WRITERS
    from run import offences

    missing = peer_ddtrace.load()[1]
    if missing:
        broken(missing)
    if arguments.keep:  # one folder for each program and limit
        program = hashlib.sha256(arguments.spanlink.read_bytes()).hexdigest()[:16]
        arguments.keep /= f"{program}-{arguments.limit}"
        arguments.keep.mkdir(parents=True, exist_ok=True)
    tasks = list(itertools.product(files, WRITERS, SETTINGS))
    rows = []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        runs = [pool.submit(run_setting, arguments, *task) for task in tasks]
        for number, (run, (file, dialect, setting)) in enumerate(
            zip(runs, tasks, strict=True), 1
        ):
            try:
                rows += run.result()
            except (OSError, subprocess.SubprocessError) as error:
                pool.shutdown(cancel_futures=True)
                broken(f"{file.name} {dialect} {setting}: {error}")
            told = f"  {number} of {len(tasks)}: {file.name} {dialect} {setting}"
            print(told, file=sys.stderr, flush=True)
    return rows, list(offences(rows))


def run_replay(arguments, files):
    """The rows of the replays, and how many conversations each one had."""
    from run import rows_of

    rows, conversations = [], {}
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.replay, ROOT / "python/accuracy/replay.py"]
        command += ["--out", folder, "--limit", str(arguments.replay_limit)]
        command += ["--", *files]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(2)
        for name, count in re.findall(
            r"^(\S+): (\d+) conversations", done.stdout, re.M
        ):
            conversations[name.split(".")[1]] = conversations.get(
                name.split(".")[1], 0
            ) + int(count)
        for truth in sorted(pathlib.Path(folder).glob("*.truth.jsonl")):
            otlp = truth.with_name(truth.name.replace(".truth.", ".otlp."))
            rows += rows_of(otlp, truth, arguments.spanlink, {})
    return rows, conversations


def replay_faults(rows):
    """Every call has evidence there: all links must be found, and be right."""
    for (setup, link), found in sums(
        (r for r in rows if r["system"] == "spanlink-all"),
        lambda r: (r["dialect"], r["link"]),
    ).items():
        if not found.right == found.emitted == found.wanted or found.cross:
            yield f"{setup}: {link} links {found.right}/{found.emitted}/{found.wanted}"


# What is written.


def by_setting(rows, link):
    found = sums(
        (r for r in rows if r["link"] == link), lambda r: (r["setting"], r["system"])
    )
    systems = [s for s in SYSTEMS if any(key[1] == s[0] for key in found)]
    settings = dict.fromkeys(row["setting"] for row in rows)
    lines = [
        [
            f"`{setting}`" + ("" if setting in RECORDED else " *"),
            found[setting, "spanlink"].wanted,
            *(found[setting, name] for name, _ in systems),
        ]
        for setting in settings
    ]
    return table(["setting", "links", *(title for _, title in systems)], lines)


def by_grade(rows):
    links, right = collections.Counter(), collections.Counter()
    for row in rows:
        if row["system"] == "spanlink-all":
            for grade, counts in row["by_evidence"].items():
                links[grade] += counts["links"]
                right[grade] += counts["right"]
    return table(
        ["evidence", "links", "right", "share"],
        [
            [f"`{g}`", links[g], right[g], share(right[g], links[g])]
            for g in GRADES
            if links[g]
        ],
    )


def by_file(rows):
    found = sums(
        (r for r in rows if r["system"] == "spanlink"),
        lambda r: (r["dataset"], r["link"]),
    )
    return table(
        ["file", "choices", "precision / recall", "results", "precision / recall"],
        [
            [name, found[name, "choice"].wanted, found[name, "choice"],
             found[name, "result"].wanted, found[name, "result"]]
            for name in dict.fromkeys(row["dataset"] for row in rows)
        ],
    )  # fmt: skip


def replay_table(rows, conversations):
    mine = [r for r in rows if r["system"] == "spanlink-all"]
    found = sums(mine, lambda r: (r["dialect"], r["link"]))
    evidence = collections.defaultdict(set)
    for row in mine:
        evidence[row["dialect"]].update(row["by_evidence"])
    return table(
        ["instrumentation", "conversations", "calls", "choices", "results", "evidence"],
        [
            [name, conversations[name], found[name, "choice"].wanted,
             found[name, "choice"], found[name, "result"],
             ", ".join(f"`{grade}`" for grade in sorted(evidence[name]))]
            for name in conversations
        ],
    )  # fmt: skip


def recorded_table():
    """The expected counts, to which tests/recorded_spans_test.cc holds the readers."""
    path = ROOT / "tests/testdata/recorded_spans.json"
    expected = json.loads(path.read_text())["files"]

    def told(counts):
        return ", ".join(f"{count} {name}" for name, count in counts.items()) or "-"

    lines = []
    for name, file in expected.items():
        repository, _, path = name.partition("/")
        short = f"{repository.replace('+', '/')} `{path.rpartition('__')[2]}`"
        if "refused" in file:
            cells = ["-"] * 5 + [f"refused: {file['refused']}"]
        else:
            cells = [file[key] for key in ("format", "llm", "tools")]
            cells += [told(file["linked"]), file["results"], told(file["unlinked"])]
        lines.append([short, *cells])
    head = ["file", "format", "LLM spans", "tool spans"]
    return table([*head, "linked", "results", "unlinked"], lines)


def summary(rows, replayed):
    systems = ("spanlink", "ddtrace", "ddtrace-per-trace", "timing")
    lines = [
        [
            title,
            *(
                sum_of(r for r in rows if r["system"] == s and r["setting"] in settings)
                for s in systems
            ),
        ]
        for title, settings in SUMMARY.items()
    ]
    head = ["links: precision / recall", "spanlink", "ddtrace"]
    text = table([*head, "ddtrace, one a trace", "timing"], lines)
    if replayed:
        found = sum_of(r for r in replayed if r["system"] == "spanlink-all")
        text += (
            f"\nThrough real instrumentations: {found.right} of {found.wanted} links, "
            f"{found.emitted - found.right} wrong.\n"
        )
    return text


def main():
    parser = argparse.ArgumentParser(description="Measures how many links are right.")
    parser.add_argument("--spanlink", type=pathlib.Path, required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--limit", type=int, default=0, help="conversations a file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--replay", metavar="PYTHON", help="with the instrumentations")
    parser.add_argument("--replay-limit", type=int, default=10, metavar="N")
    parser.add_argument("--write", action="store_true", help="docs and README")
    arguments = parser.parse_args()
    # The harness; its processes find it there, too.
    sys.path.insert(0, str(arguments.shared / "accuracy"))
    files = sorted((arguments.shared / "data/trajectories").glob("*.jsonl.gz"))
    parts, replayed, faults = {}, [], []
    if arguments.replay:
        print("  replays", file=sys.stderr, flush=True)
        replayed, conversations = run_replay(arguments, files)
        parts["replays"] = replay_table(replayed, conversations)
        faults = list(replay_faults(replayed))
    rows, complaints = run_harness(arguments, files)
    parts |= {
        "choices": by_setting(rows, "choice"),
        "results": by_setting(rows, "result"),
        "grades": by_grade(rows),
        "files": by_file(rows),
    }
    parts["recorded spans"] = recorded_table()
    for name, text in parts.items():
        print(f"\n{name}\n\n{text}")
    print(f"\nsummary\n\n{summary(rows, replayed)}")
    if arguments.write:
        for name, text in parts.items():
            put(ROOT / "docs/accuracy.md", name, text)
        put(ROOT / "README.md", "accuracy", summary(rows, replayed))
    faults = complaints + [f"replay: {fault}" for fault in faults]
    for fault in faults:
        print(fault, file=sys.stderr)
    print("gate NOT passed" if faults else "gate passed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
