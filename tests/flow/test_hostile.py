# SPDX-License-Identifier: Apache-2.0
"""Hostile items: berth survives each, launches none it should not, offers none to itself for ever,
and runs the good item behind it."""
from __future__ import annotations

import json
import time
from typing import Any

from environments import EnvironmentsCase, Row
from harness import Berth, wait_until
from hostile_items import (BROKEN_SECRETS, BROKEN_TOKEN, MALFORMED, ODD, REFUSED, SKIPPED, Kinds)

# How long what stays in the queue is watched, and the polls that are no hot loop in this time: one
# second's pause after each of them, and as many empty ones.
WATCH_SECONDS = 3.0
WATCH_POLLS = 10
# How soon an item that was not acked is offered again; longer than an ack may take.
QUICK_POLL = {"idle_min": "50ms", "idle_max": "100ms", "ack_within": "500ms",
              "reclaim_older_than_ms": 1000}


class HostileCase(EnvironmentsCase):
    def add_rows(self, kinds: Kinds, **changes: Any) -> list[Row]:
        """For each kind an environment with such an item in its queue and a good one behind it."""
        rows = []
        for name, make in kinds.items():
            environment = self.add_environment(**changes)
            rows.append(Row(name, environment, self.queue_hostile(environment, make),
                            self.queue_in(environment)))
        return rows

    def queue_hostile(self, environment: str, make: Any) -> dict:
        """An item under its real id, offered as the bytes that `make` makes of it."""
        hostile = self.queue_in(environment)
        with self.cp.model.lock:
            work = self.cp.model.item(hostile["id"])
            good = {**work.on_the_wire(), "secret": work.secret}
            work.raw = make(good)
        return hostile

    def serve(self, rows: list[Row]) -> Berth:
        """berth runs until the good items have run, and is ended then."""
        berth = self.start("run")
        self.wait_good(rows)
        self.assert_exit_after_term(berth)
        return berth

    def wait_good(self, rows: list[Row]) -> None:
        try:
            self.cp.wait_stopped([row.good["id"] for row in rows])
        except TimeoutError:
            late = [row.name for row in rows if self.cp.item(row.good["id"])["state"] != "stopped"]
            raise AssertionError(f"the good item did not run behind: {late}") from None

    def assert_exit_after_term(self, berth: Berth) -> None:
        self.assertEqual(berth.terminate(), 0, f"berth said:\n{berth.tail()}")

    def assert_only_good_ones_launched(self, rows: list[Row]) -> None:
        self.assertEqual(self.created_names(), sorted(f"berth-{row.good['id']}" for row in rows))
        for row in rows:
            self.assert_ran_by_itself(row.good)

    def assert_refused(self, row: Row, berth: Berth) -> None:
        """Acked and force-stopped, once each and in this order, without a look at the list."""
        work = row.item["id"]
        [ack] = self.cp.log.of("ack", work=work)
        [stop] = self.cp.log.of("stop", work=work)
        self.assertEqual((ack.status, stop.status), (200, 204))
        self.assertEqual(stop.body, {"force": True})
        self.assertGreater(stop.seq, ack.seq)
        self.assertEqual({ack.credential, stop.credential}, {f"environment:{row.environment}"})
        looks = self.cp.log.of("list", environment=row.environment)
        self.assertEqual([look for look in looks if look.seq < stop.seq], [])
        self.assertEqual(self.cp.item(work)["state"], "stopped")
        self.assertEqual(self.cp.item(work)["offers"], 1)
        self.assertEqual(len(berth.events("refused", work=work)), 1)

    def assert_untouched(self, row: Row) -> None:
        """Still queued; nothing was sent about it under any id."""
        self.assertEqual(self.cp.item(row.item["id"])["state"], "queued")
        told = self.cp.log.of(("ack", "stop"), environment=row.environment)
        self.assertEqual({record.work for record in told}, {row.good["id"]})

    def watch(self, rows: list[Row]) -> dict[str, tuple[int, int]]:
        """How often each environment is polled and its hostile item offered, in WATCH_SECONDS."""
        before = {row.environment: self.cp.item(row.item["id"])["offers"] for row in rows}
        seen = self.cp.log.last_seq()
        time.sleep(WATCH_SECONDS)
        return {row.environment: (
            len(self.cp.log.of("poll", environment=row.environment, since=seen)),
            self.cp.item(row.item["id"])["offers"] - before[row.environment]) for row in rows}


class AnItemThatIsNoSessionOfOurs(HostileCase):
    def test_is_acked_and_force_stopped_once_and_the_good_one_behind_it_runs(self) -> None:
        rows = self.add_rows(REFUSED)
        berth = self.serve(rows)
        for row in rows:
            with self.row(row):
                self.assert_refused(row, berth)
        self.assert_only_good_ones_launched(rows)

    def test_does_not_change_the_exit_code_of_a_drain(self) -> None:
        items = [self.queue_hostile(self.env["id"], make) for make in REFUSED.values()]
        [good] = self.queue()
        rows = [Row(name, self.env["id"], item, good) for name, item in zip(REFUSED, items)]
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        for row in rows:
            with self.row(row):
                self.assert_refused(row, berth)
        self.assert_only_good_ones_launched(rows[:1])
        self.assert_nothing_left()

    def test_is_not_left_by_a_drain_that_detaches_while_its_acks_get_no_answer(self) -> None:
        self.cp.fault("ack", status=500, when="after", times=4)
        item = self.queue_hostile(self.env["id"], REFUSED["a healthcheck"])
        berth = self.start("drain", "--detach")
        self.assert_exit(berth, 75)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(len(berth.events("undecided", work=item["id"])), 1)

    def test_that_cannot_be_stopped_before_berth_leaves_is_named_with_the_remedy(self) -> None:
        self.cp.fault("stop", status=500, times=None)
        item = self.queue_hostile(self.env["id"], REFUSED["a healthcheck"])
        berth = self.start("run")
        wait_until(lambda: self.cp.log.of("stop", work=item["id"]))
        self.assertEqual(berth.terminate(60), 75)
        [last] = berth.events("undecided", work=item["id"])[-1:]
        self.assertIn(f"'berth queue stop {item['id']}' ends it", last["msg"])

    def test_is_acked_again_when_it_is_handed_out_again_before_its_ack(self) -> None:
        self.cp.fault("poll", when="after", offer=True, duplicate=True)
        self.cp.fault("ack", delay=0.5)
        item = self.queue_hostile(self.env["id"], REFUSED["a healthcheck"])
        [good] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(self.cp.item(item["id"])["offers"], 2)
        self.assertEqual(len(self.cp.log.of("stop", work=item["id"])), 1)
        self.assert_ran_by_itself(good)


class AnItemWithoutAUsableId(HostileCase):
    def test_is_left_and_skipped_with_pauses_and_the_good_one_behind_it_runs(self) -> None:
        rows = self.add_rows(SKIPPED, poll=QUICK_POLL)
        berth = self.start("run")
        self.wait_good(rows)
        watched = self.watch(rows)
        self.assert_exit_after_term(berth)
        for row in rows:
            with self.row(row):
                polls, offers = watched[row.environment]
                self.assertGreater(offers, 0, "it was not offered again: nothing was shown")
                self.assertLessEqual(polls, WATCH_POLLS)
                self.assert_untouched(row)
                skipped = berth.events("skipped", environment=row.environment)
                self.assertEqual(len(skipped), 1, "reported once, not at every offer")
        self.assert_only_good_ones_launched(rows)

    def drain(self, kinds: list[str]) -> None:
        """Queues such items and a good one, drains, and finds the good one run."""
        items = [self.queue_hostile(self.env["id"], SKIPPED[kind]) for kind in kinds]
        [good] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assert_ran_by_itself(good)
        self.assertEqual({self.cp.item(item["id"])["state"] for item in items}, {"queued"})
        self.assertEqual(self.created_names(), [f"berth-{good['id']}"])
        self.assert_nothing_left()

    def test_does_not_keep_a_drain_from_its_end(self) -> None:
        self.drain(["id null"])

    def test_that_comes_again_soon_does_not_keep_a_drain_from_its_end(self) -> None:
        self.place.environment["poll"] |= {"ack_within": "300ms", "reclaim_older_than_ms": 500}
        self.drain(["id null", "id empty"])

    def test_does_not_end_a_drain_before_the_good_one_behind_it(self) -> None:
        self.drain(["without an id"])

    def test_of_each_kind_in_one_queue_does_not_keep_the_good_one_behind_them_from_running(
            self) -> None:
        self.drain(list(SKIPPED))


class AnItemThatIsOfferedOverAndOver(HostileCase):
    def test_is_asked_for_with_pauses(self) -> None:
        rows = [self.add_row("without a usable id", SKIPPED["id null"]),
                self.add_row("refused, and its ack fails", REFUSED["a healthcheck"], status=503),
                self.add_row("good, and its ack is refused", ODD["type null"], status=404)]
        berth = self.start("run")
        for row in rows:
            self.cp.wait_requests("poll", 2, environment=row.environment)
        watched = self.watch(rows)
        # What became of the acks of the refused one stays unknown.
        self.assertEqual(berth.terminate(), 75)
        for row in rows:
            with self.row(row):
                polls, offers = watched[row.environment]
                self.assertGreater(offers, 0)
                self.assertLessEqual(polls, WATCH_POLLS)
        self.assertEqual(self.engine.requests("start"), [])
        self.assert_nothing_left()

    def add_row(self, name: str, make: Any, **ack: Any) -> Row:
        """An environment that offers nothing but this item, at every poll."""
        environment = self.add_environment()
        item = self.queue_hostile(environment, make)
        self.cp.fault("poll", environment=environment, when="after", offer=True, duplicate=True,
                      times=None)
        if ack:
            self.cp.fault("ack", environment=environment, times=None, **ack)
        return Row(name, environment, item)


class AReplyThatIsNoItem(HostileCase):
    def test_makes_berth_back_off_and_the_good_one_behind_it_runs(self) -> None:
        # Longer than the first pause: whose item it was cannot be told, so it is not remembered.
        rows = self.add_rows(MALFORMED, poll={**QUICK_POLL, "reclaim_older_than_ms": 2000})
        berth = self.start("run")
        self.wait_good(rows)
        watched = self.watch(rows)
        self.assert_exit_after_term(berth)
        for row in rows:
            with self.row(row):
                polls, _ = watched[row.environment]
                self.assertLessEqual(polls, WATCH_POLLS)
                self.assert_untouched(row)
                self.assertTrue(berth.events("paused", environment=row.environment))
                first, second = self.cp.log.of("poll", environment=row.environment)[:2]
                self.assertGreaterEqual(second.time - first.time, 0.5)
        self.assert_only_good_ones_launched(rows)

    def test_does_not_change_the_exit_code_of_a_drain(self) -> None:
        item = self.queue_hostile(self.env["id"], MALFORMED["truncated"])
        [good] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assert_ran_by_itself(good)
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assert_nothing_left()


class AnOddItem(HostileCase):
    def test_that_is_a_session_all_the_same_runs_like_any_other(self) -> None:
        rows = self.add_rows(ODD)
        berth = self.start("run")
        self.wait_good(rows)
        self.cp.wait_stopped([row.item["id"] for row in rows])
        self.assert_exit_after_term(berth)
        for row in rows:
            with self.row(row):
                self.assert_ran_by_itself(row.item)
                self.assertEqual(self.cp.item(row.item["id"])["offers"], 1)
                self.assert_ran_by_itself(row.good)
        self.assert_nothing_left()


class ABrokenSecret(HostileCase):
    containers_may_have_environment_key = True

    def setUp(self) -> None:
        super().setUp()
        self.secrets.add("a broken token", [BROKEN_TOKEN])

    def environment_of(self, item: dict) -> dict[str, str]:
        """What the item's container was given, from the engine's journal."""
        [create] = [entry for entry in self.engine.requests("create")
                    if entry["query"] == f"name=berth-{item['id']}"]
        return dict(pair.split("=", 1) for pair in json.loads(create["body"])["Env"])

    def test_counts_as_absent_and_the_session_runs_with_the_environment_key(self) -> None:
        rows = self.add_rows(BROKEN_SECRETS)
        berth = self.start("run")
        self.wait_good(rows)
        self.cp.wait_stopped([row.item["id"] for row in rows])
        self.assert_exit_after_term(berth)
        for row in rows:
            with self.row(row):
                self.assert_ran_once(row.item)
                self.assert_ran_by_itself(row.good)
                given = self.environment_of(row.item)
                key = self.cp.model.environment(row.environment).key
                self.assertEqual(given["ANTHROPIC_ENVIRONMENT_KEY"], key)
                self.assertNotIn("ANTHROPIC_WORK_SECRET", given)
                self.assertNotEqual(
                    self.environment_of(row.good)["ANTHROPIC_ENVIRONMENT_KEY"], key)
                self.assertEqual(
                    [event["work"] for event in berth.events("environment_key_exposed",
                                                             environment=row.environment)],
                    [row.item["id"]])

    def test_where_nothing_else_is_given_out_is_a_reason_to_refuse_the_item(self) -> None:
        rows = self.add_rows(BROKEN_SECRETS, credential="secret")
        berth = self.serve(rows)
        for row in rows:
            with self.row(row):
                self.assert_refused(row, berth)
        self.assert_only_good_ones_launched(rows)
