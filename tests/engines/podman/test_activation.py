# SPDX-License-Identifier: Apache-2.0
"""Podman's service as systemd's podman.socket has it: gone when nobody has spoken to it for a
while, and started again by the next connection. To berth that is no outage."""
from __future__ import annotations

import private_engine
import processes
from engine_case import SECONDS, EngineCase
from harness import wait_until
from kinds import KIND


def setUpModule() -> None:
    private_engine.start("start-activated")


tearDownModule = private_engine.stop


class AnActivatedService(EngineCase):
    watches = False

    def test_may_be_gone_when_berth_comes(self) -> None:
        for word in ("first", "second"):
            wait_until(lambda: not self.services(), SECONDS, "the service does not end when idle")
            [item] = self.queue(script=[f"echo {word}"])
            self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
            self.assertEqual(self.results(item), [word])
            self.assert_one_stop(item)
        self.assert_nothing_left()

    def test_may_go_and_come_back_under_a_running_session(self) -> None:
        [item] = self.queue(end="hold", script=["echo ready"])
        berth = self.start("run")
        self.wait_result(item)
        before = self.services()
        private_engine.crash()
        self.cp.finish_session(item["session_id"])
        [later] = self.queue(script=["echo later"])
        berth.wait_event("removed", SECONDS, count=2)
        self.assertEqual(set(before) & set(self.services()), set())
        self.assertEqual(berth.events("engine", level="error"), [])
        self.assertEqual(berth.events("paused"), [])
        self.assertEqual(self.results(later), ["later"])
        self.assertEqual(berth.terminate(), 0)
        for each in (item, later):
            self.assert_one_stop(each)
            self.assertEqual(self.place.records(each["id"])[-1]["exit_code"], 0)
        self.assert_nothing_left()

    def services(self) -> list[int]:
        """The service's processes; what waits for connections is their parent."""
        return processes.children(int((KIND.directory / "podman.pid").read_text()))

    def assert_one_stop(self, item: dict) -> None:
        [stop] = self.cp.log.of("stop", work=item["id"])
        self.assertEqual(stop.token_of, item["id"])
