# SPDX-License-Identifier: Apache-2.0
"""The main job on a real engine: the official worker runs queued sessions, each in its
container."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS, EngineCase
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop

SESSIONS = 20


class QueuedSessions(EngineCase):
    def setUp(self) -> None:
        super().setUp()
        # A busy machine may take longer than usual to prepare eight at once.
        if KIND.patience == 1:
            self.place.environment["poll"] |= {"reclaim_older_than_ms": 60000, "ack_within": "30s"}

    def test_run_in_a_container_each_and_leave_nothing(self) -> None:
        items = [self.queue(script=[f"echo {number}: $((6 * 7)) says $(hostname)"])[0]
                 for number in range(SESSIONS)]
        self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
        self.watcher.wait_removed()

        for number, item in enumerate(items):
            with self.subTest(session=number):
                container = self.the_container_of(item)
                self.assertEqual(self.results(item), [f"{number}: 42 says {container.id[:12]}"])
                self.assert_stopped_by_its_container(item)
                self.assert_order(item)
                self.assertEqual(container.name, f"berth-{item['id']}")
                self.assertEqual((container.starts, container.exit_code), (1, 0))
        self.assertEqual(len(self.watcher.all()), SESSIONS)
        self.assertEqual(len(self.cp.log.of("ack")), SESSIONS)
        self.assertEqual(self.stops_by_berth(), [])
        self.assert_nothing_left()

    def assert_order(self, item: dict) -> None:
        """Created before the ack arrived, started after it was granted; and so it is recorded."""
        container = self.the_container_of(item)
        [ack] = self.cp.log.of("ack", work=item["id"])
        self.assertLess(container.created, ack.time)
        self.assertGreater(container.started, ack.time + ack.decided)
        record = self.place.records(item["id"])[-1]
        times = [record[name] for name in
                 ("queued", "claimed", "created", "acked", "started", "exited", "removed")]
        self.assertEqual(times, sorted(times))
        self.assertEqual((record["container"], record["session"], record["exit_code"]),
                         (container.id, item["session_id"], 0))

    def test_are_not_started_before_their_ack_is_answered(self) -> None:
        [item] = self.queue()
        self.cp.fault("ack", when="after", delay=1.5)
        self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
        container = self.the_container_of(item)
        [ack] = self.cp.log.of("ack")
        self.assertLess(container.created, ack.time)
        self.assertGreater(container.started, ack.time + 1.5)
        self.assert_stopped_by_its_container(item)
        self.assert_nothing_left()

    def test_are_shown_by_ps_while_they_run(self) -> None:
        [item] = self.queue(end="hold")
        berth = self.start("run")
        container = self.running(item)
        self.wait_result(item)
        shown = self.run_ps()
        self.assertEqual(shown[0], ["ENVIRONMENT", "SESSION", "WORK", "CONTAINER", "STATE", "AGE",
                                    "POLICY", "UNENFORCED"])
        self.assertEqual(len(shown), 2)
        self.assertEqual(shown[1][:5], ["test", item["session_id"], item["id"],
                                        container["Id"][:12], "running"])
        self.assertEqual(shown[1][6:], [KIND.policy, ",".join(KIND.unenforced) or "none"])

        self.cp.finish_session(item["session_id"])
        berth.wait_event("removed", SECONDS)
        self.assertEqual(len(self.run_ps()), 1)
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def run_ps(self) -> list[list[str]]:
        berth = self.place.start_plain("ps", "--config", str(self.place.fleet_file))
        self.assert_exit(berth, 0)
        return [line.split() for line in berth.stdout.splitlines()]
