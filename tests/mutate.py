#!/usr/bin/env python3
"""Breaks the code on purpose, one line at a time: do the tests see it?

A mutation is a file tests/mutations/NAME.patch. Its first line says which test
has to fail, the rest is a diff that `patch -p1` applies:

    # kills: <test program> <filter of GoogleTest>
    # kills: pytest <virtual environment> <python/tests/FILE.py::TEST>
    # kills: page <FILE.spec.ts of viewer/page/tests> <title of the test>

Each is applied to a copy of the tree in .dev/mutate, what the test needs is
built there, and it runs. It passes without the mutation, which is checked
first, and fails, crashes or hangs with it. A mutation that survives, that does
not apply, that does not compile or cannot be imported makes the exit status 1.

    tests/mutate.py [--short] [NAME...]
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from killers import (
    BUILD,
    FAILED,
    PASSED,
    ROOT,
    TREE,
    UNFIT,
    GoogleTest,
    PageTest,
    Pytest,
    cmake_options,
    read_killer,
    run,
)

SHORT_SAMPLE = {GoogleTest: 8, Pytest: 8, PageTest: 3}  # mutations in --short
KILLED, SURVIVED, BROKEN = "killed", "SURVIVED", "BROKEN"
VERDICTS = {PASSED: SURVIVED, FAILED: KILLED, UNFIT: BROKEN}


@dataclass
class Mutation:
    path: Path
    killer: GoogleTest | Pytest | PageTest

    @property
    def name(self):
        return self.path.stem


def read_mutation(path):
    """Returns the mutation; exits if its first line is not as it should be."""
    with path.open(encoding="utf-8") as lines:
        killer = read_killer(lines.readline())
    if not killer:
        sys.exit(f"{path}: the first line is not '# kills: TEST FILTER'")
    return Mutation(path, killer)


def select(mutations, names, short):
    """Returns the mutations to run: the named ones, a sample, or all."""
    if names:
        unknown = set(names) - {mutation.name for mutation in mutations}
        if unknown:
            sys.exit(f"no such mutation: {', '.join(sorted(unknown))}")
        return [m for m in mutations if m.name in names]
    if not short:
        return mutations
    return [
        mutation
        for kind, most in SHORT_SAMPLE.items()
        for mutation in sample([m for m in mutations if type(m.killer) is kind], most)
    ]


def sample(mutations, most):
    """Returns so many of them, evenly."""
    step = max(1, len(mutations) / most)
    return [mutations[int(i * step)] for i in range(min(len(mutations), most))]


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


def prepare(killers):
    """Exits unless all that the tests need could be made."""
    for killer in killers:
        status, output = killer.prepare()
        if status != 0:
            sys.exit(output)
    command = ["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja"]
    status, output = run(command + cmake_options(killers))
    if status != 0:
        sys.exit(output)


def build(targets):
    jobs = str(os.cpu_count() or 2)
    return run(["cmake", "--build", BUILD, "-j", jobs, "--target", *targets])


def check_unbroken(killers):
    """Exits unless all the tests exist and pass without a mutation."""
    status, output = build(sorted({killer.target for killer in killers}))
    if status != 0:
        sys.exit(f"{output}\nThe code does not build without a mutation.")
    for killer in killers:
        outcome, output = killer.run()
        if outcome != PASSED:
            why = "fails" if outcome == FAILED else "runs no test"
            sys.exit(f"{output}\n{killer}: {why} without a mutation.")


def apply_patch(mutation, *options):
    command = ["patch", "-p1", "--no-backup-if-mismatch", "--batch", *options]
    return run([*command, "-i", mutation.path], cwd=TREE)


def judge(mutation):
    """Returns (verdict, why)."""
    status, output = apply_patch(mutation, "--dry-run", "--fuzz=0")
    if status != 0:
        return BROKEN, "does not apply:\n" + output
    apply_patch(mutation, "--fuzz=0")
    try:
        status, output = build([mutation.killer.target])
        if status != 0:
            return BROKEN, "does not compile:\n" + output[-3000:]
        outcome, output = mutation.killer.run()
        return VERDICTS[outcome], output[-3000:] if outcome == UNFIT else ""
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
    killers = list(dict.fromkeys(mutation.killer for mutation in mutations))
    prepare(killers)
    check_unbroken(killers)
    verdicts = []
    for number, mutation in enumerate(mutations, 1):
        start = time.monotonic()
        verdict, why = judge(mutation)
        verdicts.append(verdict)
        print(
            f"[{number:2}/{len(mutations)}] {verdict:8} "
            f"{time.monotonic() - start:4.0f} s  {mutation.name:40} {mutation.killer}",
            flush=True,
        )
        if why:
            print(why, flush=True)
    counts = [verdicts.count(v) for v in (KILLED, SURVIVED, BROKEN)]
    print("{} killed, {} survived, {} broken".format(*counts))
    return 0 if counts[0] == len(mutations) else 1


if __name__ == "__main__":
    sys.exit(main())
