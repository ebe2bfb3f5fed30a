"""The table of docs/integrations.md: written by the runs, and compared with them.

Each virtual environment has a part of its own between two comments. A test run
compares its part with what it saw; with SPANLINK_WRITE_DOCS=1 it writes it.
"""

import importlib.metadata
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs" / "integrations.md"

_HEAD = (
    "| framework | instrumentation | tool spans | linked to the call | wrong "
    "| results linked | evidence |\n|---|---|---|---|---|---|---|\n"
)


@dataclass
class Row:
    """What one framework under one instrumentation gave, over all scenarios."""

    framework: str
    instrumentation: str
    tools: int = 0
    choices: int = 0
    wrong: int = 0
    results: int = 0
    evidence: set[str] = field(default_factory=set)
    why: str = ""

    def line(self) -> str:
        evidence = ", ".join(f"`{name}`" for name in sorted(self.evidence)) or "none"
        if self.why:
            evidence += f": {self.why}"
        cells = (
            self.framework,
            self.instrumentation,
            self.tools,
            self.choices,
            self.wrong,
            self.results,
            evidence,
        )
        return "| " + " | ".join(map(str, cells)) + " |\n"


def version_of(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"


def check(part: str, rows: list[Row]) -> None:
    """Fails unless the part of the table is what this run gave."""
    table = _HEAD + "".join(row.line() for row in rows)
    text = DOCS.read_text(encoding="utf-8")
    begin, end = f"<!-- begin {part} -->\n", f"<!-- end {part} -->\n"
    pattern = re.compile(re.escape(begin) + "(.*?)" + re.escape(end), re.DOTALL)
    (found,) = pattern.findall(text)
    if os.environ.get("SPANLINK_WRITE_DOCS") == "1":
        new = pattern.sub(lambda _: begin + table + end, text)
        DOCS.write_text(new, encoding="utf-8")
    else:
        assert found == table, "write it anew with SPANLINK_WRITE_DOCS=1"
