# SPDX-License-Identifier: Apache-2.0
"""The engine does not answer the Nth request, for every N, and leaves the connection open."""
from typing import Any, Callable

from flow.silentcase import SilentCase, SilentRound


class ASilentEngine(SilentCase):
    def inject(self, this: SilentRound, **fault: Any) -> Callable[[], bool]:
        rule = this.engine.rule(after=this.number - 1, **fault)
        return lambda: this.engine.hits(rule) > 0

    def test_costs_no_session_whichever_request_it_does_not_answer(self) -> None:
        self.for_every_request({"before": {"hang": "before"}, "after": {"hang": "after"}})
