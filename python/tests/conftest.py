"""Chooses the test files for the virtual environment that pytest runs in.

The first line of each test file names the environments that have what it needs,
after python/requirements/NAME.txt, as `./dev test` makes them:

    # venvs: sdk-newest sdk-oldest

In any other environment all files are collected. tests/scripts_test.py checks
that each file has such a line.
"""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KNOWN = {path.stem for path in (ROOT / "python" / "requirements").glob("*.txt")}
HERE = Path(sys.prefix).name


def pytest_report_header() -> list[str]:
    """Says how many runs of the SDK are not tested, where there is an SDK."""
    if importlib.util.find_spec("agents") is None:
        return []
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import sdk_runs

    every, here = len(sdk_runs.all_runs()), len(sdk_runs.runs_here())
    return [f"sdk_runs: this release of openai-agents has {here} of {every} runs"]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if HERE not in KNOWN or not collection_path.match("test_*.py"):
        return None
    with collection_path.open(encoding="utf-8") as lines:
        prefix, _, names = lines.readline().partition(" venvs: ")
    return True if prefix == "#" and HERE not in names.split() else None
