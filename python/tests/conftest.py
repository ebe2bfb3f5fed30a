"""Chooses the test files for the virtual environment that pytest runs in.

The first line of each test file names the environments that have what it needs,
after python/requirements/NAME.txt, as `./dev test` makes them:

    # venvs: sdk-newest sdk-oldest

In any other environment all files are collected.
"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KNOWN = {path.stem for path in (ROOT / "python" / "requirements").glob("*.txt")}
HERE = Path(sys.prefix).name


def venvs_of(test_file: Path) -> set[str]:
    with test_file.open(encoding="utf-8") as lines:
        first = re.fullmatch(r"# venvs:((?: [\w-]+)+)\s*", lines.readline())
    names = set(first[1].split()) if first else set()
    if not names or not names <= KNOWN:
        raise pytest.UsageError(
            f"{test_file}: the first line is not '# venvs: NAME...' with names of"
            " python/requirements/NAME.txt"
        )
    return names


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if HERE not in KNOWN or not re.fullmatch(r"test_.*\.py", collection_path.name):
        return None
    return True if HERE not in venvs_of(collection_path) else None
