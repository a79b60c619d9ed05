# SPDX-License-Identifier: Apache-2.0
"""What a process takes: processor time to the nanosecond, and memory."""
from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "soak"))
from footprint import memory  # noqa: E402, F401


def cpu_seconds(pid: int) -> float:
    """Of all its threads, user and system; by the scheduler, which counts nanoseconds."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


@dataclass
class Share:
    """Of one core, over a while."""

    percent: float
    seconds: float


def share_of_core(pid: int, seconds: float) -> Share:
    cpu, clock = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - clock
    return Share(100 * (cpu_seconds(pid) - cpu) / passed, passed)
