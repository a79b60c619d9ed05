# SPDX-License-Identifier: Apache-2.0
"""What the same attempts come to for this machine's root (control.sh): where even that is refused,
a refusal says nothing of a policy."""
from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import ROOT
from probe_image import program

SECONDS = 120


def disk() -> str:
    """A disk of this machine."""
    for name in sorted(path.name for path in Path("/sys/block").iterdir()):
        if Path(f"/dev/{name}").is_block_device() and Path(f"/sys/block/{name}/device").exists():
            return f"/dev/{name}"
    return "/dev/none"


def outcomes(text: str) -> dict[str, str]:
    """Of what the probe printed."""
    return dict(line.split("\t") for line in text.splitlines() if "\t" in line)


def attempt(engine_socket: str, arguments: list[str]) -> dict[str, str]:
    # Not below /tmp, which may be in memory.
    (ROOT / "build").mkdir(exist_ok=True)
    directory = tempfile.mkdtemp(prefix="control-", dir=ROOT / "build")
    try:
        done = subprocess.run(
            [str(ROOT / "tests/hardening/control.sh"), str(program()), directory, engine_socket,
             *arguments], cwd=ROOT, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if done.returncode != 0:
        raise RuntimeError(f"control.sh ended with {done.returncode}:\n{done.stderr}")
    return outcomes(done.stdout)
