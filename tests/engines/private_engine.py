# SPDX-License-Identifier: Apache-2.0
"""The engine of these tests: a private one of the kind $ENGINE_KIND below build/engines, started
once per module.

    setUpModule, tearDownModule = private_engine.start, private_engine.stop

Its images stay there between runs, so that only the first one has to load them; `make demo` uses
the same directory, and a lock keeps the two apart.
"""
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import IO

from engine_api import EngineApi
from harness import ROOT
from kinds import KIND

LOCK_SECONDS = 600
START_SECONDS = 90
# Without a cached root file system the session image is built from Debian packages first.
IMAGE_SECONDS = 900

SESSION_IMAGE = "localhost/berth-session-node:1"

engine: EngineApi
url: str
bridge_address: str
_lock: IO | None = None


def start(command: str = "start") -> None:
    """`command` is one of the script's."""
    global engine, url, bridge_address
    _take_lock()
    try:
        answer = _run(KIND.script, command, *KIND.arguments, seconds=START_SECONDS * KIND.patience)
        settings = dict(line.split("=", 1) for line in answer.splitlines())
        url, bridge_address = settings["ENGINE"], settings["BRIDGE_ADDRESS"]
        engine = EngineApi(url.removeprefix("unix://"), timeout=30 * KIND.patience)
        if not KIND.has_image:
            _run("images/session-node/build.sh", "--load", url, seconds=IMAGE_SECONDS)
    except BaseException:
        stop()
        raise


def stop() -> None:
    try:
        _run(KIND.script, "stop", *KIND.arguments, seconds=START_SECONDS * KIND.patience)
    finally:
        if _lock is not None:
            _lock.close()


def crash() -> None:
    """Kills the engine's service; the containers live on."""
    _run(KIND.script, "crash", *KIND.arguments, seconds=START_SECONDS * KIND.patience)


def resume() -> None:
    """Starts the service again after that."""
    _run(KIND.script, "resume", *KIND.arguments, seconds=START_SECONDS * KIND.patience)


def _take_lock() -> None:
    global _lock
    KIND.directory.parent.mkdir(parents=True, exist_ok=True)
    path = Path(f"{KIND.directory}.lock")
    _lock = path.open("w", encoding="utf-8")
    # By the program, because flock(2) has no time limit.
    subprocess.run(["flock", "--wait", str(LOCK_SECONDS), str(_lock.fileno())], check=True,
                   pass_fds=[_lock.fileno()])


def _run(script: str, *arguments: str, seconds: float) -> str:
    done = subprocess.run([str(ROOT / script), *arguments], cwd=ROOT, timeout=seconds, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{script} {' '.join(arguments)} ended with {done.returncode}:\n"
                           f"{done.stderr.strip()}")
    return done.stdout
