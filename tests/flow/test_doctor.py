# SPDX-License-Identifier: Apache-2.0
"""berth doctor: its tests (doctor_rows.py, doctor_inside.py), and then whether they have shown of
every check that it can fail. The README names each."""
from __future__ import annotations

import re
import unittest
from pathlib import Path

import doctor_inside
import doctor_rows
from harness.doctor import asserted

ROOT = Path(__file__).resolve().parents[2]


def checks() -> set[str]:
    """The ids in the code: of the rows of its lists, and of rows that stand alone."""
    text = "\n".join(file.read_text() for file in (ROOT / "orchestrator/doctor").glob("*.c"))
    listed = re.findall(r'^\t\{"([a-z_.]+)", check_\w+', text, re.MULTILINE)
    added = re.findall(r'doctor_add\([^;"]*"([a-z_.]+)"\)', text)
    return {*listed, *added}


class EveryCheck(unittest.TestCase):
    def test_is_found_in_the_code(self) -> None:
        self.assertLessEqual({"api_key", "engine.reachable", "rootless.linger", "queue.key",
                              "inside.user", "inside.removed"}, checks())
        self.assertGreaterEqual(len(checks()), 31)

    def test_has_failed_or_warned_in_a_test(self) -> None:
        bad = {check for check, results in asserted.items() if results & {"failure", "warning"}}
        self.assertEqual(checks() - bad, set())

    def test_is_in_the_readme(self) -> None:
        readme = (ROOT / "README.md").read_text()
        self.assertEqual({check for check in checks() if f"`{check}`" not in readme}, set())


def load_tests(loader: unittest.TestLoader, own: unittest.TestSuite,
               _pattern: str | None) -> unittest.TestSuite:
    suite = unittest.TestSuite([loader.loadTestsFromModule(doctor_rows),
                                loader.loadTestsFromModule(doctor_inside)])
    # Of a few tests nothing follows.
    return suite if loader.testNamePatterns else unittest.TestSuite([suite, own])
