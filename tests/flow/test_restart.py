# SPDX-License-Identifier: Apache-2.0
"""After a kill -9: what the next start makes of each container that it finds."""
import signal
import time

from harness import FlowCase, wait_until


class RestartCase(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        [self.item] = self.queue()

    def kill_at_ack(self, when: str) -> None:
        """berth is killed at its ack: "before" it takes effect, or "after" it did."""
        self.cp.fault("ack", when=when, reset=True,
                      hook=lambda record: self.place.berths[-1].kill())
        berth = self.start("drain", "--wait")
        self.assertEqual(berth.wait(), -signal.SIGKILL)
        self.assertEqual(self.container_of(self.item)["state"], self.ready_state)

    def kill_while_running(self, *words: str) -> None:
        """berth is killed while the worker, which behaves like that, runs."""
        self.engine.worker("*", *words)
        berth = self.start("drain", "--wait")
        berth.wait_event("started")
        berth.kill()

    def restart(self, code: int = 0) -> None:
        self.berth = self.start("drain", "--wait")
        self.assert_exit(self.berth, code)

    def assert_ran_once(self) -> None:
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")
        self.assertEqual(len(self.first_heartbeats(self.item)), 1)
        self.assertEqual(len(self.worker_stops(self.item)), 1)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def assert_removed_untouched(self) -> None:
        self.assertEqual(self.engine.requests("start"), [])
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()


class ACreatedContainer(RestartCase):
    def test_whose_item_was_not_acked_is_acked_and_started(self) -> None:
        self.kill_at_ack("before")
        self.restart()
        self.assertEqual(len(self.engine.requests("create")), 1)
        self.assert_ran_once()

    def test_whose_item_was_acked_is_acked_again_and_started(self) -> None:
        self.kill_at_ack("after")
        self.restart()
        self.assertEqual(len(self.engine.requests("create")), 1)
        self.assertEqual([record.status for record in self.acks(self.item)], ["reset", 200])
        self.assert_ran_once()

    def test_whose_item_is_gone_is_removed(self) -> None:
        self.kill_at_ack("after")
        self.cp.remove(self.item["id"])
        self.restart()
        self.assertEqual(self.acks(self.item)[-1].status, 404)
        self.assert_removed_untouched()

    def test_whose_item_was_stopped_is_removed(self) -> None:
        self.kill_at_ack("after")
        self.cp.foreign_stop(self.item["id"])
        self.restart()
        self.assertEqual(self.acks(self.item)[-1].status, 409)
        self.assert_removed_untouched()

    def test_whose_item_runs_elsewhere_is_removed(self) -> None:
        self.kill_at_ack("before")
        self.cp.foreign_ack(self.item["id"])
        self.cp.foreign_heartbeat(self.item["id"])
        self.restart()
        self.assert_removed_untouched()
        self.assertEqual(self.cp.item(self.item["id"])["state"], "active")

    def test_is_kept_while_the_control_plane_fails_and_started_then(self) -> None:
        self.kill_at_ack("after")
        self.cp.fault("ack", status=503, times=5)
        self.restart()
        self.assertEqual([record.status for record in self.acks(self.item)],
                         ["reset"] + [503] * 5 + [200])
        self.assertEqual(len(self.engine.requests("create")), 1)
        self.assert_ran_once()

    def test_is_kept_while_the_key_is_rejected_and_started_with_the_next_one(self) -> None:
        self.kill_at_ack("after")
        key = self.rotate_key()
        self.restart(77)
        self.assertEqual(self.container_of(self.item)["state"], self.ready_state)
        self.place.write_key(key)
        self.restart()
        self.assertEqual(len(self.engine.requests("create")), 1)
        self.assert_ran_once()

    def test_that_is_offered_again_meanwhile_is_started_once(self) -> None:
        """Its item was never acked, and its reclaim time has run out."""
        self.place.environment["poll"].update(reclaim_older_than_ms=101, ack_within="100ms")
        self.kill_at_ack("before")
        self.cp.redeliver(self.item["id"])
        self.restart()
        self.assertEqual(len(self.engine.requests("start")), 1)
        self.assert_ran_once()


class ARunningContainer(RestartCase):
    def test_is_adopted_and_finished(self) -> None:
        self.kill_while_running("hang")
        berth = self.start("drain", "--wait")
        berth.wait_event("adopted", status="running", work=self.item["id"])
        self.signal_worker(self.item)
        self.assert_exit(berth, 0)
        self.assertEqual(len(self.acks(self.item)), 1)
        self.assert_ran_once()
        record = self.place.records(self.item["id"])[-1]
        self.assertTrue(record["adopted"])
        self.assertEqual(record["ended_by"], "itself")

    def test_has_its_time_limit_counted_from_its_start(self) -> None:
        self.kill_while_running("hang")
        wait_until(lambda: self.first_heartbeats(self.item))
        self.place.environment["timeouts"]["session"] = "1s"
        started = self.container_of(self.item)["started"]
        self.restart()
        [term] = [kill for kill in self.engine.requests("kill") if kill["query"] == "signal=TERM"]
        self.assertGreaterEqual(term["time"], started + 0.95)
        self.assertEqual(self.place.records(self.item["id"])[-1]["ended_by"], "time_limit")
        self.assert_ran_once()

    def test_that_has_been_silent_for_too_long_is_ended_at_once(self) -> None:
        self.kill_while_running("silent")
        started = self.container_of(self.item)["started"]
        wait_until(lambda: time.time() > started + 1.1)
        self.place.environment["timeouts"]["first_heartbeat"] = "1s"
        self.restart(code=75)
        self.assertEqual(self.place.records(self.item["id"])[-1]["ended_by"], "no_heartbeat")
        self.assertEqual(len(self.stops(self.item)), 1)
        self.assert_nothing_left()

    def test_counts_against_the_slots(self) -> None:
        self.kill_while_running("hang")
        [second] = self.queue()
        berth = self.start("run", "--sessions", "1")
        berth.wait_event("adopted")
        wait_until(lambda: self.first_heartbeats(self.item))
        self.assertEqual(self.cp.item(second["id"])["offers"], 0)
        self.signal_worker(self.item)
        berth.wait_event("started", work=second["id"])
        self.assertEqual(berth.terminate(), 0)

    def test_whose_item_is_offered_again_has_lost_its_lease_and_is_ended(self) -> None:
        self.place.environment["poll"].update(reclaim_older_than_ms=101, ack_within="100ms")
        self.engine.worker("*", "hang", times=1)
        berth = self.start("drain", "--wait")
        wait_until(lambda: self.first_heartbeats(self.item))
        berth.kill()
        self.signal_worker(self.item, signal.SIGSTOP)
        with self.cp.model.lock:
            self.cp.model.item(self.item["id"]).lease_until = 0.0
        berth = self.start("run")
        self.cp.wait_stopped()
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(len(self.first_heartbeats(self.item)), 2)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()


class AnExitedContainer(RestartCase):
    def wait_exited(self) -> None:
        self.wait_container(self.item, "exited")

    def test_that_stopped_its_item_is_recorded_and_removed(self) -> None:
        self.kill_while_running("run-200")
        self.wait_exited()
        self.restart()
        self.assert_ran_once()
        record = self.place.records(self.item["id"])[-1]
        self.assertEqual((record["exit_code"], record["adopted"]), (0, True))
        self.assertIn("first_heartbeat", record)
        self.assertIn("removed", record)

    def test_that_never_heartbeated_has_its_item_force_stopped(self) -> None:
        self.kill_while_running("silent")
        self.signal_worker(self.item, signal.SIGKILL)
        self.wait_exited()
        self.restart(code=75)
        self.assertEqual(len(self.stops(self.item)), 1)
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")
        self.assert_nothing_left()

    def test_that_died_after_a_heartbeat_is_left_to_its_lease(self) -> None:
        self.kill_while_running("hang")
        wait_until(lambda: self.first_heartbeats(self.item))
        self.signal_worker(self.item, signal.SIGKILL)
        self.wait_exited()
        self.restart()
        self.assertEqual(self.cp.log.of("stop"), [])
        self.assertEqual(self.cp.item(self.item["id"])["state"], "active")
        self.assert_nothing_left()

    def test_whose_item_another_host_has_acked_since_is_not_force_stopped(self) -> None:
        self.kill_while_running("silent")
        self.signal_worker(self.item, signal.SIGKILL)
        self.wait_exited()
        with self.cp.model.lock:
            item = self.cp.model.item(self.item["id"])
            item.acknowledged_at = self.cp.model.clock.wall() + 60
        self.restart()
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()


class AContainerBeingRemoved(RestartCase):
    def test_keeps_its_name_for_a_while_and_the_item_is_launched_after_it(self) -> None:
        self.kill_at_ack("before")
        self.engine.hold_removal(f"berth-{self.item['id']}", requests=3)
        self.place.environment["poll"].update(reclaim_older_than_ms=500, ack_within="400ms")
        berth = self.start("run")
        self.cp.wait_stopped()
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
        self.assert_ran_once()
