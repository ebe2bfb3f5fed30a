"""The two builds list the same files, all of them, with the right edges."""

import ast
import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(
    os.environ.get("SPANLINK_SOURCE_DIR") or Path(__file__).resolve().parent.parent
)
FOLDERS = (
    "model dispatch linker json otlp dialects pipeline viewer cli tests bench "
    "examples fuzz"
).split()
# Whom a folder may depend on; tests and bench may depend on all.
ARROWS = {
    "model": set(),
    "json": set(),
    "dispatch": {"model"},
    "otlp": {"model", "json"},
    "dialects": {"model", "json"},
    "linker": {"model", "dispatch"},
    "pipeline": {"model", "dispatch", "linker", "json", "otlp", "dialects"},
    "viewer": {"model", "pipeline"},
    "cli": {"model", "linker", "pipeline", "viewer", "json"},
    "examples": {"model", "dispatch", "linker"},
}
SYSTEM = {
    "absl": "absl",
    "gtest": "googletest",
    "gmock": "googletest",
    "benchmark": "benchmark",
    "boost": "boost",
    "rapidcheck": "rapidcheck",
    "rapidcheck.h": "rapidcheck",
    "nlohmann": "nlohmann_json",
    "protozero": "protozero",
    "google": "protobuf",
    "zlib.h": "zlib",
    "simdjson.h": "simdjson",
}


def read_targets(folder):
    """Returns the C++ targets of folder/BUILD.bazel, each as a dict."""
    tree = ast.parse((ROOT / folder / "BUILD.bazel").read_text(encoding="utf-8"))
    targets = []
    for call in (statement.value for statement in tree.body):
        if isinstance(call, ast.Call) and call.func.id.startswith("cc_"):
            target = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
            targets.append({"rule": call.func.id, "folder": folder, **target})
    return targets


def files_of(target):
    listed = target.get("srcs", []) + target.get("hdrs", [])
    return [f"{target['folder']}/{name}" for name in listed]


def read_cmake_lists():
    """Returns variable -> files of cmake/sources.cmake."""
    text = (ROOT / "cmake/sources.cmake").read_text(encoding="utf-8")
    lists = re.findall(r"^set\((\w+)\n(.*?)\)$", text, re.MULTILINE | re.DOTALL)
    return {name: body.split() for name, body in lists}


def includes_of(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r'^#include ["<]([^">]+)[">]', text, re.MULTILINE)


def own_includes(name):
    """The files of ours that a file includes."""
    prefix = "spanlink/"
    return [i[len(prefix) :] for i in includes_of(name) if i.startswith(prefix)]


TARGETS = [target for folder in FOLDERS for target in read_targets(folder)]


class BuildListsTest(unittest.TestCase):
    maxDiff = None

    def test_bazel_lists_every_file_once(self):
        on_disk = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split("\n")
        wanted = {
            name
            for name in on_disk
            if re.fullmatch(rf"({'|'.join(FOLDERS)})/[^/]+\.(h|cc)", name)
            and (ROOT / name).is_file()
        }
        listed = [name for target in TARGETS for name in files_of(target)]
        self.assertEqual(sorted(wanted), sorted(listed))

    def test_cmake_lists_the_sources_that_bazel_lists(self):
        by_bazel = [n for t in TARGETS for n in files_of(t) if n.endswith(".cc")]
        by_cmake = [
            name
            for files in read_cmake_lists().values()
            for name in files
            # The Python extension needs packages that Bazel does not have here.
            if name.endswith(".cc") and not name.startswith("python/")
        ]
        self.assertEqual(sorted(by_bazel), sorted(by_cmake))

    def test_both_build_the_same_tests(self):
        lists = read_cmake_lists()
        by_cmake = {Path(name).stem for name in lists["SPANLINK_TESTS"]}
        by_cmake.add("conformance_test")
        by_bazel = {t["name"] for t in TARGETS if t["rule"] == "cc_test"}
        self.assertEqual(by_bazel, by_cmake)

    def test_installed_headers_are_the_public_ones_and_their_includes(self):
        wanted = set()
        public = [t for t in TARGETS if "//visibility:public" in t.get("visibility", [])]
        new = {f"{t['folder']}/{h}" for t in public for h in t.get("hdrs", [])}
        while new:
            wanted |= new
            new = {i for name in new for i in own_includes(name)} - wanted
        self.assertEqual(sorted(wanted), sorted(read_cmake_lists()["SPANLINK_HEADERS"]))

    def test_targets_depend_on_what_they_include(self):
        owner = {
            name: f"//{t['folder']}:{t['name']}" for t in TARGETS for name in files_of(t)
        }
        for target in TARGETS:
            label = f"//{target['folder']}:{target['name']}"
            deps = {
                f"//{target['folder']}{dep}" if dep.startswith(":") else dep
                for dep in target.get("deps", [])
            }
            # What a test includes as text is compiled there, with our deps.
            texts = [f"{target['folder']}/{n}" for n in target.get("textual_hdrs", [])]
            files = files_of(target) + texts
            ours = {
                # Made by protoc; no file of the checkout.
                "//tests/proto:otlp_cc_proto" if i.endswith(".pb.h") else owner[i]
                for n in files
                for i in own_includes(n)
            }
            theirs = {
                SYSTEM[include.split("/")[0]]
                for name in files
                for include in includes_of(name)
                if include.split("/")[0] in SYSTEM
            }
            with self.subTest(target=label):
                named = {dep for dep in deps if dep.startswith("//")}
                named.discard("//examples:embed_source")
                self.assertEqual(ours - {label}, named)
                packages = {d[1:].split("//")[0] for d in deps if d.startswith("@")}
                self.assertLessEqual(theirs, packages)

    def test_arrows_between_folders_go_one_way(self):
        for target in TARGETS:
            allowed = ARROWS.get(target["folder"])
            if allowed is None:
                continue
            used = {d[2:].split(":")[0] for d in target.get("deps", []) if d[:2] == "//"}
            with self.subTest(target=f"//{target['folder']}:{target['name']}"):
                self.assertLessEqual(used, allowed | {target["folder"]})

    def test_versions_agree(self):
        text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        version = re.search(r"^project\(spanlink VERSION (\S+)", text, re.MULTILINE)[1]
        help_text = (ROOT / "cli/help.h").read_text(encoding="utf-8")
        self.assertIn(f'kVersion = "{version}"', help_text)


class ReadmeTest(unittest.TestCase):
    def test_readme_shows_the_example_that_is_compiled(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        example = (ROOT / "examples/embed.cc").read_text(encoding="utf-8")
        self.assertIn(f"```cpp\n{example}```", readme)


if __name__ == "__main__":
    unittest.main()
