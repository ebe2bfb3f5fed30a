"""Counting cases, reading mutations, virtual environments and what runs there."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(
    os.environ.get("SPANLINK_SOURCE_DIR") or Path(__file__).resolve().parent.parent
)
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

import accuracy  # noqa: E402
import killers  # noqa: E402

PYTEST_REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" tests="5">
<testcase classname="python.tests.test_bus" name="test_link" time="0.1"/>
<testcase classname="python.tests.test_bus" name="test_late">
<failure message="assert 1 == 2">assert 1 == 2</failure></testcase>
<testcase classname="" name="python.tests.test_otel">
<error message="collection failure">ImportError</error></testcase>
<testcase classname="python.tests.test_bus" name="test_fork">
<skipped type="pytest.skip" message="one core">one core</skipped></testcase>
</testsuite></testsuites>
"""


class CountTestsTest(unittest.TestCase):
    def count(self, reports, *names):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in reports.items():
                Path(folder, f"{name}.xml").write_text(text, encoding="utf-8")
            done = subprocess.run(
                [sys.executable, ROOT / "scripts/count_tests.py", folder, *names],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        return done.stdout.splitlines()

    def test_cases_of_pytest_are_counted(self):
        self.assertEqual(
            self.count({"ddtrace": PYTEST_REPORT}, "ddtrace"),
            [
                "1 2 1",
                "failed: ddtrace: python.tests.test_bus.test_late",
                "failed: ddtrace: .python.tests.test_otel",
                "skipped: ddtrace: python.tests.test_bus.test_fork",
            ],
        )

    def test_environment_without_report_is_a_failure(self):
        self.assertEqual(
            self.count({}, "ddtrace"),
            ["0 1 0", "failed: ddtrace (no report: did not finish)"],
        )


class KillersTest(unittest.TestCase):
    def test_first_line_names_a_filter_of_googletest(self):
        self.assertEqual(
            killers.read_killer("# kills: bus_test BusTest.Late*\n"),
            killers.GoogleTest("bus_test", "BusTest.Late*"),
        )

    def test_first_line_names_a_test_of_pytest(self):
        self.assertEqual(
            killers.read_killer("# kills: pytest sdk-newest python/a.py::test[x y]\n"),
            killers.Pytest("sdk-newest", "python/a.py::test[x y]"),
        )

    def test_first_line_names_a_test_of_the_page(self):
        self.assertEqual(
            killers.read_killer("# kills: page view.spec.ts paper gets all\n"),
            killers.PageTest("view.spec.ts", "paper gets all"),
        )

    def test_other_first_lines_are_refused(self):
        wrong = ("", "bus_test", "pytest sdk-newest", "page view.spec.ts", "page a b")
        for line in ("", *(f"# kills: {words}\n" for words in wrong)):
            with self.subTest(line=line):
                self.assertIsNone(killers.read_killer(line))


class VenvTest(unittest.TestCase):
    """Lists without packages, for the one that pip makes: nothing is asked of PyPI."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/venvs.sh", self.root / "scripts")
        self.list = self.root / "python/requirements/build.txt"
        self.list.parent.mkdir(parents=True)
        self.mark = self.root / ".dev/venvs/build/mark"

    def make(self, text):
        self.list.write_text(text, encoding="utf-8")
        script = "set -euo pipefail; source scripts/venvs.sh; make_venv build"
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def test_environment_is_made_anew_when_its_list_changes(self):
        self.assertEqual(self.make("# one\n").returncode, 0)
        self.mark.touch()
        self.assertEqual(self.make("# one\n").stdout, "")
        self.assertTrue(self.mark.exists())
        self.assertIn("Virtual environment build", self.make("# two\n").stdout)
        self.assertFalse(self.mark.exists())

    def test_failed_installation_is_told_and_leaves_no_stamp(self):
        done = self.make("./nothing\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the whole log: .dev/logs/venv-build.log", done.stdout)
        self.assertFalse(self.mark.with_name("stamp").exists())


class PackagesTest(unittest.TestCase):
    def missing(self, *packages, path="/usr/bin:/bin"):
        """What is said to be missing, of packages that dpkg does not know."""
        done = subprocess.run(
            ["bash", "-c", 'source scripts/packages.sh; missing_of "$@"', "-", *packages],
            cwd=ROOT,
            env={"PATH": path},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.split()

    def test_node_and_npm_may_come_from_elsewhere(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("dpkg-query", "node", "npm"):
                program = Path(folder, name)
                program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
                program.chmod(0o755)
            wanted = ("nodejs", "npm", "chromium")
            self.assertEqual(
                self.missing(*wanted, path=f"{folder}:/usr/bin:/bin"), ["chromium"]
            )

    def test_node_and_npm_are_missing_where_they_are_nowhere(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("bash", "grep"):
                Path(folder, name).symlink_to(shutil.which(name))
            self.assertEqual(self.missing("nodejs", "npm", path=folder), ["nodejs", "npm"])


def accuracy_row(link="choice", wanted=10, emitted=10, right=10, cross_trace=0):
    return {
        "dialect": "client",
        "system": "spanlink-all",
        "link": link,
        "n": wanted,
        "cross_trace": cross_trace,
        "by_evidence": {"arguments": {"links": emitted, "right": right}},
    }


class AccuracyTest(unittest.TestCase):
    def test_shares_are_not_rounded_to_all_or_nothing(self):
        self.assertEqual(accuracy.share(7, 7), "1")
        self.assertEqual(accuracy.share(10**9 - 1, 10**9), "0.9999")
        self.assertEqual(accuracy.share(1, 10**9), "0.0001")
        self.assertEqual(accuracy.share(0, 7), "0")
        self.assertEqual(accuracy.share(0, 0), "-")

    def test_replays_must_find_all_and_only_what_is_right(self):
        for fault in (
            {"wanted": 11},
            {"right": 9},
            {"emitted": 11},
            {"cross_trace": 1},
        ):
            rows = [accuracy_row(), accuracy_row("result", **fault)]
            with self.subTest(fault):
                self.assertEqual(len(list(accuracy.replay_faults(rows))), 1)
        self.assertEqual(list(accuracy.replay_faults([accuracy_row()])), [])

    def test_tables_are_written_between_their_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "a.md")
            file.write_text("<!-- begin x -->\nold\n<!-- end x -->\nrest\n")
            accuracy.put(file, "x", "new\n")
            self.assertEqual(
                file.read_text(), "<!-- begin x -->\nnew\n<!-- end x -->\nrest\n"
            )
            with self.assertRaises(SystemExit):
                accuracy.put(file, "y", "new\n")


class PythonTestsTest(unittest.TestCase):
    def test_files_name_the_environments_that_they_run_in(self):
        known = {path.stem for path in (ROOT / "python/requirements").glob("*.txt")}
        for path in (ROOT / "python/tests").glob("test_*.py"):
            with self.subTest(file=path.name), path.open(encoding="utf-8") as lines:
                prefix, _, names = lines.readline().partition(" venvs: ")
                self.assertEqual(prefix, "#")
                self.assertTrue(names.split())
                self.assertLessEqual(set(names.split()), known)


if __name__ == "__main__":
    unittest.main()
