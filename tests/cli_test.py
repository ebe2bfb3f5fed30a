"""The `spanlink` command as a person meets it: a built binary and files.

`cli_testing.py` says what it needs.
"""

import gzip
import json
import os
import pathlib
import pty
import re
import select
import stat
import subprocess
import sys
import tempfile
import unittest

from cli_testing import (DESK, RECORDING, SILENT, Case, links_in, on_terminal,
                         spanlink, spans_of)

LINK_KEYS = [
    "trace_id", "span_id", "linked_trace_id", "linked_span_id", "from", "to",
    "kind", "evidence", "tool_name", "tool_call_id"
]
KINDS = {
    "tool_choice", "tool_result", "handoff_choice", "handoff_result",
    "input_guardrail", "output_guardrail"
}
EVIDENCE = {
    "tool_call_id", "arguments", "handoff", "structure", "handoff_remaining",
    "name", "order"
}


class LinkTest(Case):

  def test_table_is_the_golden_one(self):
    process = spanlink("link", "--table", DESK)
    self.assert_ok(process)
    self.assert_golden("desk.table.txt", process.stdout)

  def test_table_shows_on_a_terminal_with_colours(self):
    status, text = on_terminal("link", DESK)
    self.assertEqual(status, 0)
    self.assertIn("\x1b[1m", text)
    self.assertIn("get_weather", text)

  def test_no_color_and_dumb_terminals_get_plain_text(self):
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
      _, text = on_terminal("link", DESK, env=env)
      self.assertIn("get_weather", text)
      self.assertNotIn("\x1b", text)

  def test_pipes_get_the_same_trace_with_links(self):
    process = spanlink("link", DESK)
    self.assert_ok(process)
    linked = json.loads(process.stdout)
    before = spans_of(json.loads(DESK.read_text()))
    after = spans_of(linked)
    self.assertEqual(len([s for s in after if s.get("links")]), 6)
    for span in after:
      span.pop("links", None)
      span.pop("droppedLinksCount", None)
    for was, is_now in zip(before, after):
      self.assertEqual(was["spanId"], is_now["spanId"])
      for attribute in was["attributes"]:
        self.assertIn(attribute, is_now["attributes"])

  def test_json_lines_have_the_promised_fields(self):
    process = spanlink("link", "--json", DESK)
    self.assert_ok(process)
    links, last = links_in(process.stdout)
    self.assertEqual(list(last), ["diagnostics"])
    self.assertEqual(last["diagnostics"], {"unmatched_execution": 1})
    self.assertEqual(len(links), 8)
    for link in links:
      self.assertEqual(list(link), LINK_KEYS)
      self.assertEqual((link["from"], link["to"]), ("output", "input"))
      self.assertIn(link["kind"], KINDS)
      self.assertIn(link["evidence"], EVIDENCE)
      for key in ("trace_id", "linked_trace_id"):
        self.assertRegex(link[key], "^[0-9a-f]{32}$")
      for key in ("span_id", "linked_span_id"):
        self.assertRegex(link[key], "^[0-9a-f]{16}$")

  def test_json_links_are_the_right_ones(self):
    links, _ = links_in(spanlink("link", "--json", DESK).stdout)
    choices = {
        link["span_id"]: (link["linked_span_id"], link["tool_call_id"],
                          link["evidence"])
        for link in links if link["kind"] == "tool_choice"
    }
    first = "c1a0000000000001"
    self.assertEqual(
        choices, {
            "71a0000000000001": (first, "call_1", "arguments"),
            "71b0000000000002": (first, "call_2", "arguments"),
            "72a0000000000003": (first, "call_3", "tool_call_id"),
            "73c0000000000004": ("c2b0000000000002", "call_4", "arguments"),
        })
    uses = {
        link["linked_span_id"]: link["span_id"]
        for link in links if link["kind"] == "tool_result"
    }
    second = "c2b0000000000002"
    self.assertEqual(
        uses, {
            "71a0000000000001": second,
            "71b0000000000002": second,
            "72a0000000000003": second,
            "73c0000000000004": "c3c0000000000003",
        })

  def test_sdk_recordings_keep_their_ids(self):
    process = spanlink("link", "--json", RECORDING)
    self.assert_ok(process)
    links, _ = links_in(process.stdout)
    self.assertTrue(links)
    for link in links:
      self.assertRegex(link["span_id"], "^span_[0-9a-f]{24}$")
      self.assertRegex(link["trace_id"], "^trace_[0-9a-f]{32}$")

  def test_standard_input_is_read_to_its_end(self):
    process = spanlink("link", "--table", "-", stdin=DESK.read_bytes())
    self.assert_ok(process)
    self.assert_golden("desk.table.txt", process.stdout)

  def test_standard_input_may_come_in_pieces(self):
    process = subprocess.Popen([os.environ["SPANLINK_BINARY"], "link", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    document = DESK.read_bytes()
    for start in range(0, len(document), 1000):
      process.stdin.write(document[start:start + 1000])
      process.stdin.flush()
    output, _ = process.communicate(timeout=60)
    self.assertEqual(output, spanlink("link", DESK).stdout)

  def test_linking_what_is_linked_changes_nothing(self):
    once = spanlink("link", DESK).stdout
    twice = spanlink("link", "-", stdin=once).stdout
    self.assertEqual(once, twice)

  def test_min_evidence_leaves_weaker_links_out(self):
    links, _ = links_in(
        spanlink("link", "--json", "--min-evidence=tool_call_id", DESK).stdout)
    self.assertEqual({link["evidence"] for link in links}, {"tool_call_id"})

  def test_policy_all_links_every_use(self):
    first, _ = links_in(spanlink("link", "--json", DESK).stdout)
    every, _ = links_in(spanlink("link", "--json", "--policy=all", DESK).stdout)
    self.assertEqual(len(every), len(first) + 3)

  def test_profiles_choose_the_attributes_of_links(self):
    keys = {}
    for profile in ("datadog", "semconv", "datadog,semconv", "none"):
      output = spanlink("link", "--profile", profile, DESK).stdout
      keys[profile] = {
          attribute["key"] for span in spans_of(json.loads(output))
          for link in span.get("links", []) for attribute in link["attributes"]
      }
    attribution = "gen_ai.attribution.link_type"
    self.assertIn("from", keys["datadog"])
    self.assertNotIn(attribution, keys["datadog"])
    self.assertIn(attribution, keys["semconv"])
    self.assertNotIn("from", keys["semconv"])
    self.assertEqual(keys["datadog,semconv"], keys["datadog"] | keys["semconv"])
    self.assertEqual(keys["none"], keys["datadog"] & keys["semconv"])

  def test_several_files_are_shown_one_by_one(self):
    process = spanlink("link", "--table", DESK, SILENT)
    self.assert_ok(process)
    text = process.stdout.decode()
    self.assertLess(text.index("== %s ==" % DESK), text.index("get_time"))
    self.assertLess(text.index("get_time"), text.index("== %s ==" % SILENT))

  def test_several_files_are_written_one_after_another(self):
    out = self.folder / "out.json"
    self.assert_ok(spanlink("link", DESK, SILENT, "-o", out))
    links, _ = links_in(spanlink("link", "--json", out).stdout)
    self.assertEqual(len(links), 8)


class ExplainTest(Case):

  def test_silent_spans_name_their_switch(self):
    process = spanlink("link", "--explain", SILENT)
    self.assert_ok(process)
    self.assert_golden("silent.explain.txt", process.stdout)
    self.assertIn(b"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
                  process.stdout)

  def test_json_has_a_line_for_each_explained_span(self):
    process = spanlink("link", "--explain", "--json", SILENT)
    self.assert_ok(process)
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    reasons = [line["unlinked"] for line in lines if "unlinked" in line]
    self.assertEqual(
        sorted(reasons),
        ["answers_not_captured", "content_missing", "content_missing"])

  def test_weak_links_are_named_and_the_option_shows_them(self):
    text = spanlink("link", "--explain", "--min-evidence=tool_call_id",
                    DESK).stdout.decode()
    self.assertIn("its evidence is only `arguments`", text)
    self.assertIn("`--min-evidence arguments` shows it", text)

  def test_tables_point_to_it_only_while_something_is_missing(self):
    self.assertIn(b"--explain says why",
                  spanlink("link", "--table", DESK).stdout)
    self.assertNotIn(b"--explain says why",
                     spanlink("link", "--explain", DESK).stdout)


class WhyTest(Case):

  def test_tree_is_the_golden_one(self):
    process = spanlink("why", DESK, "c3c0")
    self.assert_ok(process)
    self.assert_golden("desk.why.txt", process.stdout)

  def test_the_last_linked_span_is_the_default(self):
    self.assertEqual(spanlink("why", DESK).stdout,
                     spanlink("why", DESK, "c3c0000000000003").stdout)

  def test_upper_case_and_trace_prefixes_are_understood(self):
    expected = spanlink("why", DESK, "c3c0").stdout
    self.assertEqual(spanlink("why", DESK, "C3C0").stdout, expected)
    self.assertEqual(spanlink("why", DESK, "0af7:c3c0").stdout, expected)

  def test_ambiguous_ids_list_the_candidates(self):
    process = spanlink("why", DESK, "7")
    self.assertEqual((process.returncode, process.stdout), (2, b""))
    text = process.stderr.decode()
    self.assertIn("5 spans begin with `7`", text)
    self.assertIn(":71a0000000000001  get_weather", text)

  def test_equal_span_ids_of_two_traces_are_told_apart_by_the_trace(self):
    other = DESK.read_text().replace("0af7651916cd43dd", "1af7651916cd43dd")
    both = self.write("both.jsonl", DESK.read_text() + other)
    process = spanlink("why", both, "c3c0")
    self.assertEqual(process.returncode, 2)
    self.assertIn(b"1af7651916cd43dd8448eb211c80319c:c3c0", process.stderr)
    self.assert_ok(spanlink("why", both, "1af7:c3c0"))

  def test_unknown_ids_are_an_error(self):
    process = spanlink("why", DESK, "beef")
    self.assertEqual((process.returncode, process.stdout), (2, b""))
    self.assertIn(b"no span begins with `beef`", process.stderr)

  def test_sdk_recordings_are_explained_too(self):
    process = spanlink("why", RECORDING)
    self.assert_ok(process)
    self.assertIn(b"was chosen by LLM", process.stdout)


class OutputTest(Case):

  def test_gzip_is_written_as_gzip(self):
    packed = gzip.compress(DESK.read_bytes())
    result = spanlink("link", "-", stdin=packed)
    self.assertEqual(result.returncode, 0, result.stderr)
    plain = spanlink("link", "-", stdin=DESK.read_bytes())
    self.assertEqual(gzip.decompress(result.stdout), plain.stdout)

  def test_one_output_holds_one_format(self):
    with tempfile.TemporaryDirectory() as folder:
      packed = pathlib.Path(folder, "desk.json.gz")
      packed.write_bytes(gzip.compress(DESK.read_bytes()))
      both = spanlink("link", packed, packed)
      self.assertEqual(both.returncode, 0, both.stderr)
      once = spanlink("link", packed)
      self.assertEqual(gzip.decompress(both.stdout),
                       2 * gzip.decompress(once.stdout))
      mixed = spanlink("link", DESK, packed)
      self.assertEqual(mixed.returncode, 1)
      self.assertIn(b"desk.json.gz: is otlp-json in gzip, and what stands "
                    b"before it in the output otlp-json", mixed.stderr)

  def test_a_forced_format_is_believed(self):
    result = spanlink("link", "--from", "otlp-proto", DESK)
    self.assertEqual(result.returncode, 1)
    self.assertIn(b"desk.otlp.json: ", result.stderr)
    self.assertIn(b": expected ", result.stderr)
    self.assertEqual(
        spanlink("link", "--from=otlp-json", DESK).stdout,
        spanlink("link", DESK).stdout)

  def test_the_output_may_be_the_input(self):
    path = self.write("trace.json", DESK.read_bytes())
    self.assert_ok(spanlink("link", path, "-o", path))
    self.assertEqual(path.read_bytes(), spanlink("link", DESK).stdout)
    self.assertEqual(os.listdir(self.folder), ["trace.json"])

  def test_unreadable_input_leaves_the_output_alone(self):
    out = self.write("out.json", "precious")
    process = spanlink("link", self.write("bad.json", "{"), DESK, "-o", out)
    self.assertEqual(process.returncode, 1)
    self.assertEqual(out.read_text(), "precious")
    self.assertIn(b"out.json: not written", process.stderr)
    self.assertEqual(sorted(os.listdir(self.folder)), ["bad.json", "out.json"])

  def test_dash_is_standard_output(self):
    self.assertEqual(spanlink("link", DESK, "-o", "-").stdout,
                     spanlink("link", DESK).stdout)

  def test_output_and_table_go_together(self):
    out = self.folder / "out.json"
    process = spanlink("link", DESK, "-o", out, "--table")
    self.assert_ok(process)
    self.assert_golden("desk.table.txt", process.stdout)
    self.assertTrue(out.exists())

  def test_output_and_json_go_together(self):
    out = self.folder / "out.json"
    process = spanlink("link", DESK, "-o", out, "--json")
    self.assert_ok(process)
    self.assertEqual(len(links_in(process.stdout)[0]), 8)
    self.assertEqual(out.read_bytes(), spanlink("link", DESK).stdout)

  def test_long_reads_show_progress_on_a_terminal_and_wipe_it(self):
    self.watch_progress(["-"], b"reading standard input")

  def test_streams_show_progress_as_well(self):
    self.watch_progress(["--stream", "-"], b"linking standard input")

  def watch_progress(self, arguments, words):
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [os.environ["SPANLINK_BINARY"], "link", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    self.addCleanup(process.kill)
    shown = b""
    for _ in range(600):
      if words in shown:
        break
      process.stdin.write(b" ")  # a trace that comes slowly
      process.stdin.flush()
      if select.select([parent], [], [], 0.05)[0]:
        shown += os.read(parent, 65536)
    self.assertIn(words, shown)
    process.stdin.write(DESK.read_bytes())
    process.stdin.close()
    self.assertEqual(process.wait(timeout=60), 0)
    shown += os.read(parent, 65536)
    os.close(parent)
    self.assertTrue(shown.endswith(b" \r"), shown)

  def test_recordings_have_no_place_for_links(self):
    process = spanlink("link", RECORDING)
    self.assertEqual((process.returncode, process.stdout), (1, b""))
    self.assertIn(b"use --table or --json", process.stderr)

  def test_a_closed_pipe_is_reported(self):
    big = self.write("big.jsonl", DESK.read_bytes() * 20)
    process = subprocess.Popen(
        [os.environ["SPANLINK_BINARY"], "link", str(big)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    with process.stderr:
      self.assertIn(b"standard output: cannot write: Broken pipe",
                    process.stderr.read())
    self.assertEqual(process.wait(timeout=60), 1)

  def test_a_full_disk_is_reported(self):
    for arguments in (["link", DESK], ["link", "--json", DESK], ["why", DESK],
                      ["--help"]):
      with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [os.environ["SPANLINK_BINARY"], *map(str, arguments)],
            stdout=full, stderr=subprocess.PIPE, timeout=60)
      self.assertEqual(process.returncode, 1)
      self.assertIn(b"No space left on device", process.stderr)

  def test_permissions_of_the_output_are_kept(self):
    out = self.write("out.json", "")
    out.chmod(0o640)
    self.assert_ok(spanlink("link", DESK, "-o", out))
    self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o640)


class UsageTest(Case):

  def test_mistakes_exit_with_two_and_say_what_to_do(self):
    for arguments in ([], ["lnik"], ["link"], ["link", DESK, "--no-such"],
                      ["link", DESK, "--min-evidence", "x"], ["why"],
                      ["link", "--json", "--table", DESK],
                      ["why", DESK, "a", "b"], ["dialects", DESK], ["view"],
                      ["view", DESK, "--format", "png"],
                      ["dialects", "--react"]):
      process = spanlink(*arguments)
      self.assertEqual((process.returncode, process.stdout), (2, b""),
                       arguments)
      self.assertRegex(process.stderr.decode(),
                       r"^spanlink: .*; see spanlink --help\n$")

  def test_help_is_on_standard_output(self):
    for arguments in (["--help"], ["help"], ["link", "--help"],
                      ["why", "-h"], ["help", "link"], ["help", "dialects"],
                      ["dialects", "--help"], ["view", "--help"]):
      process = spanlink(*arguments)
      self.assert_ok(process)
      self.assertIn(b"spanlink", process.stdout)
      for line in process.stdout.decode().splitlines():
        self.assertLessEqual(len(line), 80)

  def test_help_knows_every_option(self):
    text = spanlink("link", "--help").stdout.decode()
    for option in ("--output", "--table", "--json", "--explain",
                   "--min-evidence", "--policy", "--profile", "--react",
                   "--cross-trace", "--stream", "--linger", "--from"):
      self.assertIn(option, text)
    text = spanlink("view", "--help").stdout.decode()
    for option in ("--output", "--format", "--with-content", "--min-evidence",
                   "--policy", "--cross-trace", "--from", "--react"):
      self.assertIn(option, text)

  def test_dialects_says_what_is_understood(self):
    process = spanlink("dialects")
    self.assert_ok(process)
    text = process.stdout.decode()
    for name in ("openinference", "otel_genai", "otel_genai_events",
                 "vercel_ai", "google_adk", "langfuse", "jaeger", "datadog",
                 "otlp"):
      self.assertRegex(text, rf"(?m)^{name}$")
    for key in ("openinference.span.kind", "gen_ai.operation.name",
                "ai.operationId", "gcp.vertex.agent.*"):
      self.assertIn(key, text)

  def test_react_reads_calls_in_text(self):
    span = """{"traceId":"0af7651916cd43dd8448eb211c80319c",
      "spanId":"%s","parentSpanId":"b7ad6b7169203330","name":"x",
      "startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]}"""
    def attributes(**values):
      return ",".join(
          '{"key":"%s","value":{"stringValue":%s}}'
          % (key.replace("__", "."), json.dumps(value))
          for key, value in values.items())
    path = self.write("react.json", """{"resourceSpans":[{"scopeSpans":[{
      "spans":[%s,%s]}]}]}""" % (
          span % ("b7ad6b7169203331", 10**18, 10**18 + 1000, attributes(
              openinference__span__kind="LLM",
              output__value='Action: f\nAction Input: {"x": 1}')),
          span % ("b7ad6b7169203332", 10**18 + 2000, 10**18 + 3000, attributes(
              openinference__span__kind="TOOL", tool__name="f",
              input__value='{"x": 1}'))))
    for options, links in (([], 0), (["--react"], 1)):
      process = spanlink("link", "--json", *options, path)
      self.assert_ok(process)
      self.assertEqual(process.stdout.count(b'"tool_choice"'), links)

  def test_version_is_one_line(self):
    process = spanlink("--version")
    self.assert_ok(process)
    self.assertRegex(process.stdout.decode(), r"^spanlink \d+\.\d+\.\d+\n$")


class BadInputTest(Case):

  def assert_refused(self, content, pattern=r"\d+"):
    path = self.write("bad.json", content)
    for arguments in (["link", path], ["link", "--json", path], ["why", path]):
      process = spanlink(*arguments)
      self.assertEqual(process.returncode, 1, process.stderr)
      self.assertRegex(process.stderr.decode(),
                       "^%s: %s: .*expected" % (re.escape(str(path)), pattern))
      self.assertEqual(process.stderr.count(b"\n"), 1)

  def test_missing_files_and_folders_are_named(self):
    process = spanlink("link", self.folder / "none.json")
    self.assertEqual(process.returncode, 1)
    self.assertIn(b"none.json: cannot open: No such file", process.stderr)
    process = spanlink("link", self.folder)
    self.assertEqual(process.returncode, 1)
    self.assertIn(b"cannot read: Is a directory", process.stderr)

  def test_empty_files_are_refused(self):
    self.assert_refused("")
    self.assert_refused(" \n ")

  def test_truncated_json_names_the_place(self):
    whole = DESK.read_bytes()
    self.assert_refused(whole[:len(whole) // 2])

  def test_one_bad_line_is_named_and_costs_only_itself(self):
    line = json.dumps(json.loads(DESK.read_text()))
    trace = self.write("lines.jsonl", f'{{"resourceSpans": [oops\n{line}\n')
    process = spanlink("link", "--json", trace)
    self.assertEqual(process.returncode, 0)
    self.assertIn(b"lines.jsonl: 19: expected", process.stderr)
    self.assertNotIn(b"oops", process.stderr)
    self.assertEqual(len(links_in(process.stdout)[0]), 8)

  def test_other_json_is_refused(self):
    for content in ("[]", "null", "42", '"text"', "{]", "\x00", "<html>"):
      self.assert_refused(content)

  def test_deep_nesting_is_no_crash(self):
    deep = "[" * 10000 + "]" * 10000
    self.assert_refused(deep)
    text = DESK.read_text().replace('"status": {}', '"status": ' + deep, 1)
    self.assertIn(spanlink("link", "--json", "-", stdin=text.encode())
                  .returncode, (0, 1))

  def test_one_bad_file_does_not_stop_the_others(self):
    bad = self.write("bad.json", "{")
    process = spanlink("link", "--json", bad, DESK)
    self.assertEqual(process.returncode, 1)
    self.assertEqual(len(links_in(process.stdout)[0]), 8)

  def test_spans_with_wrong_types_cost_only_themselves(self):
    document = json.loads(DESK.read_text())
    spans = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    wrong = [None, 1, "x", [], {}, {"traceId": 7}, {"spanId": []},
             {**spans[0], "traceId": "zz"}, {**spans[0], "spanId": "a" * 15},
             {**spans[0], "attributes": 5}, {**spans[0], "name": {}}]
    for value in wrong:
      spans.append(value)
      path = self.write("wrong.json", document)
      process = spanlink("link", "--json", path)
      self.assertEqual(process.returncode, 0, (value, process.stderr))
      self.assertEqual(len(links_in(process.stdout)[0]), 8, value)
      spans.pop()


class HostileTest(Case):
  NASTY = "evil\x1b]0;owned\x07\x1b[2J\n\r\u202e\u2066\u200b\x9b31m\\"

  def hostile_trace(self, name):
    text = DESK.read_text()
    for old in ("get_weather", "chat gpt-4o", "Desk"):
      text = text.replace(old, json.dumps(name)[1:-1] + old)
    return self.write("hostile.json", text)

  def assert_harmless(self, output):
    text = output.decode("utf-8")
    for character in text:
      self.assertTrue(character == "\n" or character.isprintable(),
                      repr(character))

  def test_names_cannot_control_the_terminal(self):
    path = self.hostile_trace(self.NASTY)
    for arguments in (["link", "--explain", path], ["why", path, "c3c0"],
                      ["why", path, "7"], ["link", "--json", path]):
      process = spanlink(*arguments)
      self.assert_harmless(process.stdout)
      self.assert_harmless(process.stderr)

  def test_file_names_and_words_cannot_either(self):
    name = self.write("e\x1b[2Jvil\n.json", "{")
    process = spanlink("link", name)
    self.assert_harmless(process.stderr)
    self.assertEqual(process.stderr.count(b"\n"), 1)
    for arguments in (["x\x1b[2J"], ["link", "--\x1b[2J"],
                      ["why", DESK, "\x1b[2J"]):
      self.assert_harmless(spanlink(*arguments).stderr)

  def test_megabyte_names_are_cut(self):
    path = self.hostile_trace("x" * (1 << 20))
    process = spanlink("link", "--explain", path)
    self.assert_ok(process)
    self.assertLess(len(process.stdout), 5000)
    self.assertLess(len(spanlink("why", path, "c3c0").stdout), 5000)


class SecretsTest(Case):

  def test_prompts_arguments_and_results_never_show(self):
    for arguments in (["link", "--table"], ["link", "--json"],
                      ["link", "--explain"], ["link", "--explain", "--json"],
                      ["link", "--explain", "--min-evidence=tool_call_id"],
                      ["why"]):
      process = spanlink(*arguments, DESK)
      self.assert_ok(process)
      self.assertNotIn(b"SECRET", process.stdout)

  def test_errors_do_not_quote_the_input(self):
    whole = DESK.read_bytes()
    for end in range(0, len(whole), 97):
      process = spanlink("link", "--json", "-", stdin=whole[:end])
      self.assertNotIn(b"SECRET", process.stdout + process.stderr)
    broken = whole.replace(b"SECRET-PROMPT", b'SECRET-PROMPT"', 1)
    process = spanlink("link", "--json", "-", stdin=broken)
    self.assertNotIn(b"SECRET", process.stdout + process.stderr)


if __name__ == "__main__":
  if "SPANLINK_BINARY" not in os.environ:
    sys.exit("set SPANLINK_BINARY to the built spanlink")
  unittest.main()
