"""`spanlink view`: pictures and the report, as a person meets them.

`cli_testing.py` says what it needs. The DOT of the demo is golden, in
tests/testdata/cli; its SVG and Mermaid are in docs/demo.svg and the README, and
tests/readme_test.py compares them.
"""

import html.parser
import json
import os
import re
import sys
import unittest
import xml.etree.ElementTree

from cli_testing import (DESK, ROOT, SILENT, Case, on_terminal, spanlink)

DEMO = ROOT / "examples" / "demo" / "demo.otlp.json"
RUNS = sorted((ROOT / "tests/testdata/content").glob("*.json"))
FORMATS = ("html", "json", "svg", "dot", "mermaid")
SVG = "{http://www.w3.org/2000/svg}"

# What breaks out of a text of HTML, XML, DOT or Mermaid.
HOSTILE = [
    '</script><script>alert(1)</script>', ']]>--><!--&amp;&#60;', '"];a->b["',
    '"] --> evil["', "%%{init: {'theme':'dark'}}%%", "`**bold**`$$x$$#quot;",
    "a\nend\nsubgraph x\r\n", "\u202eevil\u2066\u200b\ufeff\u2028",
    "back\\slash\\\"", "\x00\x1b[31m\x7f", "x" * 1_000_000, "\ud800",
    "{{[(/\\)]}}", "<b>&lt;", "'", ""
]

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
DOT_LINE = re.compile(
    rf"""\ *(?:digraph\ spanlink\ \{{ | \}} | rankdir=LR | label={QUOTED}
    | subgraph\ cluster_\d+\ \{{ | (?:graph|node|edge)\ \[[^\]]*\]
    | n\d+\ \[label={QUOTED}\ shape=\w+(?:\ \w+=2)*\]
    | n\d+\ ->\ n\d+(?:\ \[(?:label={QUOTED})?(?:\ ?style=dashed)?\])?)""",
    re.X)
TEXT = r'"(?:[^"`%{}<>$&;#]|\#\d+;|<br>)*"'
MERMAID_LINE = re.compile(
    rf"""flowchart\ LR | \ +(?:end | subgraph\ g\d+\[{TEXT}\]
    | n\d+(?:\(\[{TEXT}\]\)|\[{TEXT}\]|\[/{TEXT}/\]|\{{\{{{TEXT}\}}\}})
    | n\d+\ (?:(?:--\ {TEXT}\ )?-->|-\.->|-\.\ {TEXT}\ \.->)\ n\d+)""", re.X)


def view(path, format, *options, **kwargs):
  return spanlink("view", path, "--format", format, *options, **kwargs)


class Page(html.parser.HTMLParser):
  """The text of the element that holds the data."""

  def __init__(self, page):
    super().__init__()
    self.data, self.scripts, self.inside = "", 0, False
    self.feed(page)

  def handle_starttag(self, tag, attrs):
    self.scripts += tag == "script"
    self.inside = dict(attrs).get("id") == "spanlink-data"

  def handle_endtag(self, tag):
    self.inside = False

  def handle_data(self, data):
    self.data += data if self.inside else ""


def hostile_trace(names):
  """Two agents, calls and results, everything named by somebody hostile."""
  spans = []
  def add(kind, name, agent, **more):
    number = len(spans) + 1
    values = {"openinference.span.kind": kind, "agent.name": agent, **more}
    spans.append({
        "traceId": "c0ffee" + "0" * 26, "spanId": "%016x" % number,
        "parentSpanId": "", "name": name,
        "startTimeUnixNano": str(10**18 + 2000 * number),
        "endTimeUnixNano": str(10**18 + 2000 * number + 1000),
        "status": {"code": 2} if number % 3 == 0 else {},
        "attributes": [{"key": key, "value": {"stringValue": value}}
                       for key, value in values.items()]})
  for i, name in enumerate(names):
    other = names[(i + 1) % len(names)]
    call = "llm.output_messages.0.message.tool_calls.0.tool_call."
    add("LLM", name, other, **{
        "llm.output_messages.0.message.role": "assistant",
        call + "id": other, call + "function.name": name,
        call + "function.arguments": "{}"})
    add("TOOL", name, other, **{"tool.name": name, "tool_call.id": other,
                                "input.value": "{}"})
    add("AGENT", name, other)
    add("GUARDRAIL", name, name)
  return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}


class PictureTest(Case):

  def test_dot_is_the_golden_one(self):
    process = view(DEMO, "dot")
    self.assert_ok(process)
    self.assert_golden("demo.dot", process.stdout)

  def test_svg_is_xml_with_each_node_once(self):
    root = xml.etree.ElementTree.fromstring(view(DEMO, "svg").stdout)
    titles = [g.find(SVG + "title") for g in root.iter(SVG + "g")]
    names = [title.text for title in titles if title is not None]
    self.assertEqual(len(names), 14)
    self.assertIn("tool find_booking 58c7ab4d11cffda9", names)
    edges = [path for path in root.iter(SVG + "path")
             if path.get("class", "").startswith("edge")]
    self.assertEqual(len(edges), 16 + 2)  # and the legend's

  def test_hostile_names_stay_texts(self):
    for names in [HOSTILE] + [[name] for name in HOSTILE]:
      path = self.write("trace.json", hostile_trace(names))
      svg = view(path, "svg").stdout
      root = xml.etree.ElementTree.fromstring(svg)
      tags = {element.tag[len(SVG):] for element in root.iter()}
      self.assertLessEqual(tags, {
          "svg", "title", "style", "defs", "marker", "path", "rect", "circle",
          "g", "text"})
      dot = view(path, "dot").stdout.decode()
      for line in dot.splitlines():
        self.assertRegex(line, rf"(?x)^(?:{DOT_LINE.pattern})$")
      mermaid = view(path, "mermaid").stdout.decode()
      for line in mermaid.splitlines():
        self.assertRegex(line, rf"(?x)^(?:{MERMAID_LINE.pattern})$")
      for text in (svg.decode(), dot, mermaid):
        self.assertLess(len(text), 1000 * len(names) + 6000)
        self.assertNotRegex(text, "[\u202e\u2066\u200b\ufeff\u2028\x1b\x00]")

  def test_large_traces_are_cut_and_it_is_said(self):
    trace = hostile_trace(["search"] * 400)
    path = self.write("trace.json", trace)
    for format, most in (("svg", 1000), ("dot", 1000), ("mermaid", 250)):
      process = view(path, format)
      self.assertEqual(process.returncode, 0)
      self.assertEqual(
          process.stderr.decode(),
          f"spanlink: the picture holds the first {most} spans, {1200 - most} "
          "are left out; --format html shows all\n")
    self.assertIn(b"(the first 1000 of 1200 nodes are drawn)",
                  view(path, "svg").stdout)
    self.assert_ok(view(path, "json"))


class ReportTest(Case):

  def test_page_holds_the_data(self):
    for trace in (DEMO, DESK, SILENT):
      page = Page(view(trace, "html").stdout.decode())
      self.assertEqual(json.loads(page.data),
                       json.loads(view(trace, "json").stdout))

  def test_page_has_no_element_that_the_trace_brought(self):
    expected = Page(view(DEMO, "html").stdout.decode()).scripts
    path = self.write("trace.json", hostile_trace(HOSTILE))
    process = view(path, "html")
    page = Page(process.stdout.decode())
    self.assertEqual(page.scripts, expected)
    names = {span["name"] for trace in json.loads(page.data)["traces"]
             for span in trace["spans"]}
    self.assertIn(HOSTILE[0], names)
    self.assertIn("x" * 500 + "...", names)

  def test_links_are_those_of_link(self):
    data = json.loads(view(DEMO, "json").stdout)
    [trace] = data["traces"]
    ids = [span["id"] for span in trace["spans"]]
    drawn = {(ids[link["from"]], ids[link["to"]], link["kind"], link["id"])
             for link in trace["links"]}
    lines = spanlink("link", "--json", DEMO).stdout.splitlines()[:-1]
    links = {(link["linked_span_id"], link["span_id"], link["kind"],
              link["tool_call_id"]) for link in map(json.loads, lines)}
    self.assertEqual(drawn, links)
    self.assertEqual(len(links), 16)

  def test_unlinked_spans_say_why_as_explain_does(self):
    lines = map(json.loads, spanlink(
        "link", "--json", "--explain", SILENT).stdout.splitlines())
    said = {(line["span_id"], line["unlinked"], line["why"])
            for line in lines if "unlinked" in line}
    spans = json.loads(view(SILENT, "json").stdout)["traces"][0]["spans"]
    shown = {(span["id"], reason["code"], reason["why"])
             for span in spans for reason in span.get("unlinked", [])}
    self.assertTrue(said)
    self.assertEqual(shown, said)

  def test_several_files_are_one_set(self):
    data = json.loads(spanlink("view", DEMO, DESK, "--format=json").stdout)
    self.assertEqual(data["files"], ["demo.otlp.json", "desk.otlp.json"])
    self.assertEqual(len(data["traces"]), 2)
    svg = spanlink("view", DEMO, DESK, "--format=svg").stdout.decode()
    self.assertEqual(len(re.findall(">trace [0-9a-f]{32}: ", svg)), 2)

  def test_weaker_links_are_left_out_as_by_link(self):
    process = view(DEMO, "json", "--min-evidence", "handoff")
    evidence = {link["evidence"]
                for link in json.loads(process.stdout)["traces"][0]["links"]}
    self.assertEqual(evidence, {"arguments", "handoff"})


class ContentTest(Case):

  def assert_silent(self, output):
    for spelled in (b"CANARY", b"\\u0043ANARY", b"#67;ANARY"):
      self.assertNotIn(spelled, output)

  def test_nothing_shows_content_unless_asked(self):
    self.assertGreaterEqual(len(RUNS), 13)
    for run in RUNS:
      for format in FORMATS:
        with self.subTest(run=run.stem, format=format):
          process = view(run, format, "--react")
          self.assertEqual(process.returncode, 0)
          self.assertIn(b"0000000000000002" if format == "json" else b"",
                        process.stdout)
          self.assert_silent(process.stdout)
          self.assert_silent(process.stderr)

  def test_content_is_shown_when_asked(self):
    for run in RUNS:
      with self.subTest(run=run.stem):
        page = Page(view(run, "html", "--with-content").stdout.decode())
        data = json.loads(page.data)
        self.assertTrue(data["with_content"])
        spans = [span for trace in data["traces"] for span in trace["spans"]]
        inputs = [span for span in spans if span["kind"] == "llm" and
                  "CANARY" in span["content"].get("input", "")]
        self.assertTrue(inputs)

  def test_arguments_and_results_of_tools(self):
    spans = json.loads(view(DEMO, "json", "--with-content").stdout)[
        "traces"][0]["spans"]
    [porto] = [span for span in spans if span["id"] == "0e22778fe5ab0215"]
    self.assertEqual(porto["content"], {
        "input": '{"city": "Porto"}', "output": "Porto: showers, 15 degrees"})
    [chose] = [span for span in spans if span["id"] == "5a0207c5095d2f38"]
    self.assertEqual(chose["content"]["output"], "transfer_to_trip_planner({})")

  def test_the_gate_of_content_holds(self):
    process = view(RUNS[0], "html", "--with-content",
                   env={"TRACELOOP_TRACE_CONTENT": "false"})
    self.assertEqual(
        process.stderr,
        b"TRACELOOP_TRACE_CONTENT is off: --with-content adds nothing\n")
    self.assert_silent(process.stdout)


class OutputTest(Case):

  def test_a_file_is_written_and_named(self):
    for name in ("report.html", "run.svg", "run.dot", "run.mmd", "run.json"):
      out = self.folder / name
      process = spanlink("view", DEMO, "-o", out)
      self.assertEqual(process.returncode, 0)
      self.assertEqual(process.stdout, b"")
      self.assertEqual(process.stderr.decode(),
                       f"wrote {out}: 23 spans, 16 links\n")
      format = "mermaid" if name == "run.mmd" else out.suffix[1:]
      self.assertEqual(out.read_bytes(), view(DEMO, format).stdout)

  def test_a_page_is_not_for_a_terminal(self):
    status, text = on_terminal("view", DEMO)
    self.assertEqual((status, text), (2, ""))
    status, text = on_terminal("view", DEMO, "--format", "mermaid")
    self.assertEqual(status, 0)
    self.assertIn("flowchart LR", text)

  def test_a_file_that_cannot_be_read_leaves_the_output_alone(self):
    out = self.write("report.html", b"before")
    for files in (["/nowhere"], [DEMO, "/nowhere"]):
      process = spanlink("view", *files, "-o", out)
      self.assertEqual(process.returncode, 1)
      self.assertIn(b"/nowhere: cannot open", process.stderr)
      self.assertEqual(out.read_bytes(), b"before")

  def test_an_output_that_cannot_be_written_fails(self):
    process = spanlink("view", DEMO, "-o", self.folder / "no" / "report.html")
    self.assertEqual(process.returncode, 1)
    process = spanlink("view", DEMO, "-o", "/dev/full")
    self.assertEqual(process.returncode, 1)
    self.assertIn(b"cannot write", process.stderr)

  def test_traces_of_other_spans_are_shown_too(self):
    path = self.write("trace.json", {"resourceSpans": [{"scopeSpans": [{
        "spans": [{"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "GET /",
                   "startTimeUnixNano": "1", "endTimeUnixNano": "2"}]}]}]})
    for format in FORMATS:
      self.assert_ok(view(path, format))


if __name__ == "__main__":
  if "SPANLINK_BINARY" not in os.environ:
    sys.exit("set SPANLINK_BINARY to the built spanlink")
  unittest.main()
