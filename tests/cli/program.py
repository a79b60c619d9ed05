# SPDX-License-Identifier: Apache-2.0
"""The berth of this build, run for what it prints, in a clean environment."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BERTH = str((ROOT / os.environ.get("BERTH", "build/default/berth")).resolve())
PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")


def environment(**more: str) -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
            **passed, **more}


def berth(*arguments: str, cwd: Path | None = None,
          **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BERTH, *arguments], cwd=cwd, env=environment(**more), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


class PrintCase(unittest.TestCase):
    """self.dir, empty and removed afterwards."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="berth-cli-")
        self.addCleanup(directory.cleanup)
        self.dir = Path(directory.name)

    def shortDescription(self) -> str:
        """Class and method are one sentence."""
        subject = re.sub(r"(?<!^)(?=[A-Z])", " ", type(self).__name__)
        predicate = self._testMethodName.removeprefix("test_").replace("_", " ")
        return f"{subject[0]}{subject[1:].lower()} {predicate}"

    def prints(self, *arguments: str, **more: str) -> str:
        """stdout of a call that must be fine."""
        result = berth(*arguments, cwd=self.dir, **more)
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        return result.stdout

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path
