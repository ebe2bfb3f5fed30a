#!/usr/bin/env python3
"""Runs the benchmarks, and says whether a change made them faster or slower.

    bench/compare.py [FILTER]               runs the working tree's
    bench/compare.py --against REV          compares REV with the working tree
    bench/compare.py --against HEAD^ --ci   the same, short, as a gate

Machines are noisy and drift: the clock of a processor moves by a factor of two
within seconds. So both builds run in turns, A B B A A B B A ..., each round
gives one ratio for each figure, and only ratios are judged. Their median comes
with the interval in which it lies with the confidence asked for, by the order
of the ratios alone (the sign test turned around): no assumption is made about
what the noise looks like.

With --ci, A is first compared with itself. What differs there is noise, and a
figure has regressed only if it is slower by more than that, and again so in a
second run. Programs that are the same, byte for byte, are not measured: what
differs between them is the machine. Exit status: 0, or 1 for such a regression
or a working tree that cannot be measured; 2 for wrong arguments. Where REV has
nothing to compare with, that is said, and the status is 0.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from ratios import REGRESSED, VERDICTS
from ratios import interval_of, noise_of, ratios_of, rows_of

PROGRAMS = (
    "dispatch_benchmark", "tracker_benchmark", "fingerprint_benchmark",
    "otlp_benchmark",
)
CMAKE_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DSPANLINK_TESTS_AND_BENCHMARKS=ON",
)
# The fewest with which one odd round on either side does no harm.
ROUNDS = 12
CI_MARGIN = 0.05


class CannotMeasure(Exception):
    """Why a revision cannot be measured, for a person."""

    def __init__(self, reason, build=None):
        super().__init__(reason)
        self.build = build  # the one that fails when it runs


class UnknownRevision(Exception):
    """The name of a revision that git does not know, for a person."""


# Measuring.


def figures_of(report):
    """Returns nanoseconds by figure from what a benchmark program printed.

    Times are those of the processor, which other programs do not lengthen,
    unless the benchmark itself asks for others. Of repetitions the fastest
    counts: what disturbs a program only ever slows it down.
    """
    scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    figures = {}
    for entry in report["benchmarks"]:
        if entry.get("run_type", "iteration") != "iteration":
            continue
        name = entry["name"]
        if entry.get("error_occurred"):
            raise CannotMeasure(f"{name}: {entry.get('error_message')}")
        own_time = re.search(r"/(real|manual)_time\b", name)
        time = entry["real_time" if own_time else "cpu_time"]
        short = re.sub(r"/(manual_time|iterations:\d+)\b", "", name)
        time *= scale[entry["time_unit"]]
        if time > 0:
            figures[short] = min(time, figures.get(short, time))
    return figures


class Build:
    """A built revision."""

    def __init__(self, name, programs):
        self.name = name
        self.programs = programs

    def measure(self, options):
        """Runs all programs once; returns nanoseconds by figure."""
        figures = {}
        for program in self.programs:
            try:
                figures.update(self._measure_program(program, options))
            except CannotMeasure as reason:
                raise CannotMeasure(reason, self) from reason
        return figures

    @staticmethod
    def _measure_program(program, options):
        command = [str(program), "--benchmark_format=json", *options]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise CannotMeasure(
                f"{program.name} failed:\n{result.stderr[-2000:]}"
            )
        # Nothing at all: no figure of this program passes the filter.
        if not result.stdout.strip():
            return {}
        return figures_of(json.loads(result.stdout))


def without_equal(before, after):
    """Returns both without the programs that are equal, and their names."""
    contents = {path.name: path.read_bytes() for path in before.programs}
    equal = {path.name for path in after.programs
             if contents.get(path.name) == path.read_bytes()}
    rest = [
        Build(each.name, [p for p in each.programs if p.name not in equal])
        for each in (before, after)
    ]
    return *rest, sorted(equal)


def measure_rounds(before, after, rounds, options, progress):
    """Measures both in turns, A B B A; returns one pair for each round."""
    pairs = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        if number % 2 == 0:
            first = before.measure(options)
            pairs.append((first, after.measure(options)))
        else:
            second = after.measure(options)
            pairs.append((before.measure(options), second))
    return pairs


def exactly(names):
    """Returns the filter that lets these figures through, and no others."""
    alternatives = "|".join(re.escape(name) for name in sorted(names))
    return f"--benchmark_filter=^({alternatives})(/|$)"


def gate(before, after, settings, progress):
    """Measures as a gate does; returns the rows and the figures that stand.

    A regression stands if it exceeds the noise in both of two runs.
    """
    noise = {}
    own = measure_rounds(
        before, before, settings.rounds, settings.options,
        lambda text: progress(f"noise: {text}"),
    )
    for name, ratios in ratios_of(own).items():
        noise[name] = max(CI_MARGIN, noise_of(interval_of(ratios)))
    pairs = measure_rounds(
        before, after, settings.rounds, settings.options, progress
    )
    rows = rows_of(pairs, noise)
    suspects = {row.name for row in rows if row.verdict == REGRESSED}
    if not suspects:
        return rows, []
    again = rows_of(
        measure_rounds(
            before, after, settings.rounds,
            [*settings.options, exactly(suspects)],
            lambda text: progress(f"regressions again: {text}"),
        ),
        noise,
    )
    standing = [
        row for row in again
        if row.verdict == REGRESSED and row.name in suspects
    ]
    return rows, standing


# Printing.


def time_text(nanoseconds):
    """Returns a time with three digits and its unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def table_of(rows):
    """Returns the lines of the table of all figures."""
    width = max([len(row.name) for row in rows] + [len("figure")])
    lines = [
        f"{'figure':{width}}  {'before':>8}  {'after':>8}  {'ratio':>6}  "
        f"{'interval':>13}  verdict"
    ]
    for row in rows:
        span = f"{row.interval.low:.3f}..{row.interval.high:.3f}"
        lines.append(
            f"{row.name:{width}}  {time_text(row.before):>8}  "
            f"{time_text(row.after):>8}  {row.interval.middle:>6.3f}  "
            f"{span:>13}  {row.verdict}"
        )
    return lines


def counts_of(rows):
    """Returns the sentence with how many figures did what."""
    counts = collections.Counter(row.verdict for row in rows)
    text = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    sure = min((row.interval.confidence for row in rows), default=0)
    return f"{text} (each interval holds with {100 * sure:.1f} % confidence)"


def only_in_one(pairs):
    """Returns lines on the figures that one side lacks."""
    before = set().union(*(a for a, _ in pairs))
    after = set().union(*(b for _, b in pairs))
    lines = [f"{name}: only before" for name in sorted(before - after)]
    return lines + [f"{name}: only after" for name in sorted(after - before)]


def make_progress():
    """Returns a function that shows what goes on, where a person looks."""
    if not sys.stderr.isatty():
        return lambda text: print(text, file=sys.stderr, flush=True)
    return lambda text: print(
        f"\r\033[K{text}", end="", file=sys.stderr, flush=True
    )


# Building.


def git(root, *arguments):
    """Returns what git prints, or None if it fails."""
    result = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True
    )
    return result.stdout.strip() if result.returncode == 0 else None


def find_revision(root, revision):
    """Returns the commit's hash, or None if only its parents are unknown.

    Raises UnknownRevision if there is no such revision at all.
    """
    commit = git(root, "rev-parse", "--verify", "-q", revision + "^{commit}")
    if commit is not None:
        return commit
    base = re.sub(r"([~^]\d*)+$", "", revision)
    if base != revision and git(
        root, "rev-parse", "--verify", "-q", base + "^{commit}"
    ):
        return None
    raise UnknownRevision(f"git knows no revision '{revision}'")


def check_out(root, commit, directory):
    """Writes the files of a commit into a directory, all or none."""
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with tempfile.TemporaryFile() as archive:
        subprocess.run(
            ["git", "-C", str(root), "archive", commit],
            stdout=archive, check=True,
        )
        archive.seek(0)
        with tarfile.open(fileobj=archive) as files:
            files.extractall(partial)
    partial.rename(directory)


def forget_others(scratch, commit):
    """Removes what is built of other commits."""
    for directory in scratch.glob("*"):
        if re.fullmatch("[0-9a-f]{40}", directory.name):
            if directory.name != commit:
                shutil.rmtree(directory, ignore_errors=True)


def run_logged(command, log):
    """Runs a command; raises with the end of its output if it fails."""
    with open(log, "ab") as output:
        result = subprocess.run(command, stdout=output, stderr=output)
    if result.returncode != 0:
        end = log.read_text(errors="replace")[-3000:]
        raise CannotMeasure(f"{' '.join(map(str, command))} failed:\n{end}")


def programs_of(directory):
    """Returns the benchmark programs that a configured directory can make.

    By name, as CMake's file API lists them.
    """
    reply = directory / ".cmake" / "api" / "v1" / "reply"
    programs = {}
    for file in reply.glob("target-*.json"):
        target = json.loads(file.read_text())
        if target["name"] in PROGRAMS and "artifacts" in target:
            path = target["artifacts"][0]["path"]
            programs[target["name"]] = directory / path
    return programs


def build(name, source, directory, progress):
    """Builds the benchmarks of a source tree; raises if it has none."""
    if not (source / "CMakeLists.txt").exists():
        raise CannotMeasure("it has no CMakeLists.txt")
    if shutil.which("ninja"):
        os.environ.setdefault("CMAKE_GENERATOR", "Ninja")
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "build.log"
    log.write_bytes(b"")
    query = directory / ".cmake" / "api" / "v1" / "query"
    query.mkdir(parents=True, exist_ok=True)
    (query / "codemodel-v2").touch()
    progress(f"{name}: configuring")
    run_logged(
        ["cmake", "-S", source, "-B", directory, *CMAKE_OPTIONS], log
    )
    programs = programs_of(directory)
    if not programs:
        raise CannotMeasure("it has no benchmarks")
    progress(f"{name}: building (minutes, the first time)")
    jobs = str(os.cpu_count() or 1)
    run_logged(
        ["cmake", "--build", directory, "--parallel", jobs,
         "--target", *programs],
        log,
    )
    return Build(name, [programs[p] for p in PROGRAMS if p in programs])


# The command.


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("filter", nargs="?", help="figures to run, a pattern")
    parser.add_argument("--against", metavar="REV", help="compare with REV")
    parser.add_argument("--ci", "--short", action="store_true",
                        help="be short, and fail on a regression")
    parser.add_argument("--rounds", type=int, default=ROUNDS,
                        help="rounds of a comparison; default: %(default)s")
    parser.add_argument("--min-time", type=float,
                        help="seconds a figure and round")
    parser.add_argument("--scratch", type=pathlib.Path,
                        help="where to build; default: .dev/bench")
    settings = parser.parse_args(arguments)
    if settings.min_time is None:
        settings.min_time = 0.01 if settings.ci else 0.05
    if settings.rounds < 1:
        parser.error("--rounds must be at least 1")
    settings.options = [f"--benchmark_min_time={settings.min_time}"]
    if settings.ci:
        settings.options.append("--benchmark_repetitions=3")
    # Millions of calls take seconds to make: not for a short run.
    chosen = settings.filter or ("-/1000000" if settings.ci else None)
    if chosen:
        settings.options.append(f"--benchmark_filter={chosen}")
    return settings


def compare(before, after, settings, progress):
    """Measures, prints, and returns the exit status."""
    standing = []
    if settings.ci:
        rows, standing = gate(before, after, settings, progress)
    else:
        pairs = measure_rounds(
            before, after, settings.rounds, settings.options, progress
        )
        rows = rows_of(pairs, {})
        for line in only_in_one(pairs):
            print(line)
    progress("")
    print(f"{before.name} -> {after.name}, {settings.rounds} rounds, "
          "ratios of times after / before:\n")
    print("\n".join(table_of(rows)))
    print(f"\n{counts_of(rows)}")
    for row in standing:
        print(f"REGRESSED twice, beyond the noise: {row.name}, by a factor of "
              f"{row.interval.middle:.3f}")
    if settings.ci and not standing:
        print("No regression beyond the noise stands.")
    return 1 if standing else 0


def build_revision(root, commit, scratch, progress):
    """Builds a commit; returns None, having said why, if that cannot be."""
    source = scratch / commit / "source"
    forget_others(scratch, commit)
    try:
        if not source.exists():
            check_out(root, commit, source)
        # As far below its sources as the working tree's: what the two have in
        # common is then compiled once where ccache is told to look for it.
        directory = source / ".dev" / "bench" / "tree"
        return build(commit[:9], source, directory, progress)
    except CannotMeasure as reason:
        progress("")
        print(f"Nothing to compare with in {commit[:9]}: {reason}")
        return None


def run_plainly(root, settings, scratch, progress):
    """Runs the working tree's programs as they are."""
    tree = build("working tree", root, scratch / "tree", progress)
    progress("")
    for program in tree.programs:
        if subprocess.run([program, *settings.options]).returncode != 0:
            raise CannotMeasure(f"{program.name} failed", tree)
    return 0


def run_against(root, commit, settings, scratch, progress):
    """Compares a commit with the working tree."""
    before = build_revision(root, commit, scratch, progress)
    if before is None:
        return 0
    after = build("working tree", root, scratch / "tree", progress)
    before, after, equal = without_equal(before, after)
    if equal:
        progress("")
        print(f"The same, byte for byte: {', '.join(equal)}")
    if not before.programs and not after.programs:
        return 0
    try:
        return compare(before, after, settings, progress)
    except CannotMeasure as reason:
        if reason.build is not before:
            raise
        progress("")
        print(f"Nothing to compare with in {before.name}: {reason}")
        return 0


def main(arguments, root=pathlib.Path(__file__).resolve().parent.parent):
    settings = parse_arguments(arguments)
    progress = make_progress()
    scratch = (settings.scratch or root / ".dev" / "bench").resolve()
    try:
        if not settings.against:
            return run_plainly(root, settings, scratch, progress)
        commit = find_revision(root, settings.against)
        if commit is None:
            print(f"Nothing to compare with: this checkout does not know "
                  f"{settings.against}.")
            return 0
        return run_against(root, commit, settings, scratch, progress)
    except UnknownRevision as error:
        print(error, file=sys.stderr)
        return 2
    except CannotMeasure as reason:
        progress("")
        print(f"The benchmarks cannot be measured: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
