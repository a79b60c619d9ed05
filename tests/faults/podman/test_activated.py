# SPDX-License-Identifier: Apache-2.0
"""The service of a socket-activated Podman is killed under a session, and the next call starts
another one."""
from __future__ import annotations

import private_engine
from fault_case import ENDED_ITSELF, FaultCase


def setUpModule() -> None:
    private_engine.start("start-activated")


tearDownModule = private_engine.stop


class AnActivatedServiceThatIsKilled(FaultCase):
    def test_under_a_session_takes_it_not_along(self) -> None:
        item, berth = self.session_under_way()
        private_engine.crash()
        self.let_end(item, berth)
        self.assertEqual(berth.events("paused"), [])
        self.assert_end("Podman service killed under a session, activated again", item,
                        ENDED_ITSELF)
