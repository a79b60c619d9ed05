# SPDX-License-Identifier: Apache-2.0
"""Runs the Node scripts under sdk/ with the Node and the SDK that tests/package-lock.json pins."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
NODE = TESTS / "node_modules" / ".bin" / "node"
SDK = TESTS / "node_modules" / "@anthropic-ai" / "sdk"


def start_node(script: str, *arguments: str, environment: dict[str, str],
               **options: Any) -> subprocess.Popen:
    """Start sdk/SCRIPT with text pipes; the environment holds PATH, HOME and what is given, nothing
    else. `options` are those of Popen."""
    if not NODE.exists() or not SDK.exists():
        raise AssertionError("the official SDK is not installed; run: make deps-check")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen([str(NODE), str(Path(__file__).parent / "sdk" / script), *arguments],
                            env={**kept, **environment}, text=True,
                            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})


def run_node(script: str, *arguments: str, environment: dict[str, str],
             timeout: float = 60) -> subprocess.CompletedProcess:
    """Run sdk/SCRIPT to its end."""
    with start_node(script, *arguments, environment=environment) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
