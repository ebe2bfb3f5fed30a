"""Tests of bench/gate.py: rounds, verdicts, exit statuses, texts."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import gate  # noqa: E402
import gate_report  # noqa: E402
import gates  # noqa: E402
import texts  # noqa: E402

FACTS = {"commit": "abc", "ddtrace": "1.2", "processor": "2 x X", "rounds": 3,
         "seconds": 0.05}
FASTER = gates.Row("group", "name", "ours", (gates.DDTRACE, "theirs"),
                   gates.AT_LEAST, 10, 20)
AT_MOST = gates.Row("group", "bounded", "ours", (gates.ENGINE, "other"),
                    gates.AT_MOST, 2, 1.5)


class FakeSide:
    """Gives the times of a list in turn, over and over."""

    def __init__(self, name, times, journal):
        self.name, self.times, self.journal, self.count = name, times, journal, 0

    def run(self, case, seconds):
        self.journal.append(case)
        self.count += 1
        return {"ns": self.times[(self.count - 1) % len(self.times)]}


def result_of(row, *ratios):
    return gates.Result(row, list(ratios), 1.0, 10.0)


def judged(*results):
    out = io.StringIO()
    return gate.judge(results, out), out.getvalue()


class RoundsTest(unittest.TestCase):
    def measure(self, row, ours, theirs):
        self.journal = []
        sides = {gates.ENGINE: FakeSide("e", ours, self.journal),
                 gates.DDTRACE: FakeSide("d", theirs, self.journal)}
        return gate.measure(row, sides, 3, 0.01)

    def test_both_sides_run_in_turns(self):
        self.measure(FASTER, [1], [10])
        self.assertEqual(self.journal[2:], ["ours", "theirs", "ours"] * 3)

    def test_a_round_compares_with_the_mean_of_both_runs_of_the_engine(self):
        # The first run of each warms up.
        result = self.measure(FASTER, [9, 1, 3, 1, 3, 1, 3], [9, 40, 30, 20])
        self.assertEqual(result.ratios, [20, 15, 10])
        self.assertEqual(result.median, 15)

    def test_what_is_to_be_at_most_is_the_other_way_round(self):
        self.assertEqual(AT_MOST.ratio(engine=3, peer=2), 1.5)


class JudgeTest(unittest.TestCase):
    def test_a_gate_that_fails_is_named_and_exits_with_1(self):
        status, said = judged(result_of(FASTER, 8, 9.9, 30), result_of(AT_MOST, 1.9))
        self.assertEqual(status, 1)
        self.assertIn("GATE FAILED: group, name: 9.9, not >= 10", said)
        self.assertNotIn("bounded", said)

    def test_all_gates_that_fail_are_named(self):
        status, said = judged(result_of(FASTER, 1), result_of(AT_MOST, 2.1))
        self.assertEqual((status, said.count("GATE FAILED")), (1, 2))

    def test_gates_that_are_met_exit_with_0(self):
        status, said = judged(result_of(FASTER, 1, 10, 10), result_of(AT_MOST, 2))
        self.assertEqual((status, said), (0, "2 of 2 gates passed\n"))

    def test_rows_without_a_gate_fail_nothing(self):
        shown = gates.Row("group", "shown", "ours", (gates.ENGINE, ""))
        self.assertEqual(judged(result_of(shown, 0.1)), (0, "0 of 0 gates passed\n"))

    def test_what_is_no_number_fails(self):
        self.assertEqual(judged(result_of(FASTER, float("nan")))[0], 1)

    def test_verdicts_know_the_stretch(self):
        self.assertEqual(result_of(FASTER, 20).verdict, "stretch")
        self.assertEqual(result_of(FASTER, 19).verdict, "gate")
        self.assertEqual(result_of(AT_MOST, 1.5).verdict, "stretch")
        self.assertEqual(result_of(AT_MOST, 1.6).verdict, "gate")


class GatesTest(unittest.TestCase):
    def test_memo_on_and_off_are_both_gated(self):
        rows = [r for r in gates.rows(recorded=True, short=False, vast=False)
                if r.group == "lifecycle, times faster than ddtrace" and r.gate]
        names = {row.name for row in rows}
        self.assertEqual(len(names), 14)
        for name in names:
            self.assertIn(name.replace("on", "off") if name.endswith("on")
                          else name.replace("memo off", "memo on"), names)

    def test_short_leaves_the_million_out(self):
        self.assertFalse([r for r in gates.rows(True, short=True, vast=True)
                          if "1000000" in r.engine + r.peer[1]])

    def test_without_recordings_their_rows_are_left_out(self):
        self.assertFalse([r for r in gates.rows(False, short=False, vast=False)
                          if "recorded" in r.name])

    def test_ten_millions_want_room(self):
        for vast in (False, True):
            found = [r for r in gates.rows(True, short=False, vast=vast)
                     if "10000000 live" in r.name]
            self.assertEqual(len(found), int(vast))


class SideTest(unittest.TestCase):
    def side(self, script):
        side = gate.Side("peer", [sys.executable, "-c", script])
        self.addCleanup(side._process.stdout.close)
        return side

    def test_figures_come_back(self):
        side = self.side("input(); print('{\"ns\": 5}')")
        self.assertEqual(side.run("case", 0.1), {"ns": 5})
        side.close()

    def test_too_few_results_are_refused(self):
        side = self.side("input(); print('{\"ns\": 5, \"results\": 1,'"
                         " '\"expected\": 2}')")
        with self.assertRaises(gate.WrongWork):
            side.run("case", 0.1)
        side.close()

    def test_a_program_that_ends_is_missing(self):
        side = self.side("raise SystemExit(3)")
        with self.assertRaises(gate.PeerMissing):
            side.run("case", 0.1)
        with contextlib.suppress(OSError):
            side.close()


class CommandTest(unittest.TestCase):
    """The command with engine and peers that are scripts."""

    ENGINE = ("import sys\nfor _ in sys.stdin:\n"
              "  print('{\"ns\": 1}', flush=True)\n")

    def run_gate(self, ddtrace):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "engine"
            script.write_text(f"#!{sys.executable}\n{self.ENGINE}")
            script.chmod(0o755)
            out, error = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error), \
                    mock.patch.object(gate, "build", lambda progress: {
                        gates.ENGINE: script, gates.PEERS: script}), \
                    mock.patch.object(gate.texts, "write_texts",
                                      lambda *_: False):
                status = gate.main(["--ddtrace", ddtrace, "--only", "naive port, 64",
                                    "--rounds", "1"])
            return status, out.getvalue(), error.getvalue()

    def test_a_missing_peer_exits_with_2(self):
        status, _, error = self.run_gate("/nonexistent/python")
        self.assertEqual(status, 2)
        self.assertIn("A peer is missing: ddtrace", error)

    def test_a_peer_that_cannot_be_imported_exits_with_2(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "python"
            fake.write_text("#!/bin/sh\nexit 1\n")
            fake.chmod(0o755)
            self.assertEqual(self.run_gate(str(fake))[0], 2)

    def test_a_gate_that_fails_exits_with_1_and_recordings_are_missed_loudly(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "python"
            fake.write_text("#!/bin/sh\necho 1.2\ncat >/dev/null\n")
            fake.chmod(0o755)
            status, out, error = self.run_gate(str(fake))
        self.assertEqual(status, 1, error)
        self.assertIn("GATE FAILED: lifecycle, times faster than the naive port", out)
        self.assertIn("SKIPPED: no recorded conversations", error)


class TextsTest(unittest.TestCase):
    def test_respaced_text_is_another_text_of_the_same_value(self):
        for text in ("{}", '{"a": 1}', '{"a":1}', '{"a": ", : \\" x", "b":[1, 2]}',
                     '{"a":"x  y"}', '{ "a" : { } }', '{"a":{}}'):
            with self.subTest(text):
                other = texts.respace(text)
                self.assertNotEqual(other, text)
                self.assertEqual(json.loads(other), json.loads(text))

    def test_numbers_stand_in_front_of_other_members(self):
        self.assertEqual(texts.number('{"a": 1}'), '{"n": 10000000, "a": 1}')
        self.assertEqual(texts.number(" { }"), '{"n": 10000000}')

    def test_half_or_all_tools_are_given_other_text(self):
        given = ['{"a": 1}'] * 4
        for respaced, count in (("half", 2), ("all", 4)):
            pairs = texts.pairs_of(given, respaced)
            self.assertEqual(sum(a != b for a, b in pairs), count)


class ReportTest(unittest.TestCase):
    def test_least_and_greatest_stand_beside_the_median(self):
        text = gate_report.text_of(FACTS, [result_of(FASTER, 8, 12, 30)], {"x": 1})
        self.assertRegex(text, r"name +12 +8\.\.30 +>= 10 +>= 20  gate")

    def test_the_picture_shows_what_is_faster_than_ddtrace(self):
        row = gates.Row("lifecycle, times faster than ddtrace", "64 B", "a",
                        (gates.DDTRACE, "a"), gates.AT_LEAST, 10, 20)
        picture = gate_report.svg(FACTS, [result_of(row, 5), result_of(AT_MOST, 1)])
        self.assertIn("64 B", picture)
        self.assertIn("#c0392b", picture)  # it failed
        self.assertNotIn("bounded", picture)


if __name__ == "__main__":
    unittest.main()
