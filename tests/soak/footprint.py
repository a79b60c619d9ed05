# SPDX-License-Identifier: Apache-2.0
"""What a process holds, from /proc, and whether that grows."""
from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence


@dataclass
class Footprint:
    """After so many sessions. Memory in bytes; `files` are the descriptors that are no sockets."""

    sessions: int
    resident: int
    private_dirty: int
    files: int
    sockets: int
    threads: int

    def __str__(self) -> str:
        return (f"{self.sessions} sessions: resident {self.resident // 1024} KiB, "
                f"private dirty {self.private_dirty // 1024} KiB, "
                f"{self.files} files, {self.sockets} sockets, {self.threads} threads")


def _number(text: str, name: str) -> int:
    """The number behind `name:`, in whatever unit it stands there."""
    return next(int(line.split()[1]) for line in text.splitlines()
                if line.startswith(f"{name}:"))


def memory(pid: int) -> tuple[int, int]:
    """Resident, and private dirty; in bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return _number(rollup, "Rss") * 1024, _number(rollup, "Private_Dirty") * 1024


def footprint(pid: int, sessions: int) -> Footprint:
    process = Path(f"/proc/{pid}")
    resident, private_dirty = memory(pid)
    kinds = [os.readlink(entry) for entry in (process / "fd").iterdir()]
    sockets = sum(kind.startswith("socket:") for kind in kinds)
    return Footprint(
        sessions=sessions,
        resident=resident,
        private_dirty=private_dirty,
        files=len(kinds) - sockets,
        sockets=sockets,
        threads=_number((process / "status").read_text(), "Threads"))


def is_instrumented(pid: int) -> bool:
    """A sanitizer's own memory (what was freed is kept for a while) says nothing about berth."""
    return "libasan" in Path(f"/proc/{pid}/maps").read_text()


def growth(samples: Sequence[Footprint], member: str) -> float:
    """Bytes per session: the slope of the straight line that fits the samples best."""
    sessions = [sample.sessions for sample in samples]
    values = [getattr(sample, member) for sample in samples]
    mean_x = sum(sessions) / len(sessions)
    mean_y = sum(values) / len(values)
    return (sum((x - mean_x) * (y - mean_y) for x, y in zip(sessions, values)) /
            sum((x - mean_x) ** 2 for x in sessions))
