"""The SDK's own tests, without and with our processor: do they behave the same?

    python python/tests/sdk_own_tests.py [--short] [--reports FOLDER]

Takes the tests of the installed release of openai-agents from its source
distribution, which pip downloads into .dev/, and runs those that touch tracing,
cancelling, approvals and the state of runs twice: as they are, and with two
processors beside the SDK's own, one with `on_link`, one with `next`. Prints both
counts. The exit status is 1 where one test ends differently, where our
processors saw nothing, failed at something, or kept a span from `next`.

The second pass loads this file as a plugin of pytest. FOLDER gets the reports
without.xml and with.xml, by default .dev/sdk-own-tests/reports.
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

import agents
import pytest
from agents.tracing import TracingProcessor, get_trace_provider

import spanlink
from spanlink.openai_agents import SpanLinkProcessor, links_of

ROOT = Path(__file__).resolve().parent.parent.parent
SCRATCH = ROOT / ".dev" / "sdk-own-tests"
VERSION = importlib.metadata.version("openai-agents")
TALLY = "SPANLINK_TALLY"  # the file that the second pass tells its counts in

# Left out: tests/tracing/test_import_side_effects.py, which starts an interpreter a
# test and takes longer than a third of all others together.
SHORT = """
tracing/test_processor_api_key tracing/test_set_api_key_fix tracing/test_setup
tracing/test_span_ordering tracing/test_spans_impl tracing/test_trace_context
tracing/test_traces_impl tracing/test_tracing_env_disable
test_agent_tracing test_tracing test_tracing_errors test_tracing_errors_streamed
test_responses_tracing test_provider_span_errors test_runner_tracing_disabled
test_disabled_trace_provider_flush test_disabled_trace_provider_shutdown
mcp/test_mcp_tracing
test_cancel_streaming test_soft_cancel test_output_guardrail_cancellation
test_stream_input_guardrail_timing test_asyncio_progress
test_hitl_error_scenarios test_hitl_session_scenario test_run_internal_approvals
mcp/test_mcp_approval test_tool_approval_call_id_reuse
test_run_state_pending_input test_run_state_agent_identity
test_run_state_hook_identity test_run_state_aliases test_runner_guardrail_resume
test_run_hooks test_agent_hooks test_agent_llm_hooks test_global_hooks
test_streaming_tool_call_arguments
"""
LONG = """
tracing/test_logger tracing/test_reasoning_export test_trace_processor
test_tracing_provider_safe_debug test_asyncio_tasks test_agent_scoped_approvals
test_function_tool_approval_arguments test_hitl_utils test_run_context_approvals
test_run_state test_run_impl_resume_paths test_resume_tool_use_behavior
mcp/test_mcp_resume_binding test_run_step_execution
"""

# --- The second pass: a plugin of pytest -------------------------------------


class Recorder(TracingProcessor):
    """Counts, by id, how often a span started, and how often it ended."""

    def __init__(self) -> None:
        self.started: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.linked = 0

    def on_trace_start(self, trace: Any) -> None:
        pass

    def on_trace_end(self, trace: Any) -> None:
        pass

    def on_span_start(self, span: Any) -> None:
        self.started[span.span_id] += 1

    def on_span_end(self, span: Any) -> None:
        self.ended[span.span_id] += 1
        self.linked += bool(links_of(span))

    def shutdown(self) -> None:
        pass

    def force_flush(self) -> None:
        pass


_tally: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def _linked() -> Any:
    """Our processors, beside those that the SDK's conftest set up."""
    told, before, behind = [], Recorder(), Recorder()
    ours = [
        SpanLinkProcessor(on_link=told.append, dispatcher=spanlink.Dispatcher()),
        SpanLinkProcessor(next=behind, dispatcher=spanlink.Dispatcher()),
    ]
    for processor in (before, *ours):
        agents.add_trace_processor(processor)
    provider = get_trace_provider()
    yield
    for processor in ours:
        processor.shutdown()
    multi = provider._multi_processor
    multi.set_processors([p for p in multi._processors if p not in (before, *ours)])
    _tally["spans"] += before.ended.total()
    _tally["links"] += len(told)
    _tally["linked spans handed on"] += behind.linked
    _tally["spans kept from next"] += before.ended != behind.ended
    _tally["spans kept from next"] += before.started != behind.started
    _tally["failures"] += sum(
        processor.diagnostics.get(name, 0)
        for processor in ours
        for name in ("processor_failure", "next_failure")
    )


def pytest_sessionfinish() -> None:
    Path(os.environ[TALLY]).write_text(json.dumps(_tally), encoding="utf-8")


# --- Both passes -------------------------------------------------------------


def unpack_tests() -> Path:
    """Returns a folder with the tests of the release, and what configures them."""
    folder = SCRATCH / VERSION
    name = f"openai_agents-{VERSION}"
    if (folder / name / "pyproject.toml").is_file():
        return folder / name
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    pip += ["--disable-pip-version-check", "--no-binary", "openai-agents"]
    pip += ["--dest", str(folder), f"openai-agents=={VERSION}"]
    subprocess.run(pip, check=True)
    with tarfile.open(folder / f"{name}.tar.gz") as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        # Its sources stay behind: the tests are to see the installed package.
        tests = [m for m in archive if m.name.startswith(f"{name}/tests/")]
        archive.extractall(folder, tests)
        archive.extract(f"{name}/pyproject.toml", folder)  # the last: all is there
    return folder / name


def run_tests(folder: Path, modules: list[str], report: Path, *plugins: str) -> int:
    """Runs pytest; returns its exit status: 1 where tests failed, more where it did
    not come to its end."""
    files = [f"tests/{module}.py" for module in modules]
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parent))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [*plugins, f"--junit-xml={report}", *files]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def outcomes(report: Path) -> dict[str, str]:
    """How each test ended: `passed`, or what the report says."""
    ended: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        states = [part.tag for part in case if part.tag in ("failure", "error")]
        states += ["skipped"] * (case.find("skipped") is not None)
        name = f"{case.get('classname')}.{case.get('name')}"
        ended[name] = " and ".join(states) or "passed"
    return ended


def complaints(
    without: dict[str, str], linked: dict[str, str], tally: dict[str, int]
) -> list[str]:
    """What is not as it should be."""
    found = [
        f"{name}: {without.get(name, 'not run')} without our processor,"
        f" {linked.get(name, 'not run')} with it"
        for name in sorted(without.keys() | linked.keys())
        if without.get(name) != linked.get(name)
    ]
    found += [
        f"our processors saw no {name}"
        for name in ("spans", "links", "linked spans handed on")
        if not tally.get(name)
    ]
    found += [
        f"{name}: {tally[name]}"
        for name in ("failures", "spans kept from next")
        if tally.get(name)
    ]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="fewer tests")
    parser.add_argument("--reports", type=Path, default=SCRATCH / "reports")
    options = parser.parse_args()
    folder = unpack_tests()
    modules = [*SHORT.split(), *([] if options.short else LONG.split())]
    reports = options.reports.resolve()
    reports.mkdir(parents=True, exist_ok=True)
    os.environ[TALLY] = str(reports / "tally.json")
    passes = {"without": [], "with": ["-p", "sdk_own_tests"]}
    for name, plugins in passes.items():
        status = run_tests(folder, modules, reports / f"{name}.xml", *plugins)
        if status not in (0, 1):
            print(f"pytest {name} our processor: exit status {status}")
            return 1
    without, linked = (outcomes(reports / f"{name}.xml") for name in passes)
    tally = json.loads((reports / "tally.json").read_text(encoding="utf-8"))
    for name, ended in zip(passes, (without, linked), strict=True):
        counts = Counter(ended.values())
        print(f"openai-agents {VERSION}, {name} our processor: {dict(counts)}")
    print(f"what our processors saw: {tally}")
    found = complaints(without, linked, tally)
    for complaint in found:
        print(complaint)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
