#!/usr/bin/env python3
"""Counts test cases: prints `PASSED FAILED SKIPPED`, then a line for each test
that failed or was skipped.

    count_tests.py DIR NAME...   the reports DIR/NAME.xml or DIR/NAME/test.xml
                                 that GoogleTest or pytest wrote
    count_tests.py --unittest    standard input: what `python3 -m unittest`
                                 printed

A program without a report crashed before it could write one: one failure.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def read_report(path):
    """Yields (case, state) for each case in a report."""
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            yield name, "failed"
        elif case.find("skipped") is not None or case.get("result") == "skipped":
            yield name, "skipped"
        elif case.get("status") == "notrun":
            yield name, "skipped"
        else:
            yield name, "passed"


def read_reports(folder, names):
    """Yields (case, state) for each case of the programs `names`."""
    for name in names:
        found = [
            path
            for path in (folder / f"{name}.xml", folder / name / "test.xml")
            if path.is_file()
        ]
        try:
            cases = list(read_report(found[0])) if found else []
        except ElementTree.ParseError:
            cases = []
        if not cases:
            yield f"{name} (no report: did not finish)", "failed"
        for case, state in cases:
            yield f"{name}: {case}", state


def read_unittest(text):
    """Returns (case, state) for each case; only failed ones have names."""
    ran = re.search(r"^Ran (\d+) tests?", text, re.MULTILINE)
    if not ran:
        return [("unittest (did not finish)", "failed")]
    failed = re.findall(r"^(?:FAIL|ERROR): (.*)", text, re.MULTILINE)
    skipped = re.search(r"^(?:OK|FAILED) \(.*skipped=(\d+)", text, re.MULTILINE)
    skipped = int(skipped[1]) if skipped else 0
    passed = max(0, int(ran[1]) - len(failed) - skipped)
    return (
        [("", "passed")] * passed
        + [(name, "failed") for name in failed]
        + [("a unittest case", "skipped")] * skipped
    )


def main():
    if sys.argv[1] == "--unittest":
        cases = read_unittest(sys.stdin.read())
    else:
        cases = list(read_reports(Path(sys.argv[1]), sys.argv[2:]))
    states = [state for _, state in cases]
    print(*(states.count(state) for state in ("passed", "failed", "skipped")))
    for name, state in cases:
        if state != "passed":
            print(f"{state}: {name}")


if __name__ == "__main__":
    main()
