# SPDX-License-Identifier: Apache-2.0
"""Runs the Node scripts under sdk/ with the Node and the SDK that tests/package-lock.json pins."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
NODE = TESTS / "node_modules" / ".bin" / "node"
SDK = TESTS / "node_modules" / "@anthropic-ai" / "sdk"


def run_node(script: str, *arguments: str, environment: dict[str, str],
             timeout: float = 60) -> subprocess.CompletedProcess:
    """Run sdk/SCRIPT; the environment holds PATH, HOME and what is given, nothing else."""
    if not NODE.exists() or not SDK.exists():
        raise AssertionError("the official SDK is not installed; run: make deps-check")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run([str(NODE), str(Path(__file__).parent / "sdk" / script), *arguments],
                          env={**kept, **environment}, capture_output=True, text=True,
                          timeout=timeout, check=False)
