# SPDX-License-Identifier: Apache-2.0
"""The name that a claimed item's container should get is taken already."""
from harness import FlowCase, wait_until


class ATakenName(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.place.environment["poll"].update(reclaim_older_than_ms=500, ack_within="400ms")
        self.berth = self.start("run")
        self.berth.wait_event("idle")

    def take(self, state: str, instance: str = "flow", work: str = "work_1") -> str:
        """A container of that state has the name of that item's."""
        return self.leave_container(f"berth-{work}", state, {
            "berth.instance": instance, "berth.environment": self.env["id"],
            "berth.session": "sesn_1", "berth.work": work, "berth.policy": "hardened",
            "berth.schema": "1"})

    def touched(self, container: str) -> list[str]:
        return [entry["op"] for entry in self.engine.requests()
                if container in entry["path"] and entry["op"] in ("start", "kill", "remove")]

    def assert_runs(self, item: dict) -> None:
        self.cp.wait_stopped([item["id"]])
        self.wait_no_containers()
        self.assertEqual(self.berth.terminate(), 0)
        self.assertEqual(len(self.first_heartbeats(item)), 1)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def test_by_a_container_of_ours_that_does_not_run_is_cleared_and_used(self) -> None:
        for state in ("created", "exited", "dead"):
            with self.subTest(state=state):
                old = self.take(state, work=f"work_{state}")
                [item] = self.queue(work=f"work_{state}")
                self.cp.wait_stopped([item["id"]])
                self.wait_no_containers()
                self.assertEqual(self.touched(old), ["remove"])
                self.assertEqual(self.cp.item(item["id"])["offers"], 1)
                self.assertEqual(len(self.first_heartbeats(item)), 1)
        self.assertEqual(self.stops(), [])

    def test_by_a_running_container_of_ours_means_a_lapsed_lease(self) -> None:
        old = self.take("running")
        [item] = self.queue(work="work_1", session="sesn_1")
        self.assert_runs(item)
        self.assertEqual(self.touched(old), ["kill", "remove"])
        self.assertEqual(self.cp.item(item["id"])["offers"], 2)
        self.assertEqual(len(self.acks(item)), 1)

    def test_by_another_instance_is_left_to_it(self) -> None:
        old = self.take("running", instance="other")
        [item] = self.queue(work="work_1", session="sesn_1")
        wait_until(lambda: self.cp.item(item["id"])["offers"] >= 2)
        self.assertEqual(self.touched(old), [])
        self.assertEqual(self.acks(item), [])
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.engine.container(old)["state"], "running")

    def test_by_one_that_is_being_removed_is_waited_for(self) -> None:
        self.take("exited")
        self.engine.hold_removal("berth-work_1", requests=3)
        [item] = self.queue(work="work_1", session="sesn_1")
        self.assert_runs(item)
        self.assertGreaterEqual(len(self.engine.requests("create")), 2)
