"""What the README shows is what the command prints and what a test compiles.

Set SPANLINK_BINARY to the built `spanlink`.
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(
    os.environ.get("SPANLINK_SOURCE_DIR",
                   pathlib.Path(__file__).resolve().parent.parent))
README = (ROOT / "README.md").read_text()
DEMO = "examples/demo/demo.otlp.json"


def spanlink(*arguments):
  return subprocess.run([os.environ["SPANLINK_BINARY"], *arguments], cwd=ROOT,
                        capture_output=True, check=True, text=True).stdout


def blocks(language):
  fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
  return [text for name, text in fences if name == language]


class ReadmeTest(unittest.TestCase):
  maxDiff = None

  def test_table_is_what_the_command_prints(self):
    self.assertEqual(
        blocks("")[0],
        "$ spanlink link %s\n" % DEMO + spanlink("link", "--table", DEMO))

  def test_why_is_what_the_command_prints(self):
    self.assertEqual(blocks("")[1],
                     "$ spanlink why %s\n" % DEMO + spanlink("why", DEMO))

  def test_mermaid_is_what_the_command_prints(self):
    self.assertEqual(blocks("mermaid"),
                     [spanlink("view", DEMO, "--format", "mermaid")])

  def test_picture_is_what_the_command_draws(self):
    [picture] = re.findall(r"!\[[^]]*\]\(([\w/.]+)\)", README)
    self.assertIn("`spanlink view %s -o\n%s`" % (DEMO, picture), README)
    self.assertEqual((ROOT / picture).read_text(),
                     spanlink("view", DEMO, "--format", "svg"))

  def test_program_is_the_one_that_is_compiled(self):
    self.assertEqual(blocks("cpp"), [(ROOT / "examples/embed.cc").read_text()])

  def test_every_file_that_it_names_exists(self):
    names = re.findall(r"`((?:\w+/)+\w+\.\w+)`|\]\((\w[\w/.]+)\)", README)
    self.assertTrue(names)
    for name in (a or b for a, b in names):
      self.assertTrue((ROOT / name).exists(), name)

  def test_sizes_are_those_that_dev_announces(self):
    groups = dict(
        re.findall(r"^\[(\w+)\] (.*)$",
                   (ROOT / "third_party/packages.txt").read_text(), re.M))
    for command, group in (("demo", "demo"), ("test", "test")):
      row = re.search(r"^\| `\./dev %s` .*$" % command, README, re.M)[0]
      for size in re.findall(r"[\d.]+ [MG]B", groups[group]):
        self.assertIn(size, row)


if __name__ == "__main__":
  if "SPANLINK_BINARY" not in os.environ:
    sys.exit("set SPANLINK_BINARY to the built spanlink")
  unittest.main()
