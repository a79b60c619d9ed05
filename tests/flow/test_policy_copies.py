# SPDX-License-Identifier: Apache-2.0
"""Policies that are copies of `hardened` with a waiver stay copies."""
from __future__ import annotations

import re
import unittest

from harness import ROOT


def settings(name: str) -> list[str]:
    """The file without comments and empty lines."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not re.match(r"\s*(#|$)", line)]


class ThePolicyRootlessV1(unittest.TestCase):
    def test_differs_from_hardened_in_what_it_waives_only(self) -> None:
        self.assertEqual(settings("tests/policies/rootless-v1.yaml"),
                         [line.replace("unenforced: []", "unenforced: [memory, swap, pids, cpus]")
                          for line in settings("policies/hardened.yaml")])
        self.assertIn("unenforced: []", settings("policies/hardened.yaml"))
