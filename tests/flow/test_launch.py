# SPDX-License-Identifier: Apache-2.0
"""Launches that are slow or fail: what fails before the ack costs the item nothing."""
import json

from harness import FlowCase, wait_until


class ASlowCreate(FlowCase):
    def test_has_the_ack_sent_in_time_and_is_carried_on(self) -> None:
        self.place.environment["poll"]["ack_within"] = "1s"
        self.engine.rule(op="create", delay_ms=5000)
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        [claim] = self.cp.log.of("poll", work=item["id"])
        [ack] = self.acks(item)
        [create], [start] = self.engine.requests("create"), self.engine.requests("start")
        self.assertGreaterEqual(ack.time - claim.time, 0.9)
        self.assertLess(ack.time, create["replied"])
        self.assertGreater(create["replied"] - create["time"], 4.9)
        self.assertGreater(start["time"], create["replied"])
        self.assertEqual(self.cp.item(item["id"])["offers"], 1)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assert_nothing_left()

    def test_delays_neither_polls_nor_another_session(self) -> None:
        slow, quick = self.queue(2)
        self.engine.rule(op="create", delay_ms=2500)
        berth = self.start("run")
        self.cp.wait_stopped([quick["id"]])
        self.assertEqual(self.engine.requests("start")[0]["status"], 204)
        seen = self.cp.log.last_seq()
        wait_until(lambda: len(self.cp.log.of("poll", since=seen)) >= 2)
        [create] = [entry for entry in self.engine.requests("create")
                    if f"berth-{slow['id']}" in entry["query"] + entry["body"]]
        self.assertNotIn("replied", {key for key, value in create.items() if value})
        self.cp.wait_stopped()
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)

    def test_that_fails_for_good_after_the_ack_is_force_stopped_after_a_look(self) -> None:
        self.place.environment["poll"]["ack_within"] = "200ms"
        self.engine.rule(op="create", delay_ms=800)
        self.engine.rule(op="create", status=500, times=0)
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 75)
        [stop] = self.stops(item)
        self.assertEqual(stop.body, {"force": True})
        looks = [record.time for record in self.cp.log.of("list", status=200)]
        self.assertTrue(any(self.acks(item)[0].time < look < stop.time for look in looks))
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assert_nothing_left()


class AFailedCreate(FlowCase):
    def test_ends_a_drain_with_75_and_leaves_the_item_queued_and_unacked(self) -> None:
        self.engine.rule(op="create", status=500, times=0)
        items = self.queue(3)
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75)
        self.assertEqual(self.cp.log.of(("ack", "stop")), [])
        self.assertEqual({self.cp.item(item["id"])["state"] for item in items}, {"queued"})
        self.assertEqual(len(berth.events("launch_failed")), len(berth.events("claimed")))
        self.assert_nothing_left()

    def test_opens_the_breaker_of_run_and_the_item_runs_when_it_is_offered_again(self) -> None:
        self.place.environment["poll"].update(reclaim_older_than_ms=300, ack_within="200ms")
        self.engine.rule(op="create", status=500)
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("paused")
        self.cp.wait_stopped()
        self.wait_no_containers()
        self.assertEqual(self.cp.item(item["id"])["offers"], 2)
        self.assertEqual(len(self.acks(item)), 1)
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_again_and_again_is_tried_less_and_less_often(self) -> None:
        self.engine.rule(op="create", status=500, times=0)
        self.queue(20)
        berth = self.start("run", "--sessions", "1")
        pauses = [berth.wait_event("paused", count=count) for count in (1, 2, 3)]
        self.assertLessEqual(len(self.engine.requests("create")), len(pauses) + 1)
        self.assertEqual(self.acks(), [])

    def test_whose_reply_was_lost_leaves_no_container_behind(self) -> None:
        self.engine.rule(op="create", cut="after", times=0)
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 75)
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.acks(item), [])
        self.assert_nothing_left()


class AFailedStart(FlowCase):
    def test_is_tried_again(self) -> None:
        self.engine.rule(op="start", status=500)
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(len(self.engine.requests("start")), 2)
        self.assertEqual(len(self.worker_stops(item)), 1)
        self.assertEqual(self.stops(), [])

    def test_for_good_is_force_stopped_once_after_a_look_and_ends_with_75(self) -> None:
        self.engine.rule(op="start", status=500, body={"message": "no runtime"}, times=0)
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75)
        [stop] = self.stops(item)
        self.assertTrue([record for record in self.cp.log.of("list", status=200)
                         if record.time < stop.time])
        self.assertIn("no runtime", berth.stderr)
        [record] = self.place.records(item["id"])
        self.assertEqual((record["ended_by"], record["force_stopped"]), ("start_failed", True))
        self.assertIn("no runtime", record["reason"])
        self.assert_nothing_left()

    def test_whose_reply_was_lost_is_seen_in_the_container(self) -> None:
        self.engine.rule(op="start", cut="after")
        self.engine.worker("*", "run-300")
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(len(self.engine.requests("start")), 1)
        self.assertEqual(len(self.first_heartbeats(item)), 1)
        self.assertEqual(self.stops(), [])


class ABrokenPromise(FlowCase):
    def refuse(self, **members) -> str:
        self.engine.rule(times=0, **members)
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 78)
        self.assertEqual(self.cp.log.of(("ack", "stop")), [])
        self.assertEqual(self.engine.requests("start"), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assert_nothing_left()
        return berth.stderr

    def test_seen_in_the_container_is_not_started_and_named(self) -> None:
        self.assertIn("pids", self.refuse(op="inspect", set={"/HostConfig/PidsLimit": 0}))

    def test_that_the_engine_warns_of_is_not_started_and_named(self) -> None:
        said = self.refuse(op="create", set={"/Warnings": ["no swap limit support"]})
        self.assertIn("no swap limit support", said)


class AnImage(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.items = self.queue(2)

    def drain(self, pull: str, image: str, code: int) -> None:
        self.place.environment.update(pull=pull, image=image)
        self.assert_exit(self.start("drain", "--wait"), code)

    def assert_nothing_claimed(self) -> None:
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual({self.cp.item(item["id"])["state"] for item in self.items}, {"queued"})
        self.assert_nothing_left()

    def test_that_is_missing_and_may_not_be_pulled_claims_nothing(self) -> None:
        self.drain("never", "localhost/nowhere:1", 75)
        self.assertEqual(self.engine.requests("image_pull"), [])
        self.assert_nothing_claimed()

    def test_that_cannot_be_pulled_claims_nothing(self) -> None:
        self.engine.rule(op="image_pull", status=404, body={"message": "manifest unknown"}, times=0)
        self.drain("missing", "localhost/nowhere:1", 75)
        self.assert_nothing_claimed()

    def test_that_is_missing_is_pulled_before_anything_is_claimed(self) -> None:
        self.drain("missing", "registry.example/session:3", 0)
        [pull] = self.engine.requests("image_pull")
        self.assertIn("registry.example", pull["query"])
        self.assertLessEqual(pull["replied"], self.cp.log.of("poll")[0].time)
        self.assertEqual(len(self.worker_stops()), 2)
        for create in self.engine.requests("create"):
            body = json.loads(create["body"])
            self.assertEqual(body.get("Image", body.get("image")), "registry.example/session:3")

    def test_that_is_present_is_not_pulled(self) -> None:
        self.drain("missing", self.image, 0)
        self.assertEqual(self.engine.requests("image_pull"), [])

    def test_to_be_pulled_always_is_pulled_once_for_the_drain(self) -> None:
        self.engine.add_image("registry.example/session:3")
        self.drain("always", "registry.example/session:3", 0)
        self.assertEqual(len(self.engine.requests("image_pull")), 1)
        self.assertEqual(len(self.worker_stops()), 2)
