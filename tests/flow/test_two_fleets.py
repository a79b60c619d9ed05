# SPDX-License-Identifier: Apache-2.0
"""Several berths and strangers on one engine leave each other's containers alone."""
from harness import FlowCase, wait_until

from fakeengine import FakeEngine


class TwoFleets(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.engine.worker("*", "hang")
        self.other = self.cp.create_environment()
        self.secrets.add("an environment key", [self.other["key"]])
        self.other_place = self.add_place("other", self.other, instance="other")
        self.other_place.settings["instance"] = "other"

    def touched(self, container: str) -> list[str]:
        return [entry["op"] for entry in self.engine.requests()
                if container in entry["path"] and entry["op"] in ("kill", "remove", "stop",
                                                                  "start")]

    def test_with_different_instances_do_not_touch_each_others_containers(self) -> None:
        [mine] = self.queue()
        [theirs] = self.cp.queue(self.other["id"])
        first, second = self.start("run"), self.other_place.start("run")
        first.wait_event("started", work=mine["id"])
        second.wait_event("started", work=theirs["id"])
        for berth in (first, second):
            self.assertEqual(berth.terminate(), 0)

        # Each now finds both containers; the other's even exited.
        container = self.container_of(theirs)["id"]
        self.signal_worker(theirs)
        self.wait_container(theirs, "exited")
        berth = self.start("drain", "--wait")
        berth.wait_event("adopted", work=mine["id"])
        self.signal_worker(mine)
        self.assert_exit(berth, 0)
        self.assertEqual(self.touched(container), ["start"])
        self.assertEqual(berth.events(container=container), [])

        self.assert_exit(self.other_place.start("drain", "--wait"), 0)
        self.assertEqual(self.touched(container), ["start", "remove"])
        self.assert_nothing_left()

    def test_do_not_run_one_item_twice_on_one_engine(self) -> None:
        """The same environment, two instances: the second finds the name taken."""
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--detach"), 0)
        container = self.container_of(item)
        wait_until(lambda: self.first_heartbeats(item))
        same = self.add_place("same", instance="same")
        same.settings["instance"] = "same"
        self.cp.redeliver(item["id"])
        same.start("drain", "--wait").wait()
        self.assertEqual(self.container_of(item)["id"], container["id"])
        self.assertEqual(self.container_of(item)["state"], "running")
        self.assertEqual(self.touched(container["id"]), ["start"])
        self.assertEqual(len(self.acks(item)), 1)
        self.assertEqual(self.stops(), [])


class TwoHosts(FlowCase):
    """Two engines, two berths, one queue."""

    def setUp(self) -> None:
        super().setUp()
        self.second_engine = FakeEngine(images=[self.image])
        self.addCleanup(self.second_engine.__exit__)
        self.second_engine.__enter__()
        self.second = self.add_place("second")
        self.second.settings["engine"]["socket"] = self.second_engine.url

    def run_both(self) -> None:
        items = self.queue(20)
        berths = [self.start("run"), self.second.start("run")]
        self.cp.wait_stopped()
        self.wait_no_containers()
        wait_until(lambda: not self.second_engine.containers())
        for berth in berths:
            self.assertEqual(berth.terminate(), 0)
        for item in items:
            self.assertEqual(len(self.first_heartbeats(item)), 1)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def test_share_a_queue_and_run_each_session_once(self) -> None:
        self.run_both()
        starts = len(self.engine.requests("start")) + len(self.second_engine.requests("start"))
        self.assertEqual((starts, len(self.worker_stops())), (20, 20))

    def test_run_each_session_once_though_one_takes_over_what_the_other_prepares(self) -> None:
        """The second reclaims after 101 ms what the slow first has not acked: both ack, both
        start, and the first heartbeat decides."""
        self.engine.rule(op="create", delay_ms=300, times=0)
        for engine in (self.engine, self.second_engine):
            engine.worker("*", "delay-600", "run-1500")
        self.second.environment["poll"].update(reclaim_older_than_ms=101, ack_within="100ms")
        self.second.environment["sessions"] = 20
        self.run_both()
        lost = [beat for beat in self.cp.log.of("heartbeat") if beat.status == 412]
        self.assertTrue(lost, "no session was taken over")


class AStranger(FlowCase):
    def add_stranger(self, name: str, state: str, **labels: str) -> str:
        return self.leave_container(name, state, {
            "berth.instance": "flow", "berth.environment": self.env["id"],
            "berth.session": "sesn_1", "berth.work": "work_1", "berth.policy": "hardened",
            "berth.schema": "1", **labels})

    def assert_reported_and_untouched(self, container: str, state: str) -> None:
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(len(berth.events("foreign", container=container)), 1)
        self.assertEqual(self.engine.container(container)["state"], state)
        for entry in self.engine.requests():
            self.assertNotIn(container, entry["path"])
        self.assertEqual(self.stops(), [])

    def test_with_our_labels_and_another_name_is_reported_and_not_touched(self) -> None:
        for state in ("created", "running", "exited"):
            with self.subTest(state=state):
                container = self.add_stranger(f"web-{state}", state)
                self.assert_reported_and_untouched(container, state)

    def test_whose_labels_are_no_ids_is_not_touched(self) -> None:
        container = self.add_stranger("berth-..", "exited", **{"berth.work": ".."})
        self.assert_reported_and_untouched(container, "exited")

    def test_of_an_environment_that_is_not_configured_is_not_touched(self) -> None:
        container = self.add_stranger("berth-work_1", "exited",
                                      **{"berth.environment": "env_elsewhere"})
        self.assert_reported_and_untouched(container, "exited")

    def test_that_holds_our_name_keeps_it_and_the_item_is_left(self) -> None:
        [item] = self.queue()
        container = self.engine.add_container(f"berth-{item['id']}", state="running")
        self.start("drain", "--wait").wait()
        self.assertEqual(self.container_of(item)["id"], container)
        self.assertEqual(self.container_of(item)["state"], "running")
        self.assertEqual(self.cp.log.of(("ack", "stop")), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
