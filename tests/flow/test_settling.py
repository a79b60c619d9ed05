# SPDX-License-Identifier: Apache-2.0
"""A drain settles first what the last one left, whatever keeps it from claiming more, and does not
stay for it."""
import time

from harness import FlowCase, wait_until

LIMIT_S = 2


class ADrainThatCannotClaim(FlowCase):
    """One session of an earlier drain has ended, and one runs too long."""

    def setUp(self) -> None:
        super().setUp()
        self.engine.worker("*", "hang")
        self.place.environment["timeouts"]["session"] = f"{LIMIT_S}s"
        self.ended, self.late, self.queued = self.queue(3)
        self.assert_exit(self.start("drain", "--detach", "--max-sessions", "2"), 0)
        for item in (self.ended, self.late):
            wait_until(lambda: self.first_heartbeats(item))
        self.signal_worker(self.ended)
        self.wait_container(self.ended, "exited")
        limit = self.container_of(self.late)["started"] + LIMIT_S
        wait_until(lambda: time.time() > limit)

    def assert_settles(self, code: int) -> None:
        berth = self.start("drain", "--detach")
        self.assert_exit(berth, code)
        for item, why in ((self.ended, "itself"), (self.late, "time_limit")):
            record = self.place.records(item["id"])[-1]
            self.assertEqual((record["ended_by"], "removed" in record), (why, True))
            self.assertFalse(self.has_container(item))
            self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(self.queued["id"])["offers"], 0)
        [drained] = berth.events("drained")
        self.assertEqual((drained["claimed"], drained["ended"]), ("0", "2"))

    def test_because_its_key_is_rejected_ends_what_runs_too_long_and_leaves_the_rest_to_a_good_key(
            self) -> None:
        key = self.rotate_key()
        self.assert_exit(self.start("drain", "--detach"), 77)
        self.assertEqual(self.place.records(self.late["id"])[-1]["ended_by"], "time_limit")
        for item in (self.ended, self.late):
            self.assertEqual(self.container_of(item)["state"], "exited")
        self.engine.remove_rules()
        self.place.key_file.write_text(key)
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(self.stops(), [])
        self.assertEqual({item["state"] for item in self.cp.items()}, {"stopped"})
        self.assert_nothing_left()

    def test_because_its_image_is_gone_settles_all_the_same(self) -> None:
        self.engine.remove_image(self.image)
        self.engine.rule(op="image_pull", status=404, times=0)
        self.assert_settles(75)

    def test_because_memory_is_short_settles_all_the_same(self) -> None:
        self.place.settings["host"]["min_free_memory"] = "900000GiB"
        self.assert_settles(75)


class ADrainThatMayNotWait(FlowCase):
    def test_leaves_a_full_host_though_a_session_runs_there(self) -> None:
        """The end of the session might make room; --detach does not wait for it."""
        self.engine.worker("*", "hang")
        first, second = self.queue(2)
        self.assert_exit(self.start("drain", "--detach", "--max-sessions", "1"), 0)
        self.place.settings["host"]["min_free_memory"] = "900000GiB"
        self.assert_exit(self.start("drain", "--detach"), 75)
        self.assertEqual(self.container_of(first)["state"], "running")
        self.assertEqual(self.cp.item(second["id"])["offers"], 0)


class ASilentSession(FlowCase):
    """One whose worker never beats, of an earlier drain, and its time for that is over."""

    def setUp(self) -> None:
        super().setUp()
        self.engine.worker("*", "silent")
        [self.item] = self.queue()
        self.assert_exit(self.start("drain", "--detach"), 0)
        self.place.environment["timeouts"]["first_heartbeat"] = "1s"
        limit = self.container_of(self.item)["started"] + 1
        wait_until(lambda: time.time() > limit)

    def assert_ended_by(self, *arguments: str) -> None:
        self.cp.fault("list", delay=0.4, times=None)
        self.assert_exit(self.start("drain", *arguments), 75)
        self.assertEqual(self.place.records(self.item["id"])[-1]["ended_by"], "no_heartbeat")
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")
        self.assert_nothing_left()

    def test_is_ended_by_the_next_drain_however_slow_the_look_at_its_item_is(self) -> None:
        self.assert_ended_by()

    def test_is_ended_by_the_next_drain_also_when_that_one_detaches(self) -> None:
        self.assert_ended_by("--detach")
