# SPDX-License-Identifier: Apache-2.0
"""What the harness watches for after every test is noticed when it is there."""
import base64
import tempfile
import unittest
from pathlib import Path
from urllib.parse import quote

from harness import Berth, Secrets

KEY = "sk-ant-oat01-q_Zk7+w/3=x"


class TheSearchForSecrets(unittest.TestCase):
    def setUp(self) -> None:
        self.secrets = Secrets()
        self.secrets.add("the key", [KEY])

    def test_finds_them_raw_quoted_and_in_hex(self) -> None:
        for form in (KEY, quote(KEY, safe=""), KEY.encode().hex(),
                     "".join(f"%{byte:02X}" for byte in KEY.encode())):
            self.assertEqual(self.secrets.found_in(f"Bearer {form}!"), {"the key"}, form)

    def test_finds_them_inside_base64_wherever_they_begin(self) -> None:
        for before in ("", "a", "ab", "abc", '{"token": "'):
            for after in ("", "z", '"}'):
                text = f"{before}{KEY}{after}".encode()
                for encoded in (base64.b64encode(text), base64.urlsafe_b64encode(text)):
                    self.assertEqual(self.secrets.found_in(encoded.decode()), {"the key"})

    def test_finds_nothing_in_what_gives_nothing_away(self) -> None:
        for text in ("", "sk-ant-oat01-", KEY[:-1], base64.b64encode(b"something else").decode()):
            self.assertEqual(self.secrets.found_in(text), set())


class TheWatchOverAProcess(unittest.TestCase):
    def run_shell(self, script: str) -> Berth:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        berth = Berth(["/bin/sh", "-c", script], Path(directory.name) / "run",
                      {"PATH": "/usr/bin:/bin"})
        berth.wait()
        return berth

    def test_sees_the_reports_of_sanitizers(self) -> None:
        for report in ("==7==ERROR: AddressSanitizer: heap-use-after-free",
                       "==7==ERROR: LeakSanitizer: detected memory leaks",
                       "a.c:3:5: runtime error: signed integer overflow"):
            berth = self.run_shell(f"echo '{report}' >&2")
            self.assertIn(report, berth.sanitizer_report())
        self.assertEqual(self.run_shell("echo fine >&2").sanitizer_report(), "")

    def test_does_not_wait_for_an_event_of_a_process_that_has_ended(self) -> None:
        with self.assertRaises(AssertionError):
            self.run_shell("exit 3").wait_event("started")

    def test_reads_the_pid_file_before_the_program_runs(self) -> None:
        berth = self.run_shell("echo $$")
        self.assertEqual(berth.pid_file.read_text(), berth.stdout.strip())
