# SPDX-License-Identifier: Apache-2.0
"""Podman's monitor (conmon) of a container is killed. Podman 4.3.1 then calls the container running
for ever, and slirp4netns ends with the monitor, so that the session is cut off from everybody."""
from __future__ import annotations

import os
import signal

import private_engine
from engine_case import SECONDS, EngineCase
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# berth looks at its containers once a minute.
LOOK_SECONDS = 60.0


class MonitorsThatAreKilled(EngineCase):
    environment_options = {"ttl_seconds": 6}

    def test_cost_a_container_each_and_no_session(self) -> None:
        """Both in one run, as each takes its minute: a session that is cut off, one that ends."""
        elsewhere = self.serve_another_environment()
        [moves] = self.queue(end="hold", script=["echo ready", "sleep 2; echo steady"])
        [ends] = self.queue(environment=elsewhere, end="hold", script=["echo ready"])
        berth = self.start("run")
        moved, ended = (self.kill_monitor(item) for item in (moves, ends))
        os.kill(ended["State"]["Pid"], signal.SIGKILL)

        berth.wait_event("offered_again", SECONDS, work=moves["id"])
        for container in (moved, ended):
            state = self.engine.inspect(container["Id"])["State"]
            self.assertEqual((state["Status"], state["Pid"]),
                             ("running", container["State"]["Pid"]))
        self.assertEqual(self.wait_result(moves, 2), ["ready", "steady"])
        self.cp.finish_session(moves["session_id"])
        berth.wait_event("removed", SECONDS, count=2, work=moves["id"])
        berth.wait_event("removed", SECONDS + LOOK_SECONDS, work=ends["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assert_went_on_elsewhere(moves)
        self.assert_found_at_the_next_look(ends)
        self.assert_nothing_left()

    def kill_monitor(self, item: dict) -> dict:
        """Once the item's session has done its first step; its container."""
        container = self.engine.inspect(self.running(item)["Id"], KIND.inspect_api)
        self.wait_result(item)
        os.kill(container["State"]["ConmonPid"], signal.SIGKILL)
        return container

    def assert_went_on_elsewhere(self, item: dict) -> None:
        """Its lease lapsed, and only when its container had ended did the next one start."""
        first, second = self.watcher.of(item["id"])
        self.assertEqual((first.starts, second.starts), (1, 1))
        ended, began = (self.last_record(item, seen.id) for seen in (first, second))
        self.assertEqual((ended["ended_by"], ended["exit_code"]), ("lease_lapsed", -1))
        self.assertEqual((began["ended_by"], began["exit_code"]), ("itself", 0))
        self.assertLess(ended["exited"], began["started"])
        [stop] = self.cp.log.of("stop", work=item["id"])
        self.assertEqual(stop.token_of, item["id"])

    def assert_found_at_the_next_look(self, item: dict) -> None:
        """Nobody knows how it ended. Its lease may be held by a worker that nobody sees, and lapses
        by itself."""
        container = self.the_container_of(item)
        record = self.last_record(item, container.id)
        self.assertEqual((record["ended_by"], record["exit_code"], record["force_stopped"]),
                         ("itself", -1, False))
        self.assertEqual(container.starts, 1)
        self.assertEqual(self.cp.log.of("stop", work=item["id"]), [])

    def last_record(self, item: dict, container: str) -> dict:
        return [line for line in self.place.records(item["id"])
                if line["container"] == container][-1]
