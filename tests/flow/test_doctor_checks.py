# SPDX-License-Identifier: Apache-2.0
"""Every check of doctor is one that can fail: some test makes it, and the README names it."""
from __future__ import annotations

import ast
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = [ROOT / "tests/flow" / name for name in ("test_doctor.py", "test_doctor_inside.py")]


def checks() -> set[str]:
    """The ids in the code: of the rows of its lists, and of rows that stand alone."""
    text = "\n".join(file.read_text() for file in (ROOT / "orchestrator/doctor").glob("*.c"))
    listed = re.findall(r'^\t\{"([a-z_.]+)", check_\w+', text, re.MULTILINE)
    added = re.findall(r'doctor_add\([^;"]*"([a-z_.]+)"\)', text)
    return {*listed, *added}


def made_to_fail() -> set[str]:
    """The texts of each test that expects a failure or a warning."""
    found: set[str] = set()
    for file in TESTS:
        for node in ast.walk(ast.parse(file.read_text())):
            if (not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_")
                    or "no_failure" in node.name):
                continue
            texts = {part.value for part in ast.walk(node)
                     if isinstance(part, ast.Constant) and isinstance(part.value, str)}
            calls = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            if texts & {"failure", "warning"} or "assert_fails" in calls:
                found |= texts
    return found


class EveryCheck(unittest.TestCase):
    def test_is_found_in_the_code(self) -> None:
        self.assertLessEqual({"api_key", "engine.reachable", "rootless.linger", "queue.key",
                              "inside.user", "inside.removed"}, checks())
        self.assertGreaterEqual(len(checks()), 31)

    def test_is_made_to_fail_by_a_test(self) -> None:
        self.assertEqual(checks() - made_to_fail(), set())

    def test_is_in_the_readme(self) -> None:
        readme = (ROOT / "README.md").read_text()
        self.assertEqual({check for check in checks() if f"`{check}`" not in readme}, set())
