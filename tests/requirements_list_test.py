"""Each of R1-R40 is named by a test that kills a mutation which names it too.

A test names a requirement in the comment above it, beside it, or in its docstring;
a mutation in its lines of `#`. `./dev mutate` then shows that the test fails where
the requirement is broken.
"""

import ast
import fnmatch
import os
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(
    os.environ.get("SPANLINK_SOURCE_DIR") or Path(__file__).resolve().parent.parent
)
sys.path.insert(0, str(ROOT / "tests"))

import killers  # noqa: E402

REQUIREMENTS = {f"R{number}" for number in range(1, 41)}
CPP_TEST = re.compile(
    r"^((?://.*\n)*)TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE
)


def named_in(text):
    """Returns the requirements that a text names: `R1`, or `R9-R13`."""
    found = set()
    for first, last in re.findall(r"\bR(\d+)\b(?:-R(\d+)\b)?", text):
        found |= {f"R{n}" for n in range(int(first), int(last or first) + 1)}
    return found


def cpp_tests():
    """Returns {(source, full name): requirements} of the tests in C++.

    A parameter that a name would have is `/Live`, as that of most."""
    tests = {}
    for path in (ROOT / "tests").glob("*.cc"):
        for comment, suite, name in CPP_TEST.findall(path.read_text("utf-8")):
            tests[path.stem, f"All/{suite}.{name}/Live"] = named_in(comment)
    return tests


def python_tests():
    """Returns {node id of pytest: requirements} of the tests in Python."""
    tests = {}
    for path in (ROOT / "python/tests").glob("test_*.py"):
        text = path.read_text("utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                node_id = f"python/tests/{path.name}::{node.name}"
                tests[node_id] = named_in(heading(text.splitlines(), node))
    return tests


def heading(lines, function):
    """Returns the comment above a function, its head, and its docstring."""
    decorators = [decorator.lineno for decorator in function.decorator_list]
    first = min([function.lineno, *decorators]) - 1
    while first > 0 and lines[first - 1].startswith("#"):
        first -= 1
    head = lines[first : function.body[0].lineno - 1]
    return "\n".join([*head, ast.get_docstring(function) or ""])


def mutations():
    """Returns [(name, killer, requirements that its head names)]."""
    found = []
    for path in sorted((ROOT / "tests/mutations").glob("*.patch")):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        head = [line for line in lines if line.startswith("#")]
        found.append((path.stem, killers.read_killer(lines[0]), named_in("".join(head))))
    return found


class RequirementsListTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.cpp = cpp_tests()
        cls.python = python_tests()
        cls.mutations = mutations()

    def named_by(self, killer):
        """Returns what all tests that a mutation names as its killer name."""
        if isinstance(killer, killers.Pytest):
            return self.python[killer.test.partition("[")[0]]
        if isinstance(killer, killers.PageTest):
            return set()
        # Several sources make one program of some tests: conformance_*_test.cc.
        prefix = killer.program.removesuffix("_test")
        patterns = killer.cases.split(":")
        tests = [
            requirements
            for (source, name), requirements in self.cpp.items()
            if source.startswith(prefix) and matches(name, patterns)
        ]
        return set.intersection(*tests) if tests else set()

    def test_every_requirement_is_named_by_a_test(self):
        named = set().union(*self.cpp.values(), *self.python.values())
        self.assertEqual(sorted(REQUIREMENTS - named), [])

    def test_every_requirement_has_a_mutation_that_its_test_kills(self):
        proven = set()
        for _, killer, named in self.mutations:
            proven |= named & self.named_by(killer)
        self.assertEqual(sorted(REQUIREMENTS - proven), [])

    def test_mutations_are_killed_by_tests_of_what_they_name(self):
        for name, killer, named in self.mutations:
            with self.subTest(mutation=name):
                self.assertLessEqual(named, self.named_by(killer))


def matches(name, patterns):
    """Whether a filter of GoogleTest takes a test, with its parameter or without."""
    plain = name.removeprefix("All/").removesuffix("/Live")
    return any(fnmatch.fnmatchcase(n, p) for n in (name, plain) for p in patterns)


if __name__ == "__main__":
    unittest.main()
