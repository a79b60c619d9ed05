# SPDX-License-Identifier: Apache-2.0
"""Comparing text with a file of tests/golden/cli/. With GOLDEN_UPDATE=1 in the environment the file is
written instead, and its difference is there to be reviewed (`make golden`)."""
import os
import unittest

from program import ROOT

FOLDER = ROOT / "tests/golden/cli"


def assert_golden(case: unittest.TestCase, name: str, text: str) -> None:
    file = FOLDER / name
    if os.environ.get("GOLDEN_UPDATE"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    case.maxDiff = None
    case.assertEqual(text, file.read_text() if file.exists() else None,
                     f"{file.relative_to(ROOT)} says otherwise; make golden writes it anew")
