# venvs: sdk-newest frameworks
"""The examples run as they are shipped, offline, and show what README.md says."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# What each example prints of links: (kind, how often).
EXAMPLES = {
    "two_integrations_one_bus.py": (
        "spanlink",
        {"tool_choice": 1, "tool_result": 1},
    ),
    "openai_agents.py": (
        "agents",
        {
            "tool_choice": 3,
            "tool_result": 3,
            "handoff_choice": 1,
            "handoff_result": 1,
        },
    ),
    "opentelemetry_any_framework.py": (
        "pydantic_ai",
        {"tool_choice": 2, "tool_result": 2},
    ),
}
HERE = {
    name: links
    for name, (package, links) in EXAMPLES.items()
    if importlib.util.find_spec(package)
}


@pytest.mark.parametrize("name", HERE)
def test_example_prints_links(name):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PATH": "/usr/bin:/bin", "OPENAI_API_KEY": ""},
    )
    found = re.findall(r"\b(tool_\w+|handoff_\w+|\w+_guardrail) by \w", done.stdout)
    assert {kind: found.count(kind) for kind in found} == HERE[name]
    assert not done.stderr


def test_readme_shows_the_lines_of_the_examples():
    for name in EXAMPLES:
        assert f"examples/{name}" in README
    for line in [
        "from spanlink.openai_agents import SpanLinkProcessor",
        "add_trace_processor(SpanLinkProcessor(on_link=print))",
        "from spanlink.opentelemetry import LinkingSpanProcessor",
        "provider.add_span_processor(LinkingSpanProcessor(",
    ]:
        assert line in README


# `pip install` on Debian 12: every package that README.md names is needed.
def test_readme_names_the_packages_of_the_build():
    packages = (ROOT / "third_party" / "packages.txt").read_text(encoding="utf-8")
    (line,) = re.findall(
        r"apt-get install (.*?)\n\S*python3 -m venv", README, re.DOTALL
    )
    for name in line.replace("\\", " ").split():
        assert re.search(rf"^{re.escape(name)}$", packages, re.MULTILINE), name
