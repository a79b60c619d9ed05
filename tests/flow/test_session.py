# SPDX-License-Identifier: Apache-2.0
"""One session from the queue to its record, in the order that the claim protocol asks for."""
from harness import FlowCase


class ASession(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        [self.item] = self.queue()
        self.berth = self.start("drain", "--wait")
        self.assert_exit(self.berth, 0)

    def test_is_created_before_its_ack_and_started_after_it(self) -> None:
        [create], [start] = self.engine.requests("create"), self.engine.requests("start")
        inspect = self.engine.requests("inspect")[0]
        [ack] = self.acks(self.item)
        [claim] = self.cp.log.of("poll", work=self.item["id"])
        [beat] = self.first_heartbeats(self.item)
        [stop] = self.worker_stops(self.item)
        remove = self.engine.requests("remove")[-1]
        times = [claim.time, create["time"], create["replied"], inspect["time"],
                 inspect["replied"], ack.time, start["time"], beat.time, stop.time, remove["time"]]
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(start["time"], ack.time)

    def test_is_stopped_by_its_own_worker_with_its_own_token(self) -> None:
        [stop] = self.cp.log.of("stop", work=self.item["id"])
        self.assertEqual(stop.token_of, self.item["id"])
        self.assertEqual(self.stops(), [])

    def test_leaves_nothing_on_the_engine(self) -> None:
        self.assert_nothing_left()

    def test_is_named_and_labelled_after_its_item(self) -> None:
        [create] = self.engine.requests("create")
        self.assertEqual(create["query"], f"name=berth-{self.item['id']}")
        self.assertIn(f'"berth.work":"{self.item["id"]}"', create["body"])
        self.assertIn(f'"berth.session":"{self.item["session_id"]}"', create["body"])
        self.assertIn('"berth.instance":"flow"', create["body"])

    def test_has_its_events_logged_in_order_with_all_ids(self) -> None:
        names = self.berth.event_names(work=self.item["id"])
        told = [name for name in names if name != "state"]
        self.assertEqual(told, ["claimed", "created", "acked", "started", "unseen", "exited", "heartbeat",
                                "removed"])
        container = self.berth.events("created")[0]["container"]
        for row in self.berth.events(work=self.item["id"]):
            self.assertEqual((row["environment"], row["session"]),
                             ("test", self.item["session_id"]))
            if row["event"] not in ("claimed", "state"):
                self.assertEqual(row["container"], container)

    def test_has_its_times_in_the_record(self) -> None:
        record = self.place.records(self.item["id"])[-1]
        times = [record[name] for name in ("queued", "claimed", "created", "acked", "started",
                                           "first_heartbeat", "exited", "removed")]
        self.assertEqual(times, sorted(times))
        self.assertEqual(record["exit_code"], 0)
        self.assertEqual(record["ended_by"], "itself")
        self.assertEqual(record["session"], self.item["session_id"])

    def test_is_recorded_where_only_berth_can_read_it(self) -> None:
        self.assertEqual(self.place.state_dir.stat().st_mode & 0o777, 0o700)
        for path in self.place.state_dir.rglob("*"):
            mode = 0o700 if path.is_dir() else 0o600
            self.assertEqual(path.stat().st_mode & 0o777, mode, path.name)

    def test_polls_and_acks_are_made_as_the_contract_has_them(self) -> None:
        for poll in self.cp.log.of("poll"):
            self.assertEqual(poll.query, {"beta": "true"})
            self.assertTrue(poll.headers["anthropic-worker-id"])
        for record in self.cp.log.of(credential="environment"):
            self.assertEqual(record.headers["anthropic-version"], "2023-06-01")
            self.assertEqual(record.headers["anthropic-beta"], "managed-agents-2026-04-01")
        [ack] = self.acks(self.item)
        self.assertEqual((ack.headers["content-length"], ack.body), ("0", None))
