#!/usr/bin/env python3
"""What importing spanlink adds to a program that imports its framework.

    import_cost.py [--pairs N]

Each import is timed in an interpreter of its own, without and with ours after
it, in turns A B B A. A pair gives a difference; their mean comes with the
interval in which it lies with 95 % confidence, as Student's t has it. Times are
those of the processor, which other programs do not lengthen. The framework's
own import may vary by more than we add, so the last column says what the second
import took by itself.
"""

import argparse
import math
import platform
import statistics
import subprocess
import sys

CASES = (
    ("agents", "spanlink.openai_agents"),
    ("opentelemetry.sdk.trace", "spanlink.opentelemetry"),
)
PROGRAM = """\
import importlib, sys, time
start = time.process_time()
importlib.import_module(sys.argv[1])
middle = time.process_time()
for name in sys.argv[2:]:
    importlib.import_module(name)
end = time.process_time()
print(middle - start, end - middle)
"""


def milliseconds(*modules):
    """Imports in a new interpreter; returns the first one's time, the rest's."""
    # -I: what lies in the current folder is not meant.
    command = [sys.executable, "-I", "-c", PROGRAM, *modules]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr)
    first, rest = result.stdout.split()
    return float(first) * 1e3, float(rest) * 1e3


def student_t(freedom):
    """The 97.5 % point of Student's t, good to 0.5 % from 5 degrees on."""
    z = 1.959964
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    )


def measure(framework, ours, pairs):
    for modules in ((framework,), (framework, ours)):
        milliseconds(*modules)  # fills the caches of the file system
    without, differences, alone = [], [], []
    for number in range(pairs):
        order = [(framework,), (framework, ours)]
        if number % 2:
            order.reverse()
        times = {len(modules): milliseconds(*modules) for modules in order}
        without.append(times[1][0])
        differences.append(sum(times[2]) - times[1][0])
        alone.append(times[2][1])
    mean = statistics.mean(differences)
    error = statistics.stdev(differences) / math.sqrt(pairs)
    return (
        statistics.median(without),
        mean,
        student_t(pairs - 1) * error,
        statistics.median(alone),
    )


def main():
    parser = argparse.ArgumentParser(description="Times imports.")
    parser.add_argument("--pairs", type=int, default=20)
    arguments = parser.parse_args()
    print(
        f"{platform.python_implementation()} {platform.python_version()}; "
        f"{arguments.pairs} pairs; milliseconds"
    )
    print(
        "import                    median   then                     "
        "delta, 95 %      alone, median"
    )
    for framework, ours in CASES:
        median, mean, spread, alone = measure(framework, ours, arguments.pairs)
        print(
            f"{framework:<25} {median:6.0f}   {ours:<24} "
            f"{mean:+.1f} ± {spread:.1f}      {alone:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
