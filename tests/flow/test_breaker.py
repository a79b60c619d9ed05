# SPDX-License-Identifier: Apache-2.0
"""Claims end, or pause, before a broken image costs one session after the other."""
from harness import FlowCase


class ContainersThatDieBeforeAHeartbeat(FlowCase):
    def queue_one(self, word: str) -> dict:
        [item] = self.queue()
        self.engine.worker(item["session_id"], word)
        return item

    def test_of_three_sessions_end_a_drain_and_leave_the_rest_queued(self) -> None:
        self.place.environment["sessions"] = 1
        dying = [self.queue_one("crash-before-beat") for _ in range(3)]
        rest = [self.queue_one("exit-0") for _ in range(2)]
        berth = self.run_berth("drain", "--wait")
        self.assert_exit(berth, 75)
        self.assertEqual([self.cp.item(item["id"])["state"] for item in dying], ["stopped"] * 3)
        self.assertEqual([self.cp.item(item["id"])["state"] for item in rest], ["queued"] * 2)
        self.assertIn("does the worker in image", berth.events("paused")[-1]["msg"])
        self.assert_nothing_left()

    def test_do_not_when_others_heartbeat_in_between(self) -> None:
        self.place.environment["sessions"] = 1
        for _ in range(3):
            self.queue_one("crash-before-beat")
            self.queue_one("exit-0")
        self.assert_exit(self.run_berth("drain", "--wait"), 75)
        self.assertEqual({item["state"] for item in self.cp.items()}, {"stopped"})
        self.assert_nothing_left()

    def test_do_not_either_while_the_others_are_still_being_removed(self) -> None:
        self.engine.rule(op="remove", delay_ms=2000, times=0)
        self.test_do_not_when_others_heartbeat_in_between()
