"""The demo's recordings are what they claim to be, and `spanlink link` finds
in both exactly the links that happened.

The truth in examples/demo/truth.json comes from the SDK's hooks and from the
transport below its model classes, never from spanlink.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(
    os.environ.get("SPANLINK_SOURCE_DIR")
    or pathlib.Path(__file__).resolve().parent.parent
)
DEMO = ROOT / "examples" / "demo"
EVENTS = "demo.events.jsonl"
OTLP = "demo.otlp.json"

Link = collections.namedtuple("Link", "kind span producer tool_call_id")


def binary():
    path = os.environ.get("SPANLINK_BINARY") or str(ROOT / "cli" / "spanlink")
    if not os.access(path, os.X_OK):
        raise AssertionError(f"no command at {path}: set SPANLINK_BINARY")
    return path


def truth(name):
    return json.loads((DEMO / "truth.json").read_text())["recordings"][name]


def events():
    return [json.loads(t) for t in (DEMO / EVENTS).read_text().splitlines()]


def otlp_spans():
    request = json.loads((DEMO / OTLP).read_text())
    return [
        span
        for resource in request["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def expected_links(recording):
    """Returns the links that the truth demands, and no more."""
    links = set()
    for call in recording["calls"]:
        call_id = call["tool_call_id"]
        chosen, used = call["chosen_by"], call["first_used_by"]
        kind = call["kind"]
        links.add(Link(f"{kind}_choice", call["span_id"], chosen, call_id))
        links.add(Link(f"{kind}_result", used, call["span_id"], call_id))
    for guardrail in recording["guardrails"]:
        ends = [guardrail["llm_span_id"], guardrail["span_id"]]
        if guardrail["kind"] == "output_guardrail":
            ends.reverse()
        links.add(Link(guardrail["kind"], *ends, ""))
    return links


def run_link(name):
    """Returns the JSON lines that the command prints for a recording."""
    done = subprocess.run(
        [binary(), "link", "--json", str(DEMO / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class DemoLinksTest(unittest.TestCase):
    """Runs the built command over both recordings."""

    def check_links(self, name):
        *links, last = run_link(name)
        self.assertIn("diagnostics", last)
        recording = truth(name)
        for link in links:
            self.assertEqual(link["trace_id"], recording["trace_id"])
            self.assertEqual(link["linked_trace_id"], recording["trace_id"])
            self.assertEqual((link["from"], link["to"]), ("output", "input"))
        found = [
            Link(
                link["kind"],
                link["span_id"],
                link["linked_span_id"],
                link["tool_call_id"] or "",
            )
            for link in links
        ]
        self.assertCountEqual(found, expected_links(recording))

    def test_events_have_exactly_the_true_links(self):
        self.check_links(EVENTS)

    def test_otlp_has_exactly_the_true_links(self):
        self.check_links(OTLP)

    def check_evidence(self, name):
        # No span of a tool carries a call id, so nothing may claim one.
        found = {
            (link["kind"], link["evidence"]) for link in run_link(name)[:-1]
        }
        self.assertEqual(
            found,
            {
                ("tool_choice", "arguments"),
                ("tool_result", "arguments"),
                ("handoff_choice", "handoff"),
                ("handoff_result", "handoff"),
                ("input_guardrail", "structure"),
                ("output_guardrail", "structure"),
            },
        )

    def test_events_claim_no_more_than_they_show(self):
        self.check_evidence(EVENTS)

    def test_otlp_claims_no_more_than_it_shows(self):
        self.check_evidence(OTLP)

    def check_balance(self, name):
        # A run without anomalies: nothing unmatched, nothing lost.
        self.assertEqual(
            {n: c for n, c in run_link(name)[-1]["diagnostics"].items() if c},
            {},
        )

    def test_events_raise_no_diagnostics(self):
        self.check_balance(EVENTS)

    def test_otlp_raises_no_diagnostics(self):
        self.check_balance(OTLP)

    def check_why(self, name):
        recording = truth(name)
        last = recording["guardrails"][-1]["span_id"]
        done = subprocess.run(
            [binary(), "why", str(DEMO / name), last],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        # Everything in this run led to its end. People see the beginning of
        # an id, without the `span_` that every id of the SDK has.
        for link in expected_links(recording):
            for span_id in (link.span, link.producer):
                self.assertIn(span_id.removeprefix("span_")[:6], done.stdout)

    def test_why_of_the_last_event_span_reaches_the_first(self):
        self.check_why(EVENTS)

    def test_why_of_the_last_otlp_span_reaches_the_first(self):
        self.check_why(OTLP)


class DemoRecordingTest(unittest.TestCase):
    """Checks the recordings against one another, without the command."""

    def test_truth_agrees_with_the_hooks_in_the_events(self):
        hooked = {
            (e["current_span"], e["tool_call_id"])
            for e in events()
            if e["ev"] == "hook_tool_start"
        }
        handoffs = [
            e["current_span"] for e in events() if e["ev"] == "hook_handoff"
        ]
        calls = truth(EVENTS)["calls"]
        self.assertEqual(
            {
                (c["span_id"], c["tool_call_id"])
                for c in calls
                if c["kind"] == "tool"
            },
            hooked,
        )
        self.assertEqual(
            [c["span_id"] for c in calls if c["kind"] == "handoff"], handoffs
        )

    def test_truth_covers_every_tool_handoff_and_guardrail_span(self):
        wanted = {"function", "handoff", "guardrail"}
        ended = {
            e["span_id"]
            for e in events()
            if e["ev"] == "span_end" and e["type"] in wanted
        }
        recording = truth(EVENTS)
        self.assertEqual(
            {
                entry["span_id"]
                for entry in recording["calls"] + recording["guardrails"]
            },
            ended,
        )

    def test_both_recordings_tell_the_same_run(self):
        ended = [e for e in events() if e["ev"] == "span_end"]
        # The instrumentation adds a root of its own for the trace.
        self.assertEqual(len(otlp_spans()), len(ended) + 1)
        here, there = truth(EVENTS), truth(OTLP)
        self.assertEqual(
            [call["tool_call_id"] for call in here["calls"]],
            [call["tool_call_id"] for call in there["calls"]],
        )
        names = {s["spanId"]: s["name"] for s in otlp_spans()}
        for call in there["calls"]:
            name = "handoff to Trip Planner"
            if call["kind"] == "tool":
                name = call["tool_name"]
            self.assertEqual(names[call["span_id"]], name)
            self.assertIn(names[call["chosen_by"]], ("response", "generation"))

    def test_equal_calls_overlap_and_finish_in_the_other_order(self):
        ended = {e["span_id"]: e for e in events() if e["ev"] == "span_end"}
        equal = [
            ended[call["span_id"]]
            for call in truth(EVENTS)["calls"]
            if call["tool_call_id"].startswith("call_lisbon")
        ]
        first, second = equal
        self.assertEqual(first["data"]["input"], second["data"]["input"])
        self.assertLess(first["started_at"], second["started_at"])
        self.assertLess(second["started_at"], second["ended_at"])
        self.assertLess(second["ended_at"], first["ended_at"])

    def test_no_tool_span_shows_its_call_id(self):
        for event in events():
            if event["ev"] == "span_end" and event["type"] == "function":
                self.assertNotIn("call_", json.dumps(event["data"]))
        for span in otlp_spans():
            kinds = [a["value"] for a in span["attributes"]]
            if {"stringValue": "TOOL"} in kinds:
                self.assertNotIn("call_", json.dumps(span["attributes"]))

    def test_events_are_numbered_and_begin_and_end_with_the_trace(self):
        lines = events()
        self.assertEqual([e["seq"] for e in lines], list(range(len(lines))))
        self.assertEqual(lines[0]["ev"], "trace_start")
        self.assertEqual(lines[-1]["ev"], "trace_end")

    def test_otlp_is_one_request_in_the_json_encoding_of_the_standard(self):
        self.assertEqual(len((DEMO / OTLP).read_text().splitlines()), 1)
        for span in otlp_spans():
            self.assertRegex(span["traceId"], "^[0-9a-f]{32}$")
            self.assertRegex(span["spanId"], "^[0-9a-f]{16}$")
            self.assertRegex(span["startTimeUnixNano"], "^[0-9]{19}$")
            self.assertNotIn("droppedAttributesCount", span)

    def test_recordings_say_nothing_about_the_machine(self):
        request = json.loads((DEMO / OTLP).read_text())
        for resource in request["resourceSpans"]:
            self.assertEqual(
                [a["key"] for a in resource["resource"]["attributes"]],
                ["service.name"],
            )
        for name in (EVENTS, OTLP, "truth.json"):
            text = (DEMO / name).read_text()
            self.assertIsNone(
                re.search(r"/home|/root|/tmp|/usr|site-packages|\.py\b", text)
            )


if __name__ == "__main__":
    unittest.main()
