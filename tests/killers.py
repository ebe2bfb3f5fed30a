"""The tests that have to see a mutation: what they build, and how they end.

Each says which `target` of CMake it needs, what has to be there before that
(`prepare`), and runs its cases (`run`): PASSED, FAILED, or UNFIT if they say
nothing, as where no test ran or a module could not be imported.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".dev" / "mutate"
TREE = SCRATCH / "tree"
BUILD = SCRATCH / "build"
PACKAGE = SCRATCH / "python"
VENVS = ROOT / ".dev" / "venvs"
TIMEOUT_SECONDS = 120
PASSED, FAILED, UNFIT = "passed", "failed", "unfit"


def run(command, **options):
    """Runs a command; returns (its exit status, what it printed).

    The status is that of a process which was killed if it takes too long.
    """
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
        return -9, f"still running after {TIMEOUT_SECONDS} s"
    return done.returncode, done.stdout


@dataclass(frozen=True)
class GoogleTest:
    """`# kills: PROGRAM FILTER`"""

    program: str
    cases: str

    def __str__(self):
        return f"{self.program} {self.cases}"

    @property
    def target(self):
        return self.program

    def prepare(self):
        return 0, ""

    def run(self):
        environment = dict(os.environ, SPANLINK_SOURCE_DIR=str(TREE))
        environment["SPANLINK_BINARY"] = str(BUILD / "spanlink")
        environment.setdefault("RC_PARAMS", "seed=20240607")
        status, output = run(
            [BUILD / self.program, f"--gtest_filter={self.cases}"],
            cwd=TREE,
            env=environment,
            timeout=TIMEOUT_SECONDS,
        )
        if status != 0:
            return FAILED, output
        ran = re.search(r"^\[==========\] Running [1-9]\d* test", output, re.M)
        return (PASSED if ran else UNFIT), output


@dataclass(frozen=True)
class Pytest:
    """`# kills: pytest VENV TEST`, where TEST is what pytest calls a node id.

    The package is the one of the tree, and is put before the installed one.
    """

    venv: str
    test: str

    target = "spanlink_python_stub"

    def __str__(self):
        return f"pytest {self.venv} {self.test}"

    def prepare(self):
        """Makes the environments of the extension and of the test."""
        script = 'set -e; source scripts/venvs.sh; make_venv build; make_venv "$1"'
        return run(["bash", "-c", script, "bash", self.venv], cwd=ROOT)

    def lay_package(self):
        """Puts the extension that was built beside the sources of the tree."""
        shutil.rmtree(PACKAGE, ignore_errors=True)
        shutil.copytree(TREE / "python" / "spanlink", PACKAGE / "spanlink")
        install = ["cmake", "--install", BUILD, "--component", "python"]
        return run([*install, "--prefix", PACKAGE])

    def run(self):
        status, output = self.lay_package()
        if status != 0:
            return UNFIT, output
        environment = dict(os.environ, SPANLINK_SOURCE_DIR=str(TREE))
        environment["PYTHONPATH"] = str(PACKAGE)
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        status, output = run(
            [VENVS / self.venv / "bin" / "python", "-m", "pytest", self.test],
            cwd=TREE,
            env=environment,
            timeout=TIMEOUT_SECONDS,
        )
        if status == 0:
            ran = re.search(r"^=+ .*\b[1-9]\d* passed", output, re.M)
            return (PASSED if ran else UNFIT), output
        # Above 1: nothing was collected, or could not be.
        return (FAILED if status == 1 or status < 0 else UNFIT), output


@dataclass(frozen=True)
class PageTest:
    """`# kills: page SPEC TITLE`: a test of viewer/page/tests in the browser.

    The packages of npm are those of the checkout; the test builds the page itself.
    """

    spec: str
    title: str

    target = "spanlink_command"

    def __str__(self):
        return f"page {self.spec} {self.title}"

    def prepare(self):
        modules = TREE / "viewer" / "page" / "node_modules"
        if not modules.is_symlink():
            modules.symlink_to(ROOT / "viewer" / "page" / "node_modules")
        if modules.exists():
            return 0, ""
        command = "npm --prefix viewer/page ci --ignore-scripts --no-audit --no-fund"
        return run(command.split(), cwd=ROOT)

    def run(self):
        status, output = run(
            ["node_modules/.bin/playwright", "test", self.spec, "-g", self.title],
            cwd=TREE / "viewer" / "page",
            env=dict(os.environ, SPANLINK_BINARY=str(BUILD / "spanlink")),
            timeout=TIMEOUT_SECONDS,
        )
        if status < 0 or "Build failed" in output:
            return UNFIT, output
        ran = re.search(r"^ +[1-9]\d* (passed|failed)", output, re.M)
        if not ran:
            return UNFIT, output
        return (PASSED if status == 0 else FAILED), output


def read_killer(line):
    """Returns what the first line of a mutation names, None if it is wrong."""
    named = re.fullmatch(r"# kills: page (\w+\.spec\.ts) (\S.*?)\s*", line)
    if named:
        return PageTest(*named.groups())
    named = re.fullmatch(r"# kills: pytest ([\w-]+) (\S.*?)\s*", line)
    if named:
        return Pytest(*named.groups())
    named = re.fullmatch(r"# kills: (?!pytest |page )(\w+) (\S+)\s*", line)
    return GoogleTest(*named.groups()) if named else None


def cmake_options(killers):
    """What CMake has to know to build the targets of `killers`."""
    options = {
        "CMAKE_BUILD_TYPE": "None",
        "CMAKE_CXX_FLAGS": "-O0",
        "SPANLINK_TESTS_AND_BENCHMARKS": "ON",
        "SPANLINK_PYTHON": "OFF",
    }
    if any(isinstance(killer, Pytest) for killer in killers):
        python = VENVS / "build" / "bin" / "python"
        status, folder = run([python, "-m", "nanobind", "--cmake_dir"])
        if status != 0:
            raise OSError(folder)
        options["SPANLINK_PYTHON"] = "ON"
        options["Python_EXECUTABLE"] = python
        options["nanobind_ROOT"] = folder.strip()
    return [f"-D{name}={value}" for name, value in options.items()]
