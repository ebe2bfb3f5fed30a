#!/usr/bin/env python3
"""Breaks the code on purpose, one line at a time: do the tests see it?

A mutation is a file tests/mutations/NAME.patch. Its first line says which test
has to fail, the rest is a diff that `patch -p1` applies:

    # kills: <test program> <filter of GoogleTest>

Each is applied to a copy of the tree in .dev/mutate, the one test program is
built there, and the named tests run. They pass without the mutation, which is
checked first, and fail, crash or hang with it. A mutation that survives, that
does not apply or that does not compile makes the exit status 1.

    tests/mutate.py [--short] [NAME...]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".dev" / "mutate"
TREE = SCRATCH / "tree"
BUILD = SCRATCH / "build"
TIMEOUT_SECONDS = 120
SHORT_SAMPLE = 8  # mutations in --short
KILLED, SURVIVED, BROKEN = "killed", "SURVIVED", "BROKEN"


@dataclass
class Mutation:
    path: Path
    test: str
    cases: str  # filter of GoogleTest

    @property
    def name(self):
        return self.path.stem


def read_mutation(path):
    """Returns the mutation; exits if its first line is not as it should be."""
    with path.open(encoding="utf-8") as lines:
        head = re.fullmatch(r"# kills: (\w+) (\S+)\s*", lines.readline())
    if not head:
        sys.exit(f"{path}: the first line is not '# kills: TEST FILTER'")
    return Mutation(path, head[1], head[2])


def select(mutations, names, short):
    """Returns the mutations to run: the named ones, a sample, or all."""
    if names:
        unknown = set(names) - {mutation.name for mutation in mutations}
        if unknown:
            sys.exit(f"no such mutation: {', '.join(sorted(unknown))}")
        return [m for m in mutations if m.name in names]
    if short and len(mutations) > SHORT_SAMPLE:
        step = len(mutations) / SHORT_SAMPLE
        return [mutations[int(i * step)] for i in range(SHORT_SAMPLE)]
    return mutations


def run(command, **options):
    """Runs a command; returns (succeeded, what it printed)."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired:
        return False, f"still running after {TIMEOUT_SECONDS} s"
    return done.returncode == 0, done.stdout


def copy_tree():
    """Brings TREE up to date; files that did not change keep their times."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    files = [name for name in listed.stdout.decode().split("\0") if name]
    wanted = {TREE / name for name in files if (ROOT / name).is_file()}
    for old in [path for path in TREE.rglob("*") if path.is_file()]:
        if old not in wanted:
            old.unlink()
    for target in wanted:
        source = ROOT / target.relative_to(TREE)
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def configure():
    command = ["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja"]
    options = {
        "CMAKE_BUILD_TYPE": "None",
        "CMAKE_CXX_FLAGS": "-O0",
        "SPANLINK_TESTS_AND_BENCHMARKS": "ON",
    }
    fine, output = run(command + [f"-D{k}={v}" for k, v in options.items()])
    if not fine:
        sys.exit(output)


def build(targets):
    jobs = str(os.cpu_count() or 2)
    return run(["cmake", "--build", BUILD, "-j", jobs, "--target", *targets])


def run_cases(mutation):
    """Runs the cases that have to fail; returns (passed, output)."""
    environment = dict(os.environ, SPANLINK_SOURCE_DIR=str(TREE))
    environment["SPANLINK_BINARY"] = str(BUILD / "spanlink")
    environment.setdefault("RC_PARAMS", "seed=20240607")
    return run(
        [BUILD / mutation.test, f"--gtest_filter={mutation.cases}"],
        cwd=TREE,
        env=environment,
        timeout=TIMEOUT_SECONDS,
    )


def check_unbroken(mutations):
    """Exits unless all the cases exist and pass without a mutation."""
    fine, output = build(sorted({m.test for m in mutations}))
    if not fine:
        sys.exit(f"{output}\nThe code does not build without a mutation.")
    for key in sorted({(m.test, m.cases) for m in mutations}):
        mutation = next(m for m in mutations if (m.test, m.cases) == key)
        fine, output = run_cases(mutation)
        ran = re.search(r"^\[==========\] Running ([1-9]\d*) test", output, re.M)
        if not fine or not ran:
            sys.exit(
                f"{output}\n{mutation.name}: {mutation.test} {mutation.cases} "
                + ("fails without the mutation." if ran else "runs no test.")
            )


def apply_patch(mutation, *options):
    command = ["patch", "-p1", "--no-backup-if-mismatch", "--batch", *options]
    return run(command + ["-i", mutation.path], cwd=TREE)


def judge(mutation):
    """Returns (verdict, why)."""
    fine, output = apply_patch(mutation, "--dry-run", "--fuzz=0")
    if not fine:
        return BROKEN, "does not apply:\n" + output
    apply_patch(mutation, "--fuzz=0")
    try:
        fine, output = build([mutation.test])
        if not fine:
            return BROKEN, "does not compile:\n" + output[-3000:]
        passed, _ = run_cases(mutation)
        return (SURVIVED if passed else KILLED), ""
    finally:
        apply_patch(mutation, "--reverse", "--fuzz=0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a sample only")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    paths = sorted((ROOT / "tests" / "mutations").glob("*.patch"))
    known = [read_mutation(path) for path in paths]
    mutations = select(known, args.names, args.short)
    if not mutations:
        sys.exit("no mutation in tests/mutations")
    print(f"{len(mutations)} of {len(known)} mutations; building…", flush=True)
    TREE.mkdir(parents=True, exist_ok=True)
    copy_tree()
    configure()
    check_unbroken(mutations)
    verdicts = []
    for number, mutation in enumerate(mutations, 1):
        start = time.monotonic()
        verdict, why = judge(mutation)
        verdicts.append(verdict)
        print(
            f"[{number:2}/{len(mutations)}] {verdict:8} "
            f"{time.monotonic() - start:4.0f} s  {mutation.name:40} "
            f"{mutation.test} {mutation.cases}",
            flush=True,
        )
        if why:
            print(why, flush=True)
    counts = [verdicts.count(v) for v in (KILLED, SURVIVED, BROKEN)]
    print("{} killed, {} survived, {} broken".format(*counts))
    return 0 if counts[0] == len(mutations) else 1


if __name__ == "__main__":
    sys.exit(main())
