"""Traces without content, and tools with their payload: the command.

Nothing of a prompt, an answer, an argument or a result may be found in what the
command prints or writes, however it is spelled. The runs of tests/testdata/content
have a text with "CANARY" in it wherever content can be; into the recorded spans of
../shared/data/spans, if they are there, canaries are planted first.
"""

import ast
import hashlib
import json
import os
import pathlib
import unittest

import cli_testing

ROOT = cli_testing.ROOT
SHARED = pathlib.Path(os.environ.get("SPANLINK_SHARED") or ROOT.parent / "shared")
RUNS = sorted((ROOT / "tests/testdata/content").glob("*.json"))
RECORDED = sorted((SHARED / "data/spans").glob("*/*.json"))
JAEGER = b'{"data":[{"spans":[{"traceID":"1","spanID":"2","operationName":"CANARY"}]}]}'

# As it is, with a JSON escape, and in base64 at each of the three places in it.
TRACES = (b"CANARY", b"\\u0043ANARY", b"Q0FOQVJZ", b"NBTkFSW", b"DQU5BUl")


def spanlink(*arguments, stdin=b"", **env):
    """Runs the command and returns the finished process."""
    return cli_testing.spanlink(*arguments, stdin=stdin, env=env, timeout=300)


def links_in(document):
    """Span -> links, of a file of OTLP/JSON."""
    resources = document.get("resourceSpans") or document.get("batches") or []
    return {
        span["spanId"]: span["links"]
        for resource in resources
        for scope in resource.get("scopeSpans")
        or resource.get("instrumentationLibrarySpans")
        for span in scope["spans"]
        if span.get("links")
    }


class Case(cli_testing.Case):
    def assert_silent(self, process):
        for trace in TRACES:
            self.assertFalse(trace in process.stdout, f"{trace} is printed")
            self.assertFalse(trace in process.stderr, f"{trace} is reported")

    def assert_stripped(self, trace):
        """Strips a file; everything that the command says of it is clean."""
        stripped = spanlink("link", trace, "--strip-content", "-o", "-")
        self.assertEqual(stripped.returncode, 0, stripped.stderr)
        self.assert_silent(stripped)
        linked = spanlink("link", trace, "-o", "-")
        self.assertTrue(b"CANARY" in linked.stdout)
        self.assertEqual(
            links_in(json.loads(stripped.stdout)), links_in(json.loads(linked.stdout))
        )
        again = spanlink(
            "link", "-", "--strip-content", "-o", "-", stdin=stripped.stdout
        )
        self.assertEqual(again.stdout, stripped.stdout)
        for shown in (["--json"], ["--table"], ["--explain"], ["--json", "--explain"]):
            self.assert_silent(spanlink("link", trace, "--react", *shown))
        self.assert_silent(spanlink("why", trace))


class StripTest(Case):
    def test_runs_of_every_dialect(self):
        self.assertGreaterEqual(len(RUNS), 13)
        for run in RUNS:
            with self.subTest(run=run.stem):
                self.assert_stripped(run)

    def test_escapes_inside_of_json_inside_of_json(self):
        run = ROOT / "tests/testdata/content/otel_genai.json"
        text = run.read_text(encoding="utf-8")
        self.assert_stripped(
            self.write("trace.json", text.replace("CANARY-1", "CANARY\\u0043ANARY").encode())
        )

    def test_a_file_may_be_stripped_in_place(self):
        path = self.write("trace.json", RUNS[0].read_bytes())
        self.assertEqual(
            spanlink("link", path, "--strip-content", "-o", path).returncode, 0
        )
        self.assertNotIn(b"CANARY", path.read_bytes())

    def test_a_file_that_cannot_be_read_is_not_written(self):
        broken = self.write("trace.json", RUNS[0].read_bytes() + b'\n{"resourceSpans":[{"CANARY')
        out = self.folder / "out.json"
        process = spanlink("link", broken, "--strip-content", "-o", out)
        self.assertEqual((process.returncode, process.stdout), (1, b""))
        self.assertFalse(out.exists())
        self.assertRegex(
            process.stderr.decode(),
            r"trace\.json: \d+: expected .*; content cannot be stripped from what "
            "cannot be read",
        )
        self.assert_silent(process)

    def test_other_formats_are_refused_and_shown(self):
        path = self.write("trace.json", JAEGER)
        process = spanlink("link", path, "--strip-content", "-o", "-")
        self.assertEqual((process.returncode, process.stdout), (1, b""))
        self.assertIn(b"of OTLP", process.stderr)
        self.assertIn(b"`jaeger`", process.stderr)
        self.assertEqual(
            spanlink("link", path, "--strip-content", "--json").returncode, 0
        )


class StreamTest(Case):
    def test_streams_and_files_say_the_same(self):
        for run in RUNS:
            record = json.dumps(json.loads(run.read_text(encoding="utf-8"))).encode()
            options = ["--strip-content", "-o", "-"]
            file = spanlink("link", "-", *options, stdin=record)
            stream = spanlink("link", "--stream", "-", *options, stdin=record)
            self.assertEqual((stream.returncode, stream.stderr), (0, b""))
            self.assertEqual(stream.stdout, file.stdout)
            self.assert_silent(stream)

    def test_a_record_that_cannot_be_read_is_left_out(self):
        good = b'{"resourceSpans":[]}\n'
        process = spanlink(
            "link", "--stream", "-", "--strip-content", stdin=good + b'{"CANARY\n' + good
        )
        self.assertEqual((process.returncode, process.stdout), (1, good + good))
        self.assertIn(b"record 2", process.stderr)
        self.assertIn(b"1 records are left out", process.stderr)
        self.assert_silent(process)

    def test_the_environment_forbids_payloads_in_streams_too(self):
        run = ROOT / "tests/testdata/content/vercel_ai.json"
        record = json.dumps(json.loads(run.read_text(encoding="utf-8"))).encode()
        stream = ["link", "--stream", "-", "--tool-payload=semconv"]
        self.assertIn(b"gen_ai.tool.call.result", spanlink(*stream, stdin=record).stdout)
        process = spanlink(*stream, stdin=record, TRACELOOP_TRACE_CONTENT="false")
        self.assertNotIn(b"gen_ai.tool.call.result", process.stdout)


class PayloadTest(Case):
    run_of = staticmethod(lambda name: ROOT / f"tests/testdata/content/{name}.json")

    def keys(self, output):
        return {
            attribute["key"]
            for span in json.loads(output)["resourceSpans"][0]["scopeSpans"][0]["spans"]
            for attribute in span["attributes"]
        }

    def test_the_list_chooses_the_names(self):
        semconv = {"gen_ai.tool.call.arguments", "gen_ai.tool.call.result"}
        traceloop = {"traceloop.entity.input", "traceloop.entity.output"}
        plain = self.keys(spanlink("link", self.run_of("vercel_ai")).stdout)
        for names, added in (
            ("semconv", semconv),
            ("traceloop", traceloop),
            ("semconv,traceloop", semconv | traceloop),
            ("none", set()),
        ):
            process = spanlink("link", self.run_of("vercel_ai"), "--tool-payload", names)
            self.assertEqual((process.returncode, process.stderr), (0, b""))
            self.assertEqual(self.keys(process.stdout) - plain, added)

    def test_the_environment_can_forbid_it_and_stripping_does(self):
        plain = spanlink("link", self.run_of("vercel_ai")).stdout
        payload = ["link", self.run_of("vercel_ai"), "--tool-payload=semconv"]
        for text in ("false", "0", ""):
            process = spanlink(*payload, TRACELOOP_TRACE_CONTENT=text)
            self.assertEqual((process.returncode, process.stdout), (0, plain))
            self.assertIn(b"TRACELOOP_TRACE_CONTENT", process.stderr)
        process = spanlink(*payload, TRACELOOP_TRACE_CONTENT=" TRUE ")
        self.assertNotEqual(process.stdout, plain)
        self.assertEqual(process.stderr, b"")
        self.assert_silent(spanlink(*payload, "--strip-content"))

    def test_wrong_names_are_an_error(self):
        process = spanlink("link", "f", "--tool-payload", "datadog")
        self.assertEqual((process.returncode, process.stdout), (2, b""))
        self.assertIn(
            b"--tool-payload is semconv, traceloop, both with a comma, or none; "
            b"not `datadog`",
            process.stderr,
        )

    def test_other_formats_are_refused(self):
        process = spanlink(
            "link", self.write("trace.json", JAEGER), "--tool-payload=semconv", "-o", "-"
        )
        self.assertEqual((process.returncode, process.stdout), (1, b""))


# Of the recorded spans, by the last word of a key: what is no content. A judgement
# of its own, and no copy of what the dialects say.
NO_CONTENT = set(
    """id ids traceid kind type name model provider system vendor role status level version
    schema_url code functionid operationid finish_reason finish_reasons finishreason
    timestamp method status_code system_fingerprint service_tier mime_type address service session environment release url_template
    function filepath library language sdk""".split()
)
# Not planted inside of content: what calls and results are joined by, and what says
# how content is to be read.
JOINS = NO_CONTENT | {
    "call_id", "toolcallid", "tooluseid", "tool_use_id", "toolname", "tool_name",
    "object", "target", "ev",
}  # fmt: skip


def last_word(key):
    return key.lower().rsplit(".", 1)[-1]


def is_no_content(key):
    word = last_word(key)
    return word in NO_CONTENT or word.endswith(("_id", "_name"))


def canary(text):
    """Distinct, and the same for the same text, so that arguments still match."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text} CANARY-{digest}"


def plant(value, key=""):
    """Plants a canary in every text of a content."""
    if isinstance(value, dict):
        return {k: plant(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [plant(v, key) for v in value]
    if not isinstance(value, str) or last_word(key) in JOINS:
        return value
    for read, write in ((json.loads, json.dumps), (ast.literal_eval, repr)):
        try:
            inside = read(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(inside, (dict, list)):
            return write(plant(inside, key))
    return canary(value)


def otlp_value(value):
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, (dict, list)):
        return {"stringValue": json.dumps(value)}
    return {} if value is None else {"stringValue": value}


def planted(attributes):
    return [
        {
            "key": key,
            "value": otlp_value(
                value if is_no_content(key) else plant(value, key)
            ),
        }
        for key, value in attributes.items()
    ]


def otlp(spans):
    """(id, parent, name, attributes) -> a file of OTLP, in the order of time."""
    numbers = {span[0]: i for i, span in enumerate(spans, 1)}
    trace = []
    for number, (_, parent, name, attributes) in enumerate(spans, 1):
        start = 1760000000000000000 + number * 1000000
        span = {
            "traceId": "c0ffee00" * 4,
            "spanId": f"{number:016x}",
            "name": name or "span",
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(start + 500000),
            "attributes": planted(attributes),
            "status": {"code": 2, "message": canary("failed")},
        }
        if parent in numbers:
            span["parentSpanId"] = f"{numbers[parent]:016x}"
        trace.append(span)
    return {"resourceSpans": [{"scopeSpans": [{"spans": trace}]}]}


def spans_in(value):
    """Yields the spans of any of the recorded formats."""
    if isinstance(value, list):
        for element in value:
            yield from spans_in(element)
        return
    if not isinstance(value, dict):
        return
    attributes = value.get("attributes")
    if "operationName" in value:
        tags = {tag["key"]: tag["value"] for tag in value["tags"]}
        parents = [ref["spanID"] for ref in value["references"]]
        yield value["spanID"], (parents or [None])[0], value["operationName"], tags
    elif "traceId" in value and "startTime" in value and "type" in value:
        metadata = value.get("metadata") or {}
        inside = metadata.get("attributes") if isinstance(metadata, dict) else None
        facts = dict(inside) if isinstance(inside, dict) else {}
        facts["langfuse.observation.type"] = value["type"].lower()
        facts["langfuse.observation.input"] = value.get("input")
        facts["langfuse.observation.output"] = value.get("output")
        yield value["id"], value.get("parentObservationId"), value["name"], facts
    elif isinstance(attributes, list) and "spanId" in value:
        facts = {a["key"]: next(iter(a["value"].values()), None) for a in attributes}
        yield value["spanId"], value.get("parentSpanId"), value["name"], facts
    elif isinstance(attributes, dict) and "name" in value:
        context = value.get("spanContext") or value
        yield context.get("spanId"), value.get("parentSpanId"), value["name"], attributes
    elif any(key.startswith(("gen_ai.", "llm.", "openinference.")) for key in value):
        yield "1", None, "span", value
    else:
        for inside in value.values():
            yield from spans_in(inside)


def is_gen_ai(attributes):
    spaces = (
        "gen_ai.", "llm.", "openinference.", "ai.", "gcp.vertex.agent.", "traceloop.",
        "langfuse.observation.", "logfire.", "langsmith.", "mlflow.", "input.value",
    )  # fmt: skip
    return any(key.startswith(spaces) for key in attributes)


@unittest.skipUnless(RECORDED, "no recorded spans beside this checkout")
class RecordedTest(Case):
    def test_no_canary_that_was_planted_is_found(self):
        files = 0
        for path in RECORDED:
            found = list(spans_in(json.loads(path.read_text(encoding="utf-8"))))
            spans = [span for span in found if is_gen_ai(span[3])]
            if not spans:
                continue
            files += 1
            with self.subTest(file=path.name):
                self.assert_stripped(self.write("trace.json", json.dumps(otlp(spans)).encode()))
        self.assertGreaterEqual(files, 40)


if __name__ == "__main__":
    unittest.main()
