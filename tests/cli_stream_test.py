"""The `spanlink` command on several files and on streams; see cli_testing.py."""

import gzip
import json
import os
import signal
import subprocess
import sys
import unittest

from cli_testing import DESK, RECORDING, Case, links_in, spanlink, spans_of


def attribute(key, value):
  return {"key": key, "value": {"stringValue": value}}


def make_span(number, trace="a" * 32, parent="f" * 16, **attributes):
  """A span of the OpenTelemetry conventions; its number gives id and times."""
  start = 1750000000000000000 + number * 10**9
  return {
      "traceId": trace, "spanId": "%016x" % number, "parentSpanId": parent,
      "name": "s%d" % number, "startTimeUnixNano": str(start),
      "endTimeUnixNano": str(start + 5 * 10**8),
      "attributes": [
          attribute("gen_ai." + key.replace("__", "."), value)
          for key, value in attributes.items()
      ]
  }


def make_round(first=1, call="call_1", messages=True, **options):
  """An answer, the tool that it chose, and the answer that read the result."""
  answer = {"gen_ai.output.messages": json.dumps([{"parts": [{
      "type": "tool_call", "id": call, "name": "f", "arguments": {}}]}])}
  reader = {"gen_ai.input.messages": json.dumps([{"parts": [{
      "type": "tool_call_response", "id": call, "response": "r"}]}])}
  spans = [
      make_span(first, operation__name="chat", **options),
      make_span(first + 1, operation__name="execute_tool", tool__name="f",
                tool__call__id=call, **options),
      make_span(first + 2, operation__name="chat", **options)
  ]
  logs = []
  for span, content in ((spans[0], answer), (spans[2], reader)):
    attributes = [attribute(*pair) for pair in content.items()]
    if messages:
      span["attributes"] += attributes
    logs.append({"traceId": span["traceId"], "spanId": span["spanId"],
                 "eventName": "gen_ai.client.inference.operation.details",
                 "attributes": attributes})
  return spans, logs


def record(*spans):
  return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


def linked_ids(output):
  """Returns (span, linked span) of all links of lines of OTLP."""
  return [(span["spanId"][-1], link["spanId"][-1])
          for line in output.decode().splitlines()
          for span in spans_of(json.loads(line))
          for link in span.get("links", [])]


class FilesTogetherTest(Case):

  def test_a_call_and_its_tool_may_be_in_different_files(self):
    (answer, tool, reader), _ = make_round()
    paths = [self.write("%s.json" % name, record(span)) for name, span in
             (("a", reader), ("b", answer), ("c", tool))]
    process = spanlink("link", *paths)
    self.assert_ok(process)
    self.assertEqual(linked_ids(process.stdout), [("3", "2"), ("2", "1")])
    links, _ = links_in(spanlink("link", "--json", *paths).stdout)
    self.assertEqual([link["kind"] for link in links],
                     ["tool_choice", "tool_result"])

  def test_tables_name_spans_of_the_other_file_below_their_own_heading(self):
    (answer, tool, reader), _ = make_round()
    first = self.write("first.json", record(answer, reader))
    second = self.write("second.json", record(tool))
    process = spanlink("link", "--table", first, second)
    self.assert_ok(process)
    _, above, below = process.stdout.decode().split("== ")[0:3]
    self.assertNotIn("evidence", above)
    self.assertRegex(below, r"f +0*2 +s1 +0*1 .* s3 +0*3\n")
    self.assertNotIn("not in this file", below)
    self.assertEqual(process.stdout.count(b"linked to the answer"), 1)

  def test_messages_may_be_in_a_file_of_log_records(self):
    spans, logs = make_round(messages=False)
    traces = self.write("traces.json", record(*spans))
    events = self.write("logs.json", {
        "resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]})
    process = spanlink("link", traces, events)
    self.assert_ok(process)
    lines = process.stdout.splitlines()
    self.assertEqual(linked_ids(lines[0]), [("2", "1"), ("3", "2")])
    self.assertEqual(lines[1], events.read_bytes())
    alone = spanlink("link", events)
    self.assertEqual(alone.returncode, 1)
    self.assertIn(b"logs.json: 0: expected an object with `resourceSpans`",
                  alone.stderr)

  def test_a_file_that_comes_twice_is_linked_twice(self):
    once = spanlink("link", DESK)
    twice = spanlink("link", DESK, DESK)
    self.assertEqual(twice.stdout.split(), 2 * once.stdout.split())

  def test_links_across_traces_can_be_turned_off(self):
    first, _ = make_round(conversation__id="talk")
    later, _ = make_round(4, trace="b" * 32, conversation__id="talk")
    a = self.write("a.json", record(first[0]))
    b = self.write("b.json", record(later[1]))
    self.assertEqual(linked_ids(spanlink("link", a, b).stdout), [("5", "1")])
    off = spanlink("link", a, b, "--cross-trace", "off")
    self.assertEqual(linked_ids(off.stdout), [])

  def test_links_on_spans_without_a_parent_are_warned_of(self):
    spans, _ = make_round(parent="")
    path = self.write("roots.json", record(*spans))
    process = spanlink("link", path)
    self.assertEqual(process.returncode, 0)
    self.assertRegex(process.stderr.decode(),
                     r"^root_linked \(2\): A span without a parent .*Jaeger")
    table = spanlink("link", "--table", path)
    self.assert_ok(table)
    self.assertIn(b"(root_linked)", table.stdout)

  def test_a_span_carries_128_links_and_counts_the_rest(self):
    results = [{"type": "tool_call_response", "id": "c%d" % i, "response": "r"}
               for i in range(200)]
    calls = [{"type": "tool_call", "id": "c%d" % i, "name": "f",
              "arguments": {}} for i in range(200)]
    spans = [make_span(1, operation__name="chat", output__messages=json.dumps(
        [{"parts": calls}]))]
    spans += [make_span(2 + i, operation__name="execute_tool", tool__name="f",
                        tool__call__id="c%d" % i) for i in range(200)]
    reader = make_span(300, operation__name="chat", input__messages=json.dumps(
        [{"parts": results}]))
    reader["links"] = [{"traceId": "c" * 32, "spanId": "d" * 16}]
    process = spanlink("link", self.write("many.json", record(*spans, reader)))
    self.assert_ok(process)
    reader = spans_of(json.loads(process.stdout))[-1]
    self.assertEqual(len(reader["links"]), 128)
    self.assertEqual(reader["links"][0]["spanId"], "d" * 16)
    self.assertEqual(reader["droppedLinksCount"], 73)


class StreamTest(Case):

  def lines(self):
    one, _ = make_round(1)
    two, _ = make_round(4, trace="b" * 32)
    return [record(one[0], two[0]), record(two[1]), record(one[1]), record(),
            record(one[2], two[2])]

  def test_lines_come_out_in_order_with_the_links_of_the_file(self):
    text = ("\n".join(self.lines()) + "\n").encode()
    path = self.write("lines.jsonl", text)
    whole = spanlink("link", path)
    for arguments, stdin in (([path], b""), (["-"], text)):
      process = spanlink("link", "--stream", *arguments, stdin=stdin)
      self.assert_ok(process)
      self.assertEqual(process.stdout, whole.stdout)
    self.assertEqual(len(linked_ids(whole.stdout)), 4)

  def test_one_object_over_many_lines_is_one_record(self):
    text = json.dumps(json.loads(DESK.read_text()), indent=1).encode()
    process = spanlink("link", "--stream", "-", stdin=text)
    self.assert_ok(process)
    self.assertEqual(process.stdout, spanlink("link", "-", stdin=text).stdout)

  def test_the_linger_goes_by_the_times_in_the_data(self):
    (answer, tool, _), _ = make_round()
    late = make_span(40, trace="b" * 32, operation__name="chat")
    stream = "\n".join([record(answer), record(late), record(tool)]).encode()
    kept = spanlink("link", "--stream", "-", stdin=stream)
    self.assert_ok(kept)
    self.assertEqual(linked_ids(kept.stdout), [("2", "1")])
    lost = spanlink("link", "--stream", "--linger=30", "-", stdin=stream)
    self.assertEqual(linked_ids(lost.stdout), [])
    self.assertRegex(lost.stderr.decode(), r"^late_span \(1\): ")

  def test_a_silent_input_is_settled(self):
    (answer, tool, _), _ = make_round()
    process = subprocess.Popen(
        [os.environ["SPANLINK_BINARY"], "link", "--stream", "--linger", "0.2",
         "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write((record(answer) + "\n" + record(tool) + "\n").encode())
    process.stdin.flush()
    lines = process.stdout.readline() + process.stdout.readline()
    self.assertEqual(linked_ids(lines), [("2", "1")])
    process.stdin.close()
    self.assertEqual(process.stdout.read(), b"")
    process.stdout.close()
    self.assertEqual(process.wait(timeout=60), 0)

  def test_an_interrupt_loses_nothing(self):
    (answer, tool, _), _ = make_round()
    process = subprocess.Popen(
        [os.environ["SPANLINK_BINARY"], "link", "--stream", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    plain = record()  # comes out at once: the others have been read by then
    process.stdin.write((plain + "\n" + record(answer) + "\n").encode())
    process.stdin.write((record(tool) + "\n").encode())
    process.stdin.flush()
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    lines = process.stdout.read()
    process.stdin.close()
    process.stdout.close()
    self.assertEqual(process.wait(timeout=60), 0)
    self.assertEqual(first.decode(), plain + "\n")
    self.assertEqual(linked_ids(lines), [("2", "1")])

  def test_broken_lines_are_named_pass_and_cost_themselves(self):
    lines = self.lines()
    lines[3] = '{"resourceSpans": [{"secret'
    process = spanlink("link", "--stream", "-", stdin="\n".join(lines).encode())
    self.assertEqual(process.returncode, 0)
    self.assertRegex(process.stderr.decode(),
                     r"^standard input: record 4: \d+: expected .*\n$")
    self.assertNotIn(b"secret", process.stderr)
    self.assertEqual(process.stdout.splitlines()[3].decode(), lines[3])

  def test_many_broken_lines_are_summed_up(self):
    lines = self.lines() + 50 * ["{"]
    process = spanlink("link", "--stream", "-", stdin="\n".join(lines).encode())
    self.assertEqual(process.returncode, 0)
    self.assertEqual(len(process.stderr.splitlines()), 9)
    self.assertIn(b"and 42 more", process.stderr)

  def test_what_is_no_otlp_passes_and_fails(self):
    for text in (b"hello\n", RECORDING.read_bytes()):
      process = spanlink("link", "--stream", "-", stdin=text)
      self.assertEqual((process.returncode, process.stdout), (1, text))
      self.assertIn(b"found no record of it", process.stderr)

  def test_compressed_input_is_refused_with_the_way(self):
    path = self.write("a.json.gz", gzip.compress(DESK.read_bytes()))
    process = spanlink("link", "--stream", path)
    self.assertEqual((process.returncode, process.stdout), (1, b""))
    self.assertIn(b"| spanlink link --stream -", process.stderr)

  def test_the_output_is_written_as_a_whole_or_not_at_all(self):
    path = self.write("lines.jsonl", "\n".join(self.lines()))
    whole = spanlink("link", path).stdout
    self.assert_ok(spanlink("link", "--stream", path, "-o", path))
    self.assertEqual(path.read_bytes(), whole)
    process = spanlink("link", "--stream", "-", "-o", path, stdin=b"hello")
    self.assertEqual(process.returncode, 1)
    self.assertIn(b"not written", process.stderr)
    self.assertEqual(path.read_bytes(), whole)

  def test_what_does_not_combine_is_refused(self):
    for arguments, word in (
        (["--stream", "--table", DESK], "need all of it"),
        (["--stream", "--json", DESK], "need all of it"),
        (["--stream", "--explain", DESK], "need all of it"),
        (["--stream", DESK, DESK], "one FILE"),
        (["--stream", "--from", "openai-agents", DESK], "recordings"),
        (["--linger", "5", DESK], "goes with --stream"),
        (["--stream", "--linger", "soon", DESK], "number of seconds"),
        (["--stream", "--linger=-1", DESK], "number of seconds"),
        (["--stream", "--linger=1e9", DESK], "number of seconds"),
        (["--cross-trace", "on", DESK], "conversation or off")):
      process = spanlink("link", *arguments)
      self.assertEqual((process.returncode, process.stdout), (2, b""))
      self.assertIn(word, process.stderr.decode())


if __name__ == "__main__":
  if "SPANLINK_BINARY" not in os.environ:
    sys.exit("set SPANLINK_BINARY to the built spanlink")
  unittest.main()
