# SPDX-License-Identifier: Apache-2.0
"""The queue does not answer the Nth request, for every N, and leaves the connection open."""
from typing import Any, Callable

from flow.silentcase import SilentCase, SilentRound

# Longer than any request to the queue may take.
SILENCE = 45.0


class ASilentQueue(SilentCase):
    def inject(self, this: SilentRound, **fault: Any) -> Callable[[], bool]:
        added = self.cp.fault("*", credential=f"environment:{this.environment['id']}",
                              after=this.number - 1, **fault)
        return lambda: added.fired > 0

    def test_costs_no_session_whichever_request_it_does_not_answer(self) -> None:
        self.for_every_request({
            "before": {"delay": SILENCE, "reset": True},
            "after": {"delay": SILENCE, "reset": True, "when": "after"},
            "a-byte-now-and-then": {"rate": 2, "when": "after"}})
