"""What the tests of the `spanlink` command share: running it, and its files.

Set SPANLINK_BINARY to the binary. Golden outputs stand beside their traces in
tests/testdata/cli; SPANLINK_UPDATE_GOLDEN=1 writes them anew.
"""

import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(
    os.environ.get("SPANLINK_SOURCE_DIR",
                   pathlib.Path(__file__).resolve().parent.parent))
DATA = ROOT / "tests" / "testdata" / "cli"
DESK = DATA / "desk.otlp.json"
SILENT = DATA / "silent.otlp.json"
RECORDING = ROOT / "examples" / "demo" / "demo.events.jsonl"


def spanlink(*arguments, stdin=b"", env=None, timeout=120, **kwargs):
  """Runs the command and returns the finished process."""
  environment = dict(os.environ, **(env or {}))
  return subprocess.run(
      [os.environ["SPANLINK_BINARY"], *map(str, arguments)],
      input=stdin, capture_output=True, env=environment, timeout=timeout, **kwargs)


def on_terminal(*arguments, env=None):
  """Runs the command with standard output on a terminal; returns its text."""
  parent, child = pty.openpty()
  environment = {**os.environ, "TERM": "xterm", **(env or {})}
  process = subprocess.Popen(
      [os.environ["SPANLINK_BINARY"], *map(str, arguments)],
      stdout=child, stderr=subprocess.PIPE, env=environment)
  os.close(child)
  text = b""
  while select.select([parent], [], [], 60)[0]:
    try:
      piece = os.read(parent, 65536)
    except OSError:  # the other end is closed
      break
    if not piece:
      break
    text += piece
  os.close(parent)
  process.stderr.close()
  return process.wait(timeout=60), text.decode().replace("\r\n", "\n")


def spans_of(document):
  return [
      span for resource in document["resourceSpans"]
      for scope in resource["scopeSpans"] for span in scope["spans"]
  ]


def links_in(output):
  lines = [json.loads(line) for line in output.decode("ascii").splitlines()]
  return [line for line in lines if "linked_span_id" in line], lines[-1]


class Case(unittest.TestCase):
  maxDiff = None

  def setUp(self):
    self.folder = pathlib.Path(tempfile.mkdtemp(prefix="spanlink_cli_"))
    self.addCleanup(shutil.rmtree, self.folder)

  def assert_ok(self, process):
    self.assertEqual((process.returncode, process.stderr), (0, b""))

  def assert_golden(self, name, output):
    path = DATA / name
    if os.environ.get("SPANLINK_UPDATE_GOLDEN"):
      path.write_bytes(output)
    self.assertEqual(output.decode(), path.read_text())

  def write(self, name, content):
    path = self.folder / name
    if not isinstance(content, (bytes, str)):
      content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
