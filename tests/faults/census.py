# SPDX-License-Identifier: Apache-2.0
"""Which work items have processes on this machine, in how many containers, as the kernel shows it:
whatever an engine, berth or a control plane believe."""
from __future__ import annotations

import contextlib
import os
import threading

import processes

PAUSE_SECONDS = 0.1
NAME = "ANTHROPIC_WORK_ID"


class Census:
    """Looks several times a second until stop()."""

    def __init__(self) -> None:
        self._spaces: dict[str, set[str]] = {}
        self._most: dict[str, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def containers_of(self, work: str) -> int:
        """How many name spaces of processes there have been for the item."""
        return len(self._spaces.get(work, ()))

    def most_at_once(self, work: str) -> int:
        return self._most.get(work, 0)

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            for work, spaces in now().items():
                self._spaces.setdefault(work, set()).update(spaces)
                self._most[work] = max(self._most.get(work, 0), len(spaces))


def now() -> dict[str, set[str]]:
    """The name spaces of each work item at this moment."""
    found: dict[str, set[str]] = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        work = processes.environment(int(pid)).get(NAME)
        if work is not None:
            # It may have ended since.
            with contextlib.suppress(OSError):
                found.setdefault(work, set()).add(os.readlink(f"/proc/{pid}/ns/pid"))
    return found
