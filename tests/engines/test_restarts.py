# SPDX-License-Identifier: Apache-2.0
"""berth ends in the middle of a session, politely or not, and the next one finds on a real engine
what there is to be finished."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS, EngineCase
from harness import Berth, wait_until

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class ASigterm(EngineCase):
    def test_leaves_the_session_running_for_the_next_berth_to_adopt(self) -> None:
        [item] = self.queue(end="hold", script=["echo ready"])
        first = self.start("run")
        before = self.running(item)
        self.wait_result(item)
        self.assertEqual(first.terminate(), 0)
        self.assertEqual(self.running(item)["State"], before["State"])

        second = self.start("run")
        self.assertEqual(second.wait_event("adopted", SECONDS)["container"], before["Id"])
        self.assertEqual(self.running(item)["State"], before["State"])
        self.cp.finish_session(item["session_id"])
        second.wait_event("removed", SECONDS)
        self.assertEqual(second.terminate(), 0)
        self.assert_stopped_by_its_container(item)
        self.assertEqual(self.stops_by_berth(), [])
        self.assertEqual(self.the_container_of(item).starts, 1)
        self.assert_nothing_left()


class AKill(EngineCase):
    """SIGKILL while the control plane holds a request's answer back, so that it strikes between two
    certain steps; whatever the moment, the session is run by the next berth, once."""

    def kill_at(self, endpoint: str, when: str) -> dict:
        """Runs one session; berth dies at the first such request, which gets no answer."""
        [item] = self.queue(script=["echo $((6 * 7))"])
        victim: list[Berth] = []
        self.cp.fault(endpoint, work=item["id"], when=when, reset=endpoint == "ack",
                      hook=lambda record: wait_until(lambda: victim, what="berth")[0].kill())
        victim.append(self.start("drain", "--wait"))
        self.assertEqual(victim[0].wait(SECONDS), -9)
        return item

    def assert_runs_once_after_a_restart(self, item: dict) -> None:
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0, SECONDS)
        self.assertEqual(self.results(item), ["42"])
        self.assertEqual(self.stops_by_berth(), [])
        self.assert_stopped_by_its_container(item)
        self.assertEqual(self.the_container_of(item).starts, 1)
        self.assert_nothing_left()

    def test_after_the_create_loses_nothing(self) -> None:
        item = self.kill_at("ack", "before")
        self.assertEqual([row["State"] for row in self.engine.containers()], ["created"])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assert_runs_once_after_a_restart(item)

    def test_after_the_ack_loses_nothing(self) -> None:
        item = self.kill_at("ack", "after")
        self.assertEqual([row["State"] for row in self.engine.containers()], ["created"])
        self.assertEqual(self.cp.item(item["id"])["state"], "starting")
        self.assert_runs_once_after_a_restart(item)

    def test_after_the_start_loses_nothing(self) -> None:
        item = self.kill_at("heartbeat", "before")
        self.assert_runs_once_after_a_restart(item)

    def test_at_the_containers_own_stop_leaves_nothing(self) -> None:
        item = self.kill_at("stop", "after")
        wait_until(lambda: [row["State"] for row in self.engine.containers()] == ["exited"],
                   SECONDS, "the container did not end by itself")
        self.assert_runs_once_after_a_restart(item)
