# SPDX-License-Identifier: Apache-2.0
"""Podman's monitor (conmon) of a container is killed. Podman 4.3.1 then calls the container running for
ever, and slirp4netns ends with the monitor, so that the session is cut off from everybody."""
from __future__ import annotations

import os
import signal

import private_engine
from engine_case import SECONDS, EngineCase
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# berth looks at its containers once a minute.
LOOK_SECONDS = 60.0


class MonitorCase(EngineCase):
    def hold_without_monitor(self) -> tuple[dict, dict]:
        """A session that has done its first step, and its container, whose monitor is dead."""
        [item] = self.queue(end="hold", script=["echo ready", "sleep 2; echo steady"])
        self.berth = self.start("run")
        container = self.engine.inspect(self.running(item)["Id"], KIND.inspect_api)
        self.wait_result(item)
        os.kill(container["State"]["ConmonPid"], signal.SIGKILL)
        return item, container

    def assert_called_running(self, container: dict) -> None:
        state = self.engine.inspect(container["Id"])["State"]
        self.assertEqual((state["Status"], state["Pid"]), ("running", container["State"]["Pid"]))

    def last_record(self, item: dict, container: str) -> dict:
        return [line for line in self.place.records(item["id"])
                if line["container"] == container][-1]


class ASessionWithoutItsMonitor(MonitorCase):
    environment_options = {"ttl_seconds": 6}

    def test_goes_on_in_another_container_once_its_lease_has_lapsed(self) -> None:
        item, container = self.hold_without_monitor()
        self.berth.wait_event("offered_again", SECONDS)
        self.assert_called_running(container)
        self.assertEqual(self.wait_result(item, 2), ["ready", "steady"])
        self.cp.finish_session(item["session_id"])
        self.berth.wait_event("removed", SECONDS, count=2)
        self.assertEqual(self.berth.terminate(), 0)

        first, second = self.watcher.of(item["id"])
        self.assertEqual((first.id, first.starts, second.starts), (container["Id"], 1, 1))
        ended, began = (self.last_record(item, seen.id) for seen in (first, second))
        self.assertEqual((ended["ended_by"], ended["exit_code"]), ("lease_lapsed", -1))
        self.assertEqual((began["ended_by"], began["exit_code"]), ("itself", 0))
        # Never both at once.
        self.assertLess(ended["exited"], began["started"])
        [stop] = self.cp.log.of("stop")
        self.assertEqual(stop.token_of, item["id"])
        self.assert_nothing_left()


class AContainerThatEndsUnseen(MonitorCase):
    def test_is_found_at_the_next_look_and_removed(self) -> None:
        item, container = self.hold_without_monitor()
        os.kill(container["State"]["Pid"], signal.SIGKILL)
        self.assert_called_running(container)
        self.berth.wait_event("removed", SECONDS + LOOK_SECONDS)
        self.assertEqual(self.berth.terminate(), 0)
        record = self.last_record(item, container["Id"])
        self.assertEqual((record["ended_by"], record["exit_code"], record["force_stopped"]),
                         ("itself", -1, False))
        # Its lease may be held by a worker that nobody sees: it lapses by itself.
        self.assertEqual(self.cp.log.of("stop"), [])
        self.assertEqual(self.the_container_of(item).starts, 1)
        self.assert_nothing_left()
