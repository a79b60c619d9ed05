# SPDX-License-Identifier: Apache-2.0
"""The engine's service is killed under running sessions, and started again."""
from __future__ import annotations

import time

import private_engine
from engine_case import SECONDS, EngineCase
from harness import wait_until

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# Seconds in which a healthy berth asks several times.
MANY_POLLS = 1.5


class AServiceThatIsKilled(EngineCase):
    def test_takes_no_session_with_it(self) -> None:
        ends, stays = self.queue(2, end="hold", script=["echo ready"])
        self.place.environment["sessions"] = 3
        berth = self.start("run")
        for item in (ends, stays):
            self.wait_result(item)
        self.addCleanup(private_engine.resume)
        private_engine.crash()

        # One session ends while nobody can be asked about it, one is queued.
        self.cp.finish_session(ends["session_id"])
        wait_until(lambda: self.cp.item(ends["id"])["state"] == "stopped", SECONDS,
                   "the session did not end by itself")
        berth.wait_event("engine", SECONDS, level="error")
        wait_until(lambda: all(poll.status for poll in self.cp.log.of("poll")), SECONDS,
                   "a poll of before the crash is not answered")
        [waits] = self.queue(script=["echo late"])
        time.sleep(MANY_POLLS)
        self.assertEqual(self.cp.log.of("poll", work=waits["id"]), [])

        private_engine.resume()
        self.assertEqual(self.wait_result(waits), ["late"])
        self.assertEqual(self.cp.item(stays["id"])["state"], "active")
        self.cp.finish_session(stays["session_id"])
        berth.wait_event("removed", SECONDS, count=3)
        self.assertEqual(berth.terminate(), 0)
        for item in (ends, stays, waits):
            self.assert_ran_once(item)
        self.assertEqual(self.stops_by_berth(), [])
        self.assert_nothing_left()

    def assert_ran_once(self, item: dict) -> None:
        self.assert_stopped_by_its_container(item)
        self.assertEqual(len(self.cp.log.of("ack", work=item["id"])), 1)
        self.assertEqual(self.the_container_of(item).starts, 1)
        [record] = {line["container"]: line for line in self.place.records(item["id"])}.values()
        self.assertEqual((record["ended_by"], record["exit_code"], record["force_stopped"]),
                         ("itself", 0, False))
