# SPDX-License-Identifier: Apache-2.0
"""The simulator's only source of time, so that tests of the model can bring their own."""
from __future__ import annotations

import threading
import time
from datetime import datetime, timezone


class Clock:
    def wall(self) -> float:
        """Seconds since the epoch: what the time stamps and the log show."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only grow: what leases and the reclaim clock are measured with."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait until the condition is notified or the time is up; the caller holds its lock."""
        condition.wait(seconds)


def rfc3339(wall: float | None) -> str | None:
    if wall is None:
        return None
    return datetime.fromtimestamp(wall, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
