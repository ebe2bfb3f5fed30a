#!/usr/bin/env python3
"""Measures spanlink beside its peers, and judges the ratios.

    bench/gate.py --ddtrace PYTHON [--shared DIR] [--short] [--json FILE] [--write]

Builds optimised programs in .dev/bench. For every figure both sides are alive
and run in turns, engine - peer - engine, some hundredths of a second each; a
round gives one ratio, and only ratios count, as the clock of a machine drifts. A
gate is held against the median of the rounds; the least and the greatest are
printed. Every case says what results it had to give: a side that does less is
refused. --short leaves out the million of live calls, and is quicker otherwise.

Exit status: 0; 1 where a gate is not passed, each of which is named, or a case
did not do its work; 2 where a peer is missing, or something else to measure with.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

import gate_report
import gates
import texts
from compare import CMAKE_OPTIONS, CannotMeasure, make_progress, run_logged
from gates import DDTRACE, ENGINE, PEERS

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS, SECONDS = 15, 0.05
PROGRAMS = {ENGINE: "gate_engine", PEERS: "gate_peers"}


class PeerMissing(Exception):
    """A program that a gate needs cannot be run, for a person."""


class WrongWork(Exception):
    """A case did not give the results that it had to, for a person."""


class Side:
    """A program that stays alive and runs slices of its cases."""

    def __init__(self, name, command, first_line=False):
        self.name = name
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                preexec_fn=pin,
            )
        except OSError as error:
            raise PeerMissing(f"{name}: {error}") from error
        self.version = self._read() if first_line else ""

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise PeerMissing(
                f"{self.name}: ended with status {self._process.returncode}")
        return line.strip()

    def run(self, case, seconds):
        """Runs a slice; returns its figures."""
        try:
            self._process.stdin.write(f"{seconds} {case}\n")
            self._process.stdin.flush()
        except OSError as error:
            raise PeerMissing(f"{self.name}: {error}") from error
        figures = json.loads(self._read())
        if figures.get("results") != figures.get("expected"):
            raise WrongWork(f"{self.name}, {case}: {figures['results']:.0f} results, "
                            f"not {figures['expected']:.0f}")
        return figures

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def pin():
    """All on one processor: they take turns, and share its clock."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


# Measuring.


def measure(row, sides, rounds, seconds):
    """Runs engine - peer - engine, round for round; returns the Result."""
    peer = sides[row.peer[0]]
    engine = sides[ENGINE]
    # What cases need is made, and processors warm up.
    engine.run(row.engine, seconds)
    peer.run(row.peer[1], seconds)
    ratios, ours, theirs = [], [], []
    for _ in range(rounds):
        before = engine.run(row.engine, seconds)["ns"]
        theirs.append(peer.run(row.peer[1], seconds)["ns"])
        after = engine.run(row.engine, seconds)["ns"]
        ours.append((before + after) / 2)
        ratios.append(row.ratio(ours[-1], theirs[-1]))
    return gates.Result(
        row, ratios, statistics.median(ours), statistics.median(theirs))


def measure_once(fresh, live):
    """What no round is needed for: allocations, and memory in new processes.

    `fresh(name)` starts a side. Returns Results, and figures to be shown.
    """
    counted = ask(fresh, ENGINE, gates.ALLOCATIONS.engine)
    per_signal = counted["allocations"] / counted["signals"]
    results = [gates.Result(gates.ALLOCATIONS, [per_signal])]
    spans = ask(fresh, ENGINE, f"memory spans {live}")["bytes"] / live
    ours = {}
    for size in (64, 4096):
        case = f"memory structure-{size}-half {live}"
        ours[size] = ask(fresh, ENGINE, case)["bytes"] / live - spans
        theirs = ask(fresh, DDTRACE, case)["bytes"] / live
        results.append(gates.Result(
            gates.memory_row(size), [ours[size] / theirs], ours[size], theirs))
    results.append(gates.Result(gates.SIZE_MATTERS, [ours[4096] / ours[64]]))
    shown = {"spans of a live call, bytes": spans}
    for name, figure in (("lookups that the memo answers", "memo recorded-half"),
                         ("the same, all spaced otherwise", "memo recorded-all")):
        with contextlib.suppress(PeerMissing):
            shown[name] = ask(fresh, ENGINE, figure)["hit rate"]
    return results, shown


def ask(fresh, name, case):
    side = fresh(name)
    try:
        return side.run(case, 0.1)
    finally:
        side.close()


def latency(side, live, seconds):
    """Percentiles of one signal, beside those of a control loop."""
    figures = side.run(f"latency structure-64-half {live}", seconds)
    return {
        name: {"ns": figures[name], "of the control loop's": figures[name]
               / figures[f"control {name}"]}
        for name in ("p50", "p99", "p99.9")
    }


def drop(side, live):
    """Nanoseconds for each call of a scope that ends with all of them open."""
    return side.run(f"drop structure-64-half {live}", 0.1)["ns"]


# Judging.


def judge(results, out):
    """Prints what failed; returns the exit status."""
    failed = [result for result in results if result.verdict == "FAILED"]
    for result in failed:
        row = result.row
        print(f"GATE FAILED: {row.group}, {row.name}: {result.median:.3g}, "
              f"not {row.bound} {row.gate:.3g}", file=out)
    gated = sum(result.row.gate is not None for result in results)
    print(f"{gated - len(failed)} of {gated} gates passed", file=out)
    return 1 if failed else 0


# The command.


def build(progress):
    """Builds the programs; returns their paths by side."""
    directory = ROOT / ".dev/bench/tree"
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "build.log"
    log.write_bytes(b"")
    progress("building (minutes, the first time)")
    run_logged(["cmake", "-G", "Ninja", "-S", ROOT, "-B", directory, *CMAKE_OPTIONS],
               log)
    run_logged(["cmake", "--build", directory, "--target", *PROGRAMS.values()], log)
    return {side: directory / name for side, name in PROGRAMS.items()}


def commands_of(programs, folder, ddtrace):
    return {
        **{side: [path, folder] for side, path in programs.items()},
        DDTRACE: [ddtrace, ROOT / "bench/ddtrace_slices.py", folder],
    }


def start(commands, name):
    return Side(name, commands[name], first_line=name == DDTRACE)


def generate_with(program):
    def generate(shape, size, count):
        done = subprocess.run(
            [program, "--texts", shape, str(size), str(count)],
            stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.splitlines()

    return generate


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ddtrace", required=True, help="a Python that has ddtrace")
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--short", action="store_true", help="minutes, not more")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, help="of a slice")
    parser.add_argument("--json", type=pathlib.Path, help="where figures go")
    parser.add_argument("--write", action="store_true", help="docs and README")
    settings = parser.parse_args(arguments)
    if settings.seconds is None:
        settings.seconds = SECONDS / 5 if settings.short else SECONDS
    if settings.write and (settings.only or settings.short):
        parser.error("--write wants everything measured")
    return settings


def has_room():
    """Whether ten million live calls find room beside the rest, with as much again."""
    memory = pathlib.Path("/proc/meminfo").read_text()
    available = re.search(r"^MemAvailable: *(\d+) kB$", memory, re.MULTILINE)
    if available and int(available[1]) > 12 * 1024**2:
        return True
    print("SKIPPED: 10 million live calls want 12 GiB of free memory", file=sys.stderr)
    return False


def measure_all(settings, commands, recorded, progress):
    """Returns all Results, what is shown besides, and ddtrace's version."""
    live = 100_000 if settings.short else 1_000_000
    with contextlib.ExitStack() as stack:
        sides = {}
        for name in commands:
            sides[name] = start(commands, name)
            stack.callback(sides[name].close)
        vast = not settings.short and has_room()
        rows = [row for row in gates.rows(recorded, settings.short, vast)
                if settings.only in f"{row.group}, {row.name}"]
        results = []
        for number, row in enumerate(rows, 1):
            progress(f"{number} of {len(rows)}: {row.group}, {row.name}")
            results.append(measure(row, sides, settings.rounds, settings.seconds))
        shown = {}
        if not settings.only:
            progress("memory, latency")
            once, shown = measure_once(lambda name: start(commands, name), 100_000)
            results += once
            for name, figures in latency(sides[ENGINE], live, 3).items():
                for what, figure in figures.items():
                    shown[f"latency {name}, {what}"] = figure
            threads = sides[ENGINE].run("threads structure-64-half 2", 0.5)
            shown["two threads: waits for a lock, a call"] = threads["waits"]
            shown["dropping a scope of 100000 open calls, ns a call"] = (
                drop(sides[ENGINE], 100_000) / 100_000)
        return results, shown, sides[DDTRACE].version


def about(settings, version):
    """Where, how and beside what was measured."""
    model = next((line.partition(":")[2].strip()
                  for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    commit = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"],
        stdout=subprocess.PIPE, text=True).stdout.strip()
    return {"processor": f"{os.cpu_count()} x {model}", "commit": commit,
            "ddtrace": version, "rounds": settings.rounds,
            "seconds": settings.seconds}


def run(settings, progress):
    programs = build(progress)
    folder = ROOT / ".dev/bench/texts"
    recorded = texts.write_texts(
        folder, generate_with(programs[ENGINE]), settings.shared)
    if not recorded:
        print(f"SKIPPED: no recorded conversations in {settings.shared}: "
              "their rows are left out", file=sys.stderr)
    commands = commands_of(programs, folder, settings.ddtrace)
    results, shown, version = measure_all(settings, commands, recorded, progress)
    progress("")
    facts = about(settings, version)
    print(gate_report.text_of(facts, results, shown))
    if settings.json:
        settings.json.write_text(json.dumps({
            **facts, "shown": shown,
            "rows": [{**dataclasses.asdict(r.row), "ratios": r.ratios,
                      "median": r.median, "verdict": r.verdict,
                      "engine_ns": r.engine, "peer_ns": r.peer} for r in results],
        }, indent=1) + "\n")
    if settings.write:
        gate_report.write(ROOT, facts, results, shown)
    return judge(results, sys.stdout)


def main(arguments):
    settings = parse_arguments(arguments)
    progress = make_progress()
    try:
        return run(settings, progress)
    except PeerMissing as missing:
        print(f"A peer is missing: {missing}", file=sys.stderr)
        return 2
    except CannotMeasure as reason:
        print(f"Cannot build: {reason}", file=sys.stderr)
        return 2
    except WrongWork as wrong:
        print(f"WRONG WORK: {wrong}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
