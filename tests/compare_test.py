"""Tests of bench/compare.py and ratios.py: statistics, the gate, git."""

import contextlib
import io
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import compare  # noqa: E402
import ratios  # noqa: E402


class FakeBuild:
    """A build whose figures are the given times, with noise."""

    def __init__(self, name, times, noise=0.0, seed=1, journal=None):
        self.name = name
        self.times = times
        self.noise = noise
        self.random = random.Random(seed)
        self.journal = journal if journal is not None else []
        self.asked = []

    def measure(self, options):
        self.journal.append(self.name)
        self.asked.append(options)
        # Now and then something else takes the processor: a heavy tail.
        return {
            name: time * (1 + self.noise * abs(self.random.gauss(0, 1)) ** 3)
            for name, time in self.times.items()
        }


def gate(before, after):
    settings = compare.parse_arguments(["--ci"])
    return compare.gate(before, after, settings, lambda text: None)


class IntervalTest(unittest.TestCase):
    def test_encloses_the_median_by_the_order_of_the_ratios(self):
        interval = ratios.interval_of([5, 1, 4, 2, 3, 8, 7, 6], 0.99)
        self.assertEqual((interval.low, interval.middle, interval.high),
                         (1, 4.5, 8))
        self.assertAlmostEqual(interval.confidence, 1 - 2 / 2**8)

    def test_drops_extremes_when_there_are_enough_ratios(self):
        interval = ratios.interval_of(range(1, 13), 0.99)
        self.assertEqual((interval.low, interval.high), (2, 11))
        self.assertAlmostEqual(interval.confidence, 1 - 2 * 13 / 2**12)

    def test_says_that_few_ratios_are_not_sure(self):
        self.assertEqual(ratios.interval_of([1.0], 0.99).confidence, 0)
        self.assertEqual(ratios.interval_of([1.0, 2.0], 0.99).confidence, 0.5)

    def test_holds_as_often_as_it_says(self):
        source = random.Random(1)
        trials, missed = 4000, 0
        for _ in range(trials):
            sample = [math.exp(source.gauss(0, 0.1)) for _ in range(12)]
            interval = ratios.interval_of(sample, 0.9)
            missed += not interval.low <= 1 <= interval.high
        said = 1 - ratios.interval_of(range(12), 0.9).confidence
        self.assertGreater(missed / trials, said / 2)
        self.assertLess(missed / trials, said * 1.5)


class VerdictTest(unittest.TestCase):
    def verdict(self, low, high, margin=0.02):
        middle = (low + high) / 2
        return ratios.verdict_of(
            ratios.Interval(low, middle, high, 0.99), margin)

    def test_slower_beyond_the_margin_is_a_regression(self):
        self.assertEqual(self.verdict(1.03, 1.2), "regressed")
        self.assertEqual(self.verdict(1.03, 1.2, margin=0.05), "unstable")

    def test_faster_beyond_the_margin_is_an_improvement(self):
        self.assertEqual(self.verdict(0.8, 0.97), "improved")

    def test_narrow_around_one_is_unchanged(self):
        self.assertEqual(self.verdict(0.98, 1.03), "unchanged")
        self.assertEqual(self.verdict(1.005, 1.015), "unchanged")

    def test_wide_around_one_is_unstable(self):
        self.assertEqual(self.verdict(0.8, 1.01), "unstable")
        self.assertEqual(self.verdict(0.99, 1.3), "unstable")
        self.assertEqual(self.verdict(0.8, 1.5, margin=0.6), "unstable")

    def test_noise_is_the_farther_end(self):
        interval = ratios.Interval(0.8, 1.0, 1.1, 0.99)
        self.assertAlmostEqual(ratios.noise_of(interval), 0.25)


class RoundsTest(unittest.TestCase):
    def test_take_turns(self):
        journal = []
        before = FakeBuild("A", {"f": 1}, journal=journal)
        after = FakeBuild("B", {"f": 2}, journal=journal)
        pairs = compare.measure_rounds(before, after, 4, [], lambda _: None)
        self.assertEqual("".join(journal), "ABBAABBA")
        self.assertEqual(ratios.ratios_of(pairs), {"f": [2, 2, 2, 2]})

    def test_drift_of_the_machine_cancels(self):
        clock = iter(range(1, 100))

        class Drifting(FakeBuild):
            def measure(self, options):
                return {"f": 100.0 + next(clock)}

        pairs = compare.measure_rounds(
            Drifting("A", {}), Drifting("B", {}), 8, [], lambda _: None)
        (row,) = ratios.rows_of(pairs, {})
        self.assertEqual(row.verdict, "unchanged")

    def test_figures_of_one_side_are_not_judged(self):
        pairs = [({"both": 1, "old": 1}, {"both": 1, "new": 1})] * 8
        self.assertEqual([row.name for row in ratios.rows_of(pairs, {})],
                         ["both"])
        self.assertEqual(compare.only_in_one(pairs),
                         ["old: only before", "new: only after"])


class EqualTest(unittest.TestCase):
    def build(self, name, programs):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        paths = []
        for program, content in programs.items():
            paths.append(pathlib.Path(folder.name) / program)
            paths[-1].write_text(content)
        return compare.Build(name, paths)

    def test_programs_of_the_same_bytes_are_left_out(self):
        before, after, equal = compare.without_equal(
            self.build("A", {"same": "1", "other": "2", "gone": "3"}),
            self.build("B", {"same": "1", "other": "3", "new": "3"}))
        self.assertEqual(equal, ["same"])
        self.assertEqual([p.name for p in before.programs], ["other", "gone"])
        self.assertEqual([p.name for p in after.programs], ["other", "new"])
        self.assertEqual((before.name, after.name), ("A", "B"))

    def test_the_same_again_has_nothing_to_measure(self):
        before, after, equal = compare.without_equal(
            self.build("A", {"f": "1"}), self.build("B", {"f": "1"}))
        self.assertEqual((before.programs, after.programs, equal),
                         ([], [], ["f"]))


class GateTest(unittest.TestCase):
    def test_lets_pass_what_did_not_change(self):
        failed = 0
        for seed in range(60):
            times = {f"f{i}": 100.0 for i in range(20)}
            before = FakeBuild("A", times, 0.05, seed)
            after = FakeBuild("B", times, 0.05, 1000 + seed)
            failed += bool(gate(before, after)[1])
        self.assertEqual(failed, 0)

    def test_stops_what_became_slower(self):
        stopped = 0
        for seed in range(100):
            before = FakeBuild("A", {"f": 100.0, "g": 50.0}, 0.01, seed)
            after = FakeBuild("B", {"f": 140.0, "g": 50.0}, 0.01, 1000 + seed)
            rows, standing = gate(before, after)
            stopped += [row.name for row in standing] == ["f"]
            self.assertEqual(len(rows), 2)
        self.assertGreaterEqual(stopped, 95)

    def test_measures_suspects_only_again(self):
        before = FakeBuild("A", {"f/1": 100.0, "g": 50.0})
        after = FakeBuild("B", {"f/1": 140.0, "g": 50.0})
        gate(before, after)
        self.assertIn("--benchmark_filter=^(f/1)(/|$)", after.asked[-1])
        self.assertNotIn("--benchmark_filter=^(f/1)(/|$)", after.asked[0])

    def test_forgives_what_does_not_repeat(self):
        class SlowAtFirst(FakeBuild):
            def measure(self, options):
                slow = len(self.asked) < compare.ROUNDS
                self.asked.append(options)
                return {"f": 140.0 if slow else 100.0}

        rows, standing = gate(FakeBuild("A", {"f": 100.0}),
                              SlowAtFirst("B", {}))
        self.assertEqual([row.verdict for row in rows], ["regressed"])
        self.assertEqual(standing, [])

    def test_forgives_what_its_own_noise_explains(self):
        before = FakeBuild("A", {"f": 100.0}, noise=1.0)
        after = FakeBuild("B", {"f": 120.0})
        self.assertEqual(gate(before, after)[1], [])

    def test_small_changes_are_none(self):
        before = FakeBuild("A", {"f": 100.0})
        after = FakeBuild("B", {"f": 104.0})
        self.assertEqual(gate(before, after)[1], [])


class ReportTest(unittest.TestCase):
    def entry(self, **fields):
        return {"name": "BM_F/2", "run_type": "iteration", "cpu_time": 2.0,
                "real_time": 9.0, "time_unit": "us", **fields}

    def test_takes_the_time_of_the_processor(self):
        figures = compare.figures_of({"benchmarks": [self.entry()]})
        self.assertEqual(figures, {"BM_F/2": 2000.0})

    def test_takes_the_time_that_a_figure_asks_for(self):
        report = {"benchmarks": [
            self.entry(name="BM_F/2/iterations:20/manual_time"),
            self.entry(name="BM_F/real_time/threads:2"),
        ]}
        self.assertEqual(compare.figures_of(report),
                         {"BM_F/2": 9000.0, "BM_F/real_time/threads:2": 9000.0})

    def test_takes_the_fastest_of_repetitions(self):
        report = {"benchmarks": [
            self.entry(cpu_time=time) for time in (3.0, 2.0, 4.0)]}
        self.assertEqual(compare.figures_of(report), {"BM_F/2": 2000.0})

    def test_leaves_out_summaries(self):
        report = {"benchmarks": [self.entry(run_type="aggregate")]}
        self.assertEqual(compare.figures_of(report), {})

    def test_reports_what_failed(self):
        report = {"benchmarks": [
            self.entry(error_occurred=True, error_message="no links")]}
        with self.assertRaisesRegex(compare.CannotMeasure, "no links"):
            compare.figures_of(report)

    def test_counts_the_verdicts(self):
        pairs = [({"f": 1.0, "g": 1.0}, {"f": 2.0, "g": 1.0})] * 8
        rows = ratios.rows_of(pairs, {})
        self.assertTrue(compare.counts_of(rows).startswith(
            "0 improved, 1 regressed, 1 unchanged, 0 unstable (each"))
        self.assertIn("99.2 %", compare.counts_of(rows))
        self.assertEqual(len(compare.table_of(rows)), 3)

    def test_times_have_units(self):
        self.assertEqual(compare.time_text(0.25), "0.25 ns")
        self.assertEqual(compare.time_text(2500), "2.5 us")
        self.assertEqual(compare.time_text(3e9), "3 s")


class GitTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name) / "project"
        self.root.mkdir()
        self.git("init", "-q")
        self.commit("first")

    def git(self, *arguments):
        subprocess.run(
            ["git", "-C", self.root, "-c", "user.name=a", "-c",
             "user.email=a@example.com", "-c", "commit.gpgsign=false",
             *arguments],
            check=True, stdout=subprocess.DEVNULL)

    def commit(self, message):
        (self.root / "file").write_text(message)
        self.git("add", "file")
        self.git("commit", "-q", "-m", message)

    def run_main(self, *arguments):
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), \
                contextlib.redirect_stderr(errors):
            status = compare.main(list(arguments), self.root)
        return status, output.getvalue(), errors.getvalue()

    def test_no_parent_commit_is_said_and_no_failure(self):
        status, output, _ = self.run_main("--against", "HEAD^", "--ci")
        self.assertEqual(status, 0)
        self.assertIn("does not know HEAD^", output)

    def test_no_such_revision_is_an_error(self):
        status, _, errors = self.run_main("--against", "nonsense")
        self.assertEqual(status, 2)
        self.assertIn("nonsense", errors)

    def test_revision_without_a_build_is_said_and_no_failure(self):
        self.commit("second")
        status, output, _ = self.run_main("--against", "HEAD^", "--ci")
        self.assertEqual(status, 0)
        self.assertIn("no CMakeLists.txt", output)

    def test_revision_without_benchmarks_is_said_and_no_failure(self):
        (self.root / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(p NONE)\n")
        self.git("add", "CMakeLists.txt")
        self.commit("second")
        status, output, _ = self.run_main("--against", "HEAD", "--ci")
        self.assertEqual(status, 0)
        self.assertIn("it has no benchmarks", output)

    def test_revision_that_does_not_build_is_said_and_no_failure(self):
        (self.root / "CMakeLists.txt").write_text("no_such_command()\n")
        self.git("add", "CMakeLists.txt")
        self.commit("second")
        status, output, _ = self.run_main("--against", "HEAD", "--ci")
        self.assertEqual(status, 0)
        self.assertIn("no_such_command", output)

    def test_working_tree_that_does_not_build_is_a_failure(self):
        (self.root / "CMakeLists.txt").write_text("no_such_command()\n")
        status, _, errors = self.run_main("--ci")
        self.assertEqual(status, 1)
        self.assertIn("no_such_command", errors)

    def test_check_out_is_of_that_commit(self):
        first = compare.find_revision(self.root, "HEAD")
        self.commit("second")
        target = self.root / ".dev" / "copy"
        compare.check_out(self.root, first, target)
        self.assertEqual((target / "file").read_text(), "first")

    def test_builds_of_other_commits_are_removed(self):
        scratch = self.root / ".dev"
        for name in ("a" * 40, "b" * 40, "tree"):
            (scratch / name).mkdir(parents=True)
        compare.forget_others(scratch, "b" * 40)
        self.assertEqual(sorted(p.name for p in scratch.iterdir()),
                         ["b" * 40, "tree"])


if __name__ == "__main__":
    unittest.main()
