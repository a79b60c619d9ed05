# SPDX-License-Identifier: Apache-2.0
"""Items that were acked and never begun: reported, and stopped where the queue is berth's own."""
from __future__ import annotations

import signal
import time

from harness import FlowCase

LONG_AGO_S = 700


class StuckCase(FlowCase):
    def add_stuck(self, age_s: float = LONG_AGO_S) -> dict:
        """An item that somebody acked that long ago, and whose worker has never begun."""
        [item] = self.queue()
        self.cp.foreign_claim(item["id"])
        self.cp.foreign_ack(item["id"])
        with self.cp.model.lock:
            self.cp.model.item(item["id"]).acknowledged_at = time.time() - age_s
        return item

    def run_a_session(self, *arguments: str, code: int = 0):
        """A drain with a session, for whose first heartbeat the queue is listed."""
        self.engine.worker("*", "run-3000")
        self.queue()
        berth = self.start("drain", "--wait", *arguments)
        self.assert_exit(berth, code)
        return berth


class AStuckItem(StuckCase):
    def test_is_reported_once_and_left_alone(self) -> None:
        item = self.add_stuck()
        berth = self.run_a_session()
        [report] = berth.events("stuck")
        self.assertEqual((report["work"], report["session"]), (item["id"], item["session_id"]))
        self.assertIn(f"berth queue stop {item['id']}", report["msg"])
        self.assertRegex(report["msg"], r"acked 1[12]m\S* ago")
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "starting")

    def test_is_not_one_that_was_acked_a_moment_ago_or_runs_elsewhere(self) -> None:
        self.add_stuck(age_s=60)
        running = self.add_stuck()
        self.cp.foreign_heartbeat(running["id"])
        self.assertEqual(self.run_a_session().events("stuck"), [])


class InAQueueOfItsOwnAStuckItem(StuckCase):
    def setUp(self) -> None:
        super().setUp()
        self.place.environment["exclusive"] = True

    def test_is_looked_at_once_more_and_stopped(self) -> None:
        items = [self.add_stuck() for _ in range(3)]
        young = self.add_stuck(age_s=60)
        berth = self.start("drain")
        self.assert_exit(berth, 0)
        for item in items:
            [stop] = self.stops(item)
            looks = [look for look in self.cp.log.of("list") if look.seq < stop.seq]
            self.assertGreaterEqual(len(looks), 2)
            self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
            [event] = berth.events("force_stopped", work=item["id"])
            self.assertEqual(event["reason"], "stuck")
        self.assertEqual(self.stops(young), [])

    def test_that_begins_after_all_is_left_alone(self) -> None:
        item = self.add_stuck()
        looks = []

        def begin(record: object) -> None:
            looks.append(record)
            if len(looks) == 2:
                self.cp.foreign_heartbeat(item["id"])
        self.cp.fault("list", hook=begin, times=None)
        self.assert_exit(self.start("drain"), 0)
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "active")

    def test_of_a_queue_that_is_its_own_no_longer_is_left_alone(self) -> None:
        item = self.add_stuck()
        looks = []
        berths = []

        def share(record: object) -> None:
            looks.append(record)
            if len(looks) == 2:
                self.place.environment["exclusive"] = False
                self.place.write_fleet()
                berths[0].signal(signal.SIGHUP)
                berths[0].wait_event("reloaded")
        self.cp.fault("list", hook=share, times=None)
        berths.append(self.start("run"))
        berths[0].wait_event("reloaded")
        self.assertEqual(berths[0].terminate(), 0)
        self.assertEqual(len(looks), 2)
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "starting")

    def test_whose_stop_fails_is_said_to_be_undecided(self) -> None:
        item = self.add_stuck()
        self.cp.fault("stop", status=503, times=None)
        berth = self.start("drain")
        berth.wait()
        self.assertEqual(len(berth.events("undecided", work=item["id"])), 1)
        self.assertEqual(len(self.stops(item)), 1)

    def test_is_found_by_a_service_when_it_starts(self) -> None:
        item = self.add_stuck()
        berth = self.start("run")
        berth.wait_event("force_stopped", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_cannot_be_seen_by_a_key_that_may_not_list(self) -> None:
        self.add_stuck()
        self.cp.fault("list", status=403, times=None)
        berth = self.start("drain")
        self.assert_exit(berth, 0)
        self.assertEqual(len(berth.events("list_not_permitted")), 1)
        self.assertEqual(self.stops(), [])
